"""A replay from which transitions are drawn the more often, the more there seemed to be learnt from them.

The priority of a transition is p = (|error| + epsilon) ** alpha, and it is drawn with probability P = p / sum of all p.
One that is new has the highest priority there ever was (1 at first), from when it can be sampled. What so becomes too
frequent in the updates is weighted down: w = (N P) ** -beta, divided by the greatest w of the batch; with N and the sum
cancelled, w = (least p of the batch / p) ** beta.
Source: Schaul et al. (2016), Prioritized Experience Replay, equations 1 and 2, sections 3.3 and 3.4, algorithm 1.

The paper does not say over what it takes the greatest weight. It is the batch, with an epsilon of 0.01, as its first
author told those of ChainerRL (github.com/chainer/chainerrl, number 278), and Dopamine's Rainbow does so too. With the
greatest weight of the whole replay (OpenAI Baselines), one transition whose error was 0 once would slow down all
learning: its priority of 0.01 ** 0.6 scales one of priority 1 by 0.33 at the paper's first beta of 0.4, by 0.06 at 1.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from rlab.replay.sum_tree import SumTree
from rlab.replay.uniform import UniformReplay
from rlab.statefile import read_arrays, write_arrays
from rlab.types import Array, Batch, Transitions


class Drawn(NamedTuple):
    """Transitions to learn from, and what goes with their priorities."""

    batch: Batch
    places: Array  # [B] int64, by which `update` knows them
    weights: Array  # [B] float32 up to 1, for their losses


class PrioritisedReplay:
    """Draws from a `replay` that is still empty by priorities, with `alpha` of 0 (uniform) or more, `epsilon` above 0.

    A place is turn * num_envs + env, counted from the first turn ever: no two transitions share one. In the tree it is
    the remainder of its division by the tree's size. What the replay cannot sample has priority 0 there.
    """

    def __init__(self, replay: UniformReplay, *, alpha: float, epsilon: float) -> None:
        self._replay = replay
        self._alpha = alpha
        self._epsilon = epsilon
        self._tree = SumTree(replay.rows * replay.num_envs)
        self._highest = 1.0  # priority, ever
        self._turns = (0, 0)  # from and up to, which have priorities

    def __len__(self) -> int:
        """How many transitions can be sampled."""
        return len(self._replay)

    @property
    def num_envs(self) -> int:
        return self._replay.num_envs

    @property
    def added(self) -> int:
        """Rows, ever."""
        return self._replay.added

    def add(self, transitions: Transitions) -> None:
        """Add one turn: a transition of each environment, in place of the oldest.

        Turns that are shown again after `load` have their priorities already: both ranges below are empty.
        """
        self._replay.add(transitions)
        (low, high), (new_low, new_high) = self._turns, self._replay.sampled_turns()
        leave, enter = self._places(low, new_low), self._places(high, new_high)
        priorities = np.repeat((0.0, self._highest), (len(leave), len(enter)))
        self._tree.set(np.concatenate([leave, enter]) % self._tree.size, priorities)
        self._turns = max(low, new_low), max(high, new_high)

    def sample(self, batch_size: int, random: np.random.Generator, beta: float) -> Drawn:
        """Draw transitions by their priorities, with replacement; `beta` from 0 (no weights) to 1 (full correction)."""
        found = self._tree.sample(batch_size, random)
        oldest = self._turns[0] * self.num_envs
        places = oldest + (found - oldest) % self._tree.size
        priorities = self._tree.priorities[found]
        weights = (priorities.min() / priorities) ** beta
        return Drawn(self._replay.gather(*np.divmod(places, self.num_envs)), places, weights.astype(np.float32))

    def update(self, places: Array, errors: Array) -> None:
        """Set the priorities of places [B] that were drawn by errors [B]; of one drawn twice, the last counts.

        Passes over what can no longer be sampled: newer transitions may be where it was. The paper's errors are clipped
        to [-1, 1] before (section 4).
        Raises UserError if an error is no finite number.
        """
        held = places >= self._turns[0] * self.num_envs
        priorities = (np.abs(errors[held].astype(np.float64)) + self._epsilon) ** self._alpha
        self._tree.set(places[held] % self._tree.size, priorities)
        self._highest = max(self._highest, float(priorities.max(initial=0)))

    def save(self, path: Path) -> None:
        """Write the priorities; the path ends in `.npz`. The transitions are not saved."""
        write_arrays(path, self._state())

    def load(self, path: Path) -> int:
        """Restore what `save` wrote into a new replay; return how many of the latest turns have to be added again.

        Raises UserError if the file is not there, is torn, or is of a replay of another size.
        """
        state = read_arrays(path, **self._state())
        self._tree.set(np.arange(self._tree.size), state["priorities"])
        self._highest = float(state["highest"])
        low, high = state["turns"].tolist()
        self._turns = low, high
        return self._replay.resume(int(state["added"]))

    def _state(self) -> dict[str, Array]:
        return {
            "added": np.array(self.added),
            "turns": np.array(self._turns),
            "highest": np.array(self._highest),
            "priorities": self._tree.priorities,
        }

    def _places(self, from_turn: int, to_turn: int) -> Array:
        return np.arange(from_turn * self.num_envs, to_turn * self.num_envs)
