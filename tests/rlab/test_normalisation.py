"""Running means and deviations against NumPy's over everything at once."""

import numpy as np
import pytest

from rlab.normalisation import RewardScale, RunningMoments


def test_moments_are_those_of_everything_that_was_added() -> None:
    random = np.random.default_rng(0)
    moments = RunningMoments((2,))
    assert (moments.mean.tolist(), moments.deviation.tolist()) == ([0, 0], [1, 1])
    batches = [random.normal(5, [1, 100], size=(size, 2)) for size in (1, 7, 30)]
    for batch in batches:
        moments.add(batch)
    everything = np.concatenate(batches)
    np.testing.assert_allclose(moments.mean, everything.mean(axis=0))
    np.testing.assert_allclose(moments.deviation, everything.std(axis=0))
    again = RunningMoments((2,))
    again.restore(moments.state())
    for each in (moments, again):
        each.add(batches[0])
    np.testing.assert_array_equal(again.deviation, moments.deviation)


def test_moments_of_large_numbers_that_hardly_differ() -> None:
    moments = RunningMoments(())
    for value in (1e9, 1e9 + 1, 1e9 + 2):
        moments.add(np.array([value]))
    assert float(moments.deviation) == pytest.approx(np.sqrt(2 / 3), rel=1e-6)


def test_rewards_are_scaled_by_the_deviation_of_their_discounted_sums() -> None:
    scale = RewardScale(0.5)
    begun, going = np.array([True]), np.array([False])
    for reward, first in ((2.0, begun), (4.0, going), (6.0, begun)):
        scale.observe(np.array([reward]), first)
    # The sums are 2, 0.5 * 2 + 4 = 5, and 6 as that is another episode: deviation sqrt((4 + 25 + 36) / 3 - (13 / 3)^2)
    deviation = np.sqrt(65 / 3 - (13 / 3) ** 2)
    np.testing.assert_allclose(scale(np.array([1.0, 1000.0, -1000.0])), [1 / deviation, 10, -10], rtol=1e-5)
    again = RewardScale(0.5)
    again.restore(scale.state())
    for each in (scale, again):
        each.observe(np.array([1.0]), going)
    assert again(np.array([1.0])) == scale(np.array([1.0]))
