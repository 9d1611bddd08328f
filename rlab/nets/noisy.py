"""A dense layer whose weights are noisy, by an amount that it learns: exploration that depends on what is seen."""

import math
from typing import Any

import keras
import tensorflow as tf

from rlab.nets.dense import product

_MANY = 16  # inputs, from which on noisy weights are made before they are multiplied by


@keras.saving.register_keras_serializable("rlab")
class NoisyDense(keras.layers.Layer):  # type: ignore[misc]
    """`units` from inputs [B, I], as a dense layer; called with noise [1, I + units], each weight has some of it.

    A weight's noise is the product of one number for its input and one for its unit. Without noise the weights are
    their means.
    Source: Fortunato et al. (2018), Noisy Networks for Exploration, equations 9 to 11 and section 3.2.
    """

    def __init__(
        self,
        units: int,
        deviation: float,
        kernel_initializer: Any,
        activation: str | None = None,
        **keywords: Any,
    ) -> None:
        super().__init__(**keywords)
        self.units = units
        self.deviation = deviation
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.activation = keras.activations.get(activation)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        inputs = int(input_shape[-1] or 0)
        start = keras.initializers.Constant(self.deviation / math.sqrt(inputs))
        self.kernel = self.add_weight(shape=(inputs, self.units), initializer=self.kernel_initializer, name="kernel")
        self.bias = self.add_weight(shape=(self.units,), initializer="zeros", name="bias")
        self.kernel_deviation = self.add_weight(shape=(inputs, self.units), initializer=start, name="kernel_deviation")
        self.bias_deviation = self.add_weight(shape=(self.units,), initializer=start, name="bias_deviation")

    def call(self, inputs: tf.Tensor, noise: Any = None) -> tf.Tensor:
        kernel, bias = self._cast(self.kernel, self.bias)
        if noise is None:
            return self.activation(product(inputs, kernel) + bias)
        size = int(inputs.shape[-1])
        (factors,) = self._cast(tf.sign(noise) * tf.sqrt(tf.abs(noise)))
        by_input, by_unit = factors[:, :size], factors[:, size:]
        deviation, bias_deviation = self._cast(self.kernel_deviation, self.bias_deviation)
        bias = bias + bias_deviation * by_unit
        if (inputs.shape[0] or 0) >= _MANY:
            return self.activation(product(inputs, kernel + deviation * (tf.transpose(by_input) * by_unit)) + bias)
        # The same, with two products in place of noisy weights: for few inputs it is these that take the time.
        return self.activation(product(inputs, kernel) + product(inputs * by_input, deviation) * by_unit + bias)

    def _cast(self, *numbers: Any) -> list[tf.Tensor]:
        return [tf.cast(one, self.compute_dtype) for one in numbers]

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "units": self.units,
            "deviation": self.deviation,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "activation": keras.activations.serialize(self.activation),
        }
