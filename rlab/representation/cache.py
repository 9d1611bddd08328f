"""Arrays of moments in a file, compressed without loss: what played games look like, so that they are played once.

A line of JSON says what the file holds; then come the arrays, each row as its difference (exclusive or) to the row
before, packed by LZ4 with a checksum. Of a game's picture little changes from one moment to the next, so most of a
difference is zeros: 50,000 moments of Ms. Pac-Man take about 12 MB. A file that is torn, or of something else, is as
good as none.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import lz4.frame
import numpy as np

from rlab.types import Array

_FORMAT = "rlab games 1"
_ROWS = 512  # packed at once
_LONGEST_LINE = 10_000


def write(path: Path, key: str, arrays: Mapping[str, Array]) -> None:
    """Write arrays of equal length, which `key` names; what was there stays until the file is whole."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        with draft.open("wb") as file:
            file.write(_line(key, list(arrays)))
            with lz4.frame.open(file, "wb", content_checksum=True) as packed:
                for array in arrays.values():
                    rows = _as_bytes(array)
                    for start in range(0, len(rows), _ROWS):
                        block = rows[start : start + _ROWS].copy()
                        before = rows[max(start - 1, 0) : start + len(block) - 1]
                        block[len(block) - len(before) :] ^= before
                        packed.write(block.tobytes())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def read(path: Path, key: str, like: Mapping[str, tuple[tuple[int, ...], Any]]) -> dict[str, Array] | None:
    """The arrays that `write` wrote under this key; None if they are not there, whole.

    `like` gives shape and type of each array that there may be.
    """
    try:
        with path.open("rb") as file:
            line = file.readline(_LONGEST_LINE)
            names = json.loads(line)["arrays"]
            if line != _line(key, names):
                return None
            with lz4.frame.open(file, "rb") as packed:
                arrays = {name: _unpack(packed, *like[name]) for name in names}
                return arrays if packed.read(1) == b"" else None  # the end, where the checksum is
    except (OSError, EOFError, RuntimeError, ValueError, KeyError, TypeError):
        return None


def _unpack(packed: Any, shape: tuple[int, ...], dtype: Any) -> Array:
    array = np.zeros(shape, dtype)
    rows = _as_bytes(array)
    for start in range(0, len(rows), _ROWS):
        block = rows[start : start + _ROWS]
        content = packed.read(block.nbytes)
        if len(content) != block.nbytes:
            raise EOFError
        block[:] = np.frombuffer(content, np.uint8).reshape(block.shape)
    for row in range(1, len(rows)):
        np.bitwise_xor(rows[row], rows[row - 1], out=rows[row])
    return array


def _line(key: str, names: Sequence[str]) -> bytes:
    return json.dumps({"format": _FORMAT, "key": key, "arrays": names}).encode() + b"\n"


def _as_bytes(array: Array) -> Array:
    """The rows of a contiguous array [M, ...] as bytes [M, n], sharing its memory."""
    return array.reshape(len(array), -1).view(np.uint8)
