"""Robust statistics: against SciPy, against counting by hand, and against simulation."""

import numpy as np
import pytest
from scipy import stats

from rlab.report.robust import (
    interquartile_band,
    interquartile_estimate,
    interquartile_mean,
    performance_profile,
    probability_of_improvement,
)


@pytest.mark.parametrize("size", range(1, 42))
def test_the_interquartile_mean_is_scipys_trimmed_mean(size):
    values = np.random.default_rng(size).lognormal(0, 2, (3, size))
    assert interquartile_mean(values) == pytest.approx(stats.trim_mean(values, 0.25, axis=1))
    estimate = interquartile_estimate(np.split(values[0], 1 if size % 2 else 2))
    assert estimate.value == pytest.approx(stats.trim_mean(values[0], 0.25))


def test_one_run_on_a_task_leaves_no_interval():
    assert interquartile_estimate([[1.0, 2.0], [7.0]])[1:] == (None, None)
    assert probability_of_improvement([[1.0]], [[0.0, 2.0]]) == (0.5, None, None)


def test_tasks_count_alike_however_many_runs_they_have():
    """A quarter of the weight is left out at either end: all of 1, half of 2, and half of 7, which weighs one half.

    Of the middle half 2 has 1 / 12, 3 has 2 / 12 and 7 has 3 / 12, so it is (2 + 2 * 3 + 3 * 7) / 6.
    """
    assert interquartile_estimate([[1.0, 2.0, 3.0], [7.0]]).value == pytest.approx(29 / 6)
    estimate = interquartile_estimate([[1.0, 2.0, 3.0] * 20, [7.0, 9.0]])
    assert estimate.value == pytest.approx(interquartile_estimate([[1.0, 2.0, 3.0] * 2, [7.0, 9.0] * 3]).value, rel=0.1)
    value, low, high = performance_profile([[0.0] * 8, [1.0] * 2], np.array([0.5]))[:, 0]
    assert (value, low, high) == (0.5, 0.5, 0.5)


def test_a_band_is_an_estimate_at_each_point():
    strata = [np.random.default_rng(0).normal(size=(5, 4)), np.random.default_rng(1).normal(3, 1, (4, 4))]
    band = interquartile_band(strata)
    for point in range(4):
        assert tuple(band[:, point]) == pytest.approx(interquartile_estimate([stratum[:, point] for stratum in strata]))


def test_what_does_not_vary_has_a_band_of_no_width():
    assert interquartile_estimate([[4.0] * 5, [4.0] * 3]) == (4.0, 4.0, 4.0)


def test_tasks_are_not_drawn():
    """Of two tasks whose runs are all alike nothing varies, however far the tasks are apart."""
    assert interquartile_estimate([[0.0] * 4, [100.0] * 4]) == (50.0, 50.0, 50.0)


def test_with_many_runs_the_interval_is_that_of_the_normal_approximation():
    """The interquartile mean of normal values has the variance 1.194 / n (relative efficiency 0.837)."""
    values = np.random.default_rng(3).normal(10, 2, 400)
    value, low, high = interquartile_estimate([values])
    error = 2 * np.sqrt(1.194 / 400)
    assert (low, high) == pytest.approx((value - 1.96 * error, value + 1.96 * error), abs=0.25 * error)


@pytest.mark.parametrize("kind", ["normal", "exponential"])
def test_intervals_of_twenty_seeds_cover_the_truth(kind):
    """400 samples tell the coverage to about one point; `benchmark.py coverage` measures it better."""
    random = np.random.default_rng(7)
    draw = getattr(random, kind)
    truth = interquartile_mean(draw(size=1_000_000))
    ends = np.array([interquartile_estimate([draw(size=20)])[1:] for _ in range(400)])
    assert 0.92 <= np.mean((ends[:, 0] <= truth) & (truth <= ends[:, 1])) <= 0.98


def test_a_profile_counts_the_runs_above_each_threshold():
    value, low, high = performance_profile([[1.0, 2.0], [3.0, 4.0]], np.array([0.0, 1.0, 2.5, 4.0]))
    assert list(value) == [1.0, 0.75, 0.5, 0.0]
    assert (low <= value).all()
    assert (value <= high).all()
    assert (low[2], high[2]) == (0.5, 0.5)  # all runs of the one task, none of the other


def test_the_probability_of_improvement_is_mann_whitneys():
    one, other = np.random.default_rng(4).integers(0, 6, (2, 9)).astype(float)
    expected = stats.mannwhitneyu(one, other).statistic / 81
    assert probability_of_improvement([one], [other]).value == pytest.approx(expected)
    assert probability_of_improvement([other], [one]).value == pytest.approx(1 - expected)


def test_a_tie_counts_half_and_tasks_count_alike():
    """1 on one task, on the other two wins of four: (1 + 0.5) / 2."""
    found = probability_of_improvement([[5.0, 6.0], [0.0, 2.0, 1.0]], [[1.0, 2.0], [1.0]])
    assert found.value == 0.75


def test_groups_that_are_apart_beat_each_other_with_certainty():
    assert probability_of_improvement([[5.0, 6.0, 7.0]], [[1.0, 2.0, 3.0]]) == (1.0, 1.0, 1.0)


def test_the_same_runs_have_the_same_interval_every_time():
    runs = [[1.0, 2.0, 5.0, 9.0]]
    assert interquartile_estimate(runs) == interquartile_estimate(runs)
    assert probability_of_improvement(runs, [[2.0, 3.0]]) == probability_of_improvement(runs, [[2.0, 3.0]])
