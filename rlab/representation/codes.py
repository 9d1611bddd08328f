"""Codes of autoencoders that are more than numbers."""

from typing import Any

import keras
import tensorflow as tf


class NormalCode(keras.layers.Layer):  # type: ignore[misc]
    """Draws a code [B, ...] from normal distributions, given their means and logarithms of variances, both [B, ...].

    Adds `weight` times their mean divergence from the standard normal distribution, in nats an observation, to the
    loss. Where nothing is trained, the code is the mean.
    Source: Kingma and Welling (2014), Auto-Encoding Variational Bayes, equation 10 and section 2.4.
    """

    def __init__(self, weight: float, seed: int, **keywords: Any) -> None:
        super().__init__(**keywords)
        self._weight = weight
        self._draws = keras.random.SeedGenerator(seed)

    def call(self, inputs: tuple[tf.Tensor, tf.Tensor], training: bool = False) -> tf.Tensor:
        mean, log_variance = inputs
        divergence = 0.5 * (tf.square(mean) + tf.exp(log_variance) - 1 - log_variance)
        self.add_loss(self._weight * tf.reduce_sum(divergence) / tf.cast(tf.shape(mean)[0], tf.float32))
        if not training:
            return mean
        return mean + tf.exp(0.5 * log_variance) * keras.random.normal(tf.shape(mean), seed=self._draws)
