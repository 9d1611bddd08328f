"""Dynamic programming on a table of transitions, in NumPy: exact values of policies, and exact best ones.

Shapes: S states, A actions, K outcomes of an action. A policy [S, A] holds the probability of each action in each
state. Illegal actions have a value of -inf, so that no maximum ever takes them.

Source: Sutton and Barto (2018), chapter 4; the book, "Markov Decision Processes" (its value iteration and Q-value
iteration).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Backup(NamedTuple):
    """What a sweep needs of a table: expected rewards, and how much each outcome's successor counts."""

    reward: Floats  # [S, A] expected; -inf where the action is illegal
    weight: Floats  # [S, A, K] probability times discount
    successor: NDArray[np.int64]  # [S, A, K]


def make_backup(probability: Floats, successor: NDArray[np.int64], reward: Floats, discount: Floats) -> Backup:
    """The backup of a table whose arrays are all [S, A, K].

    `discount` includes gamma and is 0 where an outcome ends the episode. An action is illegal where all its
    probabilities are 0; every state needs a legal one.
    """
    expected = np.where(probability.any(axis=2), np.sum(probability * reward, axis=2), -np.inf)
    return Backup(expected, probability * discount, successor)


def action_values(backup: Backup, values: Floats) -> Floats:
    """The action values [S, A] that follow from the values [S] of the states one step ahead.

    Source: Sutton and Barto (2018), equation 4.6.
    """
    return np.asarray(backup.reward + np.sum(backup.weight * values[backup.successor], axis=2))


def value_iteration(backup: Backup, values: Floats) -> Floats:
    """One sweep of value iteration, from values [S] to better ones.

    Source: Sutton and Barto (2018), equation 4.10; the book, equation 16-2.
    """
    return np.asarray(action_values(backup, values).max(axis=1))


def q_value_iteration(backup: Backup, values: Floats) -> Floats:
    """One sweep of Q-value iteration, from action values [S, A] to better ones.

    Source: the book, equation 16-3.
    """
    return action_values(backup, values.max(axis=1))


def policy_iteration(backup: Backup, values: Floats) -> Floats:
    """One step of policy iteration: the action values [S, A] of the policy that is greedy on `values` [S, A].

    Source: Sutton and Barto (2018), section 4.3.
    """
    return action_values(backup, policy_values(backup, greedy(values)))


def greedy(values: Floats) -> Floats:
    """The policy [S, A] that takes the best action of `values` [S, A], the first of equal ones."""
    return np.asarray(np.eye(values.shape[1])[values.argmax(axis=1)])


def policy_values(backup: Backup, policy: Floats) -> Floats:
    """The exact values [S] of a policy [S, A], by solving the Bellman equation, which is linear in them.

    Raises numpy.linalg.LinAlgError if they are infinite: without discount, where the policy need not come to an end.
    Source: Sutton and Barto (2018), equation 4.4.
    """
    reward, chain = _following(backup, policy)
    return np.asarray(np.linalg.solve(np.eye(len(reward)) - chain, reward))


def optimal_action_values(backup: Backup) -> Floats:
    """The exact best action values [S, A], by policy iteration; gamma is below 1, or every episode ends anyhow."""
    values = policy_iteration(backup, backup.reward)
    while True:
        before, values = values, policy_iteration(backup, values)
        if np.allclose(values.max(axis=1), before.max(axis=1), rtol=1e-10, atol=1e-10):
            return values


def limited_policy_values(backup: Backup, policy: Floats, steps: int) -> Floats:
    """The exact values [S] of a policy [S, A] that is cut off after so many steps.

    Source: Sutton and Barto (2018), equation 4.5, begun at zero.
    """
    reward, chain = _following(backup, policy)
    values = np.zeros(len(reward))
    for _ in range(steps):
        values = reward + chain @ values
    return values


def _following(backup: Backup, policy: Floats) -> tuple[Floats, Floats]:
    """The expected reward [S] of each state under a policy [S, A], and how much each successor counts for it [S, S]."""
    reward = np.sum(policy * np.where(policy > 0, backup.reward, 0), axis=1)  # 0 times -inf is no number
    chain = np.zeros((len(reward), len(reward)))
    state = np.arange(len(reward))[:, None, None]
    np.add.at(chain, (state, backup.successor), policy[:, :, None] * backup.weight)
    return reward, chain
