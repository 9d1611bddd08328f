"""Settings for the tests of those who write and read them."""

import numpy as np
from gymnasium import spaces

import agents
from rlab.config import RunConfig, Settings
from rlab.types import FrameStack, UserError

SCREENS = FrameStack(84, 84, 4)
VECTOR = spaces.Box(np.array([-1.5, -np.inf], np.float32), np.array([1.5, np.inf], np.float32))
ACTIONS = spaces.Discrete(9)


def config_of(agent):
    return agents.find(agent).Config


def make(agent="dqn", preset="paper"):
    """The settings of a preset, with observations that its agent takes."""
    of = agents.find(agent).PRESETS[preset]
    try:
        of.config.check_fit(SCREENS, ACTIONS, 1)
        observation_space = SCREENS
    except UserError:
        observation_space = VECTOR
    run = RunConfig(**{"env": "ALE/MsPacman-v5", "seed": 3, **of.run})
    return Settings(agent, preset, run, of.config, observation_space, ACTIONS)
