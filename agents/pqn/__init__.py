"""PQN: Q-learning without replay and without target network, from what many environments have just played.

Gallici et al. (2025). Layer normalisation takes the place of the target network, many environments that of the replay.
"""

from typing import Any

from gymnasium import spaces

from agents.pqn.config import PRESETS, Config
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
    """A PQN agent; `encoder` is a pretrained keras.Model in place of a new one."""
    from agents.pqn.agent import PQN

    return PQN(config, observation_space, action_space, seeds, encoder)
