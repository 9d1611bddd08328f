"""The Atari games of the book, as it saw them: `MsPacman-v0` and `Pong-v0`, their pictures made by slicing.

Source: Hands-On Machine Learning with Scikit-Learn & TensorFlow (first edition), chapter 16, and its notebook.
Departs: 1. pixels stay uint8 from 0 to 255; a network scales them.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from ale_py.env import AtariEnv
from gymnasium import Env, spaces

from rlab.protocol import Emulator
from rlab.types import Array


class BookGame(NamedTuple):
    """What one of the games is."""

    environment: str  # the Gymnasium id
    rom: str
    shape: tuple[int, int, int]  # of the picture
    picture: Callable[[Sequence[Array]], Array]  # of the screens [210, 160, 3] of an action's steps, oldest first


class BookAtari(Env[Array, Any]):
    """One of the games, after a fixed number of no-op steps."""

    metadata = {"render_modes": ["rgb_array"]}

    def __init__(self, game: BookGame, emulator: Emulator, render_mode: Literal["rgb_array"] | None = None) -> None:
        low, high = emulator.frame_skip
        self._env = AtariEnv(
            game.rom,
            frameskip=(low, high + 1),
            repeat_action_probability=emulator.sticky_actions,
            full_action_space=emulator.full_action_space,
            max_num_frames_per_episode=emulator.max_frames,
            render_mode=render_mode,
        )
        self._picture = game.picture
        self._noop_steps = emulator.noop_steps
        self._steps = emulator.steps_per_action
        self._frames = 0
        self.render_mode = render_mode
        self.ale = self._env.ale
        self.observation_space = spaces.Box(0, 255, game.shape, np.uint8)
        self.action_space = self._env.action_space

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Array, dict[str, Any]]:
        screen, info = self._env.reset(seed=seed, options=options)
        screens = [screen] * self._steps
        for _ in range(self._noop_steps):
            screen, _, _, _, info = self._env.step(0)
            screens = [*screens[1:], screen]
        self._frames = info["episode_frame_number"]
        return self._picture(screens), {"lives": info["lives"], "emulator_start_frames": self._frames}

    def step(self, action: Any) -> tuple[Array, float, bool, bool, dict[str, Any]]:
        screens: list[Array] = []
        total, terminated, truncated = 0.0, False, False
        while len(screens) < self._steps and not (terminated or truncated):
            screen, reward, terminated, truncated, info = self._env.step(action)
            screens.append(screen)
            total += float(reward)
        screens += [screen] * (self._steps - len(screens))
        frames = info["episode_frame_number"] - self._frames
        self._frames += frames
        seen = self._picture(screens)
        return seen, total, terminated, truncated, {"lives": info["lives"], "emulator_frames": frames}

    def render(self) -> Any:
        return self._env.render()
