"""Made-up games in which a bright square moves over a background that never changes; the player says where it is."""

import numpy as np
from gymnasium import spaces

from rlab.types import FrameStack
from tests.rlab.representation import made_up

SIDE, SQUARE = 38, 6  # pixels; the convolutions leave two of the side out
PICTURES = FrameStack(SIDE, SIDE, 2)
VECTORS = spaces.Box(-10, 10, (3,), np.float32)


def pictures(games=10, length=30):
    """Games of pictures: the action is the quarter in which the square is. They know the squares' boxes."""
    random = np.random.default_rng(0)
    moments = games * (length + 1)
    background = random.integers(120, size=(SIDE, SIDE), dtype=np.uint8)
    corners = random.integers(SIDE - SQUARE, size=(moments, 2))
    frames = np.repeat(background[None], moments, axis=0)
    for frame, (top, left) in zip(frames, corners, strict=True):
        frame[top : top + SQUARE, left : left + SQUARE] = 255
    middle = (SIDE - SQUARE) / 2
    action = 2 * (corners[:, 0] > middle) + (corners[:, 1] > middle)
    made = made_up.make(
        [length] * games, parts_of(games), space=PICTURES, actions=spaces.Discrete(4), frames=frames, action=action
    )
    made.boxes = np.concatenate([corners, corners + SQUARE], axis=1)[:, None]
    return made


def vectors(games=10, length=30):
    """Games of vectors on a plane; the action is the sign of their first number."""
    random = np.random.default_rng(0)
    flat = random.normal(size=(games * (length + 1), 2)) @ random.normal(size=(2, 3)) * 2 + 1
    frames = flat.astype(np.float32)
    action = (frames[:, 0] > 1).astype(np.int64)
    return made_up.make([length] * games, parts_of(games), space=VECTORS, frames=frames, action=action)


def parts_of(games):
    """Of every five games one validates and one is for tests."""
    return [{3: "validation", 4: "test"}.get(number % 5, "train") for number in range(games)]
