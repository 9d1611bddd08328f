"""Distributions of returns in numbers that can be checked by hand, and against slow references."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from rlab.ops.distributional import (
    categorical_projection,
    cosines,
    middle_fractions,
    quantile_huber,
    relative_entropy,
)

RANKS = (tf.errors.InvalidArgumentError, ValueError)
SUPPORT = [-1.0, 0.0, 1.0, 2.0]


def test_a_mass_is_shared_out_between_its_neighbours_by_their_distances():
    # 0.25 lies a quarter of the way from 0 to 1; 1 lies on a number of the support; -3 and 9 lie beyond its ends
    places, weights = [[0.25, 1.0], [-3.0, 9.0]], [[0.5, 0.5], [0.25, 0.75]]
    shared = categorical_projection(*map(tf.constant, (places, weights, SUPPORT)))
    assert shared.numpy().tolist() == [[0, 0.375, 0.125 + 0.5, 0], [0.25, 0, 0, 0.75]]


def slowly(places, weights, low, high, count):
    """Algorithm 1 of Bellemare et al. (2017), as it stands there."""
    step, shared = (high - low) / (count - 1), np.zeros((len(places), count))
    for row, (its_places, its_weights) in enumerate(zip(places, weights, strict=True)):
        for place, weight in zip(its_places, its_weights, strict=True):
            b = (min(max(place, low), high) - low) / step
            lower, upper = int(np.floor(b)), int(np.ceil(b))
            if lower == upper:
                shared[row, lower] += weight
            else:
                shared[row, lower] += weight * (upper - b)
                shared[row, upper] += weight * (b - lower)
    return shared


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.integers(2, 12), st.integers(1, 9))
def test_the_projection_is_that_of_the_paper(seed, count, masses):
    random = np.random.default_rng(seed)
    places, weights = random.normal(0, 8, (3, masses)), random.dirichlet(np.ones(masses), 3)
    columns = (places, weights, np.linspace(-10, 10, count))
    shared = categorical_projection(*(tf.constant(column, tf.float32) for column in columns))
    np.testing.assert_allclose(shared, slowly(places, weights, -10, 10, count), atol=1e-5)
    np.testing.assert_allclose(tf.reduce_sum(shared, axis=1), np.ones(3), atol=1e-5)


def test_relative_entropy_is_0_for_the_true_probabilities():
    goal = tf.constant([[0.5, 0.25, 0.25]])
    np.testing.assert_allclose(relative_entropy(tf.math.log(goal), goal), [0], atol=1e-7)
    # log2(3) bits by thirds where 1.5 would do
    np.testing.assert_allclose(relative_entropy(tf.zeros((1, 3)), goal), [np.log(3) - 1.5 * np.log(2)], rtol=1e-5)
    certain = tf.constant([[0.0, 1.0]])
    np.testing.assert_allclose(relative_entropy(tf.zeros((1, 2)), certain), [np.log(2)], rtol=1e-6)


def test_middle_fractions():
    assert middle_fractions(4).numpy().tolist() == [0.125, 0.375, 0.625, 0.875]


def test_the_quantile_loss_by_hand():
    # errors of the quantile 0: 0.5 (too low) and -2 (too high); of the quantile 4: -3.5 and -6 (too high)
    # Huber: 0.125, 1.5; 3, 5.5. Slopes: 0.25, 0.75; 0.25, 0.25
    # means over goals: (0.03125 + 1.125) / 2 and (0.75 + 1.375) / 2
    loss = quantile_huber(*map(tf.constant, ([[0.0, 4.0]], [0.25, 0.75], [[0.5, -2.0]])))
    assert loss.numpy().tolist() == [0.578125 + 1.0625]


def test_each_row_may_have_fractions_of_its_own():
    # twice the same errors, 0.5 (too low) and -2 (too high), of Huber's 0.125 and 1.5
    # slopes 0.25 and 0.75 at a fraction of 1/4, 0.875 and 0.125 at one of 7/8; then the mean over goals
    loss = quantile_huber(*map(tf.constant, ([[0.0], [0.0]], [[0.25], [0.875]], [[0.5, -2.0], [0.5, -2.0]])))
    assert loss.numpy().tolist() == [(0.03125 + 1.125) / 2, (0.109375 + 0.1875) / 2]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 5), st.integers(1, 5), st.booleans())
def test_the_quantile_loss_is_that_of_the_paper(seed, count, samples, own):
    """Summed up difference by difference."""
    random = np.random.default_rng(seed)
    quantiles, goals = random.normal(0, 2, (3, count)), random.normal(0, 2, (3, samples))
    fractions = random.uniform(size=(3, count) if own else count)
    expected = np.zeros(3)
    for row, i, j in np.ndindex(3, count, samples):
        error = goals[row, j] - quantiles[row, i]
        huber = error**2 / 2 if abs(error) <= 1 else abs(error) - 0.5
        fraction = fractions[row, i] if own else fractions[i]
        expected[row] += abs(fraction - (error < 0)) * huber / samples
    found = quantile_huber(*(tf.constant(column, tf.float32) for column in (quantiles, fractions, goals)))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_cosines_of_a_fraction():
    # of 0, pi, 2 pi and 3 pi times 0, 1/2 and 1
    found = cosines(tf.constant([[0.0, 0.5, 1.0]]), 4)
    np.testing.assert_allclose(found, [[[1, 1, 1, 1], [1, 0, -1, 0], [1, -1, 1, -1]]], atol=1e-6)


def test_the_quantile_loss_finds_the_quantiles_of_samples():
    samples = np.random.default_rng(0).uniform(0, 100, 4000).astype(np.float32)  # of which a unit is small
    quantiles = tf.Variable(np.full((1, 4), 50, np.float32))
    optimizer = tf.keras.optimizers.Adam(2.0)
    for _ in range(150):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(quantile_huber(quantiles, middle_fractions(4), tf.constant(samples[None])))
        optimizer.apply([tape.gradient(loss, quantiles)], [quantiles])
    np.testing.assert_allclose(quantiles[0], np.quantile(samples, [0.125, 0.375, 0.625, 0.875]), atol=1.5)


@pytest.mark.parametrize(
    "arguments",
    [
        (tf.zeros(3), tf.zeros((1, 3)), tf.zeros(4)),
        (tf.zeros((1, 3)), tf.zeros(3), tf.zeros(4)),
        (tf.zeros((1, 3)), tf.zeros((1, 3)), tf.zeros((1, 1, 3))),
    ],
)
def test_arguments_of_another_rank_are_refused(arguments):
    with pytest.raises(RANKS):
        categorical_projection(*arguments)
    with pytest.raises(RANKS):
        quantile_huber(arguments[0], arguments[2], arguments[1])
    with pytest.raises(RANKS):
        cosines(tf.zeros(3), 4)
