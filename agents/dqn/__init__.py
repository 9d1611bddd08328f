"""Deep Q-learning: Mnih et al. (2015), with every part of Rainbow, and implicit quantiles, as settings."""

from typing import TYPE_CHECKING, Any

from agents.dqn.config import Config
from agents.dqn.presets import PRESETS
from rlab.agent import Agent
from rlab.seeding import Seeds

if TYPE_CHECKING:
    import keras
    from gymnasium import spaces

__all__ = ["PRESETS", "Config", "make"]


def make(
    config: Config,
    observation_space: "spaces.Space[Any]",
    action_space: "spaces.Space[Any]",
    seeds: Seeds,
    *,
    encoder: "keras.Model | None" = None,
    model: None = None,
) -> Agent:
    """A DQN agent, for spaces that `Config.check_fit` accepts."""
    from agents.dqn.agent import DQN  # brings TensorFlow

    return DQN(config, observation_space, action_space, seeds, encoder)
