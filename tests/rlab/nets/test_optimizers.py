"""Optimizers: their first steps by hand, and that all of them remember."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rlab.nets.optimizers import make_optimizer


def stepped(optimizer, gradients, start=(1.0,), saved=None):
    """A variable after one step for each gradient, by an optimizer that another left off with the state `saved`."""
    variable = keras.Variable(np.asarray(start, np.float32))
    optimizer.build([variable])
    for state, value in zip(optimizer.variables, saved or [], strict=saved is not None):
        state.assign(value)
    step = tf.function(lambda gradient: optimizer.apply([gradient], [variable]))
    for gradient in gradients:
        step(tf.constant(gradient, tf.float32))
    return np.asarray(variable)


def test_adams_first_steps_by_hand():
    # m = 0.1 * 2 = 0.2, v = 0.001 * 4 = 0.004; unbiased 0.2 / 0.1 = 2 and 0.004 / 0.001 = 4: the step is 0.1 * 2 / 2
    assert stepped(make_optimizer("adam", 0.1, 1e-8), [[2.0]]) == pytest.approx([0.9], abs=1e-6)
    # then m = 0.18 - 0.1 = 0.08, v = 0.003996 + 0.001 = 0.004996; unbiased 0.08 / 0.19 and 0.004996 / 0.001999:
    # the step is 0.1 * 0.4210526 / 1.5808870 = 0.0266340
    assert stepped(make_optimizer("adam", 0.1, 1e-8), [[2.0], [-1.0]]) == pytest.approx([0.873366], abs=1e-6)


def test_adam_is_kerass():
    gradients = np.random.default_rng(0).normal(size=(50, 6)).astype(np.float32) * [1e-6, 1e-3, 0.1, 1, 10, 1e3]
    ours = stepped(make_optimizer("adam", 3e-3, 1e-5), gradients, np.ones(6))
    theirs = stepped(keras.optimizers.Adam(3e-3, epsilon=1e-5), gradients, np.ones(6))
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


def rectified(gradients, start, rate, epsilon):
    """Algorithm 2 of Liu et al. (2020), but for the 5 of its authors' program, in double precision."""
    weight, mean, square = start.astype(np.float64), 0.0, 0.0
    longest = 2 / (1 - 0.999) - 1
    for t, gradient in enumerate(gradients.astype(np.float64), start=1):
        mean, square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
        unbiased = mean / (1 - 0.9**t)
        length = longest - 2 * t * 0.999**t / (1 - 0.999**t)
        if length > 5:
            factor = np.sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length))
            weight = weight - rate * factor * unbiased * np.sqrt(1 - 0.999**t) / (np.sqrt(square) + epsilon)
        else:
            weight = weight - rate * unbiased
    return weight


@pytest.mark.parametrize("steps", [1, 5, 6, 7, 60])  # the sixth is the first that is rectified
def test_radam_is_that_of_the_paper(steps):
    gradients = np.random.default_rng(0).normal(size=(steps, 4)).astype(np.float32) * [1e-3, 0.1, 1, 10]
    found = stepped(make_optimizer("radam", 3e-3, 1e-8), gradients, np.ones(4))
    np.testing.assert_allclose(found - 1, rectified(gradients, np.ones(4), 3e-3, 1e-8) - 1, rtol=1e-3, atol=2e-7)


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        # v = 0.05 * 4 = 0.2, m = 0.05 * 2 = 0.1: less 0.1 * 2 / sqrt(0.2 - 0.01 + 0.01)
        # v = 0.19 + 0.05 = 0.24, m = 0.095 - 0.05 = 0.045: plus 0.1 / sqrt(0.24 - 0.002025 + 0.01)
        ("rmsprop", 0.5527864, 0.7536012),
        # v = 0.01 * 4 = 0.04: less 0.2 / sqrt(0.05); v = 0.0396 + 0.01 = 0.0496: plus 0.1 / sqrt(0.0596)
        ("shared_rmsprop", 0.1055728, 0.5151888),
        # m = -0.2: 0.95 * -0.2 - 0.2 = -0.39; m = -0.19 + 0.1 = -0.09: 0.95 * -0.09 + 0.1 = 0.0145
        ("nesterov", 0.61, 0.6245),
    ],
)
def test_the_first_steps_of_the_others_by_hand(name, first, second):
    assert stepped(make_optimizer(name, 0.1, 0.01), [[2.0]]) == pytest.approx([first], abs=1e-6)
    assert stepped(make_optimizer(name, 0.1, 0.01), [[2.0], [-1.0]]) == pytest.approx([second], abs=1e-6)


@pytest.mark.parametrize("name", ["adam", "radam", "rmsprop", "shared_rmsprop", "nesterov"])
def test_what_an_optimizer_saved_goes_on_as_if_it_had_not_stopped(name):
    gradients = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
    whole = stepped(make_optimizer(name, 0.01, 1e-4), gradients, np.ones(3))
    first = make_optimizer(name, 0.01, 1e-4)
    half = stepped(first, gradients[:3], np.ones(3))
    saved = [np.asarray(state) for state in first.variables]
    np.testing.assert_array_equal(stepped(make_optimizer(name, 0.01, 1e-4), gradients[3:], half, saved), whole)
    assert not np.array_equal(half, whole)
