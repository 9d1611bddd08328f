"""Ways to choose an action that is not the best one, as functions of action values and of how often was tried what.

`rlab.explorer` acts by them. Where an action is illegal its value is -inf, and none of them chooses it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from gymnasium import spaces

from rlab.config import check_range
from rlab.schedules import Linear
from rlab.types import Array, Metrics

Strategy = Literal["epsilon_greedy", "boltzmann", "count_bonus", "ucb"]


def uniform(random: np.random.Generator, space: spaces.Space[Any], num_envs: int) -> Array:
    """Actions [N] or [N, A], drawn uniformly from a Discrete space or a bounded Box."""
    if isinstance(space, spaces.Discrete):
        return random.integers(int(space.n), size=num_envs)
    assert isinstance(space, spaces.Box)
    size = (num_envs, *space.shape)
    if np.issubdtype(space.dtype, np.integer):
        return random.integers(space.low, space.high, size, endpoint=True).astype(space.dtype)
    return random.uniform(space.low, space.high, size).astype(space.dtype)


def epsilon_greedy(
    random: np.random.Generator, epsilon: float, num_envs: int, num_actions: int, greedy: Callable[[Array], Array]
) -> Array:
    """Actions [N]: with probability `epsilon` uniform over all actions, else `greedy(rows)`.

    `greedy` is given the indices of the rows that need it, and is not called where there are none. The random numbers
    drawn depend on N alone.
    Source: Sutton and Barto (2018), section 2.2.
    """
    explores = random.random(num_envs) < epsilon
    actions = random.integers(num_actions, size=num_envs)
    rows = np.flatnonzero(~explores)
    if len(rows):
        actions[rows] = greedy(rows)
    return actions


def epsilon_greedy_probabilities(values: Array, epsilon: float) -> Array:
    """The probabilities [B, A] with which `epsilon_greedy` chooses by values [B, A], uniform over what is legal."""
    legal = ~np.isneginf(values)
    probabilities = epsilon * legal / legal.sum(axis=1, keepdims=True)
    probabilities[np.arange(len(values)), np.argmax(values, axis=1)] += 1 - epsilon
    return np.asarray(probabilities)


def boltzmann(values: Array, temperature: float) -> Array:
    """The probabilities [B, A] in proportion to exp(value / temperature), of values [B, A].

    Source: Sutton and Barto (2018), equation 2.11, with the temperature of Watkins (1989).
    """
    weights = np.exp((values - values.max(axis=1, keepdims=True)) / temperature)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def sample(random: np.random.Generator, probabilities: Array) -> Array:
    """Actions [B] with probabilities [B, A]. One random number is drawn for each."""
    reached = np.cumsum(probabilities, axis=1)
    drawn = random.random((len(probabilities), 1)) * reached[:, -1:]
    return np.asarray(np.argmax(drawn < reached, axis=1))


def count_bonus(values: Array, counts: Array, bonus: float) -> Array:
    """The book's exploration function f(q, n) = q + bonus / (1 + n), for values and counts of any one shape.

    Source: Hands-On Machine Learning (first edition), chapter 16, equation 16-6.
    """
    return np.asarray(values + bonus / (1 + counts))


def upper_confidence(values: Array, counts: Array, bonus: float) -> Array:
    """q + bonus * sqrt(ln t / n) [B, A] of values and counts [B, A], t being the sum of a row's counts.

    What was never tried is worth more than all else. Source: Auer et al. (2002), Finite-time Analysis of the Multiarmed
    Bandit Problem; Sutton and Barto (2018), equation 2.10.
    """
    total = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    confident = values + bonus * np.sqrt(np.log(total) / np.maximum(counts, 1))
    return np.where((counts == 0) & ~np.isneginf(values), np.inf, confident)


@dataclass(frozen=True)
class ExplorationConfig:
    """The settings of how it explores that every agent with action values has; each has defaults of its own."""

    exploration: Strategy = "epsilon_greedy"
    """How training acts: `epsilon_greedy`, the best action or any; `boltzmann`, better ones more often; `count_bonus`
    (the book's q + bonus / (1 + n)) or `ucb` (Auer et al., 2002), the best after a bonus for what was seldom tried."""
    temperature: float = 1.0
    """Of `boltzmann`, in units of value. Higher: closer to uniform."""
    bonus: float = 1.0
    """Of `count_bonus` and `ucb`, in units of value. Higher: tries what is new for longer."""
    epsilon_start: float = 1.0
    """Probability of a random action at the first step."""
    epsilon_end: float = 0.05
    """Probability of a random action once the decay is over."""
    epsilon_decay_steps: int = 50_000
    """Agent steps over which epsilon falls, linearly. Lower: exploits what it knows sooner."""

    def __post_init__(self) -> None:
        check_range("temperature", self.temperature, 1e-6)
        check_range("bonus", self.bonus, 0)
        check_range("epsilon_start", self.epsilon_start, 0, 1)
        check_range("epsilon_end", self.epsilon_end, 0, 1)
        check_range("epsilon_decay_steps", self.epsilon_decay_steps, 0)


@dataclass(frozen=True)
class Exploration:
    """How an agent explores, made of the settings that all agents with action values have."""

    strategy: Strategy
    epsilon: Linear  # by agent steps; for epsilon_greedy
    temperature: float = 1.0  # in units of value; for boltzmann
    bonus: float = 1.0  # in units of value; for count_bonus and ucb

    @property
    def counts(self) -> bool:
        """Whether a choice depends on how often each action was tried."""
        return self.strategy in ("count_bonus", "ucb")

    def probabilities(self, values: Array, step: int) -> Array:
        """The policy [B, A] that action values [B, A] lead to at an agent step.

        Of the strategies that count, it is what is left when all was tried often and the bonus is gone: the best one.
        """
        if self.strategy == "boltzmann":
            return boltzmann(values, self.temperature)
        return epsilon_greedy_probabilities(values, self.epsilon(step) if self.strategy == "epsilon_greedy" else 0.0)

    def metrics(self, step: int) -> Metrics:
        """What there is to log: epsilon, where it is used."""
        return {"exploration/epsilon": self.epsilon(step)} if self.strategy == "epsilon_greedy" else {}


GREEDY = Exploration("epsilon_greedy", Linear(0, 0, 0))


def explores_by(config: ExplorationConfig) -> Exploration:
    """The exploration that the settings of an agent ask for."""
    epsilon = Linear(config.epsilon_start, config.epsilon_end, config.epsilon_decay_steps)
    return Exploration(config.exploration, epsilon, config.temperature, config.bonus)
