"""One way to step N Gymnasium environments and to reset them by mask, each episode with a seed of its own.

Gymnasium's vector environments are made in DISABLED autoreset mode, so that no autoreset frame ever enters a replay.
They want N Python ints as seeds, raise on an empty mask and remove the mask from the dictionary they are handed; all of
this stays in here. Discrete spaces come out starting at 0, whatever they start at inside.
"""

from collections.abc import Callable, Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from rlab.types import Array, Bools, Outcome, Start, UserError


class VectorEnvironment:
    """N Gymnasium environments in this process, as an `Environment`."""

    def __init__(
        self, name: str, protocol: str, version: str, make_one: Callable[[], gymnasium.Env[Any, Any]], num_envs: int
    ) -> None:
        self.name = name
        self.protocol = protocol
        self.version = version
        self.num_envs = num_envs
        self._env = SyncVectorEnv([make_one] * num_envs, autoreset_mode=AutoresetMode.DISABLED)
        self._action_start = _start(self._env.single_action_space)
        self._observation_start = _start(self._env.single_observation_space)
        self.observation_space = from_zero(self._env.single_observation_space)
        self.action_space = from_zero(self._env.single_action_space)
        self.lives = np.zeros(num_envs, np.int64)

    def reset(self, mask: Bools, seeds: Sequence[int]) -> Start:
        row_seeds: list[int | None] = [None] * self.num_envs
        for row, seed in zip(np.flatnonzero(mask), seeds, strict=True):
            row_seeds[row] = seed
        observation, info = self._env.reset(seed=row_seeds, options={"reset_mask": np.array(mask)})
        self.lives = np.where(mask, info.get("lives", 0), self.lives)
        frames = np.where(mask, info.get("emulator_start_frames", 0), 0)
        return Start(self._from_zero(observation), frames.astype(np.int64))

    def step(self, actions: Array) -> Outcome:
        actions = np.asarray(actions + self._action_start, self._env.single_action_space.dtype)
        observation, reward, terminated, truncated, info = self._env.step(actions)
        lives = info.get("lives", self.lives)
        life_lost = lives < self.lives
        self.lives = lives
        frames = info.get("emulator_frames", np.ones(self.num_envs, np.int64))
        observation = self._from_zero(observation)
        return Outcome(observation, reward.astype(np.float32), terminated, truncated, life_lost, frames)

    def close(self) -> None:
        self._env.close()

    def _from_zero(self, observation: Array) -> Array:
        if isinstance(self.observation_space, spaces.Discrete):
            return np.asarray(observation - self._observation_start, self.observation_space.dtype)
        return observation


def _start(space: spaces.Space[Any]) -> int:
    return int(space.start) if isinstance(space, spaces.Discrete) else 0


def from_zero(space: spaces.Space[Any]) -> spaces.Space[Any]:
    """The space itself if the lab takes it, a Discrete one of int64 that starts at 0.

    Raises UserError for other spaces.
    """
    if isinstance(space, spaces.Discrete):
        return spaces.Discrete(int(space.n))
    if isinstance(space, spaces.Box):
        return space
    raise UserError(f"the lab does not take a space of this kind: received {space}, allowed are Box and Discrete")
