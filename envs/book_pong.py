"""The book's Pong: Pong-v0 in black and white, three screens in one picture, the older the darker.

Source: Hands-On Machine Learning with Scikit-Learn & TensorFlow (first edition), chapter 16, exercise 9, and the
solution in its notebook.
"""

from collections.abc import Sequence

import numpy as np

from envs.book_atari import BookGame
from rlab.types import Array

WHITE = np.array([(92, 186, 92), (213, 130, 74), (236, 236, 236)])  # the two paddles and the ball; all else is black
DIMMING = 0.75  # of a screen for each one after it


def _picture(screens: Sequence[Array]) -> Array:
    shrunk = np.stack(screens)[:, 34:194:2, ::2]  # [3, 80, 80, 3]
    white = (shrunk[:, :, :, None] == WHITE).all(axis=-1).any(axis=-1)
    light = 255 * DIMMING ** np.arange(len(screens) - 1, -1, -1)
    return np.asarray((white * light[:, None, None]).max(axis=0).astype(np.uint8)[..., None])


PONG = BookGame("ALE/Pong-v5", "pong", (80, 80, 1), _picture)
