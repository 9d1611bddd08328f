"""Returns: what a step is worth by the rewards that came after it. NumPy, as they are computed once for many updates.

All arrays are [T, N]: T consecutive steps of N environments. `discount` is 0 where no future counts, else gamma. An
episode's last step is where `last` is true; it and the last row are followed by nothing that is known but the value of
the next observation, `next_value`.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def lambda_return(
    reward: Floats, discount: Floats, next_value: Floats, last: NDArray[np.bool_], trace_decay: float
) -> Floats:
    """G_t = r_t + d_t ((1 - lambda) v(s_t+1) + lambda G_t+1), [T, N]; lambda is `trace_decay`.

    With lambda = 1 and values of 0 this is the discounted sum of the rewards, with lambda = 0 the target of TD(0). Less
    the value of s_t it is the generalised advantage estimate.
    Source: Sutton and Barto (2018), equation 12.2 in its recursive form; Schulman et al. (2016), High-Dimensional
    Continuous Control Using Generalized Advantage Estimation, equation 16; the book, "The Credit Assignment Problem".
    """
    result = np.empty_like(reward)
    following = next_value[-1]
    for t in range(len(reward) - 1, -1, -1):
        beyond = np.where(last[t], next_value[t], following)
        following = reward[t] + discount[t] * ((1 - trace_decay) * next_value[t] + trace_decay * beyond)
        result[t] = following
    return result


def normalised(values: Floats) -> Floats:
    """Values less their mean, over their standard deviation (of the population); of any shape, 0 if all are equal.

    Source: the book, "The Credit Assignment Problem"; there equal values would be divided by 0.
    """
    if values.min() == values.max():  # whose deviation is not always 0, as the mean is rounded
        return np.zeros_like(values)
    return np.asarray((values - values.mean()) / values.std(), values.dtype)
