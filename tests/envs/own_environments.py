"""Environments such as a user would bring along, each with something unusual."""

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces


class Shifted(gymnasium.Env[Any, Any]):
    """A walk over places 10 to 14 whose actions are -1, 0 and 1; arriving at 14 pays 1 and ends it."""

    def __init__(self, render_mode: str | None = None) -> None:
        self.render_mode = render_mode
        self.observation_space = spaces.Discrete(5, start=10, dtype=np.int32)
        self.action_space = spaces.Discrete(3, start=-1, dtype=np.int32)
        self._place = 10

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        super().reset(seed=seed)
        self._place = 10 + int(self.np_random.integers(3))
        return self._place, {}

    def step(self, action: Any) -> tuple[int, float, bool, bool, dict[str, Any]]:
        assert action in self.action_space
        self._place = min(max(self._place + int(action), 10), 14)
        return self._place, float(self._place == 14), self._place == 14, False, {}


class Lives(gymnasium.Env[Any, Any]):
    """Action 1 costs one of 3 lives, 2 wins one; the last ends the game. It promises float32 and gives float64."""

    def __init__(self, render_mode: str | None = None) -> None:
        self.render_mode = render_mode
        self.observation_space = spaces.Box(0, 100, (2,), np.float32)
        self.action_space = spaces.Discrete(3)
        self._lives = 3

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self._lives = 3
        return self._observe(), {"lives": self._lives}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self._lives += (0, -1, 1)[int(action)]
        return self._observe(), 0.1, self._lives == 0, False, {"lives": self._lives}

    def _observe(self) -> Any:
        return np.array([self._lives, self.np_random.random()])


class OtherSpaces(gymnasium.Env[Any, Any]):
    """An environment with the spaces that it is handed."""

    def __init__(
        self, observation_space: spaces.Space[Any], action_space: spaces.Space[Any], render_mode: str | None = None
    ) -> None:
        self.render_mode = render_mode
        self.observation_space = observation_space
        self.action_space = action_space


class NeverShown(gymnasium.Env[Any, Any]):
    """An environment that knows no render mode, as a beginner writes it."""

    observation_space = spaces.Discrete(2)
    action_space = spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        super().reset(seed=seed)
        return 0, {}

    def step(self, action: Any) -> tuple[int, float, bool, bool, dict[str, Any]]:
        return 1, 1.0, True, False, {}


gymnasium.register("NeverShown-v0", entry_point=NeverShown)
gymnasium.register("Shifted-v0", entry_point=Shifted, max_episode_steps=30)
gymnasium.register("Lives-v0", entry_point="tests.envs.own_environments:Lives", max_episode_steps=50)
gymnasium.register(
    "PairOfNumbers-v0",
    entry_point=OtherSpaces,
    kwargs={
        "observation_space": spaces.Tuple([spaces.Discrete(2), spaces.Discrete(3)]),
        "action_space": spaces.Discrete(2),
    },
)
gymnasium.register(
    "ManySwitches-v0",
    entry_point=OtherSpaces,
    kwargs={"observation_space": spaces.Box(0, 1, (2,), np.float32), "action_space": spaces.MultiBinary(4)},
)
