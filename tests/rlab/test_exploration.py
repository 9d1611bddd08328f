"""Ways to explore, and the schedule that epsilon follows."""

import numpy as np
import pytest

from rlab.exploration import (
    Exploration,
    boltzmann,
    count_bonus,
    epsilon_greedy,
    epsilon_greedy_probabilities,
    sample,
    upper_confidence,
)
from rlab.schedules import Linear
from rlab.seeding import Seeds

NUM_ACTIONS = 4


def best(rows):
    """The greedy action of row r is r modulo 4, so that a row mistaken for another shows."""
    return rows % NUM_ACTIONS


def test_epsilon_0_takes_the_greedy_action_of_every_row():
    actions = epsilon_greedy(np.random.default_rng(0), 0.0, 50, NUM_ACTIONS, best)
    np.testing.assert_array_equal(actions, best(np.arange(50)))


def test_epsilon_1_never_asks_for_greedy_actions():
    def refuse(rows):
        raise AssertionError(f"asked for rows {rows}")

    actions = epsilon_greedy(np.random.default_rng(0), 1.0, 4000, NUM_ACTIONS, refuse)
    shares = np.bincount(actions, minlength=NUM_ACTIONS) / 4000
    np.testing.assert_allclose(shares, 1 / NUM_ACTIONS, atol=0.03)


def test_greedy_actions_are_asked_for_once_and_only_where_needed():
    asked = []

    def note(rows):
        asked.append(rows)
        return np.full(len(rows), 9)  # no action that exploring could draw

    actions = epsilon_greedy(np.random.default_rng(0), 0.5, 40, NUM_ACTIONS, note)
    assert len(asked) == 1
    assert 0 < len(asked[0]) < 40
    np.testing.assert_array_equal(np.flatnonzero(actions == 9), asked[0])


def test_actions_come_with_the_frequencies_that_epsilon_asks_for():
    actions = epsilon_greedy(np.random.default_rng(0), 0.2, 40_000, NUM_ACTIONS, lambda rows: np.zeros(len(rows), int))
    shares = np.bincount(actions, minlength=NUM_ACTIONS) / 40_000
    np.testing.assert_allclose(shares, [0.85, 0.05, 0.05, 0.05], atol=0.007)  # 0.8 + 0.2 / 4, and 0.2 / 4 each


def test_the_numbers_drawn_do_not_depend_on_which_rows_explore():
    greedy, mixed, uniform = (Seeds(2).generator("actor") for _ in range(3))
    for _ in range(7):
        epsilon_greedy(greedy, 0.0, 3, NUM_ACTIONS, best)
        few = epsilon_greedy(mixed, 0.5, 3, NUM_ACTIONS, lambda rows: np.full(len(rows), -1))
        all_random = epsilon_greedy(uniform, 1.0, 3, NUM_ACTIONS, best)
        explored = few != -1
        np.testing.assert_array_equal(few[explored], all_random[explored])
    assert greedy.bit_generator.state == mixed.bit_generator.state == uniform.bit_generator.state


@pytest.mark.parametrize(("step", "value"), [(0, 1.0), (25, 0.775), (50, 0.55), (100, 0.1), (101, 0.1), (10**9, 0.1)])
def test_linear_falls_to_its_end_and_stays(step, value):
    assert Linear(1.0, 0.1, 100)(step) == pytest.approx(value)  # 1 - 0.9 * step / 100


def test_linear_rises_as_well():
    assert Linear(0.4, 1.0, 10)(5) == pytest.approx(0.7)


def test_linear_over_no_steps_is_its_end():
    assert Linear(1.0, 0.1, 0)(0) == pytest.approx(0.1)


def test_boltzmann_weighs_actions_by_their_values_over_the_temperature():
    # exp(0), exp(ln 2), exp(ln 5) = 1, 2, 5 of 8; at twice the temperature their roots; an illegal action has none
    values = np.array([[0, np.log(2), np.log(5), -np.inf]])
    np.testing.assert_allclose(boltzmann(values, 1.0), [[1 / 8, 2 / 8, 5 / 8, 0]])
    roots = np.sqrt([1, 2, 5, 0])
    np.testing.assert_allclose(boltzmann(values, 2.0), [roots / roots.sum()])


def test_boltzmann_takes_values_of_any_size():
    np.testing.assert_allclose(boltzmann(np.array([[1e6, 1e6 - 1, -1e6]]), 1e-3), [[1, 0, 0]])


def test_epsilon_is_shared_by_what_is_legal():
    values = np.array([[1.0, 3, 2, 0], [-np.inf, 0, -np.inf, 1]])
    # 0.4 / 4 each and 0.6 more for the best; of two legal ones 0.4 / 2 each
    np.testing.assert_allclose(epsilon_greedy_probabilities(values, 0.4), [[0.1, 0.7, 0.1, 0.1], [0, 0.2, 0, 0.8]])


def test_actions_are_sampled_with_their_probabilities_and_never_without_one():
    probabilities = np.tile([0.0, 0.2, 0.5, 0.0, 0.3, 0.0], (20_000, 1))
    shares = np.bincount(sample(np.random.default_rng(0), probabilities), minlength=6) / 20_000
    np.testing.assert_allclose(shares, probabilities[0], atol=0.01)
    assert not shares[[0, 3, 5]].any()


def test_the_books_exploration_function():
    # 1 + 6 / (1 + 0), 2 + 6 / (1 + 2), and what is illegal stays so
    np.testing.assert_array_equal(count_bonus(np.array([1, 2, -np.inf]), np.array([0, 2, 0]), 6.0), [7, 4, -np.inf])


def test_the_upper_confidence_bound():
    # t = 1 + 4 + 0, then 0: 1 + 2 * sqrt(ln 5 / 1), 2 + 2 * sqrt(ln 5 / 4); what is untried is beyond all
    values, counts = np.array([[1.0, 2, 0, -np.inf], [0, 0, 0, 0]]), np.array([[1, 4, 0, 0], [0, 0, 0, 0]])
    root = np.sqrt(np.log(5))
    expected = [[1 + 2 * root, 2 + root, np.inf, -np.inf], [np.inf] * 4]
    np.testing.assert_allclose(upper_confidence(values, counts, 2.0), expected)


def test_without_its_bonus_a_strategy_that_counts_is_greedy():
    policy = Exploration("ucb", Linear(1, 1, 0)).probabilities(np.array([[0.0, 2, 1]]), 0)
    np.testing.assert_array_equal(policy, [[0, 1, 0]])
