"""Recorded games in memory, moment by moment, and the parts in which they are learnt from and judged."""

import hashlib
import zlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np
from gymnasium import spaces

from rlab.types import Array, Bools, FrameStack, UserError

PARTS = ("train", "validation", "test")
_UP_TO = (0.8, 0.9, 1.0)  # of all games belong to these parts and those before them
RAM_SIZE = 128  # bytes of an Atari's


class Game(NamedTuple):
    """What is known of one recorded game."""

    policy: str  # who played, in words
    folder: str  # where its tape lies
    stream: str
    number: int
    step: int  # agent steps that the policy was trained for; in training, at the game's first action
    seed: int
    length: int  # in steps; it has one moment more
    score: float
    terminated: bool  # False: truncated, or broken off
    digest: str  # of the observations but the last, and the actions
    part: str  # train, validation or test


def part_of(environment: str, protocol: str, seed: int, digest: str) -> str:
    """The part that a game belongs to, for ever and whatever else is recorded: 80% train, 10% validation, 10% test.

    Source: Hands-On Machine Learning (first edition), chapter 2, "Create a Test Set".
    """
    share = zlib.crc32(f"{environment} {protocol} {seed} {digest}".encode()) / 2**32
    return next(part for part, up_to in zip(PARTS, _UP_TO, strict=True) if share < up_to)


def check_parts(games: Sequence[Game], parts: Sequence[str]) -> None:
    """Raise UserError unless each of `parts` has a game."""
    counts = {part: sum(game.part == part for game in games) for part in PARTS}
    for part in parts:
        if part not in PARTS:
            raise UserError(f"unknown part: received {part!r}, allowed are {', '.join(PARTS)}")
        if not counts[part]:
            held = ", ".join(f"{count} of {name}" for name, count in counts.items())
            raise UserError(
                f"there is no {part} game among the {len(games)} recorded ones ({held}): record more games, or take "
                "more steps of them"
            )


def frame_shape(space: spaces.Space[Any]) -> tuple[int, ...]:
    """The shape of what is kept of each observation: of stacked frames the newest."""
    shape = space.shape or ()
    return shape[:-1] if isinstance(space, FrameStack) else shape


def expected_memory(steps: int, observation_space: spaces.Space[Any], action_space: spaces.Space[Any]) -> int:
    """About how many bytes `Games` of so many steps take: of Atari 353 MB for 50,000, and 6 MB for their RAM."""
    frame = int(np.prod(frame_shape(observation_space))) * (observation_space.dtype or np.dtype(np.float32)).itemsize
    action = int(np.prod(action_space.shape or ())) * (action_space.dtype or np.dtype(np.int64)).itemsize
    ram = RAM_SIZE if isinstance(observation_space, FrameStack) else 0
    return steps * (frame + action + ram + 4 + 8 + 8 + 2)


class Games:
    """Everything that was seen and done in recorded games, moment by moment, game after game.

    A game of T steps has T + 1 moments: the last one is what was seen after the last action. M moments in all. Frames
    are kept raw, once each (see `expected_memory`); stacks are put together when they are asked for, with zeros before
    a game's first frame, as the agent saw them.
    """

    def __init__(
        self,
        environment: str,
        protocol: str,
        observation_space: spaces.Space[Any],
        action_space: spaces.Space[Any],
        tapes: Sequence[Game],
        *,
        frames: Array,
        action: Array,
        reward: Array,
        lives: Array,
        ram: Array | None,
    ) -> None:
        self.environment = environment
        self.protocol = protocol  # name and hash
        self.observation_space = observation_space  # both of one environment, as agents are given them
        self.action_space = action_space
        self.tapes = tuple(tapes)
        self.frames = frames  # [M, *F] the newest of stacked frames, else the observation itself
        self.action = action  # [M] or [M, A]; 0 at a game's last moment
        self.reward = reward  # [M] float32, paid by the step from this moment, raw; 0 at a game's last
        self.lives = lives  # [M]; 0 where the environment knows none
        self.ram = ram  # [M, 128] uint8 on Atari, else None
        # [M, S, 4] top, left, bottom and right of S sprites, -1 where one is not there; set by whoever can read RAM
        self.boxes: Array | None = None
        moments = np.array([game.length + 1 for game in tapes])
        self.game: Array = np.repeat(np.arange(len(moments)), moments)  # [M] place in `tapes`
        ends = np.cumsum(moments)
        self._begin = (ends - moments)[self.game]  # [M] its game's first moment
        places = np.arange(len(self.game))
        self.first: Bools = places == self._begin  # [M]
        self.last: Bools = places == (ends - 1)[self.game]  # [M]

    def __len__(self) -> int:
        """The moments M."""
        return len(self.game)

    @property
    def nbytes(self) -> int:
        """Bytes held."""
        columns = (self.frames, self.action, self.reward, self.lives, self.game, self._begin, self.first, self.last)
        return sum(column.nbytes for column in columns) + (self.ram.nbytes if self.ram is not None else 0)

    @property
    def digest(self) -> str:
        """What names these very games, in whatever order."""
        named = sorted(f"{game.seed} {game.digest}" for game in self.tapes)
        return hashlib.sha256("\n".join([self.environment, self.protocol, *named]).encode()).hexdigest()[:16]

    def steps(self, part: str) -> Array:
        """The moments [K] of a part's games at which there was an action: all but the last of each.

        Raises UserError if the part is unknown, or has no game.
        """
        check_parts(self.tapes, [part])
        inside = np.array([game.part == part for game in self.tapes])
        return np.flatnonzero(inside[self.game] & ~self.last)

    def observations(self, moments: Array) -> Array:
        """What the agent saw at `moments` [B], bit for bit: [B, *O]."""
        if not isinstance(self.observation_space, FrameStack):
            return np.asarray(self.frames[moments])
        size, unseen = self.observation_space.size, np.zeros(self.frames.shape[1:], np.uint8)
        found = np.empty((len(moments), *self.observation_space.shape), np.uint8)
        for row, (moment, begin) in enumerate(zip(moments.tolist(), self._begin[moments].tolist(), strict=True)):
            places = range(moment - size + 1, moment + 1)
            # OpenCV interleaves several times as fast as a NumPy copy.
            cv2.merge([self.frames[place] if place >= begin else unseen for place in places], found[row])
        return found

    def next_observations(self, moments: Array) -> Array:
        """What the agent saw after its action at `moments` [B]: [B, *O]."""
        return self.observations(self.next(moments))

    def next(self, moments: Array) -> Array:
        """The moments [B] that follow. Raises ValueError if one was the last of its game."""
        if self.last[moments].any():
            raise ValueError("nothing follows on the last moment of a game")
        return moments + 1

    def returns_to_go(self, gamma: float) -> Array:
        """The discounted sum [M] float32 of what is paid from each moment to the end of its game.

        A game that was truncated or broken off pays nothing after that.
        """
        found = self.reward.astype(np.float64)
        for moment in range(len(found) - 2, -1, -1):
            if not self.last[moment]:
                found[moment] += gamma * found[moment + 1]
        return found.astype(np.float32)
