"""Keras files: what is saved is loaded bit for bit, and a torn file is refused in one line."""

import io
import os
import tracemalloc
import zipfile
import zlib

import h5py
import keras
import numpy as np
import pytest
from gymnasium import spaces

from rlab.nets.encoders import mlp, nature
from rlab.nets.heads import ValueHead, q_network
from rlab.nets.saving import load_model, save_model
from rlab.seeding import Seeds
from rlab.types import FrameStack
from tests.rlab.nets.refusal import refusal

KERNEL = "layers/functional/layers/dense/vars/0"


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize(
    ("encoder", "space"),
    [
        (nature, FrameStack(36, 36, 4)),
        (lambda space, seeds: mlp(space, (6, 5), seeds), spaces.Box(-1, 1, (3,))),
        (lambda space, seeds: mlp(space, (6,), seeds, normalised=True), spaces.Box(-1, 1, (3,))),
        (lambda space, seeds: mlp(space, (6,), seeds), spaces.Discrete(7)),
        (lambda space, seeds: mlp(space, (6,), seeds), spaces.Box(0, 255, (4, 4, 3), np.uint8)),
    ],
    ids=["nature", "vector", "normalised", "discrete", "small image"],
)
def test_what_is_saved_is_loaded_bit_for_bit(tmp_path, encoder, space, precision):
    keras.mixed_precision.set_global_policy(precision)
    try:
        network = q_network(encoder(space, Seeds(3)), ValueHead((8,), 4, Seeds(3)))
    finally:
        keras.mixed_precision.set_global_policy("float32")
    save_model(network, tmp_path / "network.keras")
    loaded = load_model(tmp_path / "network.keras")
    for weight, again in zip(network.weights, loaded.weights, strict=True):
        np.testing.assert_array_equal(again, weight)
    space.seed(0)
    observations = np.stack([space.sample() for _ in range(5)])
    np.testing.assert_array_equal(loaded(observations), network(observations))
    assert loaded.input.dtype == network.input.dtype


def test_a_file_of_the_two_parts_that_matter_is_loaded(config, write):
    """Without this, the files below might be refused for what they have in common."""
    assert load_model(write(config=config)).count_params() == (3 + 1) * 4 + (4 + 1) * 5 + (5 + 1) * 2


@pytest.mark.parametrize(
    "content", [b"", b"text\n", b"PK\x03\x04 and nothing else", np.random.default_rng(0).bytes(1000)]
)
def test_a_file_that_is_no_archive_is_refused(tmp_path, content):
    path = tmp_path / "network.keras"
    path.write_bytes(content)
    assert "is not a Keras file" in refusal(path)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    assert refusal(tmp_path / "network.keras") == f"no such Keras file: {tmp_path / 'network.keras'}"


def test_a_folder_is_refused(tmp_path):
    (tmp_path / "network.keras").mkdir()
    assert "is not a Keras file" in refusal(tmp_path / "network.keras")


@pytest.mark.parametrize("share", [0.1, 0.9, 0.999])
def test_a_truncated_file_is_refused(write, share):
    path = write()
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    assert "is not a Keras file" in refusal(path)


@pytest.mark.parametrize("member", ["config.json", "model.weights.h5"])
@pytest.mark.parametrize("share", [0.01, 0.5, 0.99])
def test_a_file_with_another_byte_is_refused(write, saved, member, share):
    path = write()
    content = bytearray(path.read_bytes())
    content[content.find(saved[member]) + int(share * len(saved[member]))] ^= 0xFF
    path.write_bytes(content)
    refusal(path)


def test_a_compressed_file_with_other_bytes_is_refused(saved, tmp_path):
    path = tmp_path / "network.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in saved.items():
            archive.writestr(name, member)
    content = bytearray(path.read_bytes())
    start = content.find(b"config.json") + 30
    content[start : start + 40] = b"\xff" * 40
    path.write_bytes(content)
    with pytest.raises(zlib.error), zipfile.ZipFile(path) as archive:
        archive.read("config.json")
    assert "is not a Keras file" in refusal(path)


