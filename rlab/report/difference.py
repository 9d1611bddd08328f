"""What differs between two runs that should be the same, bit for bit."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from rlab import checkpoint
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


def _checkpoints(left: Path, right: Path) -> list[str]:
    if left.name != right.name:
        return [f"the last checkpoints are {left.name} and {right.name}"]
    found = []
    for name in sorted({path.name for place in (left, right) for path in place.iterdir()}):
        path, other = left / name, right / name
        if not (path.exists() and other.exists()):
            same = False
        elif path.suffix == ".npz":
            same = _arrays(path) == _arrays(other)
        elif path.suffix == ".json" and path.name != checkpoint.MANIFEST:
            same = _without_times(path) == _without_times(other)
        elif path.suffix == ".sqlite":
            same = not _tapes(path, other, "train")
        elif path.suffix == ".keras":
            same = _weights(path) == _weights(other)
        else:
            continue
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


def _arrays(path: Path) -> dict[str, tuple[Any, ...]]:
    with np.load(path, allow_pickle=False) as arrays:
        return {name: (arrays[name].shape, arrays[name].tobytes()) for name in arrays.files}


def _weights(path: Path) -> list[bytes]:
    from rlab.nets.saving import load_model

    return [weight.tobytes() for weight in load_model(path).get_weights()]


def _without_times(path: Path) -> Any:
    value = json.loads(path.read_text())
    if "log" in value:
        del value["log"]["since"], value["log"]["since_step"]
    return value
