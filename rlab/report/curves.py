"""What a run's own files tell of its training: the learning curve, the area under it, when it got where, how long."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rlab.rundir import TAPES
from rlab.tapes import TapeStore
from rlab.tensorboard import read_scalars
from rlab.types import Array, UserError

WINDOWS = 20
Scalars = Mapping[str, Sequence[tuple[int, float]]]  # see `tensorboard.read_scalars`
_SPEED = "speed/steps_per_s"


class Game(NamedTuple):
    """A finished game of training."""

    end: float  # agent steps of the run, or seconds of its training, when it was over
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


def logged_games(scalars: Scalars) -> list[Game]:
    """The same from the event file, where a run has no tapes of its training.

    A game has the mean score of those that ended between the same two entries of the log, and the end of the later one.
    """
    counts = dict(scalars.get("train/episodes", []))  # of which the last one may not be written yet
    return [
        Game(step, score) for step, score in scalars.get("train/score", []) for _ in range(round(counts.get(step, 0)))
    ]


def learning_curve(games: Sequence[Game], end: float, windows: int = WINDOWS) -> Array:
    """The mean score [windows] of the games that ended in each of so many equal parts up to `end`, NaN where none did.

    `end` is in the unit of the games' ends.
    """
    # A game that ends with the last step of a window belongs to it; rounded up to whole turns, one may end after all.
    places = [min(-(-game.end * windows // end), windows) - 1 for game in games]
    counts = np.bincount(np.array(places, np.int64), minlength=windows)
    sums = np.bincount(np.array(places, np.int64), weights=[game.score for game in games], minlength=windows)
    return np.asarray(np.divide(sums, counts, out=np.full(windows, np.nan), where=counts > 0))


def filled(curve: Array) -> Array:
    """A learning curve without gaps.

    Where no game ended it goes straight from the window before to the one after; before the first and after the last it
    stays level. Raises UserError if no game ended at all.
    """
    known = np.flatnonzero(np.isfinite(curve))
    if not len(known):
        raise UserError("no game ended in the whole training, so there is no learning curve: train for more steps")
    return np.interp(np.arange(len(curve)), known, curve[known])


def area(curve: Array) -> float:
    """The area under a learning curve, in points: the mean of its windows, see `filled`."""
    return float(np.mean(filled(curve)))


def steps_to(games: Sequence[Game], threshold: float, last: int) -> int | None:
    """The agent steps after which the mean score of the `last` games reached the threshold; None: it never did."""
    for end in range(last, len(games) + 1):
        if np.mean([game.score for game in games[end - last : end]]) >= threshold:
            return int(games[end - 1].end)
    return None


def clock(scalars: Scalars) -> tuple[Array, Array]:
    """Agent steps and the seconds of training that they took, from 0 on, at every entry of the log.

    The seconds hold acting, learning, checkpoints and the evaluations on the way, but for the last one; the start of
    the program and a pause before a resume are not in them.
    """
    speeds = scalars.get(_SPEED, [])
    steps = np.array([0, *(step for step, _ in speeds)], np.float64)
    seconds = np.diff(steps) / np.array([speed for _, speed in speeds], np.float64)
    return steps, np.concatenate([[0.0], np.cumsum(seconds)])


def training_seconds(run: Path, num_envs: int, steps: int) -> float:
    """The seconds that so many agent steps of training took, by its `clock`."""
    reached, seconds = clock(read_scalars(run))
    return float(seconds[reached < steps + num_envs][-1])
