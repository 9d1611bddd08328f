"""Recorded games as a stream of batches for Keras: put together in NumPy, one ahead, while TensorFlow computes."""

import itertools
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import tensorflow as tf

from rlab.representation.games import Games
from rlab.types import Array

_AHEAD = 2  # batches that wait

Reader = Callable[[Array], Array]  # moments [B] to a column [B, ...]


def batches(
    games: Games,
    part: str | Array,
    columns: Sequence[str] = ("observation", "action"),
    batch_size: int = 128,
    *,
    seed: int | None = None,
    gamma: float = 0.99,
) -> tf.data.Dataset:
    """Batches of columns of a part's steps, or of moments [K], as tuples of tensors in the order of `columns`.

    Columns: observation, next_observation, frame, next_frame, action, reward, return_to_go (at discount `gamma`), ram,
    boxes, moment. With a `seed`, each pass is shuffled anew, the same way for the same seed; all batches are of
    `batch_size`, or of all moments where there are fewer, and what is left over waits for another pass. Without one,
    every moment comes once, in order, and the last batch may be smaller. Raises UserError if the part has no game,
    ValueError for an unknown column, or one that is not there.
    """
    moments = games.steps(part) if isinstance(part, str) else np.asarray(part)
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
    dataset = tf.data.Dataset.from_generator(one_pass, output_signature=signature)
    return dataset.apply(tf.data.experimental.assert_cardinality(-(-end // size))).prefetch(_AHEAD)


def _reader(games: Games, name: str, gamma: float) -> Reader:
    """What reads a column."""
    if name == "return_to_go":
        returns = games.returns_to_go(gamma)
        return lambda moments: np.asarray(returns[moments])
    labels = {name: column for name, column in (("ram", games.ram), ("boxes", games.boxes)) if column is not None}
    if name in labels:
        label = labels[name]
        return lambda moments: np.asarray(label[moments])
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
        allowed = [*readers, "return_to_go", *labels]
        raise ValueError(f"unknown column: received {name!r}, allowed are {', '.join(allowed)}")
    return readers[name]
