"""Keras files to tamper with, and number formats to compute in."""

import json
import os
import zipfile

import keras
import pytest
from gymnasium import spaces

from rlab.nets.encoders import mlp
from rlab.nets.heads import ValueHead, q_network
from rlab.nets.saving import save_model
from rlab.seeding import Seeds


@pytest.fixture(scope="package")
def saved(tmp_path_factory):
    """The members of a good file, by name."""
    path = tmp_path_factory.mktemp("saved") / "network.keras"
    save_model(q_network(mlp(spaces.Box(-1, 1, (3,)), (4,), Seeds(0)), ValueHead((5,), 2, Seeds(0))), path)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def config(saved):
    """The configuration of the good file, to change."""
    return json.loads(saved["config.json"])


@pytest.fixture
def write(saved, tmp_path):
    """Write the good file with another configuration or other weights; None leaves them out."""

    def write(**changes):
        members = {"config.json": saved["config.json"], "model.weights.h5": saved["model.weights.h5"]}
        if "config" in changes:
            members["config.json"] = changes["config"]
        if "weights" in changes:
            members["model.weights.h5"] = changes["weights"]
        with zipfile.ZipFile(tmp_path / "network.keras", "w") as archive:
            for member, content in members.items():
                if content is not None:
                    archive.writestr(member, json.dumps(content) if isinstance(content, dict) else content)
        return tmp_path / "network.keras"

    return write


@pytest.fixture
def nothing_ran(tmp_path, monkeypatch):
    """Hold afterwards that no code left its folder `ran`, and that Keras computes as before."""
    monkeypatch.chdir(tmp_path)
    yield
    floatx = keras.config.floatx()
    keras.config.set_floatx("float32")
    assert floatx == "float32"
    assert not os.path.exists("ran")


@pytest.fixture(params=["float32", "mixed_bfloat16"])
def precision(request):
    """Layers compute in this number format."""
    keras.mixed_precision.set_global_policy(request.param)
    yield request.param
    keras.mixed_precision.set_global_policy("float32")
