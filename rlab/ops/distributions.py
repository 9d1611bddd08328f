"""What a stochastic policy draws its actions from: one of A actions, or a normal distribution of each number of a Box.

A network gives the `parameters` [B, P]; the distribution says what they mean. Sampling is a function of the parameters
and of `noise`, which comes from the caller's own random stream, so that it can stand inside a compiled graph.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from gymnasium import spaces
from numpy.typing import NDArray

_LEAST = 1e-7  # a noise of exactly 0 would have no logarithm


@dataclass(frozen=True)
class Categorical:
    """One of A actions; the parameters are logits [B, A]."""

    num_actions: int

    @property
    def num_parameters(self) -> int:
        return self.num_actions

    @property
    def noise_size(self) -> int:
        return self.num_actions

    def noise(self, random: np.random.Generator, count: int) -> NDArray[np.float32]:
        """[count, A], uniform."""
        return random.random((count, self.num_actions), np.float32)

    def sample(self, parameters: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
        """Actions [B] int64: the largest logit plus Gumbel noise. Source: Gumbel (1954)."""
        uniform = tf.clip_by_value(noise, _LEAST, 1 - _LEAST)
        return tf.argmax(parameters - tf.math.log(-tf.math.log(uniform)), axis=1)

    def mode(self, parameters: tf.Tensor) -> tf.Tensor:
        """The most probable actions [B] int64."""
        return tf.argmax(parameters, axis=1)

    def log_prob(self, parameters: tf.Tensor, action: tf.Tensor) -> tf.Tensor:
        """The logarithm of the probabilities [B] of actions [B]."""
        tf.debugging.assert_rank(parameters, 2)
        tf.debugging.assert_rank(action, 1)
        return -tf.nn.sparse_softmax_cross_entropy_with_logits(labels=action, logits=parameters)

    def entropy(self, parameters: tf.Tensor) -> tf.Tensor:
        """[B], in nats."""
        logarithms = tf.nn.log_softmax(parameters)
        return -tf.reduce_sum(tf.exp(logarithms) * logarithms, axis=1)


@dataclass(frozen=True)
class Gaussian:
    """Independent normal distributions of D numbers; the parameters are D means, then D logarithms of deviations."""

    shape: tuple[int, ...]  # of an action; D is its product

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def num_parameters(self) -> int:
        return 2 * self.size

    @property
    def noise_size(self) -> int:
        return self.size

    def noise(self, random: np.random.Generator, count: int) -> NDArray[np.float32]:
        """[count, D], standard normal."""
        return random.standard_normal((count, self.size), np.float32)

    def sample(self, parameters: tf.Tensor, noise: tf.Tensor) -> tf.Tensor:
        """Actions [B, *A] float32, whatever the bounds of the space."""
        mean, log_deviation = self._split(parameters)
        return self._shaped(mean + tf.exp(log_deviation) * noise)

    def mode(self, parameters: tf.Tensor) -> tf.Tensor:
        """The means [B, *A] float32."""
        return self._shaped(self._split(parameters)[0])

    def log_prob(self, parameters: tf.Tensor, action: tf.Tensor) -> tf.Tensor:
        """The logarithm of the densities [B] of actions [B, *A]."""
        tf.debugging.assert_rank(parameters, 2)
        mean, log_deviation = self._split(parameters)
        deviations = (tf.reshape(action, (-1, self.size)) - mean) * tf.exp(-log_deviation)
        return -tf.reduce_sum(0.5 * tf.square(deviations) + log_deviation + 0.5 * math.log(2 * math.pi), axis=1)

    def entropy(self, parameters: tf.Tensor) -> tf.Tensor:
        """[B], in nats."""
        log_deviation = self._split(parameters)[1]
        return tf.reduce_sum(log_deviation + 0.5 * math.log(2 * math.pi * math.e), axis=1)

    def _split(self, parameters: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return parameters[:, : self.size], parameters[:, self.size :]

    def _shaped(self, action: tf.Tensor) -> tf.Tensor:
        return tf.reshape(action, (-1, *self.shape))


Distribution = Categorical | Gaussian


def distribution(action_space: spaces.Space[Any]) -> Distribution:
    """The one for an action space: Discrete, or a Box of floats."""
    if isinstance(action_space, spaces.Discrete):
        return Categorical(int(action_space.n))
    return Gaussian(action_space.shape or ())
