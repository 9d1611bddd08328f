"""Encoders: Keras models from observations [B, *O], as the environment gives them, to features [B, D] float32."""

from collections.abc import Sequence
from typing import Any, Literal

import keras
import numpy as np
import tensorflow as tf
from gymnasium import spaces

from rlab.nets.convolution import Conv2D
from rlab.nets.impala import impala
from rlab.nets.initialisers import Start, fan_in
from rlab.nets.layer_norm import normalised_relu
from rlab.seeding import Seeds
from rlab.spaces import is_image


@keras.saving.register_keras_serializable("rlab")
class Standardise(keras.layers.Layer):  # type: ignore[misc]
    """Observations [B, *O] less a mean, over a standard deviation, cut to +-10; nothing is learnt in here.

    The agent sets both from what it has seen (`set_moments`); until then observations are cut alone.
    Source: Andrychowicz et al. (2021), What Matters for On-Policy Deep Actor-Critic Methods?, section 3.4.
    """

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        shape = input_shape[1:]
        self.mean = self.add_weight(shape=shape, initializer="zeros", trainable=False, name="mean")
        self.deviation = self.add_weight(shape=shape, initializer="ones", trainable=False, name="deviation")

    def call(self, observation: tf.Tensor) -> tf.Tensor:
        return tf.clip_by_value((tf.cast(observation, tf.float32) - self.mean) / self.deviation, -10.0, 10.0)

    def set_moments(self, mean: Any, deviation: Any) -> None:
        """Both of the shape of an observation."""
        self.mean.assign(mean)
        self.deviation.assign(deviation)


def nature(
    space: spaces.Space[Any],
    seeds: Seeds,
    padding: Literal["valid", "same"] = "valid",
    start: Start = fan_in,
    *,
    normalised: bool = False,
) -> keras.Model:
    """The three convolutions of Mnih et al. (2015), Methods, "Model architecture", flattened: D = 3136 for 84x84.

    The space is one that `rlab.spaces.fits_nature`. With padding "same" they are the book's (chapter 16): D = 7040 for
    88x80. If they are `normalised`, layer normalisation stands before each ReLU.
    """
    layers = ((32, 8, 4), (64, 4, 2), (64, 3, 1))
    return _convolutions("nature_encoder", layers, space, seeds, padding, start, normalised)


def nips(space: spaces.Space[Any], seeds: Seeds, start: Start = fan_in, *, normalised: bool = False) -> keras.Model:
    """The two convolutions of Mnih et al. (2013), Playing Atari with Deep Reinforcement Learning, section 4.1.

    They were shown at a workshop of NIPS, which gave them their name. Flattened, D = 2592 for 84x84. As there, a single
    dense layer of 256 follows in the head. If they are `normalised`, layer normalisation stands before each ReLU.
    """
    return _convolutions("nips_encoder", ((16, 8, 4), (32, 4, 2)), space, seeds, "valid", start, normalised)


def _convolutions(
    name: str,
    layers: Sequence[tuple[int, int, int]],
    space: spaces.Space[Any],
    seeds: Seeds,
    padding: str,
    start: Start,
    normalised: bool,
) -> keras.Model:
    """Convolutions of so many filters, of so many pixels a side, so many apart, with ReLU, flattened."""
    image = keras.Input(space.shape, dtype="uint8", name="observation")
    features = keras.layers.Rescaling(1 / 255)(image)
    for number, (filters, size, stride) in enumerate(layers, start=1):
        layer = f"convolution_{number}"
        convolution = Conv2D(
            filters,
            size,
            stride,
            padding=padding,
            activation=None if normalised else "relu",
            kernel_initializer=start(seeds, layer),
            name=layer,
        )
        features = convolution(features)
        if normalised:
            features = normalised_relu(features, layer)
    return keras.Model(image, keras.layers.Flatten(dtype="float32")(features), name=name)


def mlp(
    space: spaces.Space[Any],
    sizes: tuple[int, ...],
    seeds: Seeds,
    *,
    standardised: bool = False,
    normalised: bool = False,
) -> keras.Model:
    """Dense layers of `sizes` with ReLU on a vector, a small image, or the one-hot code of a Discrete observation.

    With `standardised` a vector goes through a layer `Standardise` first, called "standardise". If the dense layers are
    `normalised`, layer normalisation stands before each ReLU.
    """
    inputs = keras.Input(space.shape or (), dtype=(space.dtype or np.dtype(np.float32)).name, name="observation")
    features: Any = inputs
    if isinstance(space, spaces.Discrete):
        features = keras.layers.Reshape((1,))(features)
        features = keras.layers.CategoryEncoding(int(space.n), "one_hot")(features)
    elif standardised:
        features = keras.layers.Flatten()(Standardise(dtype="float32", name="standardise")(features))
    else:
        features = keras.layers.Rescaling(1 / 255 if is_image(space) else 1.0)(features)  # to floats, too
        features = keras.layers.Flatten()(features)
    for number, size in enumerate(sizes, start=1):
        name = f"hidden_{number}"
        activation = None if normalised else "relu"
        dense = keras.layers.Dense(size, activation=activation, kernel_initializer=fan_in(seeds, name), name=name)
        features = dense(features)
        if normalised:
            features = normalised_relu(features, name)
    return keras.Model(inputs, keras.layers.Activation("linear", dtype="float32")(features), name="mlp_encoder")


def make_encoder(
    kind: Literal["nature", "book", "nips", "impala", "mlp"],
    space: spaces.Space[Any],
    sizes: tuple[int, ...],
    seeds: Seeds,
    *,
    start: Start = fan_in,
    standardised: bool = False,
    normalised: bool = False,
) -> keras.Model:
    """A new encoder of a kind that agents have as a setting: `nature`, that with the book's padding, `nips`, `impala`,
    `mlp`.

    `sizes` and `standardised` are for `mlp`, `start` for the others.
    """
    if kind == "mlp":
        return mlp(space, sizes, seeds, standardised=standardised, normalised=normalised)
    if kind == "impala":
        return impala(space, seeds, start, normalised=normalised)
    if kind == "nips":
        return nips(space, seeds, start, normalised=normalised)
    return nature(space, seeds, "same" if kind == "book" else "valid", start, normalised=normalised)
