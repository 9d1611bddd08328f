"""Ways to choose an action that is not the best one."""

from collections.abc import Callable
from typing import Any

import numpy as np
from gymnasium import spaces

from rlab.types import Array


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
