"""The actor of every agent with a stochastic policy: it draws its actions, or plays the most probable ones."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from gymnasium import spaces

from rlab.agent import Actor, Agent
from rlab.seeding import generator_state, restore_generator
from rlab.statefile import read_state, write_state
from rlab.types import Array, Bools

STATE = "actor.json"


@runtime_checkable
class Policy(Protocol):
    """What an agent lends its actor."""

    action_space: spaces.Space[Any]  # Discrete, or a Box of floats
    distribution: Any  # of actions, see `rlab.ops.distributions`

    def act(self, observations: Array, noise: Array, *, explore: bool) -> Mapping[str, Array]:
        """For observations [N, *O]: the actions "drawn" with `noise`, or the most probable, and what else is needed.

        All of it reaches the agent as `extras`.
        """
        ...


class Sampler:
    """An actor that owns the random stream by which a policy draws."""

    def __init__(self, policy: Policy, num_envs: int, seed: int, *, explore: bool) -> None:
        self._policy = policy
        self._num_envs = num_envs
        self._random = np.random.default_rng(seed)
        self._explore = explore

    def act(self, observations: Array, first: Bools) -> tuple[Array, Mapping[str, Array]]:
        """Actions for the environments; in a Box they are cut to its bounds, while extras["drawn"] are as drawn."""
        noise = self._policy.distribution.noise(self._random, self._num_envs)
        extras = self._policy.act(observations, noise, explore=self._explore)
        drawn, space = extras["drawn"], self._policy.action_space
        if isinstance(space, spaces.Box):
            drawn = np.clip(drawn, space.low, space.high)
        return np.array(drawn, space.dtype), extras

    def save(self, directory: Path) -> None:
        write_state(directory / STATE, generator_state(self._random))

    def load(self, directory: Path) -> None:
        restore_generator(self._random, read_state(directory / STATE, "bit_generator", "state"))


def best_actor(agent: Agent, num_envs: int) -> Actor:
    """What plays an agent's most probable or best actions, also where its games are scored with drawn ones."""
    if isinstance(agent, Policy):
        return Sampler(agent, num_envs, 0, explore=False)
    return agent.actor(num_envs, 0, explore=False)
