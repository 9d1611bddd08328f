"""What RAM says of Atari games: free labels for probes of what a network has learnt to see, and where the sprites are.

A place is that of a step's last screen, to a pixel; a ghost is a frame ahead of it, up to two pixels. What flickers
counts as on the screen: ghosts in the same rows take turns, and of the three in their house the last two screens show
at most two. While a game waits, as at its start and after a death, labels hold but no action changes them. The ghosts
that vanish while Ms. Pac-Man dies have no labels, although RAM still holds them.

Source: Anand et al. (2019), Unsupervised State Representation Learning in Atari, and the RAM annotations of its code,
each measured against the screens of ale-py 0.12: in whole games, of Ms. Pac-Man in all four mazes.
Departs: 1. Ms. Pac-Man's direction is in byte 5: byte 56 turns with her when she dies, and passes through other values.
2. Byte 77 of Breakout is a part of the score; the blocks that were hit are counted in the wall.
Left out: byte 19 of Ms. Pac-Man, which is constant; byte 84 of Breakout, which is not the score.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from rlab.types import Array, Bools, UserError

_SCREEN = np.array([210, 160])
_PICTURE = 84


class _Sprite(NamedTuple):
    """A rectangle on the screen; where it has no byte for its column or row, it keeps to one."""

    name: str
    x: int | None  # the byte that moves it across
    y: int | None
    left: float  # its left edge where that byte is 0
    top: float
    width: int
    height: int
    half_width: int | None = None  # the byte that holds half its width, where that changes
    hidden: Callable[[Array], Bools] | None = None  # where RAM [T, 128] holds a place although it is not shown


class _Game(NamedTuple):
    sprites: tuple[_Sprite, ...]
    field: tuple[int, int, int, int]  # top, left, bottom, right of what sprites are seen in
    counts: Mapping[str, Callable[[Array], Array]]  # from RAM [T, 128] int64


def _decimal(ram: Array) -> Array:
    """The number whose decimal digits [T, B] bytes hold, two each, the highest first."""
    return np.asarray(((ram >> 4) * 10 + (ram & 15)) @ 100 ** np.arange(ram.shape[1] - 1, -1, -1))


def _dies(ram: Array) -> Bools:
    """Where Ms. Pac-Man dies, all alone; byte 39 counts through all that interrupts the game, and is 255 in play."""
    return np.asarray((ram[:, 39] >= 0x4E) & (ram[:, 39] <= 0x53))


def _lives(ram: Array) -> Array:
    """Ms. Pac-Man's lives as ALE counts them: RAM holds the spare ones; the last is lost when she has died."""
    spare = ram[:, 123] & 7
    return np.where((spare == 0) & (ram[:, 39] == 0x53), 0, spare + 1)


def _edible(byte: int) -> Callable[[Array], Array]:
    return lambda ram: np.where(_dies(ram), -1, ram[:, byte] >> 7)


_GHOSTS = ("sue", "inky", "pinky", "blinky")
_GAMES = {
    "ALE/MsPacman-v5": _Game(
        (
            _Sprite("player", 10, 16, -12, 1, 8, 10),
            *(_Sprite(ghost, 6 + i, 12 + i, -12, 1, 8, 10, hidden=_dies) for i, ghost in enumerate(_GHOSTS)),
            _Sprite("fruit", 11, 17, -12, 1, 8, 10, hidden=lambda ram: ram[:, 11] == 0),
        ),
        (0, 0, 171, 160),
        {
            "direction": lambda ram: np.where(_dies(ram), -1, ram[:, 5] & 3),
            **{f"{ghost}_edible": _edible(1 + i) for i, ghost in enumerate(_GHOSTS)},
            "dots_eaten": lambda ram: ram[:, 119],
            "lives": _lives,
            "score": lambda ram: _decimal(ram[:, [122, 121, 120]]),
        },
    ),
    "ALE/Pong-v5": _Game(
        (
            _Sprite("player", None, 51, 140, -14, 4, 17),  # 16 rows of these, from an even one on
            _Sprite("opponent", None, 50, 16, -15, 4, 16),
            _Sprite("ball", 49, 54, -49, -14, 2, 4),
        ),
        (34, 0, 194, 160),
        {"player_score": lambda ram: ram[:, 14], "opponent_score": lambda ram: ram[:, 13]},
    ),
    "ALE/Breakout-v5": _Game(
        (
            _Sprite("player", 72, None, -47, 189, 16, 4, half_width=108),  # smaller once the ball was at the top
            _Sprite("ball", 99, 101, -49, 9, 2, 4),
        ),
        (32, 8, 196, 152),
        {  # two bits for each of the wall's 108 blocks, and 24 that stay
            "blocks_hit": lambda ram: 120 - np.bitwise_count(ram[:, :36]).sum(axis=1) // 2,
            "lives": lambda ram: ram[:, 57],
            "score": lambda ram: _decimal(ram[:, [76, 77]]),
        },
    ),
}


