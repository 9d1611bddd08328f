"""Whole episodes of environments that are stepped side by side, and the beginnings of those that are under way."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from rlab.statefile import read_arrays, write_arrays
from rlab.types import Array, Bools, Transitions


class Steps(NamedTuple):
    """T steps of E whole episodes, one episode after the other."""

    observation: Array  # [T, *O]
    action: Array  # [T] or [T, A]
    reward: Array  # [T] float32
    discount: Array  # [T] float32, 0 where no future counts, else 1
    last: Bools  # [T]
    after: Array  # [E, *O] what was seen after each last step


class _Step(NamedTuple):
    observation: Array
    action: Array
    reward: Array
    discount: Array
    last: Array
    after: Array | None  # kept of a last step alone; elsewhere it is the next observation


class Episodes:
    """The steps of each environment since its latest episode that was taken."""

    def __init__(self) -> None:
        self.finished = 0  # episodes that can be taken
        self._steps: list[list[_Step]] = []  # of each environment

    def add(self, transitions: Transitions, action: Array) -> None:
        """Add one step of all environments, and `action` as it was drawn."""
        if not self._steps:
            self._steps = [[] for _ in transitions.last]
        columns = transitions.observation, action, transitions.reward, transitions.discount, transitions.last
        for row, steps in enumerate(self._steps):
            after = transitions.next_observation[row].copy() if transitions.last[row] else None
            observation, drawn, reward, discount, last = (column[row].copy() for column in columns)
            if transitions.first[row]:
                _drop_unfinished(steps)
            steps.append(_Step(observation, drawn, reward, discount, last, after))
        self.finished += int(transitions.last.sum())

    def take(self) -> Steps:
        """All finished episodes, at least one, which are forgotten here; the others stay."""
        taken = []
        for steps in self._steps:
            count = max((place for place, step in enumerate(steps, start=1) if step.last), default=0)
            taken += steps[:count]
            del steps[:count]
        self.finished = 0
        return _stacked(taken)

    def save(self, path: Path) -> None:
        """Write all steps that are held."""
        steps = [step for held in self._steps for step in held]
        lengths = np.array([len(held) for held in self._steps], np.int64)
        write_arrays(path, {"lengths": lengths, **(_stacked(steps)._asdict() if steps else {})}, compressed=True)

    def load(self, path: Path) -> None:
        """Restore what `save` wrote. Raises UserError if that is not there."""
        arrays = read_arrays(path, "lengths")
        self._steps, self.finished = [[] for _ in arrays["lengths"]], 0
        if not arrays["lengths"].any():
            return
        afters = iter(arrays["after"])
        environments = np.repeat(np.arange(len(self._steps)), arrays["lengths"])
        columns = (arrays[name] for name in _Step._fields if name != "after")
        for row, observation, action, reward, discount, last in zip(environments, *columns, strict=True):
            after = next(afters) if last else None
            self._steps[row].append(_Step(observation, action, reward, discount, last, after))
            self.finished += int(last)


def _drop_unfinished(steps: list[_Step]) -> None:
    """Forget an episode that was broken off, as a resume does in an environment that does not repeat itself."""
    while steps and not steps[-1].last:
        steps.pop()


def _stacked(steps: list[_Step]) -> Steps:
    observation, action, reward, discount, last, after = zip(*steps, strict=True)
    shown = [seen for seen in after if seen is not None]
    ends = np.stack(shown) if shown else np.zeros((0, *observation[0].shape), observation[0].dtype)
    return Steps(np.stack(observation), np.stack(action), np.stack(reward), np.stack(discount), np.stack(last), ends)
