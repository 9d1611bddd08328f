"""The book's walker: BipedalWalker-v3 whose action is one of 81 torques of its four joints, each -1, 0 or 1.

Source: Hands-On Machine Learning with Scikit-Learn & TensorFlow (first edition), chapter 16, exercise 8, and its
notebook, which plays 1,000 steps a game. Box2D, the physics, comes with the extra `box2d`.
"""

from itertools import product
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

from rlab.types import Array

TORQUES = np.array(list(product((-1, 0, 1), repeat=4)), np.float32)  # [81, 4]


class BookBipedalWalker(gymnasium.ActionWrapper[Array, Any, Array]):
    """Observations as those of BipedalWalker-v3; an action is the number of a row of `TORQUES`."""

    def __init__(self, render_mode: str | None = None) -> None:
        super().__init__(gymnasium.make("BipedalWalker-v3", render_mode=render_mode).unwrapped)
        self.action_space = spaces.Discrete(len(TORQUES))

    def action(self, action: Any) -> Array:
        return np.asarray(TORQUES[action])


gymnasium.register("BookBipedalWalker-v0", entry_point="envs.book_bipedal:BookBipedalWalker", max_episode_steps=1000)
