"""The replay that DQN learns from, as its settings ask for it."""

from typing import Any

from gymnasium import spaces

from agents.dqn.config import Config
from rlab.replay.prioritised import PrioritisedReplay
from rlab.replay.uniform import UniformReplay, expected_memory

PRIORITY_OFFSET = 0.01  # added to errors, so that nothing is forgotten; see `rlab.replay.prioritised`

Replay = UniformReplay | PrioritisedReplay


def make_replay(
    config: Config, num_envs: int, observation_space: spaces.Space[Any], action_space: spaces.Space[Any]
) -> Replay:
    """An empty one of what `num_envs` environments show, with priorities where settings give them an exponent."""
    replay = UniformReplay(
        config.replay_capacity,
        num_envs,
        observation_space,
        action_space,
        steps=config.n_steps,
        gamma=config.gamma,
        compressed=config.replay_compressed,
    )
    if not config.priority_exponent:
        return replay
    return PrioritisedReplay(replay, alpha=config.priority_exponent, epsilon=PRIORITY_OFFSET)


def memory_of(config: Config, observation_space: spaces.Space[Any], action_space: spaces.Space[Any]) -> int:
    """About how many bytes it takes when it is full."""
    priorities = 8 * config.replay_capacity if config.priority_exponent else 0
    held = expected_memory(config.replay_capacity, observation_space, action_space, compressed=config.replay_compressed)
    return held + priorities
