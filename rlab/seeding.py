"""Random streams by name: what one part of a run draws never shifts what another draws."""

import hashlib
from typing import Any

import numpy as np

SEED_LIMIT = 2**31


class Seeds:
    """The source of every random stream of a run; the same seed and name give the same stream for ever."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def integer(self, name: str) -> int:
        """A seed below 2 ** 31 that belongs to `name`."""
        return int(self.generator(name).integers(SEED_LIMIT))

    def generator(self, name: str) -> np.random.Generator:
        """A new generator at the start of the stream called `name`."""
        key = np.frombuffer(hashlib.sha256(name.encode()).digest(), np.uint32)
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=[int(word) for word in key[:4]]))


def generator_state(generator: np.random.Generator) -> dict[str, Any]:
    """The state of a generator, as JSON can hold it."""
    return dict(generator.bit_generator.state)


def restore_generator(generator: np.random.Generator, state: dict[str, Any]) -> None:
    """Put `generator` where `generator_state` found it."""
    generator.bit_generator.state = state
