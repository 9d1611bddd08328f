"""Temporal-difference prediction: an agent that acts at random and learns what that is worth.

Source: Sutton (1988), Learning to Predict by the Methods of Temporal Differences; Sutton and Barto (2018), sections 6.1
and 12.2; the book, "Temporal Difference Learning and Q-Learning" (equation 16-4).
Departs: 1. Step sizes fall with the visits of a state, see `Config.learning_rate_decay`. 2. Several environments learn
into one table, row after row, each with traces of its own.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium import spaces

from agents.td.config import Config
from rlab.exploration import Exploration
from rlab.explorer import Explorer
from rlab.ops.dynamic_programming import make_backup, policy_values
from rlab.ops.tabular import errors, step_size, td_lambda
from rlab.schedules import Linear
from rlab.seeding import Seeds
from rlab.statefile import read_arrays, write_arrays
from rlab.types import Array, Bools, Metrics, Model, Transitions

VALUES = "values.npz"
LEARNER = "learner.npz"
_UNIFORM = Exploration("epsilon_greedy", Linear(1, 1, 0))


def make(
    config: Config,
    observation_space: spaces.Space[Any],
    action_space: spaces.Space[Any],
    seeds: Seeds,
    *,
    encoder: None = None,
    model: Model | None = None,
) -> "TD":
    """An agent for spaces that `Config.check_fit` accepts; a model tells it the legal actions and its error."""
    assert isinstance(observation_space, spaces.Discrete)
    assert isinstance(action_space, spaces.Discrete)
    return TD(config, observation_space, int(action_space.n), model)


class TD:
    """The agent; see `Config` for its settings."""

    def __init__(
        self, config: Config, observation_space: spaces.Discrete, num_actions: int, model: Model | None
    ) -> None:
        self.config = config
        self._observation_space = observation_space
        self._legal = np.ones((int(observation_space.n), num_actions), bool) if model is None else model.legal
        self.values = np.zeros(int(observation_space.n))  # [S]
        self._visits = np.zeros(int(observation_space.n), np.int64)  # [S]
        self._traces = np.zeros((0, int(observation_space.n)))  # [N, S], once N is known
        self._latest: Transitions | None = None
        self.exact: Array | None = None  # [S]
        if model is not None:
            backup = make_backup(model.probability, model.successor, model.reward, config.gamma * model.discount)
            self.exact = policy_values(backup, model.legal / model.legal.sum(axis=1, keepdims=True))
            self._reachable = model.reachable

    def actor(self, num_envs: int, seed: int, *, explore: bool) -> Explorer:
        space, num_actions = self._observation_space, self._legal.shape[1]

        def legal(observations: Array) -> Bools:
            return np.asarray(self._legal[observations])

        return Explorer(_UNIFORM, self._unasked, space, num_actions, num_envs, seed, legal=legal)

    def _unasked(self, observations: Array) -> Array:
        raise AssertionError("an actor whose actions are all random asks for no values")

    def inspect(self, observations: Array) -> Mapping[str, Array]:
        return {"value": self.values[observations]}

    def observe(self, transitions: Transitions) -> None:
        self._latest = transitions

    def learn(self) -> Metrics | None:
        if self._latest is None:
            return None
        (states, _, rewards, discounts, next_states, firsts, _, _), self._latest = self._latest, None
        config, distances = self.config, []
        if not len(self._traces):
            self._traces = np.zeros((len(states), len(self.values)))
        self._traces[firsts] = 0
        for row, state in enumerate(states):
            self.values, self._traces[row], error = td_lambda(
                self.values,
                self._traces[row],
                (state, next_states[row]),
                float(rewards[row]),
                config.gamma * float(discounts[row]),
                step_size=step_size(config.learning_rate, config.learning_rate_decay, self._visits),
                trace_decay=config.trace_decay,
            )
            self._visits[state] += 1
            distances.append(abs(error))
        metrics = {"loss/td_error": float(np.mean(distances))}
        if self.exact is not None:
            metrics |= errors(self.values[self._reachable], self.exact[self._reachable])
        return metrics

    def save(self, directory: Path) -> None:
        write_arrays(directory / VALUES, {"values": self.values, "legal": self._legal})
        write_arrays(directory / LEARNER, {"visits": self._visits, "traces": self._traces})

    def load(self, directory: Path) -> int:
        arrays = read_arrays(directory / VALUES, values=self.values, legal=self._legal)
        self.values, self._legal = arrays["values"], arrays["legal"]
        if (directory / LEARNER).is_file():  # else a released agent, to play with
            num_envs = len(read_arrays(directory / LEARNER, "traces")["traces"])  # is known from the file alone
            like = {"visits": self._visits, "traces": np.zeros((num_envs, len(self.values)))}
            learner = read_arrays(directory / LEARNER, **like)
            self._visits, self._traces = learner["visits"], learner["traces"]
        return 0
