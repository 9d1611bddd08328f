"""Differences over few seeds: against SciPy, against published sample sizes, and against simulation."""

import numpy as np
import pytest
from scipy import stats

from rlab.report.paired import Interval, holm, mean_over_tasks, paired, seeds_needed, student_interval, unpaired

SCRATCH = [10.0, 30.0, 20.0, 25.0]
OTHER = [14.0, 33.0, 29.0, 27.0]


def test_the_interval_of_a_mean_is_scipys():
    found = student_interval(SCRATCH)
    expected = stats.ttest_1samp(SCRATCH, 0).confidence_interval(0.95)
    assert found.mean == 21.25
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_the_interval_of_two_seeds_by_hand():
    """s = sqrt(2), so s / sqrt(2) = 1, and t(0.975, 1) = 12.706."""
    found = student_interval([1.0, 3.0])
    assert (found.mean, found.low, found.high) == pytest.approx((2, 2 - 12.7062, 2 + 12.7062), abs=1e-4)


def test_a_difference_is_taken_seed_by_seed():
    found = paired(OTHER, SCRATCH)
    expected = stats.ttest_rel(OTHER, SCRATCH).confidence_interval(0.95)
    assert found.values == [4.0, 3.0, 9.0, 2.0]
    assert (found.interval.low, found.interval.high) == pytest.approx((expected.low, expected.high))
    assert found.deviation == pytest.approx(np.std([4, 3, 9, 2], ddof=1))
    assert found.interval.p == pytest.approx(stats.ttest_rel(OTHER, SCRATCH).pvalue)
    assert found.interval.divided(7.0).p == pytest.approx(found.interval.p)


def test_pairs_show_what_two_samples_do_not():
    scratch = [0.0, 100.0, 200.0]
    other = [5.0, 106.0, 207.0]
    assert paired(other, scratch).interval.sign == 1
    assert stats.ttest_ind(other, scratch).pvalue > 0.9


def test_two_samples_are_compared_as_welch_did():
    one, other = [10.0, 30.0, 20.0, 25.0, 12.0], [4.0, 5.0, 3.5]
    found = unpaired(one, other)
    expected = stats.ttest_ind(one, other, equal_var=False)
    ends = expected.confidence_interval(0.95)
    assert (found.interval.low, found.interval.high) == pytest.approx((ends.low, ends.high))
    assert found.interval.p == pytest.approx(expected.pvalue)
    assert found.deviation == pytest.approx(np.sqrt(np.var(one, ddof=1) + np.var(other, ddof=1)))
    assert found.seeds_needed == seeds_needed(found.interval.mean, found.deviation)


@pytest.mark.parametrize(("one", "other"), [([5.0], [1.0, 2.0]), ([5.0, 6.0], [1.0])])
def test_a_sample_of_one_seed_shows_nothing(one, other):
    found = unpaired(one, other)
    assert (found.interval.low, found.deviation, found.seeds_needed) == (None, None, None)


def test_the_rounding_of_floats_is_no_spread():
    """0.3 - 0.2 and 0.4 - 0.3 differ in the last bits."""
    found = paired([0.3, 0.4, 0.9], [0.2, 0.3, 0.8])
    assert len(set(found.values)) > 1
    assert (found.interval.sign, found.interval.p, found.deviation) == (0, 1.0, 0.0)
    assert unpaired([0.1 + 0.2, 0.3], [0.1, 0.1]).interval.sign == 0
    assert mean_over_tasks([found.values, found.values]).sign == 0


def test_seeds_that_do_not_pair_are_an_error():
    with pytest.raises(ValueError, match="shorter"):
        paired([1.0, 2.0], [1.0])


def test_one_seed_has_no_interval_and_shows_nothing():
    found = paired([5.0], [1.0])
    assert (found.interval, found.deviation, found.seeds_needed) == (Interval(4.0, None, None), None, None)
    assert found.interval.sign == 0


@pytest.mark.parametrize(
    ("low", "high", "sign"),
    [(0.1, 2.0, 1), (-2.0, -0.1, -1), (-0.1, 2.0, 0), (0.0, 2.0, 0), (-2.0, 0.0, 0), (3.0, 3.0, 0)],
)
def test_an_interval_has_a_sign_only_where_it_excludes_0(low, high, sign):
    assert Interval((low + high) / 2, low, high).sign == sign


