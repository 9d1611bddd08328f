"""The formats that a policy is exported to: how each is written, and run again."""

import contextlib
import io
import logging
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from rlab.nets.saving import load_model, save_model
from rlab.types import Array, UserError

Run = Callable[[Array], Array]  # observations [B, *O] to outputs [B, P]


class Format(NamedTuple):
    """A way to keep a network in a file."""

    file: str
    write: Callable[[keras.Model, Path], None]
    load: Callable[[Path], Run]
    lines: str  # of Python, from a NumPy array `observations` to `outputs`
    exact: bool = False  # whether it knows no other number format than float32


def _load_keras(path: Path) -> Run:
    model = load_model(path)
    return lambda observations: np.asarray(model(observations))


def _write_saved_model(model: keras.Model, path: Path) -> None:
    model.export(path, format="tf_saved_model", verbose=False)


def _load_saved_model(path: Path) -> Run:
    loaded: Any = tf.saved_model.load(path)
    return lambda observations: np.asarray(loaded.serve(observations))


def _write_onnx(model: keras.Model, path: Path) -> None:
    """Raises UserError if the converter does not know a layer."""
    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    try:
        with contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings(action="ignore"):
            seen = keras.InputSpec(model.input.dtype, model.input.shape, name="observations")
            model.export(path, format="onnx", verbose=False, input_signature=[seen])
    except OSError:  # as of a full disk
        raise
    except Exception as error:  # whatever tf2onnx stumbles over
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise UserError(f"this network cannot be converted to ONNX: {reason}") from error


def _load_onnx(path: Path) -> Run:
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda observations: np.asarray(session.run(None, {name: observations})[0])


FORMATS = {
    "keras": Format(
        "policy.keras",
        save_model,
        _load_keras,
        'import keras\nimport numpy as np\n\npolicy = keras.saving.load_model("policy.keras")\n'
        "outputs = np.asarray(policy(observations))",
    ),
    "savedmodel": Format(
        "policy",
        _write_saved_model,
        _load_saved_model,
        'import numpy as np\nimport tensorflow as tf\n\npolicy = tf.saved_model.load("policy")\n'
        "outputs = np.asarray(policy.serve(observations))",
    ),
    "onnx": Format(
        "policy.onnx",
        _write_onnx,
        _load_onnx,
        "import numpy as np\nimport onnxruntime\n\n"
        'policy = onnxruntime.InferenceSession("policy.onnx", providers=["CPUExecutionProvider"])\n'
        "(outputs,) = policy.run(None, {policy.get_inputs()[0].name: observations})",
        exact=True,
    ),
}
