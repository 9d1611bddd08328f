"""A network's forward pass, compiled once for each number of observations."""

import keras
import numpy as np
from gymnasium import spaces

from rlab.nets.inference import Inference

SEEN = spaces.Box(-1, 1, (2,), np.float32)


def doubled(traced):
    """A network by hand, which notes what it is traced with."""

    def network(inputs):
        parts = inputs if isinstance(inputs, list) else [inputs]
        traced.append([tuple(part.shape) for part in parts])
        first = 2 * parts[0] + (parts[1] if len(parts) > 1 else 0)
        return [first, parts[0]] if len(parts) > 1 else first

    return network


def test_it_is_traced_once_for_each_number_of_observations():
    traced = []
    ask = Inference(doubled(traced), SEEN)
    for _ in range(3):
        for size in (1, 3):
            np.testing.assert_array_equal(ask(np.ones((size, 2), np.float32)), np.full((size, 2), 2))
    assert traced == [[(1, 2)], [(3, 2)]]


def test_noise_goes_in_beside_and_the_first_output_comes_out():
    ask = Inference(doubled([]), SEEN)
    found = ask(np.ones((3, 2), np.float32), np.array([[1, 4]], np.float32))
    np.testing.assert_array_equal(found, [[3, 6]] * 3)


def test_it_follows_the_weights():
    network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    ask = Inference(network, SEEN)
    for weight in (1.0, 3.0):
        network.set_weights([np.full((2, 1), weight, np.float32), np.zeros(1, np.float32)])
        np.testing.assert_allclose(ask(np.ones((1, 2), np.float32)), [[2 * weight]])
