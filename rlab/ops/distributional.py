"""Distributions of returns in place of their means, as pure functions.

Source: Bellemare et al. (2017), A Distributional Perspective on Reinforcement Learning (C51); Dabney et al. (2018),
Distributional Reinforcement Learning with Quantile Regression (QR-DQN); Dabney et al. (2018b), Implicit Quantile
Networks for Distributional Reinforcement Learning (IQN).
"""

import math

import tensorflow as tf

from rlab.ops.losses import huber


def categorical_projection(places: tf.Tensor, weights: tf.Tensor, support: tf.Tensor) -> tf.Tensor:
    """Masses at any `places` [B, M] with `weights` [B, M], shared out between the neighbours among `support` [N].

    The support rises in even steps; what lies beyond its ends goes to these. Returns weights [B, N] with the same sums.
    Source: Bellemare et al. (2017), equation 7 and algorithm 1.
    """
    tf.debugging.assert_rank(places, 2)
    tf.debugging.assert_rank(weights, 2)
    tf.debugging.assert_rank(support, 1)
    inside = tf.clip_by_value(places, support[0], support[-1])
    distance = tf.abs(inside[:, None, :] - support[None, :, None]) / (support[1] - support[0])  # [B, N, M]
    return tf.reduce_sum(tf.maximum(1.0 - distance, 0.0) * weights[:, None, :], axis=2)


def relative_entropy(logits: tf.Tensor, goal: tf.Tensor) -> tf.Tensor:
    """How many nats [B] it takes too many to tell what comes by probabilities `goal` [B, N] if `logits` [B, N] are
    believed: their Kullback-Leibler divergence from the goal.

    Source: Bellemare et al. (2017), algorithm 1, whose loss, the cross-entropy, has the same gradient and is not 0
    where nothing is left to learn; Hessel et al. (2018), section "The Integrated Agent", whose priorities it makes.
    """
    tf.debugging.assert_rank(logits, 2)
    tf.debugging.assert_rank(goal, 2)
    return tf.reduce_sum(tf.math.xlogy(goal, goal) - goal * tf.nn.log_softmax(logits), axis=1)


def middle_fractions(count: int) -> tf.Tensor:
    """The middles [N] of N equal parts of [0, 1]. Source: Dabney et al. (2018), lemma 2."""
    return (tf.range(count, dtype=tf.float32) + 0.5) / float(count)


def cosines(fractions: tf.Tensor, count: int) -> tf.Tensor:
    """cos(pi i fraction) [B, N, count] for i = 0 to count - 1, of `fractions` [B, N]: what tells a network of them.

    Source: Dabney et al. (2018b), equation 4.
    """
    tf.debugging.assert_rank(fractions, 2)
    return tf.cos(math.pi * tf.range(count, dtype=fractions.dtype) * fractions[:, :, None])


def quantile_huber(quantiles: tf.Tensor, fractions: tf.Tensor, goals: tf.Tensor) -> tf.Tensor:
    """The quantile regression loss [B] of `quantiles` [B, N] at `fractions`, against samples `goals` [B, M].

    The fractions are the same for all [N], or each its own [B, N]. Huber's loss of every difference, times the fraction
    where the quantile is too low and one less it where it is too high; the mean over goals, the sum over quantiles.
    Source: Dabney et al. (2018), equations 9 and 10, and Dabney et al. (2018b), equation 3, both with kappa = 1.
    """
    tf.debugging.assert_rank(quantiles, 2)
    tf.debugging.assert_rank_in(fractions, (1, 2))
    tf.debugging.assert_rank(goals, 2)
    error = goals[:, None, :] - quantiles[:, :, None]  # [B, N, M]
    slope = tf.abs(fractions[..., None] - tf.cast(error < 0, tf.float32))
    return tf.reduce_sum(tf.reduce_mean(slope * huber(error), axis=2), axis=1)
