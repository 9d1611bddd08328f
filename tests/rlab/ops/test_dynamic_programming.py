"""Dynamic programming in numbers that can be checked by hand, and on the book's decision process."""

import numpy as np
import pytest

import envs
from rlab.ops import dynamic_programming as dp

GAMMA = 0.5
STAYING = np.array([[1.0, 0.0], [1.0, 0.0]])


def a_backup(gamma=GAMMA):
    """State 0: stay and be paid 1, or take 3 and end. State 1: one action alone, which leads to state 0 in any case:
    half the time it pays 2 and goes on, else it pays nothing and ends."""
    probability = np.array([[[1, 0], [1, 0]], [[0.5, 0.5], [0, 0]]])
    successor = np.zeros((2, 2, 2), np.int64)
    reward = np.array([[[1, 9], [3, 9]], [[2, 0], [9, 9.0]]])  # a 9 is of no outcome
    discount = gamma * np.array([[[1, 1], [0, 1]], [[1, 0], [1, 1]]])
    return dp.make_backup(probability, successor, reward, discount)


def test_a_backup_expects_rewards_and_weighs_successors():
    reward, weight, successor = a_backup()
    assert reward.tolist() == [[1, 3], [0.5 * 2 + 0.5 * 0, -np.inf]]
    assert weight.tolist() == [[[0.5, 0], [0, 0]], [[0.25, 0], [0, 0]]]
    assert successor.shape == (2, 2, 2)


def test_action_values_look_one_step_ahead():
    # 1 + 0.5 * 4; 3; 1 + 0.5 * 0.5 * 4; illegal
    assert dp.action_values(a_backup(), np.array([4.0, 8.0])).tolist() == [[3, 3], [2, -np.inf]]


def test_value_iteration_takes_the_best():
    assert dp.value_iteration(a_backup(), np.array([8.0, 0.0])).tolist() == [5, 3]  # 1 + 0.5 * 8; 1 + 0.25 * 8


def test_q_value_iteration_goes_on_with_the_best():
    values = np.array([[8.0, 2.0], [0.0, -np.inf]])
    assert dp.q_value_iteration(a_backup(), values).tolist() == [[5, 3], [3, -np.inf]]


def test_the_greedy_policy_takes_the_first_of_equal_actions():
    assert dp.greedy(np.array([[2.0, 2.0], [1.0, 3.0], [0.0, -np.inf]])).tolist() == [[1, 0], [0, 1], [1, 0]]


@pytest.mark.parametrize(
    ("policy", "values"),
    [
        ([[1, 0], [1, 0]], [2, 1.5]),  # 1 / (1 - 0.5); 1 + 0.25 * 2
        ([[0, 1], [1, 0]], [3, 1.75]),
        ([[0.5, 0.5], [1, 0]], [8 / 3, 5 / 3]),  # v = 0.5 (1 + 0.5 v) + 0.5 * 3; 1 + 0.25 v
    ],
    ids=["stay", "take", "either"],
)
def test_policy_values_are_those_of_the_policy(policy, values):
    np.testing.assert_allclose(dp.policy_values(a_backup(), np.array(policy, float)), values, rtol=1e-12)


def test_values_without_discount_of_a_policy_that_never_ends_are_refused():
    with pytest.raises(np.linalg.LinAlgError):
        dp.policy_values(a_backup(gamma=1.0), STAYING)


def test_policy_iteration_values_the_greedy_policy_exactly():
    values = np.array([[1.0, 0.0], [0.0, -np.inf]])  # greedy: stay, worth 2 and 1.5
    assert dp.policy_iteration(a_backup(), values).tolist() == [[2, 3], [1.5, -np.inf]]


def test_the_optimum():
    # the best is to take 3 at once: staying first is worth 1 + 0.5 * 3
    np.testing.assert_allclose(dp.optimal_action_values(a_backup()), [[2.5, 3], [1.75, -np.inf]], rtol=1e-12)


def test_under_a_limit_a_policy_is_paid_for_its_steps_alone():
    backup = a_backup(gamma=1.0)
    assert dp.limited_policy_values(backup, STAYING, 0).tolist() == [0, 0]
    assert dp.limited_policy_values(backup, STAYING, 3).tolist() == [3, 2]  # 1 + 1 + 1; 1 + 0.5 * (1 + 1)


def book_backup(gamma):
    model = envs.model_of("BookMDP-v0")
    return dp.make_backup(model.probability, model.successor, model.reward, gamma * model.discount)


NEVER = -np.inf
BOOK = {  # exact action values and best actions
    0.9: ([[18.919, 17.027, 13.622], [0, NEVER, -4.880], [NEVER, 50.134, NEVER]], [0, 0, 1]),
    0.95: ([[21.899, 20.804, 16.868], [1.121, NEVER, 1.180], [NEVER, 53.874, NEVER]], [0, 2, 1]),
    0.99: ([[120.916, 119.707, 115.846], [100.404, NEVER, 101.418], [NEVER, 152.948, NEVER]], [0, 2, 1]),
}


@pytest.mark.parametrize("gamma", BOOK)
def test_q_value_iteration_solves_the_book_s_decision_process(gamma):
    """With more foresight it goes through the fire."""
    backup = book_backup(gamma)
    values = np.zeros((3, 3))
    for _ in range(3000):
        values = dp.q_value_iteration(backup, values)
    expected, actions = BOOK[gamma]
    np.testing.assert_allclose(values, expected, atol=1e-3)
    assert values.argmax(axis=1).tolist() == actions
    np.testing.assert_allclose(dp.optimal_action_values(backup), values, rtol=1e-9, atol=1e-9)


def test_after_a_hundred_sweeps_the_values_are_those_that_the_book_prints():
    backup = book_backup(0.95)
    values = np.where(np.isfinite(backup.reward), 0, -np.inf)
    for _ in range(100):
        values = dp.q_value_iteration(backup, values)
    printed = [[21.89, 20.80, 16.86], [1.11, NEVER, 1.17], [NEVER, 53.86, NEVER]]
    np.testing.assert_allclose(values, printed, atol=0.01)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 0.9, 0.99])
def test_policy_iteration_equals_value_iteration_on_random_tables(gamma):
    random = np.random.default_rng(int(gamma * 100))
    probability = random.dirichlet(np.ones(3), size=(6, 4))
    probability[random.random((6, 4)) < 0.3] = 0
    probability[:, 0] = 1 / 3  # each state has a legal action
    discount = gamma * (random.random((6, 4, 3)) < 0.9)
    backup = dp.make_backup(probability, random.integers(6, size=(6, 4, 3)), random.normal(size=(6, 4, 3)), discount)
    values = np.zeros(6)
    for _ in range(2000):
        values = dp.value_iteration(backup, values)
    best = dp.optimal_action_values(backup)
    np.testing.assert_allclose(best.max(axis=1), values, rtol=1e-6, atol=1e-9)
    assert (np.isneginf(best) == ~probability.any(axis=2)).all()
