"""Temporal-difference learning of single values, in NumPy: what a value should be, and predictions from an episode.

Discounts include gamma and are 0 where nothing follows.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def step_size(initial: float, decay: float, visits: float) -> float:
    """The step size of a value that was updated so often before: initial / (1 + decay * visits).

    Source: the book, "Temporal Difference Learning and Q-Learning", which counts all steps of learning in its place.
    """
    return initial / (1 + decay * visits)


def q_learning_target(reward: float, discount: float, next_values: Floats) -> float:
    """reward + discount * the best of the next values [A].

    Source: Watkins (1989); Sutton and Barto (2018), equation 6.8; the book, equation 16-5, and with a bonus in
    `next_values` 16-6.
    """
    return float(reward + discount * next_values.max())


def expected_sarsa_target(reward: float, discount: float, next_values: Floats, policy: Floats) -> float:
    """reward + discount * the mean of the next values [A] under a policy [A]; where it is 0, a value may be -inf.

    Source: van Seijen et al. (2009); Sutton and Barto (2018), equation 6.9.
    """
    chosen = policy > 0
    return float(reward + discount * (policy[chosen] @ next_values[chosen]))


def double_q_target(reward: float, discount: float, next_choice: Floats, next_values: Floats) -> float:
    """reward + discount * the value of the action that is the best by another estimate; both [A].

    Source: van Hasselt (2010), algorithm 1; Sutton and Barto (2018), equation 6.10.
    """
    return float(reward + discount * next_values[next_choice.argmax()])


def td_lambda(
    values: Floats,
    states: NDArray[np.int64],
    rewards: Floats,
    discounts: Floats,
    *,
    step_size: float,
    trace_decay: float,
) -> Floats:
    """The values [S] that online TD(lambda) makes of `values` in one episode, whose policy they predict.

    states [T + 1]: the last one is that where the episode ended. rewards, discounts [T]: of the steps between them; the
    last discount is 0 if the episode terminated, and gamma if it was cut off, when the value of the last state counts.
    Traces are accumulating, from zero, and fade by `trace_decay` times the discount; with 0 this is TD(0).
    Source: Sutton (1988); Sutton and Barto (2018), section 12.2, and for TD(0) section 6.1; the book, equation 16-4.
    """
    values, traces = values.copy(), np.zeros(len(values))
    for state, next_state, reward, discount in zip(states, states[1:], rewards, discounts, strict=False):
        traces[state] += 1
        values += step_size * (reward + discount * values[next_state] - values[state]) * traces
        traces *= discount * trace_decay
    return values
