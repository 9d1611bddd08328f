"""Noisy layers: what their outputs and gradients are, however many inputs there are at a time."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rlab.nets.noisy import NoisyDense


@pytest.fixture
def layer():
    made = NoisyDense(2, 0.5, "zeros")
    made.build((None, 3))
    kernel = [[1, 2], [3, 4], [5, 6]]
    deviation = [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]]
    for weights, numbers in zip(made.weights, (kernel, [1, -1], deviation, [0.5, 1]), strict=True):
        weights.assign(numbers)
    return made


NOISE = np.array([[4, -9, 1, 0.25, 16]], np.float32)  # of which the roots are 2, -3, 1 for inputs; 0.5, 4 for units


@pytest.mark.parametrize("batch", [1, 15, 16, 40])
def test_each_weight_has_the_noise_of_its_input_and_its_unit(layer, batch):
    # by unit 0: 1 + 0.1 * 2 * 0.5 = 1.1, 3 - 0.3 * 3 * 0.5 = 2.55, 5 + 0.5 * 0.5 = 5.25, and 1 + 0.5 * 0.5 = 1.25
    # by unit 1: 2 + 0.2 * 2 * 4 = 3.6, 4 - 0.4 * 3 * 4 = -0.8, 6 + 0.6 * 4 = 8.4, and -1 + 1 * 4 = 3
    kernel, bias = np.array([[1.1, 3.6], [2.55, -0.8], [5.25, 8.4]]), np.array([1.25, 3])
    seen = np.random.default_rng(0).normal(size=(batch, 3)).astype(np.float32)
    with tf.GradientTape() as tape:
        found = layer(seen, noise=NOISE)
        loss = tf.reduce_sum(tf.square(found)) / 2
    expected = seen @ kernel + bias
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    by_kernel, by_bias, by_deviation, by_bias_deviation = tape.gradient(loss, layer.trainable_variables)
    felt = seen.T @ expected
    np.testing.assert_allclose(by_kernel, felt, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(by_deviation, felt * np.outer([2, -3, 1], [0.5, 4]), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(by_bias, expected.sum(axis=0), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(by_bias_deviation, expected.sum(axis=0) * [0.5, 4], rtol=1e-4, atol=1e-4)


def test_without_noise_weights_are_their_means(layer):
    np.testing.assert_allclose(layer(np.ones((2, 3), np.float32)), [[10, 11]] * 2)


def test_it_is_made_anew_from_its_settings(layer):
    again = NoisyDense.from_config(layer.get_config())
    again.build((None, 3))
    again.set_weights(layer.get_weights())
    seen = np.ones((1, 3), np.float32)
    np.testing.assert_array_equal(again(seen, noise=NOISE), layer(seen, noise=NOISE))
    assert keras.activations.serialize(again.activation) == "linear"
