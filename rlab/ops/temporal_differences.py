"""Targets and errors of temporal-difference learning, as pure functions."""

import tensorflow as tf


def q_target(reward: tf.Tensor, discount: tf.Tensor, next_values: tf.Tensor, next_choice: tf.Tensor) -> tf.Tensor:
    """What the value of an action should be: reward + discount * value of the chosen next action. No gradient flows.

    reward, discount: [B], the discount with gamma included and 0 where nothing follows. next_values: [B, A] of the
    network that values. next_choice: [B, A] of the network that chooses: the same one for Q-learning, the online one
    for double Q-learning. Returns [B].
    Source: Watkins (1989); van Hasselt et al. (2016), equation 4.
    """
    tf.debugging.assert_rank(reward, 1)
    tf.debugging.assert_rank(discount, 1)
    tf.debugging.assert_rank(next_values, 2)
    tf.debugging.assert_rank(next_choice, 2)
    chosen = tf.argmax(next_choice, axis=1)
    return tf.stop_gradient(reward + discount * tf.gather(next_values, chosen, batch_dims=1))


def taken(values: tf.Tensor, action: tf.Tensor) -> tf.Tensor:
    """The values [B] of the actions [B] among those of all actions [B, A]."""
    tf.debugging.assert_rank(values, 2)
    tf.debugging.assert_rank(action, 1)
    return tf.gather(values, action, batch_dims=1)
