"""Sprites: say where on the screen each of them is, which an Atari's RAM tells while games are learnt from.

Who plays with the encoder needs no RAM. Every place of the encoder's last picture is asked by the same weights about
all that it sees, and a cell gets the sum of what is said of it, so that a sprite is recognised wherever it is.
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

    cell_pixels: int = 4
    """Pixels a side of the cells that they are found in, 1, 2, 4 or 8. Lower: where they are is told more exactly."""

    def __post_init__(self) -> None:
        check_range("cell_pixels", self.cell_pixels, 1, 8)


def make(config: Config, encoder: "keras.Model", games: "Games", seeds: Seeds) -> Task:
    """A model that gives every cell [B, H, W, S] a preference over nowhere for the middle of each sprite."""
    import keras
    import tensorflow as tf

    from rlab.representation import pictures

    boxes, size = games.boxes, config.cell_pixels
    if boxes is None:
        raise UserError(f"nobody knows where the sprites of {games.environment} are: allowed are games with RAM labels")
    if not pictures.sees_pictures(encoder):
        raise UserError(f"sprites are looked for in pictures: received an {encoder.name}, allowed are convolutions")
    fields = pictures.field(encoder)
    if any(field.stride % size for field in fields):
        raise UserError(
            f"--cell-pixels has to divide what lies between two places of {encoder.name}, {fields[0].stride} pixels: "
            f"received {size}"
        )
    told = keras.layers.Conv2DTranspose(
        boxes.shape[1],
        [-(-field.pixels // size) for field in fields],
        [field.stride // size for field in fields],
        dtype="float32",
        name="sprites",
    )(pictures.last_picture(encoder))
    rows, columns, sprites = told.shape[1:]
    starts, last = tf.constant([field.start for field in fields], tf.float32), tf.constant([rows - 1, columns - 1])

    def loss(boxes: "tf.Tensor", told: "tf.Tensor") -> "tf.Tensor":
        """Of every sprite the cross-entropy of the cell that its middle is in, or of nowhere: their mean [B]."""
        boxes = tf.cast(boxes, tf.float32)
        middle = (boxes[..., :2] + boxes[..., 2:]) / 2
        # Pixels that the convolutions leave out at the lower and right edge count with the last cells.
        row, column = tf.unstack(tf.minimum(tf.cast((middle - starts) // size, tf.int32), last), axis=-1)
        cell = tf.where(boxes[..., 0] < 0, rows * columns, row * columns + column)
        preferences = tf.transpose(tf.reshape(told, (-1, rows * columns, sprites)), (0, 2, 1))
        with_nowhere = tf.pad(preferences, ((0, 0), (0, 0), (0, 1)))
        return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(cell, with_nowhere), axis=1)

    return Task(keras.Model(encoder.input, told), ("observation", "boxes"), loss)
