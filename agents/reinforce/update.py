"""The update of REINFORCE: one step of Adam along the mean gradient over all steps of some games.

Games differ in length, but a compiled function wants one shape: the steps go through it in parts of fixed size, the
last one filled up with steps that weigh nothing, and the gradients of the parts are added up.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from gymnasium import spaces

from agents.reinforce.config import Config
from rlab import devices
from rlab.nets.optimizers import make_optimizer
from rlab.nets.reuse import slow_down
from rlab.ops.distributions import Distribution, Gaussian
from rlab.ops.policy_gradients import policy_gradient_loss
from rlab.types import Array

PART = 512  # steps
METRICS = ("loss/policy", "loss/value", "exploration/entropy")


class Update:
    """Moves `policy`, and the network `baseline` if there is one, each by an Adam of its own."""

    def __init__(
        self,
        config: Config,
        observation_space: spaces.Space[Any],
        distribution: Distribution,
        policy: keras.Model,
        baseline: keras.Model | None,
    ) -> None:
        self._config = config
        self._distribution = distribution
        self._policy = policy
        self._baseline = baseline
        self._optimizers = [(make_optimizer("adam", config.learning_rate, 1e-8), policy.trainable_variables)]
        if baseline is not None:
            rate = config.baseline_learning_rate
            self._optimizers.append((make_optimizer("adam", rate, 1e-8), baseline.trainable_variables))
        for (optimizer, variables), network in zip(self._optimizers, (policy, baseline), strict=False):
            optimizer.build(variables)
            slow_down(optimizer, network, config)
        self._variables = [variable for _, variables in self._optimizers for variable in variables]
        self._seen = tf.TensorSpec((PART, *(observation_space.shape or ())), observation_space.dtype)

    # Compiled when first needed: an agent that only plays needs none of these three.

    @cached_property
    def _gradients(self) -> Callable[..., Any]:
        number = tf.TensorSpec((PART,), tf.float32)
        if isinstance(self._distribution, Gaussian):
            action = tf.TensorSpec((PART, *self._distribution.shape), tf.float32)
        else:
            action = tf.TensorSpec((PART,), tf.int64)
        return devices.function(self._make_gradients, self._seen, action, number, number, number)

    @cached_property
    def _apply(self) -> Callable[..., Any]:
        shapes = [tf.TensorSpec(variable.shape, variable.dtype) for variable in self._variables]
        return devices.function(self._make_step, *shapes)

    @cached_property
    def _values(self) -> Callable[..., Any]:
        assert self._baseline is not None
        return devices.function(self._baseline, self._seen)

    @property
    def state(self) -> list[Any]:
        """The variables of the optimizers."""
        return [variable for optimizer, _ in self._optimizers for variable in optimizer.variables]

    def values(self, observation: Array) -> Array:
        """The baseline's values [B] of observations [B, *O]; 0 without a baseline."""
        if self._baseline is None:
            return np.zeros(len(observation), np.float32)
        parts = [np.asarray(self._values(part)) for part in _parts(observation)]
        return np.concatenate(parts)[: len(observation)]

    def __call__(self, observation: Array, action: Array, advantage: Array, goal: Array) -> dict[str, float]:
        """Learn from B steps with these advantages and returns (`goal`); what there is to log of them.

        Source: Sutton and Barto (2018), sections 13.3 and 13.4.
        """
        weight = np.full(len(goal), 1 / len(goal), np.float32)
        total: list[tf.Tensor] = []
        measured = np.zeros(len(METRICS))
        for part in zip(*map(_parts, (observation, action, advantage, goal, weight)), strict=True):
            *gradients, numbers = self._gradients(*part)
            total = list(map(tf.add, total, gradients)) if total else gradients
            measured += np.asarray(numbers)
        self._apply(*total)
        kept = METRICS if self._baseline is not None else (METRICS[0], METRICS[2])
        return {name: float(number) for name, number in zip(METRICS, measured, strict=True) if name in kept}

    def loss(
        self, observation: tf.Tensor, action: tf.Tensor, advantage: tf.Tensor, goal: tf.Tensor, weight: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """The sums over steps [B] of the policy's loss, the baseline's loss and the policy's entropy, by `weight`."""
        parameters = self._policy(observation)
        log_prob = self._distribution.log_prob(parameters, action)
        policy = tf.reduce_sum(weight * policy_gradient_loss(log_prob, advantage))
        entropy = tf.reduce_sum(weight * self._distribution.entropy(parameters))
        if self._baseline is None:
            return policy, tf.constant(0.0), entropy
        value = tf.reduce_sum(weight * 0.5 * tf.square(goal - self._baseline(observation)))
        return policy, value, entropy

    def _make_gradients(self, *part: tf.Tensor) -> list[tf.Tensor]:
        """The gradient of the whole loss by each variable, and METRICS [3]."""
        with tf.GradientTape() as tape:
            policy, value, entropy = self.loss(*part)
            loss = policy - self._config.entropy_coefficient * entropy + value
        return [*tape.gradient(loss, self._variables), tf.stack([policy, value, entropy])]

    def _make_step(self, *gradients: tf.Tensor) -> tf.Tensor:
        rest = list(gradients)
        for optimizer, variables in self._optimizers:
            optimizer.apply(rest[: len(variables)], variables)
            del rest[: len(variables)]
        return tf.constant(0)


def _parts(column: Array) -> list[Array]:
    """A column [B, ...] as arrays [PART, ...], filled up with zeros."""
    whole = np.zeros((-len(column) % PART + len(column), *column.shape[1:]), column.dtype)
    whole[: len(column)] = column
    return list(whole.reshape(-1, PART, *column.shape[1:]))
