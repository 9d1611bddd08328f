"""Tabular learning of action values from single steps.

Source: Sutton and Barto (2018), sections 6.4 to 6.7; the book, "Temporal Difference Learning and Q-Learning".
Departs: 1. Step sizes fall with the visits of a value, see `Config.learning_rate_decay`. 2. Several environments learn
into one table, row after row.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium import spaces

from agents.tabular.config import Config
from agents.tabular.exact import Exact
from rlab.exploration import GREEDY, count_bonus, explores_by, sample
from rlab.explorer import Explorer
from rlab.ops.tabular import double_q_target, expected_sarsa_target, q_learning_target, step_size
from rlab.seeding import Seeds, generator_state, restore_generator
from rlab.statefile import read_arrays, read_state, write_arrays, write_state
from rlab.types import Array, Bools, Metrics, Model, Transitions

TABLES = "values.npz"
LEARNER = "learner.npz"
STATE = "learner.json"


def make(
    config: Config,
    observation_space: spaces.Space[Any],
    action_space: spaces.Space[Any],
    seeds: Seeds,
    *,
    encoder: None = None,
    model: Model | None = None,
) -> "Tabular":
    """A tabular agent, for spaces that `Config.check_fit` accepts; a model tells it the legal actions and its error."""
    assert isinstance(observation_space, spaces.Discrete)
    assert isinstance(action_space, spaces.Discrete)
    return Tabular(config, observation_space, action_space, seeds, model)


class Tabular:
    """The agent; see `Config` for its settings."""

    def __init__(
        self,
        config: Config,
        observation_space: spaces.Discrete,
        action_space: spaces.Discrete,
        seeds: Seeds,
        model: Model | None,
    ) -> None:
        self.config = config
        self._observation_space = observation_space
        self._num_actions = int(action_space.n)
        self._exploration = explores_by(config)
        self._random = seeds.generator("learner")
        size = (2 if config.method == "double_q_learning" else 1, int(observation_space.n), self._num_actions)
        self._tables = np.zeros(size)  # [1 or 2, S, A]
        self._visits = np.zeros(size, np.int64)  # [1 or 2, S, A]
        self._steps = 0
        self._latest: Transitions | None = None
        self._waiting: dict[int, tuple[int, int, float, int]] = {}  # by row: a step whose next action is not known yet
        self._exact = None
        if model is not None:
            self._tables[:, ~model.legal] = -np.inf
            self._exact = Exact(model, config.gamma) if config.gamma < 1 else None

    @property
    def action_values(self) -> Array:
        """The action values [S, A], -inf where an action is illegal; of double Q-learning the mean of its tables."""
        return np.asarray(self._tables.mean(axis=0))

    def actor(self, num_envs: int, seed: int, *, explore: bool) -> Explorer:
        exploration = self._exploration if explore else GREEDY
        space, size = self._observation_space, self._num_actions
        return Explorer(exploration, self.values, space, size, num_envs, seed, legal=self._legal)

    def values(self, observations: Array) -> Array:
        """The action values [B, A] of observations [B]."""
        return np.asarray(self._tables[:, observations].mean(axis=0))

    def _legal(self, observations: Array) -> Bools:
        return np.asarray(~np.isneginf(self._tables[0, observations]))

    def inspect(self, observations: Array) -> Mapping[str, Array]:
        return {"action_values": self.values(observations)}

    def observe(self, transitions: Transitions) -> None:
        self._latest = transitions

    def learn(self) -> Metrics | None:
        if self._latest is None:
            return None
        (states, actions, rewards, discounts, next_states, firsts, lasts, _), self._latest = self._latest, None
        self._steps += len(rewards)
        errors = []
        for row, step in enumerate(
            zip(states.tolist(), actions.tolist(), rewards.tolist(), next_states.tolist(), strict=True)
        ):
            if row in self._waiting:
                errors.append(self._finish(*self._waiting.pop(row), None if firsts[row] else step[1]))
            if discounts[row] == 0:
                errors.append(self._update(*step[:3], None))
            elif self.config.method != "sarsa":
                errors.append(self._update(*step))
            elif lasts[row]:
                errors.append(self._finish(*step, None))
            else:
                self._waiting[row] = step
        metrics = {**self._exploration.metrics(self._steps)}
        if errors:
            metrics["loss/td_error"] = float(np.mean(np.abs(errors)))
        if self._exact is not None:
            metrics.update(self._exact.errors(self.action_values))
        return metrics

    def _finish(self, state: int, action: int, reward: float, next_state: int, next_action: int | None) -> float:
        """SARSA's update of a step, once the next action is known.

        Where none will be taken, as a time limit ended the episode, one is drawn from the policy as it is now: as the
        actor would have done, had the episode gone on.
        """
        if next_action is None:
            policy = self._exploration.probabilities(self.values(np.array([next_state])), self._steps)
            next_action = int(sample(self._random, policy)[0])
        return self._update(state, action, reward, next_state, next_action)

    def _update(self, state: int, action: int, reward: float, next_state: int | None, next_action: int = -1) -> float:
        """Move a value towards its target, and return the error that it had.

        `next_state` is None where no future counts; `next_action` is for SARSA alone.
        """
        config, visits = self.config, self._visits
        table = int(self._random.integers(2)) if len(self._tables) == 2 else 0
        goal = reward if next_state is None else self._target(reward, table, next_state, next_action)
        error = goal - float(self._tables[table, state, action])
        size = step_size(config.learning_rate, config.learning_rate_decay, int(visits[table, state, action]))
        self._tables[table, state, action] += size * error
        visits[table, state, action] += 1
        return error

    def _target(self, reward: float, table: int, next_state: int, next_action: int) -> float:
        config, values = self.config, self._tables[table, next_state]
        if config.method == "sarsa":
            return float(reward + config.gamma * values[next_action])
        if config.method == "expected_sarsa":
            policy = self._exploration.probabilities(values[None], self._steps)[0]
            return expected_sarsa_target(reward, config.gamma, values, policy)
        if config.method == "double_q_learning":
            return double_q_target(reward, config.gamma, values, self._tables[1 - table, next_state])
        if config.exploration == "count_bonus":  # the book's equation 16-6
            values = count_bonus(values, self._visits[0, next_state], config.bonus)
        return q_learning_target(reward, config.gamma, values)

    def save(self, directory: Path) -> None:
        write_arrays(directory / TABLES, {"values": self._tables})
        write_arrays(directory / LEARNER, {"visits": self._visits})
        state = {
            "steps": self._steps,
            "random": generator_state(self._random),
            "waiting": [[row, *step] for row, step in self._waiting.items()],
        }
        write_state(directory / STATE, state)

    def load(self, directory: Path) -> int:
        self._tables = read_arrays(directory / TABLES, values=self._tables)["values"]
        if not (directory / STATE).is_file():
            return 0  # a released agent, to play with
        self._visits = read_arrays(directory / LEARNER, visits=self._visits)["visits"]
        state = read_state(directory / STATE, "steps", "random", "waiting")
        self._steps = state["steps"]
        self._waiting = {row: tuple(step) for row, *step in state["waiting"]}
        restore_generator(self._random, state["random"])
        return 0
