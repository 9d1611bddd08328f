"""Heads of Q-networks: what turns an encoder's features into the values of actions, or into distributions of them."""

import itertools
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from rlab.nets.dense import Dense
from rlab.nets.initialisers import fan_in
from rlab.nets.layer_norm import normalised_relu_layer
from rlab.nets.noisy import NoisyDense
from rlab.seeding import Seeds


@keras.saving.register_keras_serializable("rlab")
class Duel(keras.layers.Layer):  # type: ignore[misc]
    """What a state is worth [B, 1, N] plus by how much each action differs from their mean, [B, A, N].

    Source: Wang et al. (2016), Dueling Network Architectures, equation 9.
    """

    def call(self, value: tf.Tensor, advantage: tf.Tensor) -> tf.Tensor:
        return value + advantage - tf.reduce_mean(advantage, axis=1, keepdims=True)


@keras.saving.register_keras_serializable("rlab")
class Expectation(keras.layers.Layer):  # type: ignore[misc]
    """The means [B, A] of distributions [B, A, N].

    They are quantiles, all as probable; or, with a `limit`, logarithms of probabilities of N numbers from -limit to it.
    """

    def __init__(self, limit: float = 0.0, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.limit = limit

    def call(self, distributions: tf.Tensor) -> tf.Tensor:
        if not self.limit:
            return tf.reduce_mean(distributions, axis=2)
        support = tf.linspace(-self.limit, self.limit, distributions.shape[2])
        return tf.linalg.matvec(tf.nn.softmax(distributions), tf.cast(support, distributions.dtype))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "limit": self.limit}


class ValueHead:
    """The layers of a head. Called on features [B, D], with noise [1, S] or without, it gives [B, A] or [B, A, N].

    `numbers` is N, 1 for plain values. With `dueling` there is one stream of layers for the state and one for its
    actions. If hidden layers are `normalised`, layer normalisation stands before each ReLU. With a `deviation` above 0
    all weights are noisy, see `rlab.nets.noisy`; the noise of all layers is handed in as one vector of `noise_size`
    numbers.
    """

    def __init__(
        self,
        hidden_sizes: tuple[int, ...],
        num_actions: int,
        seeds: Seeds,
        *,
        numbers: int = 1,
        dueling: bool = False,
        normalised: bool = False,
        deviation: float = 0.0,
    ) -> None:
        self._numbers = numbers
        self._normalised = normalised
        self._deviation = deviation
        self._seeds = seeds
        rows = {"value": 1, "advantage": num_actions} if dueling else {"": num_actions}
        self._streams = [
            [
                *(self._hidden(size, f"{name or 'head'}_hidden_{n}") for n, size in enumerate(hidden_sizes, start=1)),
                [self._dense(count * numbers, name or "values", None, "float32")],
            ]
            for name, count in rows.items()
        ]
        self._shapes = [keras.layers.Reshape((count, numbers), dtype="float32") for count in rows.values()]
        self._duel = Duel(dtype="float32", name="values") if dueling else None
        self._flat = keras.layers.Reshape((num_actions,), dtype="float32")

    def _hidden(self, size: int, name: str) -> list[keras.layers.Layer]:
        if self._normalised:
            return [self._dense(size, name, None), normalised_relu_layer(name)]
        return [self._dense(size, name, "relu")]

    def _dense(self, size: int, name: str, activation: str | None, dtype: str | None = None) -> keras.layers.Layer:
        start = fan_in(self._seeds, name)
        if self._deviation:
            return NoisyDense(size, self._deviation, start, activation, dtype=dtype, name=name)
        kind = keras.layers.Dense if dtype else Dense
        return kind(size, activation=activation, kernel_initializer=start, dtype=dtype, name=name)

    def noise_size(self, features: int) -> int:
        """Numbers of noise for `features` inputs; 0: the weights have none."""
        sizes = [[features, *(dense.units for dense, *_ in stream)] for stream in self._streams]
        return sum(map(sum, itertools.chain(*map(itertools.pairwise, sizes)))) if self._deviation else 0

    def __call__(self, features: Any, noise: Any = None) -> Any:
        used, ends = 0, []
        for stream in self._streams:
            signal = features
            for dense, *others in stream:
                if noise is None:
                    signal = dense(signal)
                else:
                    size = int(signal.shape[-1]) + dense.units
                    signal = dense(signal, noise=noise[:, used : used + size])
                    used += size
                for layer in others:
                    signal = layer(signal)
            ends.append(signal)
        if self._duel is None and self._numbers == 1:
            return ends[0]
        ends = [shape(end) for shape, end in zip(self._shapes, ends, strict=True)]
        joined = self._duel(*ends) if self._duel is not None else ends[0]
        return self._flat(joined) if self._numbers == 1 else joined


def q_network(
    encoder: keras.Model, head: Callable[..., Any], expectation: Expectation | None = None, **drawn: int
) -> keras.Model:
    """Observations [B, *O] to action values [B, A] float32, by a head on the encoder.

    With an `expectation` the head gives distributions, of which the values are the means: a second output [B, A, N].
    What is `drawn` are further inputs that the head takes by these names, each of so many numbers: the noise [1, S] of
    its weights, the fractions [B, N] that it is asked for. The layers are the same, whatever goes in.
    Source: Mnih et al. (2015), Methods, "Model architecture" (a hidden layer of 512 units).
    """
    observation = keras.Input(encoder.input.shape[1:], dtype=encoder.input.dtype, name="observation")
    others = {name: keras.Input((size,), dtype="float32", name=name) for name, size in drawn.items()}
    found = head(encoder(observation), **others)
    inputs = [observation, *others.values()] if others else observation
    return keras.Model(inputs, found if expectation is None else [expectation(found), found], name="q_network")
