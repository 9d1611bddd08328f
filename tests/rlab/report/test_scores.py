"""Intervals of means, against cases whose answer is known."""

import math

import numpy as np
import pytest

from rlab.report.scores import mean_interval, runs_interval


@pytest.mark.parametrize("scores", [[7.5], [3.0, 3.0, 3.0, 3.0]])
def test_what_does_not_vary_has_an_interval_of_no_width(scores):
    assert mean_interval(scores) == (scores[0],) * 3


def test_many_games_have_the_interval_of_the_normal_approximation():
    scores = np.random.default_rng(5).normal(100, 20, 400)
    mean, low, high = mean_interval(scores)
    error = scores.std() / math.sqrt(400)
    assert mean == scores.mean()
    assert (low, high) == pytest.approx((mean - 1.96 * error, mean + 1.96 * error), abs=0.2 * error)


def test_one_high_score_pulls_the_interval_up():
    mean, low, high = mean_interval([200.0] * 9 + [1200.0])
    assert high - mean > 1.5 * (mean - low) > 0


def test_a_single_run_has_the_interval_of_its_games():
    scores = [210.0, 340.0, 560.0, 180.0, 900.0]
    assert runs_interval([scores]) == mean_interval(scores)


def test_runs_of_one_constant_have_an_interval_of_no_width():
    assert runs_interval([[0.1] * 7, [0.1] * 3]) == pytest.approx((0.1, 0.1, 0.1))


def test_runs_that_differ_have_a_wider_interval_than_their_games_in_one_heap():
    random = np.random.default_rng(1)
    weak, strong = random.normal(300, 50, 30), random.normal(900, 50, 30)
    _, low, high = runs_interval([weak, strong])
    _, heap_low, heap_high = mean_interval([*weak, *strong])
    # A quarter of the resamples draws the weak run twice, another the strong one: the ends are about 300 and 900.
    assert (low, high) == pytest.approx((300, 900), abs=30)
    assert heap_high - heap_low < 0.3 * (high - low)


def test_games_count_beside_runs():
    """Of two runs with the same mean, drawing runs alone would find no spread at all."""
    _, low, high = runs_interval([[0.0, 10.0] * 10, [10.0, 0.0] * 10])
    # 40 games with standard deviation 5: 1.96 * 5 / sqrt(40) = 1.55
    assert (low, high) == pytest.approx((5 - 1.55, 5 + 1.55), abs=0.2)


def test_variances_between_and_within_runs_add_up():
    random = np.random.default_rng(2)
    runs = random.normal(0, 3, (25, 1)) + random.normal(0, 10, (25, 8))
    mean, low, high = runs_interval(runs)
    error = math.sqrt(runs.mean(1).var() / 25 + runs.var(1).mean() / (25 * 8))
    assert (low, high) == pytest.approx((mean - 1.96 * error, mean + 1.96 * error), abs=0.2 * error)


def test_every_game_counts_alike_where_runs_have_more_or_fewer():
    mean, low, high = runs_interval([[0.0], [10.0] * 3])
    assert mean == 7.5
    assert (low, high) == (0.0, 10.0)  # the means of a resample are 0, 7.5 or 10


def test_the_same_scores_have_the_same_interval_every_time():
    runs = [[1.0, 2.0, 5.0], [2.0, 7.0]]
    assert runs_interval(runs) == runs_interval(runs)
