"""Drawing what was seen from a code, and how far off that is; pictures as an agent sees them, or vectors.

Most of a game's picture never changes, and what matters in it is a few pixels. So what is drawn is the difference from
the median picture, and errors count for more where that differs.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from rlab.representation.games import Games
from rlab.spaces import is_image
from rlab.types import Array

_SAMPLE = 2_000  # moments that the usual look is taken from
_CHANGED = 0.1  # of the range of a pixel's values: beyond it, it differs from the median


class Look(NamedTuple):
    """What is usually seen, and by how much it varies."""

    middle: Array  # [*O] float32: of images the median in [0, 1], of vectors the mean
    spread: Array  # [*O] float32: of images 1, of vectors the standard deviation
    full: float  # what divides a raw value: 255 for images


def look(games: Games) -> Look:
    """How games usually look, from some moments of those that are trained on."""
    steps = games.steps("train")
    seen = games.observations(steps[np.linspace(0, len(steps) - 1, min(_SAMPLE, len(steps))).astype(np.int64)])
    if is_image(games.observation_space):
        middle = np.median(seen, axis=0).astype(np.float32) / 255
        return Look(middle, np.ones_like(middle), 255.0)
    spread = np.maximum(seen.std(axis=0), 1e-3).astype(np.float32)
    return Look(seen.mean(axis=0).astype(np.float32), spread, 1.0)


def squeeze(encoder: keras.Model, size: int, name: str) -> Any:
    """Codes [B, H, W, size] from the last picture of the encoder, [B, size] from its output if it has none."""
    if _steps(encoder):
        return keras.layers.Conv2D(size, 1, name=name)(last_picture(encoder))
    return keras.layers.Dense(size, name=name)(encoder.output)


def sees_pictures(encoder: keras.Model) -> bool:
    """Whether it has convolutions."""
    return bool(_steps(encoder))


def last_picture(encoder: keras.Model) -> Any:
    """What an encoder for images flattens in the end: [B, H, W, C]."""
    return encoder.layers[-1].input


class _Step(NamedTuple):
    """A layer by which pictures become smaller, with what it takes."""

    picture: tuple[int, ...]  # [H, W, C]
    size: tuple[int, int]
    strides: tuple[int, int]
    padding: str


def _steps(encoder: keras.Model) -> list[_Step]:
    """How an encoder comes from observations to its last picture; empty if it sees vectors.

    These are its convolutions. Where it has poolings, these are: a section of the residual network is one step, as its
    convolutions keep the size.
    """

    def layers(kind: type) -> list[Any]:
        return [layer for layer in encoder.layers if isinstance(layer, kind)]

    poolings = layers(keras.layers.MaxPooling2D)
    channels = [int(pictures.shape[-1]) for pictures in [encoder.input, *(pooling.output for pooling in poolings)]]
    return [
        _Step((*pooling.input.shape[1:3], taken), pooling.pool_size, pooling.strides, pooling.padding)
        for pooling, taken in zip(poolings, channels, strict=False)
    ] or [
        _Step(layer.input.shape[1:], layer.kernel_size, layer.strides, layer.padding)
        for layer in layers(keras.layers.Conv2D)
    ]


class Field(NamedTuple):
    """What a place of an encoder's last picture sees of the first, along a side."""

    pixels: int  # less what convolutions add that keep the size
    stride: int  # pixels from what one place sees to what the next one sees
    start: int  # where what the first one sees begins: below 0 where the picture is padded


def field(encoder: keras.Model) -> tuple[Field, Field]:
    """That of its rows and of its columns, of an encoder that sees pictures."""
    found = [Field(1, 1, 0), Field(1, 1, 0)]
    for step in _steps(encoder):
        for axis, (pixels, stride, start) in enumerate(found):
            length, size, by = step.picture[axis], step.size[axis], step.strides[axis]
            padded = max((-(-length // by) - 1) * by + size - length, 0) if step.padding == "same" else 0
            found[axis] = Field(pixels + (size - 1) * stride, stride * by, start - padded // 2 * stride)
    return found[0], found[1]


def draw(code: Any, encoder: keras.Model, look: Look) -> Any:
    """Observations [B, *O] float32, drawn from what `squeeze` made by the mirror image of the encoder's layers."""
    steps = _steps(encoder)
    if steps:
        channels = int(last_picture(encoder).shape[-1])
        signal = keras.layers.Conv2D(channels, 1, activation="relu", kernel_initializer="he_normal")(code)
        for step in steps[::-1]:
            last = step is steps[0]
            signal = keras.layers.Conv2DTranspose(
                step.picture[-1],
                step.size,
                step.strides,
                padding=step.padding,
                activation=None if last else "relu",
                kernel_initializer=keras.initializers.RandomNormal(stddev=1e-3) if last else "he_normal",
                dtype="float32" if last else None,
            )(signal)
            signal = _fitted(signal, step.picture[:2])
    else:
        signal = code
        for layer in [layer for layer in encoder.layers if layer.weights][::-1]:
            signal = keras.layers.Dense(int(layer.output.shape[-1]), activation="relu")(signal)
        signal = keras.layers.Dense(look.middle.size, dtype="float32")(signal)
        signal = keras.layers.Reshape(look.middle.shape, dtype="float32")(signal)
    return keras.layers.Rescaling(1.0, dtype="float32", name="drawn")(signal * look.spread + look.middle)


def _fitted(pictures: Any, size: tuple[int, ...]) -> Any:
    """Pictures [B, H, W, C] of another size: with pixels that a step left out at the edge, without those it made up."""
    short = [wanted - found for wanted, found in zip(size, pictures.shape[1:3], strict=True)]
    if max(short) > 0:
        pictures = keras.layers.ZeroPadding2D([(0, max(pixels, 0)) for pixels in short])(pictures)
    if min(short) < 0:
        pictures = keras.layers.Cropping2D([(0, max(-pixels, 0)) for pixels in short])(pictures)
    return pictures


def error(look: Look, emphasis: float) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """The loss [B] of what was drawn [B, *O] against what was seen [B, *O], raw: the mean squared error in spreads.

    Pixels of images that differ from the median count 1 + `emphasis` times.
    """

    def loss(seen: tf.Tensor, drawn: tf.Tensor) -> tf.Tensor:
        seen = tf.cast(seen, tf.float32) / look.full
        weight = 1.0
        if look.full > 1:
            weight += emphasis * tf.cast(tf.abs(seen - look.middle) > _CHANGED, tf.float32)
        square = weight * tf.square((drawn - seen) / look.spread)
        return tf.reduce_mean(tf.reshape(square, (tf.shape(square)[0], look.middle.size)), axis=1)

    return loss
