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
from agents.linear.features import Features
from rlab.exploration import GREEDY, explores_by, sample
from rlab.explorer import Explorer
from rlab.schedules import Linear
from rlab.seeding import Seeds, generator_state, restore_generator
from rlab.statefile import read_arrays, read_state, write_arrays, write_state
from rlab.types import Array, Bools, Metrics, Transitions

WEIGHTS = "weights.npz"
LEARNER = "learner.npz"
STATE = "learner.json"
SAVED = ("observation", "action", "reward", "next_observation", "waits")  # of the step that waits


class Waiting(NamedTuple):
    """A step of the environments that waits for its updates, under SARSA until the actions after it are known."""

    observation: Array  # [N, *O]
    action: Array  # [N]
    reward: Array  # [N]
    next_observation: Array  # [N, *O]
    waits: Bools  # [N] where it still does when the next step comes
    features: Array  # [N, F] of `observation`, of which they are made again when it is loaded
    next_features: Array  # [N, F] of `next_observation`, likewise


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
        self.features = Features(config, observation_space, seeds)
        end = 0.0 if config.learning_rate_decay_steps else config.learning_rate
        self._learning_rate = Linear(config.learning_rate, end, config.learning_rate_decay_steps)
        self.weights = np.zeros((num_actions, self.features.size))  # [A, F]
        self._traces = np.zeros((0, *self.weights.shape))  # [N, A, F], N being known from the first step on
        self._waiting: Waiting | None = None
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
        features, next_features = self.features(step.observation), self.features(step.next_observation)  # [N, F]
        values = features @ self.weights.T  # [N, A], as the actor saw them
        value = values[np.arange(len(values)), step.action]
        explored = value < values.max(axis=1)
        waits = np.zeros(len(values), np.bool_)
        now = Waiting(step.observation, step.action, step.reward, step.next_observation, waits, features, next_features)
        before, self._waiting = self._waiting, now
        watkins = self.config.method == "q_learning"
        errors: list[float] = []
        for row, action in enumerate(step.action.tolist()):
            if before is not None and before.waits[row]:
                errors.append(self._finish(row, before, None if step.first[row] else action))
            if step.first[row] or (watkins and explored[row]):
                self._traces[row] = 0
            self._mark(row, action, features[row])
            if step.discount[row] == 0:
                errors.append(self._update(row, now, 0.0))
                self._traces[row] = 0
            elif watkins:
                errors.append(self._update(row, now, float((self.weights @ next_features[row]).max())))
            elif step.last[row]:
                errors.append(self._finish(row, now, None))
            else:
                waits[row] = True
        metrics = {"value/mean": float(value.mean()), **self._exploration.metrics(self._steps)}
        if errors:
            metrics["loss/td_error"] = float(np.mean(np.abs(errors)))
        return metrics

    def _mark(self, row: int, action: int, features: Array) -> None:
        """Add the features of what was done to the trace of its environment."""
        trace = self._traces[row, action]
        if self.config.trace == "replacing":
            np.maximum(trace, features, out=trace)
        else:
            trace += features

    def _finish(self, row: int, step: Waiting, next_action: int | None) -> float:
        """SARSA's update of a step of one environment, once the next action is known.

        Where none will be taken, as the episode was cut short, one is drawn from the policy as it is now: as the actor
        would have done, had the episode gone on.
        """
        next_features = step.next_features[row]
        if next_action is None:
            policy = self._exploration.probabilities((self.weights @ next_features)[None], self._steps)
            next_action = int(sample(self._random, policy)[0])
        return self._update(row, step, float(self.weights[next_action] @ next_features))

    def _update(self, row: int, step: Waiting, next_value: float) -> float:
        """Move weights along the trace of one environment, which fades; the error that the value of its step had."""
        config, trace = self.config, self._traces[row]
        value = float(self.weights[step.action[row]] @ step.features[row])
        error = float(step.reward[row]) + config.gamma * next_value - value
        self.weights += self._learning_rate(self._steps) / self.features.squared_norm * error * trace
        trace *= config.gamma * config.trace_decay
        return error

    def save(self, directory: Path) -> None:
        write_arrays(directory / WEIGHTS, {"weights": self.weights})
        waiting = {name: getattr(self._waiting, name) for name in SAVED} if self._waiting is not None else {}
        write_arrays(directory / LEARNER, {"traces": self._traces, **waiting})
        write_state(directory / STATE, {"steps": self._steps, "random": generator_state(self._random)})

    def load(self, directory: Path) -> int:
        self.weights = read_arrays(directory / WEIGHTS, weights=self.weights)["weights"]
        if not (directory / STATE).is_file():
            return 0  # a released agent, to play with
        traces = read_arrays(directory / LEARNER, "traces")["traces"]
        shape = (*traces.shape[:1], *self.weights.shape)  # N is known from the file alone
        names = SAVED if shape[0] else ()  # before the first step none waits
        learner = read_arrays(directory / LEARNER, *names, traces=np.broadcast_to(0.0, shape))
        self._traces, self._waiting = learner["traces"], None
        if names:
            features, next_features = (self.features(learner[name]) for name in ("observation", "next_observation"))
            saved = {name: learner[name] for name in SAVED}
            self._waiting = Waiting(**saved, features=features, next_features=next_features)
        state = read_state(directory / STATE, "steps", "random")
        self._steps = state["steps"]
        restore_generator(self._random, state["random"])
        return 0
