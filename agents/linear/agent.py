"""Linear action values, learned by SARSA(lambda) or by Watkins's Q(lambda).

Source: Sutton and Barto (2018), sections 10.1, 12.7 and 12.10; Watkins (1989); Singh and Sutton (1996) for replacing
traces; the book, "Approximate Q-Learning and Deep Q-Learning".
Departs: 1. Several environments learn into the same weights, row after row, each with a trace of its own. 2. The step
size falls to 0.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from gymnasium import spaces

from agents.linear.config import Config
from agents.linear.features import Seen
from rlab.exploration import GREEDY, explores_by, sample
from rlab.explorer import Explorer
from rlab.schedules import Linear
from rlab.seeding import Seeds, generator_state, restore_generator
from rlab.statefile import read_arrays, read_state, write_arrays, write_state
from rlab.types import Array, Bools, Metrics, Transitions

WEIGHTS = "weights.npz"
LEARNER = "learner.npz"
STATE = "learner.json"


class Waiting(NamedTuple):
    """The steps before, of which SARSA learns when it knows the actions that followed them."""

    observation: Array  # [N, *O]
    action: Array  # [N]
    reward: Array  # [N]
    next_observation: Array  # [N, *O]
    waits: Bools  # [N] where it does


def make(
    config: Config,
    observation_space: spaces.Space[Any],
    action_space: spaces.Space[Any],
    seeds: Seeds,
    *,
    encoder: None = None,
    model: Any = None,
) -> "LinearAgent":
    """A linear agent, for spaces that `Config.check_fit` accepts."""
    assert isinstance(observation_space, spaces.Box)
    assert isinstance(action_space, spaces.Discrete)
    return LinearAgent(config, observation_space, int(action_space.n), seeds)


class LinearAgent:
    """The agent; see `Config` for its settings."""

    def __init__(self, config: Config, observation_space: spaces.Box, num_actions: int, seeds: Seeds) -> None:
        self.config = config
        self._observation_space = observation_space
        self._num_actions = num_actions
        self._exploration = explores_by(config)
        self._random = seeds.generator("learner")
        self.features = Seen(config, observation_space, seeds)
        end = 0.0 if config.learning_rate_decay_steps else config.learning_rate
        self._learning_rate = Linear(config.learning_rate, end, config.learning_rate_decay_steps)
        self.weights = np.zeros((num_actions, self.features.size))  # [A, F]
        self._traces = np.zeros((0, *self.weights.shape))  # [N, A, F], N being known from the first step on
        self._waiting: Waiting | None = None
        self._waiting_seen = np.zeros((0, self.features.size))  # [N, F], their features
        self._latest: Transitions | None = None
        self._steps = 0

    def actor(self, num_envs: int, seed: int, *, explore: bool) -> Explorer:
        exploration = self._exploration if explore else GREEDY
        return Explorer(exploration, self.values, self._observation_space, self._num_actions, num_envs, seed)

    def values(self, observations: Array) -> Array:
        """The action values [B, A] of observations [B, *O]."""
        return np.asarray(self.features(observations) @ self.weights.T)

    def inspect(self, observations: Array) -> Mapping[str, Array]:
        return {"action_values": self.values(observations)}

    def observe(self, transitions: Transitions) -> None:
        self._latest = transitions

    def learn(self) -> Metrics | None:
        step, self._latest = self._latest, None
        if step is None:
            return None
        if not len(self._traces):
            self._traces = np.zeros((len(step.reward), *self.weights.shape))
        self._steps += len(step.reward)
        seen, next_seen = self.features(step.observation), self.features(step.next_observation)  # [N, F]
        values = seen @ self.weights.T  # [N, A], as the actor saw them
        value = values[np.arange(len(seen)), step.action]
        explored = value < values.max(axis=1)
        errors: list[float] = []
        waits = np.zeros(len(seen), np.bool_)
        for row in range(len(seen)):
            if self._waiting is not None and self._waiting.waits[row]:
                errors.append(self._catch_up(row, self._waiting, step, seen[row]))
            error = self._learn(row, step, seen[row], next_seen[row], bool(explored[row]))
            waits[row] = error is None
            errors += [] if error is None else [error]
        self._waiting = Waiting(step.observation, step.action, step.reward, step.next_observation, waits)
        self._waiting_seen = seen
        metrics = {"value/mean": float(value.mean()), **self._exploration.metrics(self._steps)}
        if errors:
            metrics["loss/td_error"] = float(np.mean(np.abs(errors)))
        return metrics

    def _catch_up(self, row: int, before: Waiting, step: Transitions, seen: Array) -> float:
        """SARSA's update of the step before, now that the action after it is known."""
        if step.first[row]:  # the episode was broken off
            seen = self.features(before.next_observation)[row]
        action = self._drawn(seen) if step.first[row] else int(step.action[row])
        value = float(self.weights[action] @ seen)
        return self._update(row, int(before.action[row]), float(before.reward[row]), self._waiting_seen[row], value)

    def _learn(self, row: int, step: Transitions, seen: Array, next_seen: Array, explored: bool) -> float | None:
        """Learn from a step of one environment; the error of its value, or None if it waits for the next action."""
        trace, action, reward = self._traces[row], int(step.action[row]), float(step.reward[row])
        watkins = self.config.method == "q_learning"
        if step.first[row] or (watkins and explored):
            trace[:] = 0
        if self.config.trace == "replacing":
            np.maximum(trace[action], seen, out=trace[action])
        else:
            trace[action] += seen
        if step.discount[row] == 0:
            error = self._update(row, action, reward, seen, 0.0)
            trace[:] = 0
            return error
        if watkins:
            return self._update(row, action, reward, seen, float((self.weights @ next_seen).max()))
        if step.last[row]:
            return self._update(row, action, reward, seen, float(self.weights[self._drawn(next_seen)] @ next_seen))
        return None

    def _drawn(self, seen: Array) -> int:
        """An action of the policy as it is now, where a time limit ended the episode and none will be taken."""
        policy = self._exploration.probabilities((self.weights @ seen)[None], self._steps)
        return int(sample(self._random, policy)[0])

    def _update(self, row: int, action: int, reward: float, seen: Array, next_value: float) -> float:
        """Move weights along a trace, which fades; the error that the value of `action` had."""
        config, trace = self.config, self._traces[row]
        error = reward + config.gamma * next_value - float(self.weights[action] @ seen)
        self.weights += self._learning_rate(self._steps) / self.features.squared_norm * error * trace
        trace *= config.gamma * config.trace_decay
        return error

    def save(self, directory: Path) -> None:
        write_arrays(directory / WEIGHTS, {"weights": self.weights})
        waiting = self._waiting._asdict() if self._waiting is not None else {}
        write_arrays(directory / LEARNER, {"traces": self._traces, **waiting})
        write_state(directory / STATE, {"steps": self._steps, "random": generator_state(self._random)})

    def load(self, directory: Path) -> int:
        self.weights = read_arrays(directory / WEIGHTS, weights=self.weights)["weights"]
        if not (directory / STATE).is_file():
            return 0  # a released agent, to play with
        learner = read_arrays(directory / LEARNER, "traces")
        self._traces = learner.pop("traces")
        if learner:
            self._waiting = Waiting(**learner)
            self._waiting_seen = self.features(self._waiting.observation)
        state = read_state(directory / STATE, "steps", "random")
        self._steps = state["steps"]
        restore_generator(self._random, state["random"])
        return 0
