"""Losses of errors, as pure functions."""

import tensorflow as tf


def huber(error: tf.Tensor) -> tf.Tensor:
    """Half the square up to 1, linear with slope 1 beyond; the shape of `error`.

    Its derivative is the error clipped to [-1, 1], which is what Mnih et al. (2015) do ("Training details").
    Source: Huber (1964).
    """
    size = tf.abs(error)
    quadratic = tf.minimum(size, 1.0)
    return 0.5 * tf.square(quadratic) + (size - quadratic)
