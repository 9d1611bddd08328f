"""Targets and errors of temporal-difference learning, as pure functions."""

import tensorflow as tf


def greedy_policy(values: tf.Tensor) -> tf.Tensor:
    """The probabilities [B, A] of a policy that takes the best action by values [B, A], the first of equal ones."""
    tf.debugging.assert_rank(values, 2)
    return tf.one_hot(tf.argmax(values, axis=1), values.shape[1])


def bellman_target(reward: tf.Tensor, discount: tf.Tensor, following: tf.Tensor) -> tf.Tensor:
    """What returns should be: reward + discount * what follows. No gradient flows.

    reward, discount: [B], the discount with gamma included and 0 where nothing follows. following: [B, M], one value or
    many of what may come. Returns [B, M].
    Source: Watkins (1989); Bellemare et al. (2017), section 4.1, for many.
    """
    tf.debugging.assert_rank(reward, 1)
    tf.debugging.assert_rank(discount, 1)
    tf.debugging.assert_rank(following, 2)
    return tf.stop_gradient(reward[:, None] + discount[:, None] * following)


def taken(values: tf.Tensor, action: tf.Tensor) -> tf.Tensor:
    """The values [B] of the actions [B] among those of all actions [B, A]."""
    tf.debugging.assert_rank(values, 2)
    tf.debugging.assert_rank(action, 1)
    return tf.gather(values, action, batch_dims=1)
