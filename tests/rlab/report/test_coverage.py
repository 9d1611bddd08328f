"""That the committed coverage of intervals is what is measured, and beside which intervals it is told."""

import numpy as np
import pytest

from rlab.report.coverage import FIVE_TASKS, ONE_TASK, TWO_TASKS, too_narrow
from rlab.report.robust import interquartile_estimate


@pytest.mark.parametrize("seeds", sorted(ONE_TASK))
def test_the_committed_coverage_is_the_measured_one(seeds):
    """800 samples tell it to 1.8 points at the most; the truth of normal runs is 0."""
    random = np.random.default_rng(5)
    ends = np.array([interquartile_estimate([random.normal(size=seeds)])[1:] for _ in range(800)])
    measured = np.mean((ends[:, 0] <= 0) & (ends[:, 1] >= 0))
    low, high = ONE_TASK[seeds]
    assert low - 0.04 <= measured <= high + 0.04


@pytest.mark.parametrize("seeds", [2, 3])
def test_the_committed_coverage_of_two_tasks_is_the_measured_one(seeds):
    """400 samples tell it to 2.5 points at the most; the truth of two normal tasks that are 1 apart is 0.5."""
    random = np.random.default_rng(6)
    ends = np.array(
        [interquartile_estimate([random.normal(size=seeds), random.normal(1, 1, seeds)])[1:] for _ in range(400)]
    )
    measured = np.mean((ends[:, 0] <= 0.5) & (ends[:, 1] >= 0.5))
    low, high = TWO_TASKS[seeds]
    assert low - 0.05 <= measured <= high + 0.05


@pytest.mark.parametrize("coverage", [ONE_TASK, TWO_TASKS, FIVE_TASKS])
def test_from_twenty_seeds_on_it_is_within_two_points(coverage):
    assert all(0.93 <= end <= 0.97 for end in coverage[20])


def test_it_is_told_beside_few_seeds_only():
    assert too_narrow([20, 100], 1) == too_narrow([20], 7) == too_narrow([], 1) == []
    robust, means = too_narrow([20, 3, 3, 4], 1)
    assert robust.endswith("they cover the truth from 3 seeds 74% to 77%")
    assert means.endswith("they cover the truth from 3 seeds 72% to 77%")
    (means,) = too_narrow([3, 5], 7)  # each environment's own table has them
    assert "means over all games on one environment" in means
    assert means.endswith("they cover the truth from 3 seeds 72% to 77%, from 5 seeds 85% to 87%")
    assert "from 2 seeds 83% to 85%" in too_narrow([2, 3], 5)[0]
    assert too_narrow([2, 3], 4)[0].endswith("from 2 seeds 65% to 67%, from 3 seeds 89% to 91%")
