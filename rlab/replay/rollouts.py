"""What was played since the last update, for agents that learn from it once and then forget it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from rlab.statefile import read_arrays, write_arrays
from rlab.types import Array, Transitions, UserError


class Rollout:
    """Up to `length` rows of named arrays, one row a turn of the loop; their shapes come from the first row."""

    def __init__(self, length: int) -> None:
        self.length = length
        self.size = 0  # rows held
        self._columns: dict[str, Array] = {}

    @property
    def full(self) -> bool:
        return self.size == self.length

    def add(self, **row: Array) -> None:
        """Add a row, of the same names, shapes and types as the first one."""
        for name, values in row.items():
            if name not in self._columns:
                self._columns[name] = np.zeros((self.length, *values.shape), values.dtype)
            self._columns[name][self.size] = values
        self.size += 1

    def add_valued(
        self, transitions: Transitions, values: Callable[[Array], Array], *, value: Array, **row: Array
    ) -> None:
        """Add a row with `discount`, `last`, the `value` [N] of what was seen, and the `next_value` of what came after.

        Where an episode goes on, that is the value of the next row, which acting told. So `values` is only asked, for
        those of observations [N, *O], in the last row and where an episode is cut off. One that was broken off, as by a
        resume where nothing repeats itself, ends in its own last value.
        """
        if self.size:
            before = self.size - 1
            broken_off = transitions.first & ~self["last"][before]
            self["last"][before] |= broken_off
            self["next_value"][before] = np.select(
                [broken_off, ~self["last"][before]], [self["value"][before], value], self["next_value"][before]
            )
        cut_off = transitions.last & (transitions.discount > 0)
        needed = cut_off.any() or self.size == self.length - 1
        self.add(
            discount=transitions.discount,
            last=transitions.last,
            value=value,
            next_value=values(transitions.next_observation) if needed else np.zeros_like(value),
            **row,
        )

    def __getitem__(self, name: str) -> Array:
        """The rows of a name, [size, ...]; what is written into them stays."""
        return self._columns[name][: self.size]

    def clear(self) -> None:
        self.size = 0

    def save(self, path: Path) -> None:
        """Write the rows that are held."""
        write_arrays(path, {name: self[name] for name in self._columns if self.size}, compressed=True)

    def load(self, path: Path) -> None:
        """Restore what `save` wrote."""
        columns = read_arrays(path)
        self.clear()
        for row in zip(*columns.values(), strict=True):
            self.add(**dict(zip(columns, row, strict=True)))


def minibatches(steps: int, count: int, epochs: int, random: np.random.Generator) -> Iterator[Array]:
    """Go `epochs` times through so many steps, each time in an order of its own and in `count` parts [B] of one size.

    A part is the indices of its steps. An order is drawn when an epoch begins; what does not fill a part is left out.
    """
    size = steps // count
    for _ in range(epochs):
        order = random.permutation(steps)
        for start in range(0, size * count, size):
            yield order[start : start + size]


def check_split(rollout_steps: int, num_envs: int, count: int) -> None:
    """Raise UserError unless a rollout can be split into `count` minibatches that leave nothing out."""
    if rollout_steps * num_envs % count:
        raise UserError(
            f"the gathered steps do not split evenly: received --rollout-steps {rollout_steps} x --num-envs "
            f"{num_envs} for --minibatches {count}, allowed is a divisor"
        )
