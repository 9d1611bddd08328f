"""Policy search: each environment plays an individual of a population for an episode; returns decide who is next.

Source: see `methods`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium import spaces

from agents.search.config import Config
from agents.search.methods import CMAES, Evolution, Method
from agents.search.policy import Policy
from rlab.seeding import Seeds, generator_state, restore_generator
from rlab.statefile import read_arrays, read_state, write_arrays, write_state
from rlab.types import Array, Bools, Metrics, Transitions

POLICY = "policy.npz"
LEARNER = "learner.npz"
STATE = "learner.json"
NOBODY = -1  # the number of the best, who plays where no individual needs an episode


class Search:
    """The agent; see `Config` for its settings.

    Individuals are numbered through all generations. An episode counts if its individual is of the generation that is
    under way when the episode ends.
    """

    def __init__(
        self,
        config: Config,
        observation_space: spaces.Space[Any],
        action_space: spaces.Space[Any],
        seeds: Seeds,
    ) -> None:
        self.config = config
        self.policy = Policy(observation_space, action_space, config.hidden_sizes)
        self._random = seeds.generator("search")
        kind = CMAES if config.method == "cma_es" else Evolution
        self._method: Method = kind(config, self.policy, self._random)
        self.best = self._method.best  # [W]
        self.generation = 0
        self._returns = np.zeros(config.population_size)  # [P] sum over the episodes that counted
        self._episodes = np.zeros(config.population_size, np.int64)  # [P]
        self._so_far = np.zeros(1)  # [N] the return of the episode that is under way in each environment

    def actor(self, num_envs: int, seed: int, *, explore: bool) -> "_Actor":
        return _Actor(self, num_envs, explore)

    def needed(self, playing: Array) -> int:
        """The number of the individual that lacks most episodes while those numbered `playing` [N] play one each.

        `NOBODY` if none lacks any.
        """
        begun = self._episodes.copy()
        np.add.at(begun, self._indices(playing), 1)
        index = int(np.argmin(begun))
        lacks = begun[index] < self.config.episodes_per_individual
        return self.generation * len(begun) + index if lacks else NOBODY

    def weights(self, number: int) -> Array:
        """The weights [W] of an individual of this generation, or of the best for `NOBODY`."""
        return self.best if number == NOBODY else self._method.population[number % self.config.population_size]

    def _indices(self, numbers: Array) -> Array:
        """Where in the population those of `numbers` are that are of this generation."""
        indices = numbers - self.generation * self.config.population_size
        return np.asarray(indices[(numbers != NOBODY) & (indices >= 0)])

    def observe(self, transitions: Transitions) -> None:
        self._so_far = np.where(transitions.first, 0, self._so_far) + transitions.reward
        for row in np.flatnonzero(transitions.last):
            for index in self._indices(transitions.extras["individual"][[row]]):
                self._returns[index] += self._so_far[row]
                self._episodes[index] += 1

    def learn(self) -> Metrics | None:
        if self._episodes.min() < self.config.episodes_per_individual:
            return None
        returns = self._returns / self._episodes
        self._method.advance(returns)
        self.best = self._method.best
        self.generation += 1
        self._returns[:] = 0
        self._episodes[:] = 0
        return {
            "value/best_return": float(returns.max()),
            "value/mean_return": float(returns.mean()),
            "exploration/spread": float(self._method.population.std(axis=0).mean()),
        }

    def save(self, directory: Path) -> None:
        write_arrays(directory / POLICY, {"best": self.best})
        played = {"returns": self._returns, "episodes": self._episodes, "so_far": self._so_far}
        write_arrays(directory / LEARNER, {**played, **self._method.state()})
        write_state(directory / STATE, {"generation": self.generation, "random": generator_state(self._random)})

    def load(self, directory: Path) -> int:
        self.best = read_arrays(directory / POLICY, best=self.best)["best"]
        if not (directory / LEARNER).is_file():
            self._episodes[:] = self.config.episodes_per_individual  # nobody lacks any: the best plays
            return 0  # a released agent, to play with
        played = {"returns": self._returns, "episodes": self._episodes, "population": self._method.population}
        arrays = read_arrays(directory / LEARNER, "so_far", *self._method.state(), **played)
        state = read_state(directory / STATE, "generation", "random")
        self._returns, self._episodes, self._so_far = arrays["returns"], arrays["episodes"], arrays["so_far"]
        self._method.restore(arrays)
        self.generation = state["generation"]
        restore_generator(self._random, state["random"])
        return 0


class _Actor:
    """Plays individuals, each for an episode; or only the best one, where it does not explore."""

    def __init__(self, agent: Search, num_envs: int, explore: bool) -> None:
        self._agent = agent
        self._explore = explore
        self._numbers = np.full(num_envs, NOBODY)  # [N] of the individuals that play
        self._weights = np.tile(agent.best, (num_envs, 1))  # [N, W], theirs, also when their generation is over

    def act(self, observations: Array, first: Bools) -> tuple[Array, Mapping[str, Array]]:
        self._numbers[first] = NOBODY
        for row in np.flatnonzero(first):
            if self._explore:
                self._numbers[row] = self._agent.needed(self._numbers)
            self._weights[row] = self._agent.weights(int(self._numbers[row]))
        return self._agent.policy.act(self._weights, observations), {"individual": self._numbers.copy()}

    def save(self, directory: Path) -> None:
        write_arrays(directory / "actor.npz", {"numbers": self._numbers, "weights": self._weights})

    def load(self, directory: Path) -> None:
        arrays = read_arrays(directory / "actor.npz", numbers=self._numbers, weights=self._weights)
        self._numbers, self._weights = arrays["numbers"], arrays["weights"]
