"""One update of PQN on a minibatch, as one compiled function."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from agents.pqn.config import Config
from rlab import devices
from rlab.ops.temporal_differences import taken

METRICS = ("loss/squared", "loss/td_error", "value/mean")


def make_update(
    config: Config, network: keras.Model, optimizer: keras.optimizers.Optimizer, size: int
) -> Callable[..., Any]:
    """A function of `size` steps that updates the network and returns the `METRICS`, measured before.

    Its arguments: observations [B, *O], actions [B] and returns [B].
    """

    def update(observation: tf.Tensor, action: tf.Tensor, goal: tf.Tensor) -> tuple[tf.Tensor, ...]:
        with tf.GradientTape() as tape:
            value = taken(network(observation), action)
            error = goal - value
            loss = tf.reduce_mean(tf.square(error)) / 2
        variables = network.trainable_variables
        gradients, _ = tf.clip_by_global_norm(tape.gradient(loss, variables), config.gradient_norm)
        optimizer.apply(gradients, variables)
        return loss, tf.reduce_mean(tf.abs(error)), tf.reduce_mean(value)

    seen = tf.TensorSpec((size, *network.input.shape[1:]), network.input.dtype)
    return devices.function(update, seen, tf.TensorSpec((size,), tf.int64), tf.TensorSpec((size,), tf.float32))
