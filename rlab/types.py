"""What passes between environment, actor, agent, replay and tape.

The shape alphabet, used in comments everywhere: B batch, N environments side by side, T time, S states, A actions,
D features, H W C image, *O one observation.
A *step* is one decision of an agent, a *frame* one frame of an emulator (1 a step where there is no emulator).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

Array = NDArray[Any]
Bools = NDArray[np.bool_]
Metrics = Mapping[str, float]


class UserError(Exception):
    """A user's mistake, told in one line: what was wrong, what was received, what is allowed."""


class FrameStack(spaces.Box):
    """Images [H, W, size] of the latest `size` grey frames, oldest first, zeros before the first frame."""

    def __init__(self, height: int, width: int, size: int) -> None:
        super().__init__(0, 255, (height, width, size), np.uint8)
        self.size = size


class Transitions(NamedTuple):
    """One step of N environments, in NumPy."""

    observation: Array  # [N, *O]
    action: Array  # [N] or [N, A]
    reward: Array  # [N] float32, raw game points: clipping is the agent's business
    discount: Array  # [N] float32, 0 where no future counts, else 1 (gamma is not included)
    next_observation: Array  # [N, *O] the true successor, never the first observation of the next episode
    first: Bools  # [N] an episode starts with this step
    last: Bools  # [N] an episode ends with this step, for whatever reason
    extras: Mapping[str, Array]  # what the actor sent along, each [N, ...]


class Batch(NamedTuple):
    """Transitions to learn from, over one step or several."""

    observation: Array  # [B, *O]
    action: Array  # [B] or [B, A]
    reward: Array  # [B] float32, discounted sum over the steps
    discount: Array  # [B] float32, what the value of `next_observation` counts: gamma ** steps, or 0
    next_observation: Array  # [B, *O]


class Model(NamedTuple):
    """A finite environment as a table of transitions: what each action in each state may lead to, and how it begins.

    An action has up to K outcomes, which may share a successor. Of an illegal action all probabilities are 0.
    """

    probability: Array  # [S, A, K] float64; 0 where an action has fewer than K outcomes
    successor: Array  # [S, A, K] int64
    reward: Array  # [S, A, K] float64
    discount: Array  # [S, A, K] float64, 0 where the outcome terminates the episode, else 1 (gamma is not included)
    start: Array  # [S] float64, the probability of each state to be the first
    time_limit: int  # steps after which an episode is truncated; 0: never

    @property
    def legal(self) -> Bools:
        """The actions [S, A] that a state offers."""
        return np.asarray(self.probability.any(axis=2))

    @property
    def reachable(self) -> Bools:
        """The states [S] in which an episode can be when there is something to decide."""
        found = self.start > 0
        while True:
            leads = (self.probability > 0) & (self.discount > 0) & found[:, None, None]
            wider = found.copy()
            wider[self.successor[leads]] = True
            if np.array_equal(wider, found):
                return np.asarray(found)
            found = wider


class Grid(NamedTuple):
    """A finite environment as a map, in layers where a cell is several states."""

    rows: Sequence[str]  # a letter for what is in each cell, from above
    place: Array  # [S, 3] int64, layer, row and column of each state
    layers: Sequence[str]  # what each layer is called
    arrows: Sequence[str]  # [A] a symbol for where each action leads


class Start(NamedTuple):
    """What an environment answers to a reset, rows that were not reset included."""

    observation: Array  # [N, *O]
    frames: Array  # [N] int64, frames that passed before the first decision (no-ops); 0 where nothing was reset


class Outcome(NamedTuple):
    """What an environment answers to a step."""

    observation: Array  # [N, *O]
    reward: Array  # [N] float32
    terminated: Bools  # [N] the episode is over
    truncated: Bools  # [N] a time limit ended it
    life_lost: Bools  # [N] a life went with this step, whether or not the game goes on
    frames: Array  # [N] int64, frames this step took


class Environment(Protocol):
    """N environments side by side that are reset by mask, each episode with a seed of its own."""

    name: str  # the Gymnasium id
    protocol: str  # the name and hash of the protocol that it was made under
    version: str  # of the package whose code steps it
    num_envs: int
    observation_space: spaces.Space[Any]  # of one environment
    action_space: spaces.Space[Any]  # of one environment; Discrete spaces start at 0

    def reset(self, mask: Bools, seeds: Sequence[int]) -> Start:
        """Begin a new episode where `mask` [N] is true; `seeds` holds one seed for each of those, in order."""
        ...

    def step(self, actions: Array) -> Outcome:
        """Step all N environments; one whose episode is over must have been reset before."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, eq=False)
class Tape:
    """One episode: all that is needed to play it again, and the digest that proves it.

    `step` is the agent's step count at its first action. As N environments step together, in training `step // N` is
    the turn of the loop in which it began and `step % N` the environment that played it; in an evaluation it is the
    step of the checkpoint that played.
    """

    stream: str  # train, validation, eval or demo; "broken off", see `tapes`
    number: int  # counts the episodes of a stream in the order in which they began
    environment: str
    protocol: str
    version: str
    seed: int
    start_frames: int  # no-ops drawn inside the emulator
    actions: Array  # [T] or [T, A]
    rewards: Array  # [T] float32
    frames: int  # start frames included
    terminated: bool  # False: truncated, or broken off
    digest: str  # of the observations but the last, see `tapes.Digest`
    step: int
    observations: Array | None = None  # [T + 1, *O], kept only where re-emulation was found to disagree

    @property
    def length(self) -> int:
        return len(self.actions)

    @property
    def score(self) -> float:
        """The undiscounted sum of the rewards."""
        return float(np.sum(self.rewards, dtype=np.float64))


class Moment(NamedTuple):
    """One instant of a re-emulated episode; the first has no reward and is not terminated."""

    observation: Array  # [*O]
    reward: float  # what the step before paid
    terminated: bool
    truncated: bool
    lives: int  # 0 where the environment knows no lives
    screens: Sequence[Array]  # each [H, W, 3] RGB, the screens shown since the moment before; empty unless asked for
    ram: Array | None  # [128] uint8 on Atari
