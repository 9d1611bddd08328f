"""A network's forward pass on few observations, as acting needs it."""

from typing import Any

import keras
import numpy as np
import tensorflow as tf
from gymnasium import spaces

from rlab import devices
from rlab.types import Array


class Inference:
    """What a network says of observations [B, *O], compiled once for each number of them."""

    def __init__(self, network: keras.Model, observation_space: spaces.Space[Any]) -> None:
        self._network = network
        self._space = observation_space
        self._compiled: dict[int, Any] = {}  # by number of observations

    def __call__(self, observations: Array, *noise: Array) -> Array:
        """Its first output [B, ...]; `noise` [1, S] goes into a network that takes some."""
        count, space = len(observations), self._space
        if count not in self._compiled:
            seen = tf.TensorSpec((count, *(space.shape or ())), space.dtype)
            shapes = [tf.TensorSpec(one.shape, tf.float32) for one in noise]
            self._compiled[count] = devices.function(self._first_output, seen, *shapes, acting=True)
        return np.asarray(self._compiled[count](observations, *noise))

    def _first_output(self, observations: tf.Tensor, *noise: tf.Tensor) -> tf.Tensor:
        outputs = self._network([observations, *noise] if noise else observations)
        return outputs[0] if isinstance(outputs, list) else outputs
