"""Rewards for being sure: what Munchausen reinforcement learning adds to a target, as pure functions.

Source: Vieillard, Pietquin and Geist (2020), Munchausen Reinforcement Learning.
"""

import tensorflow as tf


def soft_policy(values: tf.Tensor, temperature: float) -> tuple[tf.Tensor, tf.Tensor]:
    """The probabilities [B, A] of a softmax of values [B, A] over `temperature`, and their logarithms times it.

    Source: section 2; appendix B.1 for the form that stays finite.
    """
    tf.debugging.assert_rank(values, 2)
    scaled_log = temperature * tf.nn.log_softmax(values / temperature)
    return tf.nn.softmax(values / temperature), scaled_log


def munchausen_bonus(scaled_log: tf.Tensor, share: float) -> tf.Tensor:
    """What is added to the reward of actions whose scaled log-probabilities are `scaled_log` [B]: `share` of these.

    They are cut to [-1, 0] before. Source: equation 1; section 4.1 for the cut (l_0 = -1).
    """
    tf.debugging.assert_rank(scaled_log, 1)
    return share * tf.clip_by_value(scaled_log, -1.0, 0.0)
