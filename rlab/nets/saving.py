"""Keras files that cannot run code: only layers of Keras and of this lab are loaded.

A `.keras` file names the classes and functions it is made of, and while Keras loads it, it calls layers with arguments
that stand in the file too. So before Keras sees a file, every name in it is looked up here, and refused unless it is
that of a layer, or of a part of one. Keras's own safe mode stays on.
"""

import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np

import rlab.nets.convolution  # these make the lab's own layers known to Keras
import rlab.nets.dense
import rlab.nets.encoders
import rlab.nets.heads
import rlab.nets.implicit
import rlab.nets.policies  # noqa: F401
from rlab.types import Array, UserError

# What may be named where: subclasses of one class, by the plain name that their module exports.
_KINDS = {
    "keras.layers": (keras.layers, keras.layers.Layer),
    "keras.initializers": (keras.initializers, keras.initializers.Initializer),
    "keras.regularizers": (keras.regularizers, keras.regularizers.Regularizer),
    "keras.constraints": (keras.constraints, keras.constraints.Constraint),
}
_NAMED = {("keras", "DTypePolicy"), ("keras", "Sequential"), ("keras.src.models.functional", "Functional")}
_OURS = ("rlab.nets.", "rlab.representation.")
_PLAIN = {"__tuple__", "__keras_tensor__", "__numpy__", "__tensor__", "__ellipsis__", "__slice__"}
_FORBIDDEN = {"Lambda", "TorchModuleWrapper", "TFSMLayer", "JaxLayer", "FlaxLayer"}  # carry code or load other files
_WEIGHTS = "model.weights.h5"


def save_model(model: keras.Model, path: Path) -> None:
    """Write architecture and weights; the path ends in `.keras`."""
    model.save(path)


def load_model(path: Path) -> keras.Model:
    """A model that `save_model` wrote. Raises UserError if the file is missing, torn, or names anything else."""
    if path.suffix != ".keras":  # Keras would take it for another format
        raise UserError(f"{path} is not a Keras file: its name does not end in .keras")
    try:
        with zipfile.ZipFile(path) as archive:
            config = json.loads(archive.read("config.json"))
            with archive.open(_WEIGHTS) as weights, h5py.File(weights) as arrays:
                arrays.visititems(_check_array)
        _check(config, path)
    except UserError:
        raise
    except FileNotFoundError as error:
        raise UserError(f"no such Keras file: {path}") from error
    except Exception as error:  # zipfile, zlib, json and h5py have each their own
        raise UserError(f"{path} is not a Keras file: {_line(error)}") from error
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # whatever Keras stumbles over in a configuration that makes no sense
        raise UserError(f"{path} cannot be loaded: {_line(error)}") from error
    if not isinstance(model, keras.Model):
        raise UserError(f"{path} cannot be loaded: it holds a {type(model).__name__}, not a model")
    return model


def load_weights(network: keras.Model, path: Path) -> None:
    """Give a network the weights of a model that `save_model` wrote.

    Raises UserError as `load_model` does, and if the weights have other shapes.
    """
    saved = load_model(path)
    found, expected = ([tuple(weight.shape) for weight in model.weights] for model in (saved, network))
    if found != expected:
        raise UserError(f"{path} does not fit the settings: weights {found}, expected {expected}")
    network.set_weights(saved.get_weights())


def named_arrays(variables: Sequence[Any]) -> dict[str, Array]:
    """Variables or tensors under the names that `assign_arrays` knows them by, for an agent's state."""
    return {f"variable_{number}": np.asarray(variable) for number, variable in enumerate(variables)}


def assign_arrays(variables: Sequence[keras.Variable], arrays: Mapping[str, Array]) -> None:
    """Give variables the values that `named_arrays` took."""
    for number, variable in enumerate(variables):
        variable.assign(arrays[f"variable_{number}"])


def _check(part: Any, path: Path) -> None:
    """Refuse every name outside the list, at any depth of a model's configuration."""
    if isinstance(part, list):
        for item in part:
            _check(item, path)
    if not isinstance(part, dict):
        return
    if "class_name" in part and not _is_allowed(part):
        asked = f"{part.get('module')}.{part['class_name']}"
        raise UserError(f"{path} is refused: it asks for {asked}, allowed are layers of Keras and of this lab")
    for item in part.values():
        _check(item, path)


def _is_allowed(part: dict[str, Any]) -> bool:
    module, name, registered = part.get("module"), part["class_name"], part.get("registered_name")
    if not isinstance(name, str) or not isinstance(module, str | None):
        return False
    if registered not in (None, name):
        # Keras takes the class that goes by this name whatever the module says, but for class names that it reads as
        # something else, a function or code among them.
        found = keras.saving.get_registered_object(registered)
        return isinstance(found, type) and found.__module__.startswith(_OURS) and found.__name__ == name
    if module in (None, "builtins"):
        return name in _PLAIN
    if module not in _KINDS:
        return (module, name) in _NAMED
    package, kind = _KINDS[module]
    found = getattr(package, name, None)
    return isinstance(found, type) and issubclass(found, kind) and name not in _FORBIDDEN


def _check_array(name: str, item: Any) -> None:
    """Raise ValueError for an array that is larger than what is stored of it, and would fill the memory when read."""
    if isinstance(item, h5py.Dataset) and item.id.get_storage_size() < item.nbytes:
        raise ValueError(f"{name} is not stored in full")


def _line(error: Exception) -> str:
    """The start of what an error says; Keras wraps the cause in the whole configuration."""
    cause = str(error).rsplit("Exception encountered: ", 1)[-1]
    return " ".join(cause.split())[:200] or type(error).__name__
