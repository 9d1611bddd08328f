"""Targets of single values, and predictions on the random walk of Sutton and Barto (2018), example 6.2."""

import numpy as np
import pytest

from rlab.ops.tabular import double_q_target, expected_sarsa_target, q_learning_target, step_size, td_lambda

NEXT = np.array([1.0, 4.0, -np.inf])
TRUE = np.arange(1, 6) / 6  # of A to E


def test_the_step_size_falls_with_visits():
    assert step_size(0.05, 0.1, 0) == 0.05
    assert step_size(0.05, 0.1, 10) == 0.025  # 0.05 / (1 + 0.1 * 10)
    np.testing.assert_array_equal(step_size(0.05, 0.1, np.array([0, 10])), [0.05, 0.025])


def test_targets():
    assert q_learning_target(2.0, 0.5, NEXT) == 4.0  # 2 + 0.5 * 4
    assert expected_sarsa_target(2.0, 0.5, NEXT, np.array([0.75, 0.25, 0])) == 2.875  # 2 + 0.5 * (0.75 + 1)
    assert double_q_target(2.0, 0.5, NEXT, np.array([8.0, 6.0, 0.0])) == 5.0  # the second is chosen: 2 + 0.5 * 6


def walk(random):
    """The states 0 to 6 of an episode from the middle; 0 and 6 end it, and 6 pays 1. With its rewards and discounts."""
    states = [3]
    while 0 < states[-1] < 6:
        states.append(states[-1] + (1 if random.random() < 0.5 else -1))
    rewards, discounts = np.zeros(len(states) - 1), np.ones(len(states) - 1)
    rewards[-1], discounts[-1] = states[-1] == 6, 0
    return np.array(states), rewards, discounts


def predicted(values, states, rewards, discounts, **settings):
    """The values after an episode."""
    traces = np.zeros(len(values))
    for *pair, reward, discount in zip(states, states[1:], rewards, discounts, strict=False):
        values, traces, _ = td_lambda(values, traces, tuple(pair), reward, discount, **settings)
    return values


def halves():
    return np.array([0, 0.5, 0.5, 0.5, 0.5, 0.5, 0])


def test_td_0_changes_only_the_state_that_the_first_episode_ended_from():
    """As in example 6.2, whose first episode ended on the left: by 0.1 * (0 + 0 - 0.5) = -0.05."""
    states, rewards = np.array([3, 2, 3, 2, 1, 0]), np.zeros(5)
    values = predicted(halves(), states, rewards, np.array([1.0, 1, 1, 1, 0]), step_size=0.1, trace_decay=0)
    np.testing.assert_allclose(values, [0, 0.45, 0.5, 0.5, 0.5, 0.5, 0])


def test_td_lambda_credits_what_came_before_by_its_trace():
    # The errors are 0, 0 and 1 - 0.5; the traces then 0.25, 0.5 and 1: the steps 0.1 * 0.5 * those.
    values = predicted(
        halves(), np.array([3, 4, 5, 6]), np.array([0.0, 0, 1]), np.array([1.0, 1, 0]), step_size=0.1, trace_decay=0.5
    )
    np.testing.assert_allclose(values, [0, 0.5, 0.5, 0.5125, 0.525, 0.55, 0])


def test_an_episode_that_was_cut_off_counts_the_value_where_it_was():
    values = predicted(halves(), np.array([3, 4]), np.array([1.0]), np.array([0.9]), step_size=0.1, trace_decay=0)
    assert values[3] == pytest.approx(0.595)  # 0.5 + 0.1 * (1 + 0.9 * 0.5 - 0.5)


def test_the_values_given_stay_as_they_are():
    given = halves()
    predicted(given, *walk(np.random.default_rng(0)), step_size=0.1, trace_decay=0.5)
    np.testing.assert_array_equal(given, halves())


def test_each_state_may_have_a_step_size_of_its_own():
    sizes = np.array([0, 0, 0, 0.2, 0.4, 0, 0])
    states, rewards, discounts = np.array([3, 4, 6]), np.array([0.0, 1]), np.array([1.0, 0])
    values = predicted(halves(), states, rewards, discounts, step_size=sizes, trace_decay=0.5)
    np.testing.assert_allclose(values, [0, 0.5, 0.5, 0.55, 0.7, 0.5, 0])  # by 0.5 * 0.2 * 0.5 and 0.5 * 0.4


@pytest.mark.parametrize(("trace_decay", "size"), [(0.0, 0.05), (0.5, 0.03), (0.9, 0.01)])
def test_it_predicts_the_random_walk(trace_decay, size):
    """The root mean square error falls from 0.236 to where the step size lets it, as in figure 6.2."""
    random, values, errors = np.random.default_rng(1), halves(), []
    for _ in range(1500):
        values = predicted(values, *walk(random), step_size=size, trace_decay=trace_decay)
        errors.append(np.sqrt(np.mean((values[1:-1] - TRUE) ** 2)))
    assert np.mean(errors[:5]) > 0.15
    assert np.mean(errors[-500:]) < 0.06
