"""How the groups learnt: the interquartile mean over runs against agent steps and against time, with its band."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rlab.report.comparison.groups import Group
from rlab.report.comparison.runs import settings_of
from rlab.report.comparison.standings import Scale
from rlab.report.curves import Game, clock, filled, learning_curve, logged_games, training_games
from rlab.report.robust import finite, interquartile_band
from rlab.rundir import TAPES
from rlab.tensorboard import read_scalars
from rlab.types import Array, UserError

WINDOWS = 30  # the most points of a curve
_FEWEST_GAMES = 2  # a window, on average


@dataclass(frozen=True)
class History:
    """What was scored in one run, and when, by its tapes and its event file."""

    games: list[Game]  # of training
    evaluations: list[Game]  # the mean score of each evaluation during training, at its agent steps
    steps: int
    seconds: float
    timed_games: list[Game]  # the games of training at the seconds of training when they ended


@dataclass(frozen=True)
class Curve:
    """A group's interquartile mean over runs, in the windows of training that end at `at`."""

    group: str
    at: list[float]  # agent steps, or seconds of training
    value: list[float]
    low: list[float | None]  # None where a group has a single run on some environment
    high: list[float | None]


def read_history(run: Path) -> History:
    """What a run's files tell. Raises UserError if they tell nothing of its training."""
    scalars = read_scalars(run)
    at, seconds = clock(scalars)
    steps = int(at[-1])
    num_envs = settings_of(run).get("num_envs", 1)
    games = training_games(run, num_envs, steps) if (run / TAPES).is_file() else []
    games = games or logged_games(scalars)  # a release has no tapes of its training
    evaluations = [Game(step, score) for step, score in scalars.get("eval/score", [])]
    if not games or not steps:
        raise UserError(f"{run} tells of no game of its training")
    timed = [Game(float(np.interp(game.end, at, seconds)), game.score) for game in games]
    return History(games, evaluations, steps, float(seconds[-1]), timed)


def read_histories(groups: Sequence[Group]) -> tuple[dict[Path, History], list[str]]:
    """The history of each run that has one, and of those that have none why, in words."""
    found, notes = {}, []
    for run in (run for group in groups for run in group.runs):
        try:
            found[run] = read_history(run)
        except UserError as error:
            notes.append(f"left out of the curves: {error}")
    return found, notes


def learning(
    name: str, groups: Mapping[str, Group], histories: Mapping[Path, History], scale: Scale
) -> dict[str, Curve]:
    """The curves of a group, given its runs on each environment: `training`, `evaluation` and `time`.

    They end where the shortest of its runs does. One is left out where an environment has no history, or too little.
    """
    strata = {
        environment: [histories[run] for run in group.runs if run in histories] for environment, group in groups.items()
    }
    if not all(strata.values()):
        return {}
    every = [history for stratum in strata.values() for history in stratum]
    steps, seconds = min(history.steps for history in every), min(history.seconds for history in every)
    windows = min(WINDOWS, *(len(_until(steps, history.games)) // _FEWEST_GAMES for history in every))

    def curve(at: Array, score: Callable[[History], Array]) -> Curve:
        values = [
            scale.of(environment, np.array([score(history) for history in stratum]))
            for environment, stratum in strata.items()
        ]
        value, low, high = interquartile_band(values)
        return Curve(name, [*map(float, at)], [*map(float, value)], [*finite(low)], [*finite(high)])

    found = {}
    if windows > 0:
        ends = np.arange(1, windows + 1) / windows
        found["training"] = curve(steps * ends, lambda one: _windows(one.games, steps, windows))
        if all(_until(seconds, history.timed_games) for history in every):
            found["time"] = curve(seconds * ends, lambda one: _windows(one.timed_games, seconds, windows))
    at = _shared_steps(every)
    if len(at):
        found["evaluation"] = curve(at, lambda one: np.interp(at, *np.array(one.evaluations).T))
    return found


def _until(end: float, games: Sequence[Game]) -> list[Game]:
    return [game for game in games if game.end <= end]


def _windows(games: Sequence[Game], end: float, windows: int) -> Array:
    return filled(learning_curve(_until(end, games), end, windows))


def _shared_steps(histories: Sequence[History]) -> Array:
    """The agent steps at which the run with the fewest evaluations has them, as far as those of all runs reach.

    Where others were evaluated at other steps, their scores are interpolated.
    """
    if not all(history.evaluations for history in histories):
        return np.array([])
    first = max(history.evaluations[0].end for history in histories)
    last = min(history.evaluations[-1].end for history in histories)
    fewest = min((history.evaluations for history in histories), key=len)
    return np.array([game.end for game in fewest if first <= game.end <= last])
