"""Ways to choose an action that is not the best one."""

from collections.abc import Callable

import numpy as np

from rlab.types import Array


def epsilon_greedy(
    random: np.random.Generator, epsilon: float, num_envs: int, num_actions: int, greedy: Callable[[Array], Array]
) -> Array:
    """Actions [N]: with probability `epsilon` uniform over all actions, else `greedy(rows)`.

    `greedy` is given the indices of the rows that need it, so a network is not asked for what will not be used. The
    random numbers drawn depend on N alone.
    Source: Sutton and Barto (2018), section 2.2.
    """
    explores = random.random(num_envs) < epsilon
    actions = random.integers(num_actions, size=num_envs)
    rows = np.flatnonzero(~explores)
    if len(rows):
        actions[rows] = greedy(rows)
    return actions
