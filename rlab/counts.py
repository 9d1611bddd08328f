"""How often each action was chosen in what looked like the same situation."""

from pathlib import Path
from typing import Any

import numpy as np
from gymnasium import spaces

from rlab.spaces import middle_and_half
from rlab.statefile import read_arrays, write_arrays
from rlab.types import Array

HASH_BITS = 16  # 65,536 cells: of 9 actions, 2.4 MB


class Counts:
    """Counts by cell and action. A cell is one observation of a Discrete space, or those of a Box with the same hash.

    The hash is the signs of random projections, so that near observations share a cell more often than far ones. The
    projections are the same in every run: they are no part of what a run's seed may change.
    Source: Tang et al. (2017), #Exploration: A Study of Count-Based Exploration for Deep RL, section 2.2 (SimHash).
    Departs: 1. Observations are brought to [-1, 1] where they have bounds, and a 1 is put beside them, so that signs
    also tell apart what lies in one direction. 2. The hash is a cell of a table, which 16 bits keep small; the paper's
    16 to 512 bits lie in a hash table.
    """

    def __init__(self, space: spaces.Space[Any], num_actions: int) -> None:
        self._projection: Array | None = None  # [size of an observation + 1, HASH_BITS]
        if isinstance(space, spaces.Discrete):
            cells = int(space.n)
        else:
            assert isinstance(space, spaces.Box)
            cells = 2**HASH_BITS
            size = (int(np.prod(space.shape)) + 1, HASH_BITS)
            self._projection = np.random.default_rng(0).standard_normal(size, np.float32)
            self._middle, self._half = middle_and_half(space, unbounded=1)
        self._table = np.zeros((cells, num_actions), np.int32)

    def cells(self, observations: Array) -> Array:
        """The cells [B] that observations [B, *O] fall into."""
        if self._projection is None:
            return observations
        flat = observations.reshape(len(observations), -1).astype(np.float32)
        scaled = (flat - self._middle) / self._half
        signs = scaled @ self._projection[:-1] + self._projection[-1] >= 0  # [B, HASH_BITS]
        return np.asarray(signs @ (1 << np.arange(HASH_BITS)))

    def of(self, observations: Array) -> Array:
        """How often each action was chosen [B, A] in observations [B, *O]."""
        return np.asarray(self._table[self.cells(observations)])

    def add(self, observations: Array, actions: Array) -> None:
        """Count actions [B] in observations [B, *O]; what is there twice counts twice."""
        np.add.at(self._table, (self.cells(observations), actions), 1)

    def save(self, path: Path) -> None:
        """Write the counts."""
        write_arrays(path, {"counts": self._table})

    def load(self, path: Path) -> None:
        """Restore what `save` wrote. Raises UserError if it is not there or counts something else."""
        self._table = read_arrays(path, counts=self._table)["counts"]
