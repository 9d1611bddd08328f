"""Temporal-difference learning of single values, in NumPy: what a value should be, and predictions step by step.

Discounts include gamma and are 0 where nothing follows.
"""

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Numbers = TypeVar("Numbers", float, NDArray[Any])


def step_size(initial: float, decay: float, visits: Numbers) -> Numbers:
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


def errors(values: NDArray[Any], exact: NDArray[Any]) -> dict[str, float]:
    """How far values are from the exact ones, of any one shape: the largest and the root mean square distance."""
    distance = np.abs(values - exact)
    return {"value/error": float(distance.max()), "value/error_rms": float(np.sqrt(np.mean(distance**2)))}


def td_lambda(
    values: Floats,
    traces: Floats,
    states: tuple[int, int],
    reward: float,
    discount: float,
    *,
    step_size: float | Floats,
    trace_decay: float,
) -> tuple[Floats, Floats, float]:
    """The values [S] and traces [S] after a step from the first of `states` to the second, and its error.

    The values predict the policy that took the step. Traces are 0 when an episode begins; they are accumulating, and
    fade by `trace_decay` times the discount; with 0 this is TD(0). `step_size` may have one number for each state [S].
    Source: Sutton (1988); Sutton and Barto (2018), section 12.2, and for TD(0) section 6.1; the book, equation 16-4.
    """
    state, next_state = states
    traces = traces.copy()
    traces[state] += 1
    error = float(reward + discount * values[next_state] - values[state])
    return values + step_size * error * traces, traces * discount * trace_decay, error
