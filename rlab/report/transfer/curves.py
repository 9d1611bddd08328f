"""What a run's own files tell of its training: the learning curve, the area under it, when it got where, how long."""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rlab.rundir import TAPES
from rlab.tapes import TapeStore
from rlab.tensorboard import read_scalars
from rlab.types import Array, UserError

WINDOWS = 20
_SPEED = "speed/steps_per_s"


class Game(NamedTuple):
    """A finished game of training."""

    end: int  # agent steps of the run when it was over
    score: float


def training_games(run: Path, num_envs: int, steps: int) -> list[Game]:
    """The games that ended within so many agent steps of training, in the order of their ends.

    As N environments step together, a game that began in turn `step // N` ends `length` turns later.
    """
    store = TapeStore(run / TAPES)
    rows = store.table("train")
    store.close()
    games = [Game((row["step"] // num_envs + row["length"]) * num_envs, row["score"]) for row in rows]
    return sorted((game for game in games if game.end < steps + num_envs), key=lambda game: game.end)


def learning_curve(games: Sequence[Game], steps: int) -> Array:
    """The mean score [20] of the games that ended in each twentieth of the steps, NaN where none did."""
    curve = np.full(WINDOWS, np.nan)
    # A game that ends with the last step of a window belongs to it; rounded up to whole turns, one may end after all.
    windows = [min(-(-game.end * WINDOWS // steps), WINDOWS) - 1 for game in games]
    for window in set(windows):
        curve[window] = np.mean([game.score for game, its in zip(games, windows, strict=True) if its == window])
    return curve


def area(curve: Array) -> float:
    """The area under a learning curve: the mean of its windows, in points.

    Where no game ended the curve goes straight from the window before to the one after; before the first and after the
    last it stays level. Raises UserError if no game ended at all.
    """
    known = np.flatnonzero(np.isfinite(curve))
    if not len(known):
        raise UserError("no game ended in the whole training, so there is no learning curve: train for more steps")
    return float(np.mean(np.interp(np.arange(len(curve)), known, curve[known])))


def steps_to(games: Sequence[Game], threshold: float, last: int) -> int | None:
    """The agent steps after which the mean score of the `last` games reached the threshold; None: it never did."""
    for end in range(last, len(games) + 1):
        if np.mean([game.score for game in games[end - last : end]]) >= threshold:
            return games[end - 1].end
    return None


def training_seconds(run: Path, num_envs: int, steps: int) -> float:
    """The seconds that so many agent steps of training took, from the speeds in the event file.

    They hold acting, learning, checkpoints and the evaluations on the way, but for the last one; the start of the
    program and a pause before a resume are not in them.
    """
    speeds = [pair for pair in read_scalars(run).get(_SPEED, []) if pair[0] < steps + num_envs]
    ends = itertools.pairwise([0, *(step for step, _ in speeds)])
    return float(sum((end - start) / speed for (start, end), (_, speed) in zip(ends, speeds, strict=True)))
