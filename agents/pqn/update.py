"""What PQN learns from a rollout: all of its updates, as one compiled function."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from agents.pqn.config import Config
from rlab import devices
from rlab.ops.temporal_differences import taken

METRICS = ("loss/squared", "loss/td_error", "value/mean")


def make_learning(
    config: Config, network: keras.Model, optimizer: keras.optimizers.Optimizer, steps: int
) -> Callable[..., Any]:
    """A function that updates the network once for each minibatch of so many steps, in a single call.

    Its arguments: observations [M, *O], actions [M] and returns [M] of all steps, and the minibatches as indices into
    them, [U, B] int32. It gives the `METRICS` of every update [U, 3], measured before.
    """
    size = steps // config.minibatches

    def learn(observations: tf.Tensor, actions: tf.Tensor, goals: tf.Tensor, minibatches: tf.Tensor) -> tf.Tensor:
        def update(chosen: tf.Tensor) -> tf.Tensor:
            observation, action, goal = (tf.gather(column, chosen) for column in (observations, actions, goals))
            with tf.GradientTape() as tape:
                value = taken(network(observation, training=True), action)
                error = goal - value
                loss = tf.reduce_mean(tf.square(error)) / 2
            variables = network.trainable_variables
            gradients, _ = tf.clip_by_global_norm(tape.gradient(loss, variables), config.gradient_norm)
            optimizer.apply(gradients, variables)
            return tf.stack([loss, tf.reduce_mean(tf.abs(error)), tf.reduce_mean(value)])

        # One after another: an update begins with the weights that the one before left.
        return tf.map_fn(update, minibatches, parallel_iterations=1, fn_output_signature=tf.float32)

    return devices.function(
        learn,
        tf.TensorSpec((steps, *network.input.shape[1:]), network.input.dtype),
        tf.TensorSpec((steps,), tf.int64),
        tf.TensorSpec((steps,), tf.float32),
        tf.TensorSpec((config.epochs * config.minibatches, size), tf.int32),
    )
