"""An environment whose episodes are written down, for tests of whoever plays or learns."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium import spaces

from rlab.types import Array, Bools, Outcome, Start

FIRST_SEED = 100
FRAMES_A_STEP = 4
START_FRAMES = 7


class Scripted:
    """N rows that play written episodes, as an `Environment`.

    The seed chooses the episode: `Scripted(2, "..T", "t")` plays `..T` for seed 100, `t` for 101, `..T` for 102 and so
    on. One letter a step: `.` ordinary, `T` terminated, `t` truncated, `l` a life lost, `L` the last life lost, which
    terminates.

    An observation [2] float32 is (seed of the episode, steps taken in it), so every observation tells where it belongs.
    A step pays 1 point more than the step before. `calls` lists what was asked for: ("reset", rows, seeds) and
    ("step", actions).
    """

    def __init__(self, num_envs: int, *episodes: str, action_space: spaces.Space[Any] | None = None) -> None:
        self.name = "Scripted-v0"
        self.protocol = "gymnasium:f7ae130b"
        self.version = "scripted 1"
        self.num_envs = num_envs
        self.observation_space = spaces.Box(-np.inf, np.inf, (2,), np.float32)
        self.action_space = action_space or spaces.Discrete(3)
        self.calls: list[tuple[Any, ...]] = []
        self._episodes = episodes
        self._seeds = np.zeros(num_envs, np.int64)
        self._times = np.zeros(num_envs, np.int64)
        self._over = np.ones(num_envs, np.bool_)

    def reset(self, mask: Bools, seeds: Sequence[int]) -> Start:
        self.calls.append(("reset", np.flatnonzero(mask).tolist(), list(seeds)))
        self._seeds[mask], self._times[mask], self._over[mask] = seeds, 0, False
        return Start(self._observe(), np.where(mask, START_FRAMES, 0))

    def step(self, actions: Array) -> Outcome:
        assert not self._over.any(), "stepped an environment whose episode is over"
        self.calls.append(("step", actions.tolist()))
        events = [
            self._episodes[(seed - FIRST_SEED) % len(self._episodes)][time]
            for seed, time in zip(self._seeds, self._times, strict=True)
        ]
        terminated, truncated, life_lost = (np.array([event in of for event in events]) for of in ("TL", "t", "lL"))
        self._times += 1
        self._over = terminated | truncated
        frames = np.full(self.num_envs, FRAMES_A_STEP)
        return Outcome(self._observe(), self._times.astype(np.float32), terminated, truncated, life_lost, frames)

    def close(self) -> None: ...

    def _observe(self) -> Array:
        return np.stack([self._seeds, self._times], axis=1).astype(np.float32)
