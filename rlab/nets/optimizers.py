"""Optimizers by name."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf


class FusedAdam(keras.optimizers.Adam):  # type: ignore[misc]
    """Keras's Adam with TensorFlow's one operation for all of it, which goes through the memory once.

    Source: Kingma and Ba (2015), algorithm 1 in the order of the note at the end of section 2.
    """

    def update_step(self, gradient: tf.Tensor, variable: tf.Variable, learning_rate: tf.Tensor) -> None:
        _adam_step(self, gradient, variable, learning_rate)


class FusedRAdam(keras.optimizers.Adam):  # type: ignore[misc]
    """Rectified Adam, whose first steps are short, as little is known yet of how much gradients vary.

    Source: Liu et al. (2020), On the Variance of the Adaptive Learning Rate and Beyond, algorithm 2. As in its authors'
    program, there is nothing to rectify before the approximated moving average is longer than 5; in the paper, than 4.
    Until then steps are those of a momentum whose gradients are not scaled.
    """

    def update_step(self, gradient: tf.Tensor, variable: tf.Variable, learning_rate: tf.Tensor) -> None:
        index = self._get_variable_index(variable)
        step = tf.cast(self.iterations + 1, tf.float64)  # the length is a small difference of large numbers
        forgotten = tf.pow(tf.constant(self.beta_2, tf.float64), step)
        longest = 2 / (1 - self.beta_2) - 1
        length = longest - 2 * step * forgotten / (1 - forgotten)

        def rectified() -> tf.Operation:
            known = (length - 4) * (length - 2) / length
            factor = tf.sqrt(known / ((longest - 4) * (longest - 2) / longest))
            return _adam_step(self, gradient, variable, learning_rate * tf.cast(factor, tf.float32))

        def unscaled() -> tf.Operation:
            momentum, velocity = self._momentums[index].value, self._velocities[index].value
            mean = momentum.assign_add((gradient - momentum) * (1 - self.beta_1))
            square = velocity.assign_add((tf.square(gradient) - velocity) * (1 - self.beta_2))
            moved = variable.assign_sub(learning_rate * mean / (1 - tf.pow(self.beta_1, tf.cast(step, tf.float32))))
            return tf.group(square, moved)

        tf.cond(length > 5, rectified, unscaled)


def _adam_step(
    adam: keras.optimizers.Adam, gradient: tf.Tensor, variable: tf.Variable, learning_rate: tf.Tensor
) -> tf.Operation:
    index = adam._get_variable_index(variable)
    step = tf.cast(adam.iterations + 1, tf.float32)
    return tf.raw_ops.ResourceApplyAdam(
        var=variable.handle,
        m=adam._momentums[index].value.handle,
        v=adam._velocities[index].value.handle,
        beta1_power=tf.pow(adam.beta_1, step),
        beta2_power=tf.pow(adam.beta_2, step),
        lr=learning_rate,
        beta1=adam.beta_1,
        beta2=adam.beta_2,
        epsilon=adam.epsilon,
        grad=gradient,
    )


def make_optimizer(name: str, learning_rate: float, epsilon: float) -> keras.optimizers.Optimizer:
    """One of these, of which only "nesterov" has no `epsilon`:

    - "adam": Kingma and Ba (2015).
    - "radam": Liu et al. (2020).
    - "rmsprop": centred, decay 0.95. Mnih et al. (2015), extended data table 1.
    - "shared_rmsprop": not centred, decay 0.99. Mnih et al. (2016), Asynchronous Methods, section 4.5.
    - "nesterov": momentum 0.95. Hands-On Machine Learning, chapter 16.
    """
    if name == "adam":
        return FusedAdam(learning_rate, epsilon=epsilon)
    if name == "radam":
        return FusedRAdam(learning_rate, epsilon=epsilon)
    if name == "rmsprop":
        return keras.optimizers.RMSprop(learning_rate, rho=0.95, epsilon=epsilon, centered=True)
    if name == "shared_rmsprop":
        return keras.optimizers.RMSprop(learning_rate, rho=0.99, epsilon=epsilon)
    return keras.optimizers.SGD(learning_rate, momentum=0.95, nesterov=True)


def scale_steps(optimizer: keras.optimizers.Optimizer, variables: Sequence[keras.Variable], factor: float) -> None:
    """Let a built optimizer take steps of `factor` times its size on `variables`, and its own size on all others."""
    scaled = {optimizer._get_variable_index(variable) for variable in variables}
    update_step = optimizer.update_step

    def scaled_step(gradient: tf.Tensor, variable: Any, learning_rate: tf.Tensor) -> None:
        index = optimizer._get_variable_index(variable)
        update_step(gradient, variable, learning_rate * factor if index in scaled else learning_rate)

    optimizer.update_step = scaled_step