@pytest.mark.parametrize(("at", "value"), [((8, 6), 1), ((10, 8), 99)], ids=["encrypted", "unknown compression"])
def test_an_archive_that_cannot_be_read_is_refused(write, at, value):
    path = write()
    content = bytearray(path.read_bytes())
    for signature, offset in zip((b"PK\x01\x02", b"PK\x03\x04"), at, strict=True):
        start = -1
        while (start := content.find(signature, start + 1)) >= 0:
            content[start + offset] = value
    path.write_bytes(content)
    assert "is not a Keras file" in refusal(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"3",
        b'"keras"',
        b"{}",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"a":' * 900 + b"1" + b"}" * 900,
    ],
    ids=["empty", "torn", "list", "null", "number", "text", "object", "bytes", "deep", "deep object"],
)
def test_a_configuration_that_is_none_is_refused(write, content):
    refusal(write(config=content))


@pytest.mark.parametrize("part", ["config", "weights"])
def test_a_file_without_a_configuration_or_without_weights_is_refused(write, part):
    refusal(write(**{part: None}))


def a_layer_without_a_name(config):
    del config["config"]["layers"][0]["name"]


def an_output_of_no_layer(config):
    config["config"]["output_layers"] = [["nowhere", 0, 0]]


def an_output_of_no_call(config):
    config["config"]["output_layers"] = [["values", 7, 0]]


def layers_that_are_a_number(config):
    config["config"]["layers"] = 5


def a_layer_without_settings(config):
    config["config"]["layers"][2]["config"] = None


def fewer_units_than_none(config):
    config["config"]["layers"][2]["config"]["units"] = -1


def a_single_layer(config):
    config.clear()
    config.update(module="keras.layers", class_name="Dense", config={"units": 3}, registered_name=None)


def an_array(config):
    config.clear()
    config.update(module=None, class_name="__numpy__", config={"value": [1], "dtype": "float32"})


@pytest.mark.parametrize(
    "damage",
    [
        a_layer_without_a_name,
        an_output_of_no_layer,
        an_output_of_no_call,
        layers_that_are_a_number,
        a_layer_without_settings,
        fewer_units_than_none,
        a_single_layer,
        an_array,
    ],
)
def test_a_configuration_that_makes_no_model_is_refused(config, write, damage):
    damage(config)
    refusal(write(config=config))


@pytest.mark.parametrize("weights", [b"", b"text", b"\x89HDF\r\n\x1a\n"])
def test_weights_that_are_none_are_refused(write, weights):
    refusal(write(weights=weights))


def changed(weights, change):
    content = io.BytesIO(weights)
    with h5py.File(content, "a") as file:
        del file[KERNEL]
        change(file)
    return content.getvalue()


@pytest.mark.parametrize(
    "change",
    [
        lambda file: None,
        lambda file: file.create_group(KERNEL),
        lambda file: file.create_dataset(KERNEL, data=np.zeros((3, 5), np.float32)),
        lambda file: file.create_dataset(KERNEL, data="text"),
    ],
    ids=["missing", "a group", "another shape", "text"],
)
def test_weights_that_do_not_fit_the_layers_are_refused(saved, write, change):
    refusal(write(weights=changed(saved["model.weights.h5"], change)))


def test_a_small_file_cannot_fill_the_memory(saved, write):
    """64 MB of zeros, of which nothing is stored; it could as well be all the memory there is."""
    path = write(
        weights=changed(
            saved["model.weights.h5"], lambda file: file.create_dataset(KERNEL, (1 << 22, 4), np.float32, chunks=True)
        )
    )
    assert path.stat().st_size < 100_000
    tracemalloc.start()
    try:
        refusal(path)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.usefixtures("nothing_ran")
def test_arrays_of_pickled_objects_are_refused(saved, tmp_path):
    class Evil:
        def __reduce__(self):
            return os.mkdir, ("ran",)

    pickled = io.BytesIO()
    np.savez(pickled, **{"layers/functional": np.array([Evil()], object)})
    path = tmp_path / "network.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", saved["config.json"])
        archive.writestr("model.weights.npz", pickled.getvalue())
    refusal(path)
