"""The book's Ms. Pac-Man: MsPacman-v0 with its picture cropped, shrunk and greyed by slicing.

Source: Hands-On Machine Learning with Scikit-Learn & TensorFlow (first edition), chapter 16, "Learning to Play Ms.
Pac-Man Using Deep Q-Learning", and its notebook.
"""

from collections.abc import Sequence

import numpy as np

from envs.book_atari import BookGame
from rlab.types import Array

PACMAN_COLOUR = 210 + 164 + 74  # set to black, for contrast


def _picture(screens: Sequence[Array]) -> Array:
    total = screens[-1][1:176:2, ::2].sum(axis=2, dtype=np.uint16)
    return np.where(total == PACMAN_COLOUR, 0, total // 3).astype(np.uint8)[..., None]


PACMAN = BookGame("ALE/MsPacman-v5", "ms_pacman", (88, 80, 1), _picture)
