"""An agent that plays by a fixed rule and learns nothing.

Source: Hands-On Machine Learning with Scikit-Learn & TensorFlow (first edition), chapter 16, sections "Introduction to
OpenAI Gym" and "Hard-coded policy", and its notebook.
Departs: 1. The book's opening ends where its film does; here no-ops follow until the game is over.
2. What lasts ten steps begins anew with every episode; the notebook plays only one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from gymnasium import spaces

from rlab.config import Preset
from rlab.seeding import Seeds, generator_state, restore_generator
from rlab.spaces import is_image
from rlab.statefile import read_state, write_state
from rlab.types import Array, Bools, Metrics, Transitions, UserError

POLE_ANGLE = 2  # in CartPole's observation: cart position and speed, pole angle and angular speed
NOOP, LEFT, DOWN_LEFT = 0, 3, 8  # among the 9 actions that Ms. Pac-Man uses
OPENING = np.array([LEFT] * 110 + [DOWN_LEFT] * 40 + [NOOP])
HELD_STEPS = 10


@dataclass(frozen=True)
class Config:
    """A rule of the book's chapter 16."""

    rule: Literal["angle", "left", "right", "opening", "random_ten"] = "random_ten"
    """CartPole: `angle`, push where the pole leans; `left` and `right`, always action 0 or 1. Ms. Pac-Man: `opening`,
    110 steps left, 40 down-left, then no-ops. Any Discrete actions: `random_ten`, a new random one every 10 steps."""

    def check_fit(self, observation_space: spaces.Space[Any], action_space: spaces.Space[Any], num_envs: int) -> None:
        num_actions = int(action_space.n) if isinstance(action_space, spaces.Discrete) else 0
        plays, allowed = {
            "angle": (num_actions == 2 and _is_cart_pole(observation_space), "Discrete(2) on a Box [4] of floats"),
            "left": (num_actions == 2, "Discrete(2)"),
            "right": (num_actions == 2, "Discrete(2)"),
            "opening": (num_actions == 9 and is_image(observation_space), "Ms. Pac-Man's Discrete(9) on images"),
            "random_ten": (num_actions > 0, "Discrete"),
        }[self.rule]
        if not plays:
            raise UserError(
                f"rule {self.rule!r} does not fit this environment: received actions {action_space} on observations "
                f"{observation_space}, allowed is {allowed}; choose another preset or --rule"
            )


PRESETS = {
    "angle": Preset(Config("angle"), "CartPole-*"),
    "left": Preset(Config("left"), "CartPole-*"),
    "right": Preset(Config("right"), "CartPole-*"),
    "opening": Preset(Config("opening"), "ALE/MsPacman-v5"),
    "random_ten": Preset(Config("random_ten")),
}


def make(
    config: Config,
    observation_space: spaces.Space[Any],
    action_space: spaces.Space[Any],
    seeds: Seeds,
    *,
    encoder: None = None,
    model: None = None,
) -> "Scripted":
    """A scripted agent, for spaces that `Config.check_fit` accepts."""
    assert isinstance(action_space, spaces.Discrete)
    return Scripted(config, int(action_space.n))


class Scripted:
    """The agent; all of it is its actor."""

    def __init__(self, config: Config, num_actions: int) -> None:
        self._config = config
        self._num_actions = num_actions

    def actor(self, num_envs: int, seed: int, *, explore: bool) -> "_Actor":
        return _Actor(self._config.rule, self._num_actions, num_envs, seed)

    def observe(self, transitions: Transitions) -> None:
        """There is nothing to remember."""

    def learn(self) -> Metrics | None:
        return None

    def save(self, directory: Path) -> None:
        """There is nothing to save."""

    def load(self, directory: Path) -> int:
        return 0


class _Actor:
    def __init__(self, rule: str, num_actions: int, num_envs: int, seed: int) -> None:
        self._rule = rule
        self._num_actions = num_actions
        self._random = np.random.default_rng(seed)
        self._step = np.zeros(num_envs, np.int64)  # [N] of the episode
        self._held = np.zeros(num_envs, np.int64)  # [N] the random actions that last

    def act(self, observations: Array, first: Bools) -> tuple[Array, Mapping[str, Array]]:
        self._step[first] = 0
        actions = self._actions(observations)
        self._step += 1
        return actions, {}

    def _actions(self, observations: Array) -> Array:
        if self._rule == "opening":
            return np.asarray(OPENING[np.minimum(self._step, len(OPENING) - 1)])
        if self._rule == "angle":
            return (observations[:, POLE_ANGLE] >= 0).astype(np.int64)
        if self._rule == "random_ten":
            due = self._step % HELD_STEPS == 0
            self._held[due] = self._random.integers(self._num_actions, size=int(due.sum()))
            return self._held.copy()
        return np.full(len(self._step), int(self._rule == "right"))

    def save(self, directory: Path) -> None:
        state = {
            "step": self._step.tolist(),
            "held": self._held.tolist(),
            "random": generator_state(self._random),
        }
        write_state(directory / "actor.json", state)

    def load(self, directory: Path) -> None:
        state = read_state(directory / "actor.json", "step", "held", "random")
        if len(state["step"]) != len(self._step):
            raise UserError(
                f"{directory / 'actor.json'} is for {len(state['step'])} environments, not for {len(self._step)}"
            )
        self._step[:] = state["step"]
        self._held[:] = state["held"]
        restore_generator(self._random, state["random"])


def _is_cart_pole(space: spaces.Space[Any]) -> bool:
    return isinstance(space, spaces.Box) and space.shape == (4,) and np.issubdtype(space.dtype, np.floating)
