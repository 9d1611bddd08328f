"""The actor of every agent that values actions: it plays the best one, and not always."""

from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium import spaces

from rlab.counts import Counts
from rlab.exploration import Exploration, count_bonus, epsilon_greedy, sample, upper_confidence
from rlab.seeding import generator_state, restore_generator
from rlab.statefile import read_state, write_state
from rlab.types import Array, Bools

STATE = "actor.json"
COUNTS = "actor.npz"


class Explorer:
    """An actor that chooses by `values`, which gives the action values [B, A] of observations [B, *O].

    `legal` gives the actions [B, A] that may be chosen; without it, all may. An illegal one has to have the value -inf.
    With a `noise_size`, `values` takes noise [1, S] beside observations, which is drawn anew each time. If it `tells`,
    the value of the best action [N] goes along with every step as `extras["value"]`.
    What it owns: a random stream, the steps it has taken, and counts where its exploration depends on them.
    """

    def __init__(
        self,
        exploration: Exploration,
        values: Callable[..., Array],
        observation_space: spaces.Space[Any],
        num_actions: int,
        num_envs: int,
        seed: int,
        *,
        noise_size: int = 0,
        tells: bool = False,
        legal: Callable[[Array], Bools] | None = None,
    ) -> None:
        self._exploration = exploration
        self._ask = values
        self._noise_size = noise_size
        self._tells = tells
        self._num_actions = num_actions
        self._num_envs = num_envs
        self._random = np.random.default_rng(seed)
        self._legal = legal
        self._steps = 0
        self._counts = Counts(observation_space, num_actions) if exploration.counts else None

    def act(self, observations: Array, first: Bools) -> tuple[Array, Mapping[str, Array]]:
        values = cache(partial(self._values, observations))  # epsilon-greedy may do without them
        actions = self._choose(observations, values)
        self._steps += self._num_envs
        return actions, {"value": values().max(axis=1)} if self._tells else {}

    def _values(self, observations: Array) -> Array:
        noise = [self._random.standard_normal((1, self._noise_size), np.float32)] if self._noise_size else []
        return self._ask(observations, *noise)

    def _choose(self, observations: Array, values: Callable[[], Array]) -> Array:
        exploration, step = self._exploration, self._steps
        if self._counts is not None:
            raised = upper_confidence if exploration.strategy == "ucb" else count_bonus
            actions = np.argmax(raised(values(), self._counts.of(observations), exploration.bonus), axis=1)
            self._counts.add(observations, actions)
            return np.asarray(actions)
        if exploration.strategy == "boltzmann":
            return sample(self._random, exploration.probabilities(values(), step))

        def greedy(rows: Array) -> Array:
            return np.asarray(np.argmax(values(), axis=1)[rows])

        actions = epsilon_greedy(self._random, exploration.epsilon(step), self._num_envs, self._num_actions, greedy)
        if self._legal is not None:
            self._redraw(actions, self._legal(observations))
        return actions

    def _redraw(self, actions: Array, legal: Bools) -> None:
        """Draw again what is illegal until nothing is, which is uniform over what is legal."""
        rows = np.arange(len(actions))
        while (illegal := np.flatnonzero(~legal[rows, actions])).size:
            actions[illegal] = self._random.integers(self._num_actions, size=illegal.size)

    def save(self, directory: Path) -> None:
        write_state(directory / STATE, {"steps": self._steps, "random": generator_state(self._random)})
        if self._counts is not None:
            self._counts.save(directory / COUNTS)

    def load(self, directory: Path) -> None:
        state = read_state(directory / STATE, "steps", "random")
        if self._counts is not None:
            self._counts.load(directory / COUNTS)
        self._steps = state["steps"]
        restore_generator(self._random, state["random"])
