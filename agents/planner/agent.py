"""A planner: finds the best policy from the environment's table of transitions, without learning from experience.

Source: Bellman (1957), Dynamic Programming (value iteration); Howard (1960), Dynamic Programming and Markov Processes
(policy iteration); Sutton and Barto (2018), chapter 4; the book, "Markov Decision Processes".
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium import spaces

from agents.planner.config import Config
from rlab.ops import dynamic_programming as dp
from rlab.seeding import Seeds
from rlab.statefile import read_arrays, write_arrays
from rlab.types import Array, Bools, Metrics, Model, Transitions

PLAN = "plan.npz"


def make(
    config: Config,
    observation_space: spaces.Space[Any],
    action_space: spaces.Space[Any],
    seeds: Seeds,
    *,
    encoder: None = None,
    model: Model | None = None,
) -> "Planner":
    """A planner, for spaces that `Config.check_fit` accepts; without a model it plays what it is given to load."""
    assert isinstance(observation_space, spaces.Discrete)
    assert isinstance(action_space, spaces.Discrete)
    return Planner(config, int(observation_space.n), int(action_space.n), model)


class Planner:
    """The agent; see `Config` for its settings."""

    def __init__(self, config: Config, num_states: int, num_actions: int, model: Model | None) -> None:
        self.config = config
        self._model = model
        self.action_values = np.zeros((num_states, num_actions))  # [S, A]; -inf where illegal
        self.residual = np.inf  # by how much the last sweep changed a value
        if model is not None:
            self._backup = _backup(model, config.gamma)
            self.action_values[~model.legal] = -np.inf

    def actor(self, num_envs: int, seed: int, *, explore: bool) -> "_Actor":
        return _Actor(self)

    def inspect(self, observations: Array) -> Mapping[str, Array]:
        return {"action_values": self.action_values[observations]}

    def observe(self, transitions: Transitions) -> None:
        """The table says more."""

    def learn(self) -> Metrics | None:
        model = self._model
        if model is None or self.residual <= self.config.tolerance:
            return None
        before = self.action_values
        sweep = dp.policy_iteration if self.config.method == "policy_iteration" else dp.q_value_iteration
        self.action_values = sweep(self._backup, before)
        if self.config.method == "q_value_iteration":
            change = self.action_values[model.legal] - before[model.legal]
        elif self.config.method == "value_iteration":
            # The best of the action values are the state values that it keeps.
            change = self.action_values.max(axis=1) - before.max(axis=1)
        else:
            # What the policy, of which these are the values, would gain by another action.
            taken = before.argmax(axis=1)
            change = self.action_values.max(axis=1) - self.action_values[np.arange(len(taken)), taken]
        self.residual = float(np.abs(change).max())
        return {"value/residual": self.residual, "value/start": self.start_value(model)}

    def start_value(self, model: Model) -> float:
        """The exact expected score of the greedy policy; where episodes have no time limit, its discounted value."""
        policy = dp.greedy(self.action_values)
        if model.time_limit:
            values = dp.limited_policy_values(_backup(model, gamma=1), policy, model.time_limit)
        else:
            values = dp.policy_values(self._backup, policy)
        return float(model.start @ values)

    def save(self, directory: Path) -> None:
        plan = {"action_values": self.action_values, "residual": np.array(self.residual)}
        write_arrays(directory / PLAN, plan)

    def load(self, directory: Path) -> int:
        plan = read_arrays(directory / PLAN, "residual", action_values=self.action_values)
        self.action_values, self.residual = plan["action_values"], float(plan["residual"])
        return 0


def _backup(model: Model, gamma: float) -> dp.Backup:
    return dp.make_backup(model.probability, model.successor, model.reward, gamma * model.discount)


class _Actor:
    """Takes the best action, the first of equal ones; it explores nothing and remembers nothing."""

    def __init__(self, agent: Planner) -> None:
        self._agent = agent

    def act(self, observations: Array, first: Bools) -> tuple[Array, Mapping[str, Array]]:
        return self._agent.action_values[observations].argmax(axis=1), {}

    def save(self, directory: Path) -> None:
        """There is nothing to save."""

    def load(self, directory: Path) -> None:
        """There is nothing to load."""
