"""A head that is asked for quantiles at any fractions, in place of some that are fixed: implicit quantile networks.

Source: Dabney et al. (2018b), Implicit Quantile Networks for Distributional Reinforcement Learning, section 3.
"""

from typing import Any

import keras
import tensorflow as tf

from rlab.nets.heads import ValueHead
from rlab.nets.initialisers import fan_in
from rlab.ops.distributional import cosines, middle_fractions
from rlab.seeding import Seeds

_EMBEDDING = "embedding"  # the layer by whose outputs features are multiplied
_COSINES = 64  # that stand for a fraction, as in the paper


class _Counting(keras.layers.Layer):  # type: ignore[misc]
    """A layer of so many of something, which is saved with it."""

    def __init__(self, count: int, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.count = count

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "count": self.count}


@keras.saving.register_keras_serializable("rlab")
class MiddleFractions(_Counting):
    """The middles [1, K] of K equal parts of [0, 1], whatever the features [B, D]."""

    def call(self, features: tf.Tensor) -> tf.Tensor:
        return middle_fractions(self.count)[None]


@keras.saving.register_keras_serializable("rlab")
class Cosines(_Counting):
    """The `count` cosines [B, N, count] of fractions [B, N]; see `rlab.ops.distributional.cosines`."""

    def call(self, fractions: tf.Tensor) -> tf.Tensor:
        return cosines(fractions, self.count)


@keras.saving.register_keras_serializable("rlab")
class Modulate(keras.layers.Layer):  # type: ignore[misc]
    """Features [B, D] times each of their N embeddings [B, N, D] or [1, N, D], as rows [B * N, D]."""

    def call(self, features: tf.Tensor, embedded: tf.Tensor) -> tf.Tensor:
        return tf.reshape(features[:, None, :] * embedded, (-1, features.shape[-1]))


@keras.saving.register_keras_serializable("rlab")
class ByAction(_Counting):
    """Rows [B * N, A], N of them for each observation, as distributions [B, A, N]."""

    def call(self, rows: tf.Tensor) -> tf.Tensor:
        return tf.transpose(tf.reshape(rows, (-1, self.count, rows.shape[-1])), (0, 2, 1))


def let_pass(network: keras.Model) -> None:
    """Let every fraction leave the features as they are: the embedding begins as 1, and learns to tell them apart."""
    embedding = network.get_layer(_EMBEDDING)
    embedding.kernel.assign(tf.zeros_like(embedding.kernel))
    embedding.bias.assign(tf.ones_like(embedding.bias))


class ImplicitHead:
    """A head for plain values that is called once for each fraction, on features [B, D] times what the fraction says.

    Called on features, with noise as `ValueHead` or without, it gives [B, A, N], the quantiles of each action at
    `fractions` [B, N]. Without these they are the middles of `count` equal parts, of which the mean is the expected
    return as closely as so many quantiles tell it.
    """

    def __init__(self, head: ValueHead, features: int, seeds: Seeds, *, count: int) -> None:
        self._head = head
        self._middles = MiddleFractions(count, dtype="float32", name="fractions")
        self._cosines = Cosines(_COSINES, dtype="float32", name="cosines")  # of bfloat16 the fast ones would be wrong
        start = fan_in(seeds, _EMBEDDING)
        self._embedding = keras.layers.Dense(features, activation="relu", kernel_initializer=start, name=_EMBEDDING)
        self._modulate = Modulate(name="modulate")

    def noise_size(self, features: int) -> int:
        """Numbers of noise for `features` inputs; the embedding has none."""
        return self._head.noise_size(features)

    def __call__(self, features: Any, noise: Any = None, fractions: Any = None) -> Any:
        chosen = self._middles(features) if fractions is None else fractions
        rows = self._modulate(features, self._embedding(self._cosines(chosen)))
        count = int(chosen.shape[-1])
        return ByAction(count, dtype="float32", name="quantiles")(self._head(rows, noise))
