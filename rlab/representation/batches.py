"""Recorded games as a stream of batches for Keras: put together in NumPy, one ahead, while TensorFlow computes."""

import itertools
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import tensorflow as tf

from rlab.representation.games import Games
from rlab.types import Array

_AHEAD = 2  # batches that wait

Reader = Callable[[Array], Array]  # moments [B] to a column [B, ...]


def make(
    games: Games, moments: Array, columns: Sequence[str], batch_size: int, seed: int | None, gamma: float
) -> tf.data.Dataset:
    """See `Games.batches`."""
    readers = [_reader(games, name, gamma) for name in columns]
    count = len(moments)
    size = min(batch_size, count)
    end = count if seed is None else count - count % size
    passes = itertools.count()

    def one_pass() -> Iterator[tuple[Array, ...]]:
        order = moments if seed is None else np.random.default_rng([seed, next(passes)]).permutation(moments)
        for start in range(0, end, size):
            chosen = order[start : start + size]
            yield tuple(reader(chosen) for reader in readers)

    examples = [reader(moments[:1]) for reader in readers]
    rows = size if end % size == 0 else None
    signature = tuple(tf.TensorSpec((rows, *example.shape[1:]), example.dtype) for example in examples)
    batches = tf.data.Dataset.from_generator(one_pass, output_signature=signature)
    return batches.apply(tf.data.experimental.assert_cardinality(-(-end // size))).prefetch(_AHEAD)


def _reader(games: Games, name: str, gamma: float) -> Reader:
    """What reads a column."""
    if name == "return_to_go":
        returns = games.returns_to_go(gamma)
        return lambda moments: np.asarray(returns[moments])
    if name == "ram" and games.ram is not None:
        ram = games.ram
        return lambda moments: np.asarray(ram[moments])
    readers: dict[str, Reader] = {
        "observation": games.observations,
        "next_observation": games.next_observations,
        "frame": lambda moments: np.asarray(games.frames[moments]),
        "next_frame": lambda moments: np.asarray(games.frames[games.next(moments)]),
        "action": lambda moments: np.asarray(games.action[moments]),
        "reward": lambda moments: np.asarray(games.reward[moments]),
        "moment": lambda moments: moments,
    }
    if name not in readers:
        allowed = [*readers, "return_to_go", *(["ram"] if games.ram is not None else [])]
        raise ValueError(f"unknown column: received {name!r}, allowed are {', '.join(allowed)}")
    return readers[name]
