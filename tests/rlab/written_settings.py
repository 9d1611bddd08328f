"""Settings for the tests of those who write and read them."""

import numpy as np
from gymnasium import spaces

import agents
from rlab.config import RunConfig, Settings
from rlab.types import FrameStack, UserError

SCREENS = FrameStack(84, 84, 4)
VECTOR = spaces.Box(np.array([-1.5, -np.inf], np.float32), np.array([1.5, np.inf], np.float32))
ACTIONS = spaces.Discrete(9)
CART_POLE = spaces.Box(-5, 5, (4,), np.float32), spaces.Discrete(2)
PLAYED = ((SCREENS, ACTIONS), (VECTOR, ACTIONS), (spaces.Discrete(6), ACTIONS), CART_POLE)


def config_of(agent):
    return agents.find(agent).Config


def fits(config, observation_space, action_space):
    try:
        config.check_fit(observation_space, action_space, 1)
    except UserError:
        return False
    return True


def make(agent="dqn", preset="paper"):
    """The settings of a preset, with spaces that its agent takes."""
    of = agents.find(agent).PRESETS[preset]
    played = next(spaces_ for spaces_ in PLAYED if fits(of.config, *spaces_))
    run = RunConfig(**{"env": "ALE/MsPacman-v5", "seed": 3, **of.run})
    return Settings(agent, preset, run, of.config, *played)