@pytest.mark.parametrize(("effect", "seeds"), [(0.2, 199), (0.5, 34), (0.8, 15), (1.0, 10), (1.5, 6), (1000.0, 3)])
def test_seeds_needed_are_those_of_the_tables(effect, seeds):
    """As G*Power 3.1 gives them: means, difference between two dependent means, two tails, 5%, power 0.8."""
    if effect < 100:
        assert seeds_needed(3 * effect, 3.0) == seeds_needed(-3 * effect, 3.0) == seeds
    else:
        assert seeds_needed(effect, 1.0) <= seeds


def test_so_many_seeds_show_it_in_four_of_five_studies():
    random = np.random.default_rng(0)
    for effect in (0.7, 1.3):
        seeds = seeds_needed(effect, 1.0)
        few, enough = (
            np.mean(stats.ttest_1samp(random.normal(effect, 1, (20_000, n)), 0, axis=1).pvalue < 0.05)
            for n in (seeds - 1, seeds)
        )
        assert few < 0.8 + 0.01
        assert enough > 0.8 - 0.01


@pytest.mark.parametrize(("difference", "deviation", "seeds"), [(0.0, 1.0, None), (1e-3, 1.0, None), (1.0, 0.0, 2)])
def test_no_difference_needs_endless_seeds_and_one_without_noise_two(difference, deviation, seeds):
    assert seeds_needed(difference, deviation) == seeds


def test_a_mean_over_tasks_by_hand():
    """Means 2 and 4; variances of the means 2 / 2 = 1 and 8 / 2 = 4, so the error of the mean is sqrt(5) / 2.

    Satterthwaite: 5 ** 2 / (1 ** 2 / 1 + 4 ** 2 / 1) = 25 / 17 degrees of freedom.
    """
    found = mean_over_tasks([[1.0, 3.0], [2.0, 6.0]])
    half = stats.t.ppf(0.975, 25 / 17) * np.sqrt(5) / 2
    assert (found.mean, found.low, found.high) == pytest.approx((3, 3 - half, 3 + half))


def test_the_mean_of_one_task_is_its_own():
    assert mean_over_tasks([OTHER]) == student_interval(OTHER)


def test_a_task_with_one_seed_leaves_no_interval_over_tasks():
    assert mean_over_tasks([[1.0, 3.0], [4.0]]) == Interval(3.0, None, None)


def test_tasks_without_noise_leave_an_interval_without_width():
    assert mean_over_tasks([[1.0, 1.0], [3.0, 3.0]]) == Interval(2.0, 2.0, 2.0)


def test_several_differences_are_judged_together():
    """p of 0.04, 0.01 and 0.03 by Holm: 0.01 * 3, 0.03 * 2, and 0.04 * 1, which is raised to the one before it."""
    found = [interval_with(p) for p in (0.04, 0.01, 0.03)]
    assert holm(found) == pytest.approx([0.06, 0.03, 0.06])
    assert holm([interval_with(0.6), interval_with(0.7)]) == pytest.approx([1.0, 1.0])
    assert holm([]) == []


def test_what_was_never_tested_does_not_count_among_the_tests():
    found = holm([Interval(4.0, None, None), interval_with(0.04), Interval(2.0, None, None)])
    assert found == pytest.approx([1.0, 0.04, 1.0])


def interval_with(p, freedom=4):
    """An interval of this p: its mean is so many standard errors away from 0."""
    mean, half = stats.t.isf(p / 2, freedom), stats.t.ppf(0.975, freedom)
    return Interval(mean, mean - half, mean + half, freedom)


@pytest.mark.parametrize("interval", [Interval(4.0, None, None), Interval(4.0, 4.0, 4.0, 2)])
def test_where_nothing_can_be_judged_anything_comes_of_nothing(interval):
    assert interval.p == 1.0


def test_the_coverage_that_the_docstring_states():
    random = np.random.default_rng(1)
    for law, seeds, covered in (("normal", 3, 0.95), ("exponential", 3, 0.886), ("exponential", 10, 0.90)):
        values = random.normal(1, 1, (20_000, seeds)) if law == "normal" else random.exponential(1, (20_000, seeds))
        half = stats.t.ppf(0.975, seeds - 1) * values.std(axis=1, ddof=1) / np.sqrt(seeds)
        assert np.mean(np.abs(values.mean(axis=1) - 1) <= half) == pytest.approx(covered, abs=0.01)
