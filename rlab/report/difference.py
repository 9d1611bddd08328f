"""What differs between two runs that should be the same, bit for bit."""

import json
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from rlab import checkpoint
from rlab.budget import CLOCK
from rlab.rundir import TAPES
from rlab.tapes import TapeStore
from rlab.tensorboard import read_scalars

_TIMES = "speed/"  # the only scalars that may differ


def difference(left: Path, right: Path) -> list[str]:
    """What differs between the last checkpoints, the tapes and the scalars of two runs, in words; times aside."""
    found = _checkpoints(checkpoint.latest(left), checkpoint.latest(right))
    for stream in ("train", "validation"):
        found += [f"tapes: {stream} {line}" for line in _tapes(left / TAPES, right / TAPES, stream)]
    scalars = [read_scalars(run) for run in (left, right)]
    for tag in sorted(scalars[0].keys() | scalars[1].keys()):
        if not tag.startswith(_TIMES) and scalars[0].get(tag) != scalars[1].get(tag):
            found.append(f"scalars: {tag}")
    return found


def content(path: Path) -> Any:
    """What a file of a checkpoint holds, to be compared; times aside.

    A Keras file holds a date beside its weights, and names that count what a process has made; so its weights are taken
    by their places in it.
    """
    if path.suffix == ".npz":
        with np.load(path, allow_pickle=False) as arrays:
            return {name: (arrays[name].shape, arrays[name].tobytes()) for name in arrays.files}
    if path.suffix == ".json":
        return _without_times(path)
    if path.suffix == ".keras":
        return _weights(path)
    return path.read_bytes()


def _checkpoints(left: Path, right: Path) -> list[str]:
    if left.name != right.name:
        return [f"the last checkpoints are {left.name} and {right.name}"]
    found = []
    for name in sorted({path.name for place in (left, right) for path in place.iterdir()} - {checkpoint.MANIFEST}):
        path, other = left / name, right / name
        if not (path.exists() and other.exists()):
            same = False
        elif path.suffix == ".sqlite":
            same = not _tapes(path, other, "train")
        else:
            same = content(path) == content(other)
        if not same:
            found.append(f"checkpoint: {path.name}")
    return found


def _tapes(left: Path, right: Path, stream: str) -> list[str]:
    stores = [TapeStore(path) for path in (left, right)]
    rows = [
        {
            tape.number: (tape.seed, tape.step, tape.digest, tape.actions.tobytes(), tape.rewards.tobytes())
            for tape in store.all(stream)
        }
        for store in stores
    ]
    for store in stores:
        store.close()
    return [
        str(number) for number in sorted(rows[0].keys() | rows[1].keys()) if rows[0].get(number) != rows[1].get(number)
    ]


def _weights(path: Path) -> dict[str, tuple[Any, ...]]:
    found: dict[str, tuple[Any, ...]] = {}

    def take(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset):
            found[name] = (item.shape, item[()].tobytes())

    with zipfile.ZipFile(path) as archive, archive.open("model.weights.h5") as file, h5py.File(file) as arrays:
        arrays.visititems(take)
    return found


def _without_times(path: Path) -> Any:
    value = json.loads(path.read_text())
    if "log" in value:
        del value["log"]["since"], value["log"]["since_step"]
        value.pop(CLOCK, None)
    return value
