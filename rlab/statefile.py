"""The state of an actor or an agent as a JSON file, or as arrays in a `.npz` file."""

import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rlab.types import Array, UserError


def write_state(path: Path, state: dict[str, Any]) -> None:
    """Write a state of numbers, strings, lists and dictionaries."""
    path.write_text(json.dumps(state, indent=2) + "\n")


def read_state(path: Path, *names: str) -> dict[str, Any]:
    """What `write_state` wrote. Raises UserError if it is not there, or has not all of `names`."""
    try:
        state: dict[str, Any] = json.loads(path.read_text())
        missing = [name for name in names if name not in state]
    except (OSError, ValueError, TypeError) as error:
        raise UserError(f"no state can be read from {path}: {error}") from error
    if missing:
        raise UserError(f"{path} is the state of something else: {', '.join(missing)} is missing")
    return state


def write_arrays(path: Path, arrays: Mapping[str, Array], *, compressed: bool = False) -> None:
    """Write arrays by name; the path ends in `.npz`. What was seen is worth compressing, weights are not."""
    save = np.savez_compressed if compressed else np.savez
    save(path, allow_pickle=False, **arrays)


def read_arrays(path: Path, *names: str, **like: Array) -> dict[str, Array]:
    """What `write_arrays` wrote.

    Raises UserError if it is not there or torn, if it has not all of `names` and of the names in `like`, or if the
    latter have other shapes or types than there.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = dict(archive.items())
    except (OSError, ValueError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise UserError(f"no arrays can be read from {path}: {error}") from error
    missing = [name for name in (*names, *like) if name not in arrays]
    if missing:
        raise UserError(f"{path} is the state of something else: {', '.join(missing)} is missing")
    for name, expected in like.items():
        if (arrays[name].shape, arrays[name].dtype) != (expected.shape, expected.dtype):
            raise UserError(
                f"{path} does not fit the settings: received {name} {arrays[name].dtype}{list(arrays[name].shape)}, "
                f"expected {expected.dtype}{list(expected.shape)}"
            )
    return arrays
