"""Policy search without gradients: random search, hill climbing, a genetic algorithm and CMA-ES on a small network."""

from typing import TYPE_CHECKING, Any

from agents.search.config import PRESETS, Config
from rlab.agent import Agent
from rlab.seeding import Seeds

if TYPE_CHECKING:
    from gymnasium import spaces

__all__ = ["PRESETS", "Config", "make"]


def make(
    config: Config,
    observation_space: "spaces.Space[Any]",
    action_space: "spaces.Space[Any]",
    seeds: Seeds,
    *,
    encoder: None = None,
    model: None = None,
) -> Agent:
    """A searching agent, for spaces that `Config.check_fit` accepts."""
    from agents.search.agent import Search  # brings cma, which takes a second

    return Search(config, observation_space, action_space, seeds)
