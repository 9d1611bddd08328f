"""Sprites: say where on the screen each of them is, which an Atari's RAM tells while games are learnt from.

Who plays with the encoder needs no RAM. Every place of the encoder's last picture is asked by the same weights, so that
a sprite is recognised wherever it is, and what lies around it is not learnt by heart.
Source: Anand et al. (2019), Unsupervised State Representation Learning in Atari, section 5, the supervised encoder;
here with a map for each sprite.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rlab.config import check_range
from rlab.representation.methods import Task
from rlab.seeding import Seeds
from rlab.types import UserError

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from rlab.representation.games import Games


@dataclass(frozen=True)
class Config:
    """Where sprites are."""

    cells: int = 3
    """Into how many cells a side each of the 7x7 places of Nature's last convolution is cut. Higher: where sprites are
    is told more exactly."""

    def __post_init__(self) -> None:
        check_range("cells", self.cells, 1)


def make(config: Config, encoder: "keras.Model", games: "Games", seeds: Seeds) -> Task:
    """A model that gives the cells of every place [B, H, W, N] a preference over nowhere, for each sprite."""
    import keras
    import tensorflow as tf

    from rlab.representation import pictures

    if games.boxes is None:
        raise UserError(f"nobody knows where the sprites of {games.environment} are: allowed are games with RAM labels")
    side, sprites = config.cells, games.boxes.shape[1]
    asked = pictures.squeeze(encoder, side**2 * sprites, name="sprites")
    if len(asked.shape) < 4:
        raise UserError(f"sprites are looked for in pictures: received a {encoder.name}, allowed are convolutions")
    height, width = encoder.input.shape[1:3]
    rows, columns = (side * int(places) for places in asked.shape[1:3])

    def loss(boxes: "tf.Tensor", told: "tf.Tensor") -> "tf.Tensor":
        """Of every sprite the cross-entropy of the cell that its middle is in, or of nowhere: their mean [B]."""
        top, left, bottom, right = tf.unstack(tf.cast(boxes, tf.float32), axis=-1)
        row, column = tf.floor((top + bottom) / 2 * rows / height), tf.floor((left + right) / 2 * columns / width)
        cell = tf.where(top < 0, rows * columns, tf.cast(row * columns + column, tf.int32))
        preferences = tf.nn.depth_to_space(tf.cast(told, tf.float32), side) if side > 1 else tf.cast(told, tf.float32)
        preferences = tf.transpose(tf.reshape(preferences, (-1, rows * columns, sprites)), (0, 2, 1))
        with_nowhere = tf.pad(preferences, ((0, 0), (0, 0), (0, 1)))
        return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(cell, with_nowhere), axis=1)

    return Task(keras.Model(encoder.input, asked), ("observation", "boxes"), loss)
