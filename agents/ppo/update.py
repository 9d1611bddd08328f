"""One update of PPO on a minibatch, as one compiled function."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from agents.ppo.config import Config
from rlab import devices
from rlab.ops.distributions import Categorical, Distribution
from rlab.ops.policy_gradients import approximate_kl, clipped_surrogate_loss

METRICS = ("loss/policy", "loss/value", "loss/approximate_kl", "loss/clip_fraction", "exploration/entropy")


def make_update(
    config: Config, network: keras.Model, optimizer: keras.optimizers.Optimizer, policy: Distribution, size: int
) -> Callable[..., Any]:
    """A function of `size` steps that updates the network and returns the `METRICS`, measured before.

    Its arguments: observations [B, *O], what was drawn [B] or [B, *A], its log-probabilities [B], values [B] and
    returns [B].
    """

    def update(
        observation: tf.Tensor, action: tf.Tensor, old_log_prob: tf.Tensor, old_value: tf.Tensor, goal: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        advantage = goal - old_value
        if config.normalise_advantages:
            advantage -= tf.reduce_mean(advantage)
            advantage /= tf.math.reduce_std(advantage) + 1e-8
        with tf.GradientTape() as tape:
            parameters, value = network(observation)
            log_prob = policy.log_prob(parameters, action)
            entropy = tf.reduce_mean(policy.entropy(parameters))
            surrogate = clipped_surrogate_loss(log_prob, old_log_prob, advantage, config.clip_range)
            policy_loss = tf.reduce_mean(surrogate)
            value_loss = tf.reduce_mean(tf.square(goal - value))
            loss = policy_loss + config.value_coefficient * value_loss - config.entropy_coefficient * entropy
        variables = network.trainable_variables
        gradients, _ = tf.clip_by_global_norm(tape.gradient(loss, variables), config.gradient_norm)
        optimizer.apply(gradients, variables)
        clipped = tf.abs(tf.exp(log_prob - old_log_prob) - 1) > config.clip_range
        kl = tf.reduce_mean(approximate_kl(log_prob, old_log_prob))
        return policy_loss, value_loss, kl, tf.reduce_mean(tf.cast(clipped, tf.float32)), entropy

    seen = tf.TensorSpec((size, *network.input.shape[1:]), network.input.dtype)
    if isinstance(policy, Categorical):
        drawn = tf.TensorSpec((size,), tf.int64)
    else:
        drawn = tf.TensorSpec((size, *policy.shape), tf.float32)
    number = tf.TensorSpec((size,), tf.float32)
    return devices.function(update, seen, drawn, number, number, number)
