"""Tapes for the tests of the store, which does not care what was played."""

from dataclasses import replace

import numpy as np

from rlab.tapes import TapeStore
from rlab.types import Tape


def a_tape(number=0, length=5, **changes):
    tape = Tape(
        stream="train",
        number=number,
        environment="Taxi-v4",
        protocol="gymnasium:f7ae130b",
        version="gymnasium 1.4.0",
        seed=2**31 - 1 - number,
        start_frames=3,
        actions=np.arange(length) % 3,
        rewards=np.linspace(-0.1, 1, length, dtype=np.float32),
        frames=3 + length,
        terminated=True,
        digest="0123456789abcdef" * 2,
        step=10 * number,
    )
    return replace(tape, **changes)


def write_tapes(path, count=10):
    """Make a store at `path` that holds tapes 0, 1, ... of `train`."""
    store = TapeStore(path, create=True)
    for number in range(count):
        store.write(a_tape(number))
    store.commit()
    store.close()
