"""Networks of stochastic policies: observations [B, *O] to the parameters [B, P] of a distribution of actions.

One design serves every agent that has such a policy: an encoder, dense layers, and a head for the distribution of the
action space; an actor-critic has a head for the value beside it.
"""

from typing import Any, Literal

import keras
import tensorflow as tf

from rlab.nets.dense import Dense
from rlab.nets.initialisers import orthogonal, relu_orthogonal
from rlab.ops.distributions import Categorical, Distribution
from rlab.seeding import Seeds

Activation = Literal["relu", "tanh", "elu", "selu"]


@keras.saving.register_keras_serializable("rlab")
class WithLogDeviation(keras.layers.Layer):  # type: ignore[misc]
    """Appends the logarithms of standard deviations, D variables that start at `start`, to means [B, D]."""

    def __init__(self, start: float, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.start = start

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        start = keras.initializers.Constant(self.start)
        self.log_deviation = self.add_weight(shape=(input_shape[-1],), initializer=start, name="log_deviation")

    def call(self, means: tf.Tensor) -> tf.Tensor:
        repeated = tf.broadcast_to(tf.cast(self.log_deviation, means.dtype), tf.shape(means))
        return tf.concat([means, repeated], axis=1)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "start": self.start}


def hidden(features: Any, sizes: tuple[int, ...], activation: Activation, seeds: Seeds, name: str) -> Any:
    """Dense layers on features [B, D]."""
    for number, size in enumerate(sizes, start=1):
        layer = f"{name}_{number}"
        start = relu_orthogonal(seeds, layer)
        features = Dense(size, activation=activation, kernel_initializer=start, name=layer)(features)
    return features


def distribution_head(features: Any, distribution: Distribution, log_deviation_start: float, seeds: Seeds) -> Any:
    """The parameters [B, P] float32 of a distribution, near their middle at first: weights have a gain of 0.01."""
    units = distribution.num_actions if isinstance(distribution, Categorical) else distribution.size
    start = orthogonal(seeds, "policy", 0.01)
    means = keras.layers.Dense(units, kernel_initializer=start, dtype="float32", name="policy")(features)
    if isinstance(distribution, Categorical):
        return means
    return WithLogDeviation(log_deviation_start, dtype="float32", name="log_deviation")(means)


def value_head(features: Any, seeds: Seeds) -> Any:
    """A value [B] float32."""
    start = orthogonal(seeds, "value", 1.0)
    value = keras.layers.Dense(1, kernel_initializer=start, dtype="float32", name="value")(features)
    return keras.layers.Reshape((), dtype="float32", name="value_number")(value)


def policy(
    encoder: keras.Model,
    hidden_sizes: tuple[int, ...],
    activation: Activation,
    distribution: Distribution,
    log_deviation_start: float,
    seeds: Seeds,
) -> keras.Model:
    """Observations [B, *O] to the parameters [B, P] float32 of a distribution of actions."""
    observation = keras.Input(encoder.input.shape[1:], dtype=encoder.input.dtype, name="observation")
    features = hidden(encoder(observation), hidden_sizes, activation, seeds, "policy_hidden")
    parameters = distribution_head(features, distribution, log_deviation_start, seeds)
    return keras.Model(observation, parameters, name="policy")


def actor_critic(
    encoder: keras.Model,
    hidden_sizes: tuple[int, ...],
    activation: Activation,
    distribution: Distribution,
    log_deviation_start: float,
    seeds: Seeds,
    *,
    shared: bool,
) -> keras.Model:
    """Observations [B, *O] to the parameters [B, P] of a distribution of actions and to values [B], both float32.

    The dense layers between encoder and heads are the same for both if `shared`, else each has its own.
    Source: Mnih et al. (2016), Asynchronous Methods for Deep Reinforcement Learning, section 4 (shared).
    """
    observation = keras.Input(encoder.input.shape[1:], dtype=encoder.input.dtype, name="observation")
    features = encoder(observation)
    of_policy = hidden(features, hidden_sizes, activation, seeds, "hidden" if shared else "policy_hidden")
    of_value = of_policy if shared else hidden(features, hidden_sizes, activation, seeds, "value_hidden")
    parameters = distribution_head(of_policy, distribution, log_deviation_start, seeds)
    return keras.Model(observation, [parameters, value_head(of_value, seeds)], name="actor_critic")
