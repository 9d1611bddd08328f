"""Losses in numbers that can be checked by hand, against NumPy, and by their slopes."""

import numpy as np
import pytest
import tensorflow as tf

from rlab.ops.losses import huber


def slope(errors):
    errors = tf.constant(errors, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(errors)
        loss = huber(errors)
    return tape.gradient(loss, errors).numpy()


def test_huber_is_half_the_square_up_to_one_and_linear_beyond():
    errors = [0, 0.5, -0.5, 1, -1, 2, -3]
    # 0; 0.25 / 2 twice; 1 / 2 twice; 1 / 2 + (2 - 1); 1 / 2 + (3 - 1)
    assert huber(tf.constant(errors)).numpy().tolist() == [0, 0.125, 0.125, 0.5, 0.5, 1.5, 2.5]


@pytest.mark.parametrize("shape", [(), (0,), (4,), (2, 3)])
def test_huber_is_that_of_numpy_in_any_shape(shape):
    errors = np.random.default_rng(0).normal(scale=2, size=shape).astype(np.float32)
    expected = np.where(np.abs(errors) <= 1, errors**2 / 2, np.abs(errors) - 0.5)
    loss = huber(tf.constant(errors))
    assert (loss.shape, loss.dtype) == (shape, tf.float32)
    np.testing.assert_allclose(loss, expected, rtol=1e-6)


def test_the_slope_of_huber_is_the_error_clipped_to_one():
    errors = [-100, -1.5, -1, -0.25, 0, 0.25, 1, 1.5, 100]
    assert slope(errors).tolist() == [-1, -1, -1, -0.25, 0, 0.25, 1, 1, 1]


def test_the_slope_of_huber_is_what_a_small_step_finds():
    errors = np.linspace(-3, 3, 101) + 0.005  # beside the kinks at -1 and 1
    step = 1e-6
    found = (huber(tf.constant(errors + step)) - huber(tf.constant(errors - step))) / (2 * step)
    np.testing.assert_allclose(slope(errors), found, atol=1e-8)