def _find(environment: str) -> _Game:
    if environment not in _GAMES:
        raise UserError(f"no labels of RAM: received {environment!r}, allowed are {', '.join(_GAMES)}")
    return _GAMES[environment]


def _place(sprite: _Sprite, game: _Game, ram: Array) -> tuple[Array, Array]:
    """The middle (y, x) of a sprite on the screen, NaN where it is not there, and half its size, each [T, 2]."""
    half = np.full((len(ram), 2), (sprite.height / 2, sprite.width / 2))
    if sprite.half_width is not None:
        half[:, 1] = ram[:, sprite.half_width]
    moved = [np.zeros(len(ram)) if byte is None else ram[:, byte] for byte in (sprite.y, sprite.x)]
    middle = half + np.stack(moved, axis=1) + np.array([sprite.top, sprite.left])
    middle[:, 1] %= _SCREEN[1]  # what leaves on the right, through Ms. Pac-Man's tunnels, comes in on the left
    absent = ((middle + half <= game.field[:2]) | (middle - half >= game.field[2:])).any(axis=1)
    if sprite.hidden is not None:
        absent |= sprite.hidden(ram)
    return np.where(absent[:, None], np.nan, middle), half


def ram_labels(environment: str, ram: Array) -> dict[str, Array]:
    """What RAM [T, 128] says of each moment of a game: name -> [T].

    Places are float32, in pixels of the 210x160 screen: x columns from the left, y rows from the top, of the middle of
    the sprite, even if a wall hides a part of it; NaN where it is not on the screen. Categories and counts are int64,
    -1 where they say nothing. Directions are 0 up, 1 right, 2 down, 3 left. A ghost is edible (1) or not (0), its eyes
    are not. Dots are those of the present maze, large ones included, and blocks those of the present wall.

    Raises UserError if there are no labels for the environment.
    """
    game = _find(environment)
    ram = ram.astype(np.int64)
    labels = {}
    for sprite in game.sprites:
        middle, _ = _place(sprite, game, ram)
        for axis, byte, column in (("x", sprite.x, 1), ("y", sprite.y, 0)):
            if byte is not None:
                labels[f"{sprite.name}_{axis}"] = middle[:, column].astype(np.float32)
    return labels | {name: read(ram).astype(np.int64) for name, read in game.counts.items()}


def sprite_boxes(environment: str, ram: Array) -> Array:
    """Where the sprites are in the 84x84 picture of each moment of a game: [T, S, 4] int64, from RAM [T, 128].

    A box is top, left, bottom and right, half open, around the pixels that hold a part of the sprite in the last screen
    of a step (the picture also shows the one before, where it may have been elsewhere); -1 where it is not there. The
    order is that of `ram_labels`: of Ms. Pac-Man the player, four ghosts and the fruit, of Pong both paddles and the
    ball, of Breakout paddle and ball.

    Raises UserError if there are no labels for the environment.
    """
    game = _find(environment)
    places = [_place(sprite, game, ram.astype(np.int64)) for sprite in game.sprites]
    middle, half = (np.stack(parts, axis=1) for parts in zip(*places, strict=True))
    first = np.maximum(middle - half, game.field[:2]) * _PICTURE / _SCREEN
    last = np.minimum(middle + half, game.field[2:]) * _PICTURE / _SCREEN
    boxes = np.concatenate([np.floor(first), np.ceil(last)], axis=-1)
    return np.where(np.isnan(boxes), -1, boxes).astype(np.int64)
