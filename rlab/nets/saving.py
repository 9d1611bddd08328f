"""Keras files that cannot run code: only layers of Keras and of this lab are loaded.

A `.keras` file names the classes it is made of, and Keras imports what it names. So before Keras sees a file, every
class it names is held against a list; Keras's own safe mode stays on.
"""

import json
import zipfile
from pathlib import Path
from typing import Any

import keras

from rlab.types import UserError

# Where classes may come from; of the models, only those that are a graph of layers.
_MODULES = {
    "keras",
    "keras.layers",
    "keras.initializers",
    "keras.regularizers",
    "keras.constraints",
    "keras.dtype_policies",
}
_MODELS = {"keras.src.models.functional": "Functional", "keras.src.models.sequential": "Sequential"}
_OURS = ("rlab.nets.", "rlab.representation.")
_PLAIN = {"__tuple__", "__keras_tensor__", "__numpy__", "__tensor__", "__ellipsis__", "slice"}
_FORBIDDEN = {"Lambda", "TorchModuleWrapper", "TFSMLayer", "JaxLayer", "FlaxLayer"}  # carry code or load other files


def save_model(model: keras.Model, path: Path) -> None:
    """Write architecture and weights; the path ends in `.keras`."""
    model.save(path)


def load_model(path: Path) -> keras.Model:
    """A model that `save_model` wrote. Raises UserError if the file is missing, torn, or names anything else."""
    try:
        with zipfile.ZipFile(path) as archive:
            config = json.loads(archive.read("config.json"))
    except FileNotFoundError as error:
        raise UserError(f"no such Keras file: {path}") from error
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise UserError(f"{path} is not a Keras file: {error}") from error
    _check(config, path)
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except (ValueError, TypeError, KeyError, OSError) as error:
        raise UserError(f"{path} cannot be loaded: {str(error).splitlines()[0]}") from error


def _check(part: Any, path: Path) -> None:
    """Refuse every class outside the list, at any depth of a model's configuration."""
    if isinstance(part, list):
        for item in part:
            _check(item, path)
    if not isinstance(part, dict):
        return
    if "class_name" in part:
        module, name = str(part.get("module")), str(part["class_name"])
        known = module in _MODULES or module.startswith(_OURS) or _MODELS.get(module) == name
        plain = module in ("None", "builtins") and name in _PLAIN
        if name in _FORBIDDEN or not (known or plain):
            raise UserError(
                f"{path} is refused: it asks for {module}.{name}, allowed are layers of Keras and of this lab"
            )
    for item in part.values():
        _check(item, path)
