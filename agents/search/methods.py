"""Where a generation of weight vectors comes from: survivors and their offspring, or CMA-ES.

Source: Hands-On Machine Learning with Scikit-Learn & TensorFlow (first edition), chapter 16, section "Policy Search",
for survivors and offspring; Hansen (2016), The CMA Evolution Strategy: A Tutorial, as the library `cma` has it.
Departs: 1. Survivors play again in the next generation beside their offspring, so that no lucky episode lasts.
2. CMA-ES goes on until the run ends: the library's criteria to stop are not asked.
"""

import warnings
from collections.abc import Mapping
from typing import Protocol

import numpy as np

from agents.search.config import Config
from agents.search.policy import Policy
from rlab.types import Array

with warnings.catch_warnings():
    warnings.simplefilter("ignore", UserWarning)  # it can plot only where there is matplotlib
    import cma


class Method(Protocol):
    """A search: a population of P weight vectors of W weights, and what has been learnt of where to look."""

    population: Array  # [P, W] float64

    @property
    def best(self) -> Array:
        """The weights [W] to play with."""
        ...

    def advance(self, returns: Array) -> None:
        """Put the next generation in the place of the population, whose mean returns [P] are told."""
        ...

    def state(self) -> dict[str, Array]:
        """All that `restore` needs, beside the state of the generator that both were made with."""
        ...

    def restore(self, state: Mapping[str, Array]) -> None:
        """Take up what `state` gave. It may draw from the generator, whose state is to be restored afterwards."""
        ...


class Evolution:
    """The best of a generation survive; the others are replaced by mutations of them, or by new draws.

    With one survivor mutation is hill climbing, and drawing is random search.
    """

    def __init__(self, config: Config, policy: Policy, random: np.random.Generator) -> None:
        self._config = config
        self._policy = policy
        self._random = random
        self.population = policy.draw(random, config.population_size)

    @property
    def best(self) -> Array:
        return np.asarray(self.population[0])

    def advance(self, returns: Array) -> None:
        ranking = np.argsort(-returns, kind="stable")  # of equals, the one that has survived longer leads
        survivors = self.population[ranking[: self._config.survivors]]
        count = len(self.population) - len(survivors)
        if self._config.method == "random_search":
            offspring = self._policy.draw(self._random, count)
        else:
            parents = survivors[np.arange(count) % len(survivors)]
            offspring = parents + self._config.step_size * self._random.standard_normal(parents.shape)
        self.population = np.concatenate([survivors, offspring])

    def state(self) -> dict[str, Array]:
        return {"population": self.population}

    def restore(self, state: Mapping[str, Array]) -> None:
        self.population = state["population"]


class CMAES:
    """Covariance matrix adaptation, from the origin on.

    The library keeps its state in some hundred attributes and offers pickle to save them. So all that it was told is
    kept instead, and told once more to a new one: 8 (W + 1) bytes for each individual that there ever was.
    """

    def __init__(self, config: Config, policy: Policy, random: np.random.Generator) -> None:
        self._shape = config.population_size, policy.num_weights
        self._told: list[tuple[Array, Array]] = []  # [P, W] and [P], of each generation
        options = {
            "popsize": config.population_size,
            "randn": lambda rows, columns: random.standard_normal((rows, columns)),
            "seed": np.nan,  # leaves NumPy's global generator alone
            "verbose": -9,
        }
        self._strategy = cma.CMAEvolutionStrategy(np.zeros(policy.num_weights), config.step_size, options)
        self.population = np.array(self._strategy.ask())

    @property
    def best(self) -> Array:
        return np.array(self._strategy.mean)

    def advance(self, returns: Array) -> None:
        self._tell(self.population, returns)
        self.population = np.array(self._strategy.ask())

    def _tell(self, population: Array, returns: Array) -> None:
        self._told.append((population, returns))
        # When it checks, the library shortens far solutions that it has not just asked for, as those of a checkpoint.
        self._strategy.tell(list(population), list(-returns), check_points=False)

    def state(self) -> dict[str, Array]:
        populations = [population for population, _ in self._told]
        returns = [returns for _, returns in self._told]
        return {
            "population": self.population,
            "told": np.reshape(populations, (-1, *self._shape)),
            "told_returns": np.reshape(returns, (-1, self._shape[0])),
        }

    def restore(self, state: Mapping[str, Array]) -> None:
        for population, returns in zip(state["told"], state["told_returns"], strict=True):
            self._tell(population, returns)
            self._strategy.ask()  # decomposes the covariance matrix when that is due
        self.population = state["population"]
