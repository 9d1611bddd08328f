"""Losses of policies, as pure functions of the probabilities of what was done; all arguments are [B]."""

import tensorflow as tf


def policy_gradient_loss(log_prob: tf.Tensor, advantage: tf.Tensor) -> tf.Tensor:
    """[B], whose gradient is the policy gradient: minus the log-probability, weighed by how good the action was.

    Source: Williams (1992), REINFORCE; Sutton and Barto (2018), section 13.3; the book, "Policy Gradients".
    """
    tf.debugging.assert_rank(log_prob, 1)
    tf.debugging.assert_rank(advantage, 1)
    return -log_prob * tf.stop_gradient(advantage)


def clipped_surrogate_loss(
    log_prob: tf.Tensor, old_log_prob: tf.Tensor, advantage: tf.Tensor, clip_range: float
) -> tf.Tensor:
    """[B], minus the surrogate that gains nothing from a ratio of probabilities outside 1 +- `clip_range`.

    While the policy is still the one that acted, its gradient is that of `policy_gradient_loss`.
    Source: Schulman et al. (2017), Proximal Policy Optimization Algorithms, equation 7.
    """
    for one in (log_prob, old_log_prob, advantage):
        tf.debugging.assert_rank(one, 1)
    ratio = tf.exp(log_prob - tf.stop_gradient(old_log_prob))
    advantage = tf.stop_gradient(advantage)
    return -tf.minimum(ratio * advantage, tf.clip_by_value(ratio, 1 - clip_range, 1 + clip_range) * advantage)


def approximate_kl(log_prob: tf.Tensor, old_log_prob: tf.Tensor) -> tf.Tensor:
    """[B], whose mean estimates the divergence KL(old, new) from actions of the old policy; never below 0.

    Source: Schulman (2020), Approximating KL Divergence, estimator k3.
    """
    tf.debugging.assert_rank(log_prob, 1)
    tf.debugging.assert_rank(old_log_prob, 1)
    log_ratio = log_prob - old_log_prob
    return tf.exp(log_ratio) - 1 - log_ratio
