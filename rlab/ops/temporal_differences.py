"""Targets and errors of temporal-difference learning, as pure functions."""

import tensorflow as tf


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


def taken(told: tf.Tensor, action: tf.Tensor) -> tf.Tensor:
    """What is told [B] or [B, M] of the actions [B], of what is told of all actions, [B, A] or [B, A, M]."""
    tf.debugging.assert_rank_in(told, (2, 3))
    tf.debugging.assert_rank(action, 1)
    return tf.gather(told, action, batch_dims=1)
