"""A dense layer that trains faster on a CPU than Keras's own."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf


@tf.custom_gradient  # type: ignore[untyped-decorator]
def product(inputs: tf.Tensor, kernel: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tuple[tf.Tensor, ...]]]:
    """inputs [B, I] times kernel [I, O]; the gradient by the inputs is computed as (K Gᵀ)ᵀ, not as G Kᵀ.

    The latter has oneDNN transpose the kernel anew each time, and takes 2.3 times as long for 512 units on 3136 inputs
    with a batch of 32; what is transposed here instead has the size of the batch.
    """

    def gradient(output: tf.Tensor) -> tuple[tf.Tensor, ...]:
        by_inputs = tf.transpose(tf.matmul(kernel, output, transpose_b=True))
        return by_inputs, tf.matmul(inputs, output, transpose_a=True)

    return tf.matmul(inputs, kernel), gradient


@keras.saving.register_keras_serializable("rlab")
class Dense(keras.layers.Dense):  # type: ignore[misc]
    """`keras.layers.Dense` for inputs [B, I]: the same values and gradients, sooner."""

    def call(self, inputs: tf.Tensor, training: Any = None) -> tf.Tensor:
        outputs = product(inputs, tf.cast(self.kernel, self.compute_dtype)) + tf.cast(self.bias, self.compute_dtype)
        return self.activation(outputs)
