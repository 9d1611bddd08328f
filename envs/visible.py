"""An environment for a person to play: what `envs.make` makes, with the screens of its only game beside.

Most environments draw themselves. ale-py's vector environment gives nothing but the small grey picture that agents see,
so there the game is emulated a second time beside it, with the same seed and actions, and every step of the two is
compared: whoever plays sees the very game that the tape records.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import gymnasium
import numpy as np

from envs import atari, single
from envs.vector import VectorEnvironment
from rlab.protocol import Emulator
from rlab.types import Array, Bools, Outcome, Start, UserError


class View(Protocol):
    """Where the screens [H, W, 3] of a game come from."""

    def begin(self, seed: int, start: Start) -> Sequence[Array]:
        """What a game that begins shows."""
        ...

    def step(self, action: Array, outcome: Outcome) -> Sequence[Array]:
        """What was shown since the step before."""
        ...


class Rendered:
    """The screens of an environment that draws itself; none if it does not."""

    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        self._env = env

    def begin(self, seed: int, start: Start) -> Sequence[Array]:
        return single.screens(self._env)

    def step(self, action: Array, outcome: Outcome) -> Sequence[Array]:
        return single.screens(self._env)


class Beside:
    """The screens of an Atari game, from an emulator that plays the same beside the vector environment."""

    def __init__(self, name: str, emulator: Emulator) -> None:
        self._name = name
        self._emulator = emulator
        self._game: atari.Emulation

    def begin(self, seed: int, start: Start) -> Sequence[Array]:
        self._game = atari.Emulation(self._name, self._emulator, seed, int(start.frames[0]), screens=True)
        return self._game.first.screens

    def step(self, action: Array, outcome: Outcome) -> Sequence[Array]:
        """Raises UserError if the two games have come apart."""
        shown = self._game.step(int(action))
        same = (shown.reward, shown.terminated) == (outcome.reward[0], outcome.terminated[0])
        if not same or not np.array_equal(shown.observation, outcome.observation[0]):
            raise UserError(f"{self._name} shows another game than it plays: this version of ale-py does not fit")
        return shown.screens


class Visible:
    """One environment as an `Environment`, which tells what it shows."""

    def __init__(
        self, environment: VectorEnvironment | atari.AtariEnvironment, view: View, screens_per_second: float
    ) -> None:
        self.name = environment.name
        self.protocol = environment.protocol
        self.version = environment.version
        self.num_envs = environment.num_envs
        self.observation_space = environment.observation_space
        self.action_space = environment.action_space
        self.screens_per_second = screens_per_second
        self.screens: list[Array] = []  # [H, W, 3] RGB each: those of the last step, then the first of a new game
        self._environment = environment
        self._view = view

    @property
    def lives(self) -> int:
        """Those that are left; 0 where the environment knows none."""
        return int(self._environment.lives[0])

    def reset(self, mask: Bools, seeds: Sequence[int]) -> Start:
        start = self._environment.reset(mask, seeds)
        (seed,) = seeds
        self.screens.extend(self._view.begin(seed, start))
        return start

    def step(self, actions: Array) -> Outcome:
        outcome = self._environment.step(actions)
        self.screens = list(self._view.step(actions[0], outcome))
        return outcome

    def close(self) -> None:
        self._environment.close()
