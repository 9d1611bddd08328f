"""What one update of DQN computes: targets, losses, and the gradient of a batch."""

import itertools
from collections.abc import Callable, Sequence

import keras
import tensorflow as tf

from agents.dqn.config import Config
from agents.dqn.returns import Returns
from rlab.ops.munchausen import munchausen_bonus, soft_policy
from rlab.ops.temporal_differences import bellman_target, taken

METRICS = ("loss/value", "loss/td_error", "value/mean")
PASSES = 3  # of a network in one update: each has noise of its own, and fractions, where it takes some


def make_gradient(
    config: Config, learner: keras.Model, target: keras.Model, returns: Returns
) -> Callable[..., list[tf.Tensor]]:
    """What gives the gradient by the learner's trainable variables, then the three `METRICS`, then the errors [B].

    It takes a batch of `rlab.types.Batch`: observation and next_observation [B, *O], action, reward and discount [B];
    the importance [B] of each transition; and what is drawn for the networks, one part after another for each pass:
    noise [PASSES, S] where they have some, then fractions [PASSES * B, N] where returns want them.
    """
    variables = learner.trainable_variables

    def gradient(
        observation: tf.Tensor,
        action: tf.Tensor,
        reward: tf.Tensor,
        discount: tf.Tensor,
        next_observation: tf.Tensor,
        importance: tf.Tensor,
        *drawn: tf.Tensor,
    ) -> list[tf.Tensor]:
        passes = zip(*(tf.split(one, PASSES) for one in drawn), strict=True) if drawn else itertools.repeat(())
        next_told = told(target, next_observation, *next(passes))
        places, weights = returns.places(next_told)
        if config.munchausen:
            policy, scaled_log = soft_policy(next_told[0], config.munchausen_temperature)
            places -= scaled_log[..., None]
            sure = soft_policy(told(target, observation, *next(passes))[0], config.munchausen_temperature)[1]
            reward += munchausen_bonus(taken(sure, action), config.munchausen)
            places, weights = returns.goal(places, weights, policy)
        else:
            chooser = told(learner, next_observation, *next(passes)) if config.double else next_told
            best = tf.argmax(chooser[0], axis=1)  # the first of equal ones
            places, weights = taken(places, best), taken(weights, best)
        goal = bellman_target(reward, discount, places)
        its_own = next(passes)
        with tf.GradientTape() as tape:
            believed = told(learner, observation, *its_own)
            losses = returns.loss(taken(believed[-1], action), goal, weights, *its_own)
            loss = tf.reduce_mean(importance * losses)
        value = taken(believed[0], action)
        error = tf.reduce_sum(weights * goal, axis=1) / tf.reduce_sum(weights, axis=1) - value
        computed = tape.gradient(loss, variables)
        errors = tf.abs(error) if config.returns == "mean" else losses
        return [*computed, loss, tf.reduce_mean(tf.abs(error)), tf.reduce_mean(value), errors]

    return gradient


def told(network: keras.Model, *inputs: tf.Tensor) -> Sequence[tf.Tensor]:
    """What a network tells of observations [B, *O] and of what was drawn for it: values, and distributions if any."""
    outputs = network(inputs[0] if len(inputs) == 1 else list(inputs))
    return outputs if isinstance(outputs, list) else [outputs]
