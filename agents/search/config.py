"""The settings of policy search and their presets."""

from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import Any, Literal

import numpy as np
from gymnasium import spaces

from rlab.config import Preset, check_range
from rlab.types import UserError

_LEAST = {"random_search": 2, "genetic": 2, "cma_es": 6}  # individuals; CMA-ES mirrors its samples below 6
MOST_WEIGHTS = {"random_search": 1_000_000, "genetic": 1_000_000, "cma_es": 3_000}  # CMA-ES needs their square


@dataclass(frozen=True)
class Config:
    """Search among the weights of a small network. The defaults are the book's genetic algorithm (chapter 16)."""

    method: Literal["random_search", "genetic", "cma_es"] = "genetic"
    """Where the next generation comes from: `random_search`, drawn anew; `genetic`, mutations of the survivors (of one
    survivor: hill climbing); `cma_es`, a normal distribution whose mean and covariance follow the better half."""
    hidden_sizes: tuple[int, ...] = ()
    """Units of each tanh layer between observations and actions; none: a linear policy. More: slower to search."""
    population_size: int = 100
    """Individuals (weight vectors) of a generation. Higher: searches more widely, fewer generations."""
    survivors: int = 20
    """The best of a generation, which live on and have the offspring; without meaning for `cma_es`. Lower: greedier."""
    episodes_per_individual: int = 1
    """Episodes whose mean return ranks an individual. Higher: luck decides less, fewer generations."""
    step_size: float = 0.5
    """Standard deviation of a mutation of each weight; for `cma_es`, of its first generation; without meaning for
    `random_search`. Higher: bolder."""

    def __post_init__(self) -> None:
        check_range("population_size", self.population_size, _LEAST[self.method])
        if self.method != "cma_es":
            check_range("survivors", self.survivors, 1, self.population_size - 1)
        check_range("episodes_per_individual", self.episodes_per_individual, 1)
        check_range("step_size", self.step_size, 1e-12, 1e6)
        for size in self.hidden_sizes:
            check_range("hidden_sizes", size, 1)

    def check_fit(self, observation_space: spaces.Space[Any], action_space: spaces.Space[Any], num_envs: int) -> None:
        if isinstance(observation_space, spaces.Box) and len(observation_space.shape) > 2:
            raise UserError(
                f"search is for few weights: received observations {observation_space}, allowed are vectors, matrices "
                "and Discrete"
            )
        weights = count_weights(observation_space, action_space, self.hidden_sizes)
        if weights > MOST_WEIGHTS[self.method]:
            raise UserError(
                f"too many weights to search among: received {weights:,} (of observations {observation_space} and "
                f"hidden sizes {self.hidden_sizes}), allowed are {MOST_WEIGHTS[self.method]:,} for {self.method}"
            )
        if isinstance(action_space, spaces.Box) and not (
            action_space.is_bounded() and np.issubdtype(action_space.dtype, np.floating)
        ):
            raise UserError(
                f"search acts within bounds: received actions {action_space}, allowed is Discrete or a bounded Box of "
                "floats"
            )


def layers(
    observation_space: spaces.Space[Any], action_space: spaces.Space[Any], hidden_sizes: tuple[int, ...]
) -> list[tuple[int, int]]:
    """The inputs and outputs of each layer of the network that is searched."""
    inputs, outputs = (
        int(getattr(space, "n", 0)) or prod(space.shape or ()) for space in (observation_space, action_space)
    )
    return list(pairwise((inputs, *hidden_sizes, outputs)))


def count_weights(*network: Any) -> int:
    """How many numbers the layers of a network have, biases included; see `layers`."""
    return sum((inputs + 1) * outputs for inputs, outputs in layers(*network))


PRESETS = {
    "cma_es": Preset(Config(method="cma_es", population_size=16), run={"num_envs": 8}),
    "hill_climb": Preset(Config(population_size=16, survivors=1, episodes_per_individual=2), run={"num_envs": 8}),
    "genetic": Preset(Config(), run={"num_envs": 8}),
    "random_search": Preset(
        Config(method="random_search", survivors=1, episodes_per_individual=2), run={"num_envs": 8}
    ),
}
