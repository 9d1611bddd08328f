"""Small environments with a known optimum, for tests and for a first look.

- `Identity-v0`: show the action that the observation names; 20 steps. Optimum 20, random 20 / 4 = 5.
- `Aim-v0`: the same with numbers: act the number in [-1, 1] that is shown. Optimum 20, random 20 / 3.
- `Corridor-v0`: walk right to the end of a corridor of 8 cells within 50 steps; one point there and nothing before.
  Optimum 1 after 7 steps; random 0.582.
- `Chain-v0`: a noisy chain of 8 cells; go to its far end and stay, though going back pays at once; 50 steps. Optimum
  19.51, by always going on (19.94 for who knows how many steps are left); always going back 9.00, random 5.17.
- `Catch-v0`: an image; move a paddle under a falling ball. Optimum 1, random about -0.6.
"""

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

from rlab.types import Array

Observed = tuple[Array, dict[str, Any]]
Stepped = tuple[Array, float, bool, bool, dict[str, Any]]


class Identity(gymnasium.Env[Array, Any]):
    """One-hot observations of 4 values; the action that equals the value pays 1. Truncated after 20 steps."""

    def __init__(self, render_mode: str | None = None) -> None:
        self.render_mode = render_mode
        self.observation_space = spaces.Box(0, 1, (4,), np.float32)
        self.action_space = spaces.Discrete(4)
        self._value = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Observed:
        super().reset(seed=seed)
        return self._draw(), {}

    def step(self, action: Any) -> Stepped:
        reward = float(action == self._value)
        return self._draw(), reward, False, False, {}

    def _draw(self) -> Array:
        self._value = int(self.np_random.integers(4))
        return np.asarray(np.eye(4, dtype=np.float32)[self._value])


class Aim(gymnasium.Env[Array, Any]):
    """A number from -1 to 1 is shown; an action pays 1 less its distance from it. Truncated after 20 steps."""

    def __init__(self, render_mode: str | None = None) -> None:
        self.render_mode = render_mode
        self.observation_space = spaces.Box(-1, 1, (1,), np.float32)
        self.action_space = spaces.Box(-1, 1, (1,), np.float32)
        self._shown = np.zeros(1, np.float32)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Observed:
        super().reset(seed=seed)
        return self._draw(), {}

    def step(self, action: Any) -> Stepped:
        reward = 1 - float(np.abs(np.asarray(action) - self._shown)[0])
        return self._draw(), reward, False, False, {}

    def _draw(self) -> Array:
        self._shown = self.np_random.uniform(-1, 1, 1).astype(np.float32)
        return self._shown


class Corridor(gymnasium.Env[Any, Any]):
    """Cells 0 to 7 as Discrete observations; action 1 goes right, 0 left; cell 7 pays 1 and ends the episode."""

    def __init__(self, render_mode: str | None = None) -> None:
        self.render_mode = render_mode
        self.observation_space = spaces.Discrete(8)
        self.action_space = spaces.Discrete(2)
        self.initial_state_distrib = np.eye(8)[0]
        self.P = {cell: {action: [self._outcome(cell, action)] for action in range(2)} for cell in range(8)}
        self._cell = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self._cell = 0
        return np.int64(self._cell), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        _, self._cell, reward, arrived = self._outcome(self._cell, action)
        return np.int64(self._cell), reward, arrived, False, {}

    def _outcome(self, cell: int, action: Any) -> tuple[float, int, float, bool]:
        """Probability, successor, reward and whether it terminates, as in the tables of Gymnasium's toys."""
        successor = min(max(cell + (1 if action == 1 else -1), 0), 7)
        return 1.0, successor, float(successor == 7), successor == 7


class Chain(gymnasium.Env[Any, Any]):
    """Cells 0 to 7 as Discrete observations; action 1 goes on, 0 back to the start, and a tenth of the actions slip.

    An action that slips does what the other one does. Going on at the far end pays 1 and stays there, going back pays
    0.2 from anywhere. Truncated after 50 steps. Source: the chain of Strens (2000), A Bayesian Framework for
    Reinforcement Learning, section 5, which has 5 cells, slips twice as often and pays ten times as much.
    """

    length, slip = 8, 0.1

    def __init__(self, render_mode: str | None = None) -> None:
        self.render_mode = render_mode
        self.observation_space = spaces.Discrete(self.length)
        self.action_space = spaces.Discrete(2)
        self.initial_state_distrib = np.eye(self.length)[0]
        self.P = {cell: {action: self._outcomes(cell, action) for action in range(2)} for cell in range(self.length)}
        self._cell = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self._cell = 0
        return np.int64(self._cell), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        slipped = int(self.np_random.random() < self.slip)
        _, self._cell, reward, _ = self.P[self._cell][int(action)][slipped]
        return np.int64(self._cell), reward, False, False, {}

    def _outcomes(self, cell: int, action: int) -> list[tuple[float, int, float, bool]]:
        """Probability, successor, reward and whether it terminates: as meant, and slipped."""
        end = self.length - 1
        on, back = (min(cell + 1, end), float(cell == end), False), (0, 0.2, False)
        meant, other = (on, back) if action == 1 else (back, on)
        return [(1 - self.slip, *meant), (self.slip, *other)]


class Catch(gymnasium.Env[Array, Any]):
    """A ball falls through 10 rows of 5 columns, 4 pixels a cell: [40, 20, 1] uint8; actions: left, stay, right.

    Source: Mnih et al. (2014), Recurrent models of visual attention, section 4.2 (the game of catch).
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 10}
    rows, columns, pixels = 10, 5, 4

    def __init__(self, render_mode: str | None = None) -> None:
        self.render_mode = render_mode
        self.observation_space = spaces.Box(0, 255, (self.rows * self.pixels, self.columns * self.pixels, 1), np.uint8)
        self.action_space = spaces.Discrete(3)
        self._ball = [0, 0]
        self._paddle = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> Observed:
        super().reset(seed=seed)
        self._ball = [0, int(self.np_random.integers(self.columns))]
        self._paddle = self.columns // 2
        return self._draw(), {}

    def step(self, action: Any) -> Stepped:
        self._paddle = min(max(self._paddle + int(action) - 1, 0), self.columns - 1)
        self._ball[0] += 1
        landed = self._ball[0] == self.rows - 1
        reward = (1.0 if self._ball[1] == self._paddle else -1.0) if landed else 0.0
        return self._draw(), reward, landed, False, {}

    def render(self) -> Any:
        return np.repeat(self._draw(), 3, axis=2)

    def _draw(self) -> Array:
        board = np.zeros((self.rows, self.columns), np.uint8)
        board[self._ball[0], self._ball[1]] = 255
        board[self.rows - 1, self._paddle] = 255
        return np.kron(board, np.ones((self.pixels, self.pixels), np.uint8))[..., None]


gymnasium.register("Identity-v0", entry_point="envs.toys:Identity", max_episode_steps=20)
gymnasium.register("Aim-v0", entry_point="envs.toys:Aim", max_episode_steps=20)
gymnasium.register("Corridor-v0", entry_point="envs.toys:Corridor", max_episode_steps=50)
gymnasium.register("Chain-v0", entry_point="envs.toys:Chain", max_episode_steps=50)
gymnasium.register("Catch-v0", entry_point="envs.toys:Catch", max_episode_steps=20)
