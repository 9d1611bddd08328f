"""The book's Ms. Pac-Man: MsPacman-v0 with its picture cropped, shrunk and greyed by slicing.

Source: Hands-On Machine Learning with Scikit-Learn & TensorFlow (first edition), chapter 16, "Learning to Play Ms.
Pac-Man Using Deep Q-Learning", and its notebook.
Departs: 1. pixels stay uint8 from 0 to 255; a network scales them.
"""

from typing import Any, Literal

import numpy as np
from ale_py.env import AtariEnv
from gymnasium import Env, spaces

from rlab.protocol import Emulator
from rlab.types import Array

PACMAN_COLOUR = 210 + 164 + 74  # set to black, for contrast


class BookPacman(Env[Array, Any]):
    """One game of Ms. Pac-Man as [88, 80, 1] uint8, after a fixed number of no-op steps."""

    metadata = {"render_modes": ["rgb_array"]}

    def __init__(self, emulator: Emulator, render_mode: Literal["rgb_array"] | None = None) -> None:
        low, high = emulator.frame_skip
        self._env = AtariEnv(
            "ms_pacman",
            frameskip=(low, high + 1),
            repeat_action_probability=emulator.sticky_actions,
            full_action_space=emulator.full_action_space,
            max_num_frames_per_episode=emulator.max_frames,
            render_mode=render_mode,
        )
        self._noop_steps = emulator.noop_steps
        self._frames = 0
        self.render_mode = render_mode
        self.ale = self._env.ale
        self.observation_space = spaces.Box(0, 255, (88, 80, 1), np.uint8)
        self.action_space = self._env.action_space

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Array, dict[str, Any]]:
        screen, info = self._env.reset(seed=seed, options=options)
        for _ in range(self._noop_steps):
            screen, _, _, _, info = self._env.step(0)
        self._frames = info["episode_frame_number"]
        return _crop(screen), {"lives": info["lives"], "emulator_start_frames": self._frames}

    def step(self, action: Any) -> tuple[Array, float, bool, bool, dict[str, Any]]:
        screen, reward, terminated, truncated, info = self._env.step(action)
        frames = info["episode_frame_number"] - self._frames
        self._frames += frames
        return _crop(screen), float(reward), terminated, truncated, {"lives": info["lives"], "emulator_frames": frames}

    def render(self) -> Any:
        return self._env.render()


def _crop(screen: Array) -> Array:
    total = screen[1:176:2, ::2].sum(axis=2, dtype=np.uint16)
    return np.where(total == PACMAN_COLOUR, 0, total // 3).astype(np.uint8)[..., None]
