"""What a user's own module of environments may hold; tests copy it to where they play."""

from typing import ClassVar

import gymnasium
import numpy as np
from gymnasium import spaces


class Good(gymnasium.Env):
    metadata: ClassVar = {"render_modes": ["rgb_array"]}
    observation_space = spaces.Box(0, 1, (3,), np.float32)
    action_space = spaces.Discrete(2)

    def __init__(self, render_mode=None):
        self.render_mode = render_mode

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return self.np_random.random(3, dtype=np.float32), {}

    def step(self, action):
        return self.np_random.random(3, dtype=np.float32), 1.0, False, False, {}

    def render(self):
        return np.zeros((40, 60, 3), np.uint8)


class Unseeded(Good):
    def step(self, action):
        return np.random.default_rng().random(3, dtype=np.float32), 1.0, False, False, {}


class FourValues(Good):
    def step(self, action):
        return self.np_random.random(3, dtype=np.float32), 1.0, False, {}


class Named(Good):
    observation_space = spaces.Dict({"place": spaces.Discrete(3)})


class Failing(Good):
    def __init__(self, render_mode=None):
        raise RuntimeError("there is\nno luck")


for kind in (Good, Unseeded, FourValues, Named, Failing):
    gymnasium.register(f"{kind.__name__}-v0", entry_point=kind, max_episode_steps=20)
