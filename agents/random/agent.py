"""An agent that draws every action uniformly and learns nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium import spaces

from rlab.config import Preset
from rlab.exploration import uniform
from rlab.seeding import Seeds, generator_state, restore_generator
from rlab.statefile import read_state, write_state
from rlab.types import Array, Bools, Metrics, Transitions, UserError


@dataclass(frozen=True)
class Config:
    """Nothing to set."""

    def check_fit(self, observation_space: spaces.Space[Any], action_space: spaces.Space[Any], num_envs: int) -> None:
        if isinstance(action_space, spaces.Box) and not action_space.is_bounded():
            raise UserError(
                f"random draws from bounded actions: received {action_space}, allowed is a bounded Box or Discrete"
            )


PRESETS = {"uniform": Preset(Config())}


def make(
    config: Config,
    observation_space: spaces.Space[Any],
    action_space: spaces.Space[Any],
    seeds: Seeds,
    *,
    encoder: None = None,
    model: None = None,
) -> "Random":
    """A random agent."""
    return Random(action_space)


class Random:
    """The agent; all of it is its actor."""

    def __init__(self, action_space: spaces.Space[Any]) -> None:
        self._action_space = action_space

    def actor(self, num_envs: int, seed: int, *, explore: bool) -> "_Actor":
        return _Actor(self._action_space, num_envs, seed)

    def observe(self, transitions: Transitions) -> None:
        """There is nothing to remember."""

    def learn(self) -> Metrics | None:
        return None

    def save(self, directory: Path) -> None:
        """There is nothing to save."""

    def load(self, directory: Path) -> int:
        return 0


class _Actor:
    def __init__(self, action_space: spaces.Space[Any], num_envs: int, seed: int) -> None:
        self._action_space = action_space
        self._num_envs = num_envs
        self._random = np.random.default_rng(seed)

    def act(self, observations: Array, first: Bools) -> tuple[Array, Mapping[str, Array]]:
        return uniform(self._random, self._action_space, self._num_envs), {}

    def save(self, directory: Path) -> None:
        write_state(directory / "actor.json", generator_state(self._random))

    def load(self, directory: Path) -> None:
        restore_generator(self._random, read_state(directory / "actor.json", "bit_generator", "state"))
