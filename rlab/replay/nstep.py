"""Returns over several steps, from windows of consecutive steps.

Source: Sutton and Barto (2018), section 7.1, equation 7.1; Hessel et al. (2018), Rainbow, "Multi-step learning".
"""

import numpy as np

from rlab.types import Array


def n_step(reward: Array, discount: Array, last: Array, gamma: float) -> tuple[Array, Array, Array]:
    """What is earned until the window or the episode ends, what the value there counts, and how many steps that took.

    reward, discount, last: [B, n], one row of consecutive steps each, where only what comes up to the first `last`
    belongs to the episode. A discount of 0 with no `last` (a lost life) lets nothing after it count.

    Returns (return [B] float32, discount [B] float32 with gamma included, steps [B] int64 from 1 to n).
    """
    batch_size, n = reward.shape
    total = np.zeros(batch_size, np.float32)
    weight = np.ones(batch_size, np.float32)
    steps = np.zeros(batch_size, np.int64)
    running = np.ones(batch_size, np.bool_)
    for j in range(n):
        total += np.where(running, weight * reward[:, j], np.float32(0))
        weight = np.where(running, weight * discount[:, j] * np.float32(gamma), weight)
        steps += running
        running = running & ~last[:, j]
    return total, weight, steps
