"""PPO: an actor-critic that learns several times from what it has just played; A2C is its preset.

It gathers steps of all its environments, estimates how much better each action was than expected, and moves its policy
towards the better ones, but not far from the one that played.
"""

from typing import Any

from gymnasium import spaces

from agents.ppo.config import PRESETS, Config
from rlab.agent import Agent
from rlab.seeding import Seeds

__all__ = ["PRESETS", "Config", "make"]


def make(
    config: Config,
    observation_space: spaces.Space[Any],
    action_space: spaces.Space[Any],
    seeds: Seeds,
    *,
    encoder: Any = None,
    model: None = None,
) -> Agent:
    """A PPO agent; `encoder` is a pretrained keras.Model in place of a new one."""
    from agents.ppo.agent import PPO

    return PPO(config, observation_space, action_space, seeds, encoder)
