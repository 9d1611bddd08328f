"""REINFORCE: a policy that makes likelier what paid, learnt from whole episodes; with or without a baseline."""

from typing import TYPE_CHECKING, Any

from agents.reinforce.config import PRESETS, Config
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
    """A REINFORCE agent, for spaces that `Config.check_fit` accepts."""
    from agents.reinforce.agent import Reinforce  # brings TensorFlow

    return Reinforce(config, observation_space, action_space, seeds, encoder)
