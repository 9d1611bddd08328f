"""Where and how TensorFlow computes: what the settings of a run ask for is what it does."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from rlab import devices, processor
from rlab.config import RunConfig
from rlab.types import UserError

# What XLA cannot compile shows whether it was to.
PROGRAM = """
import json, sys
from rlab import devices
from rlab.config import RunConfig
import keras
import tensorflow as tf
from tensorflow.python.framework import config

device = devices.configure(RunConfig("CartPole-v1", **json.loads(sys.argv[1])))

def compiled(**keywords):
    body = lambda number: tf.strings.length(tf.strings.as_string(number))
    try:
        return int(devices.function(body, tf.TensorSpec((), tf.int32), **keywords)(42)) != 2
    except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError):
        return True

print(json.dumps({
    "device": device,
    "threads": [
        tf.config.threading.get_intra_op_parallelism_threads(),
        tf.config.threading.get_inter_op_parallelism_threads(),
    ],
    "deterministic": config.is_op_determinism_enabled(),
    "precision": keras.mixed_precision.global_policy().name,
    "compiled": compiled(),
    "acting compiled": compiled(acting=True),
}))
"""


def told(**settings):
    command = [sys.executable, "-c", PROGRAM, json.dumps(settings)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    return json.loads(done.stdout.splitlines()[-1])


def test_what_is_asked_for_is_set():
    found = told(threads=1, deterministic=True, xla=True, precision="mixed_bfloat16")
    assert found.pop("device") == devices.describe()
    assert found == {
        "threads": [1, 1],
        "deterministic": True,
        "precision": "mixed_bfloat16",
        "compiled": True,
        "acting compiled": True,
    }


def test_what_is_not_asked_for_is_not():
    found = told(precision="float32")
    assert (found["deterministic"], found["precision"]) == (False, "float32")
    assert (found["compiled"], found["acting compiled"]) == (False, True)


@pytest.mark.parametrize(
    ("flags", "asked", "precision"),
    [
        ("flags : avx2 avx512f avx512_bf16", "auto", "mixed_bfloat16"),
        ("flags : amx_tile amx_bf16", "auto", "mixed_bfloat16"),
        ("flags : avx2 avx512f", "auto", "float32"),
        (None, "auto", "float32"),
        ("flags : avx2", "mixed_bfloat16", "mixed_bfloat16"),
        ("flags : avx512_bf16", "float32", "float32"),
    ],
)
def test_auto_is_what_the_processor_has_instructions_for(tmp_path, monkeypatch, flags, asked, precision):
    if flags is not None:
        (tmp_path / "cpuinfo").write_text(flags)
    monkeypatch.setattr(processor, "Path", lambda path: tmp_path / Path(path).name)
    monkeypatch.setattr(devices.tf.config, "list_physical_devices", lambda kind: [])
    assert devices.resolve(RunConfig("CartPole-v1", precision=asked)).precision == precision


def test_on_a_gpu_auto_is_float32(tmp_path, monkeypatch):
    (tmp_path / "cpuinfo").write_text("flags : avx512_bf16")
    monkeypatch.setattr(processor, "Path", lambda path: tmp_path / Path(path).name)
    monkeypatch.setattr(devices.tf.config, "list_physical_devices", lambda kind: ["a GPU"])
    assert devices.resolve(RunConfig("CartPole-v1", precision="auto")).precision == "float32"


def test_a_process_that_has_computed_with_other_threads_refuses():
    devices.tf.constant(1) + 1
    other = devices.tf.config.threading.get_intra_op_parallelism_threads() + 1
    with pytest.raises(UserError, match=r"^TensorFlow is in use with other settings: "):
        devices.configure(RunConfig("CartPole-v1", threads=other))
