"""What the runs of one arm came to, beside those of scratch with the same seeds."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rlab.evaluation import Evaluation
from rlab.pretrained import Passport
from rlab.report import curves
from rlab.report.paired import Difference, Interval, paired, student_interval
from rlab.report.transfer.plan import Arm, Plan
from rlab.types import UserError


@dataclass(frozen=True)
class Run:
    """One run, in numbers."""

    run: str
    seed: int
    area: float  # points, see `curves.area`
    curve: list[float | None]  # points; None: no game ended in the window
    games: int
    steps_to_threshold: int | None  # None: it never got there, or there is none
    seconds: float  # see `curves.training_seconds`
    score: float | None  # mean of the evaluation's games, played by the best checkpoint


@dataclass(frozen=True)
class Pretraining:
    """What came before, as the passport tells it; None: it does not."""

    file: str
    digest: str
    method: str
    environment: str
    seconds: float | None  # of fitting; recording the games is not in them
    recorded_steps: int | None
    probes: dict[str, Any]  # what can be read from the features


@dataclass(frozen=True)
class Outcome:
    """An arm over its seeds, and seed by seed against scratch (but for scratch itself)."""

    name: str
    options: list[str]
    pretraining: Pretraining | None
    runs: list[Run]
    area: Interval
    reached: int | None  # how many seeds got to the threshold; None: there is none
    median_steps: float | None  # to the threshold, of the seeds that got there
    restricted_steps: Interval | None  # mean of min(steps to the threshold, budget)
    score: Interval | None
    seconds: float  # mean of the runs
    all_seconds: float | None  # with the pretraining; None: nobody knows how long that took
    differences: dict[str, Difference] = field(default_factory=dict)  # of area, restricted_steps and score
    p: float | None = None  # of the difference of area, by Holm for all arms of the task


def measure(place: Path, plan: Plan, seed: int) -> Run:
    """One finished run in numbers. Raises UserError if no game of it ended."""
    games = curves.training_games(place, plan.num_envs, plan.steps)
    curve = curves.learning_curve(games, plan.steps)
    try:
        area = curves.area(curve)
    except UserError as error:
        raise UserError(f"{place}: {error}") from error
    return Run(
        str(place),
        seed,
        area,
        [None if np.isnan(value) else float(value) for value in curve],
        len(games),
        None if plan.threshold is None else curves.steps_to(games, plan.threshold, plan.threshold_games),
        round(curves.training_seconds(place, plan.num_envs, plan.steps), 1),
        float(np.mean(Evaluation.read(place).scores)) if plan.score_episodes else None,
    )


def outcome(arm: Arm, passport: Passport | None, runs: list[Run], plan: Plan, scratch: Outcome | None) -> Outcome:
    """An arm of these runs, of what the passport says, and, unless it is scratch itself, beside scratch."""
    measured = _measured(runs, plan)
    intervals = {name: student_interval(values) for name, values in measured.items()}
    seconds = float(np.mean([run.seconds for run in runs]))
    before = None if passport is None else _pretraining(arm, passport)
    fitting = 0.0 if before is None else before.seconds
    there = [run.steps_to_threshold for run in runs if run.steps_to_threshold is not None]
    base = {} if scratch is None else _measured(scratch.runs, plan)
    return Outcome(
        arm.name,
        list(arm.options),
        before,
        runs,
        intervals["area"],
        None if plan.threshold is None else len(there),
        float(np.median(there)) if there else None,
        intervals.get("restricted_steps"),
        intervals.get("score"),
        seconds,
        None if fitting is None else fitting + seconds,
        {name: paired(measured[name], others) for name, others in base.items()},
    )


def _measured(runs: Sequence[Run], plan: Plan) -> dict[str, list[float]]:
    """What is compared, by name, in the order of the seeds.

    Steps to a threshold that was never reached are not known to be the budget's. What can be compared is the restricted
    mean: the mean of the steps, none counted beyond the budget. Source: Royston and Parmar (2013), Restricted mean
    survival time, BMC Medical Research Methodology 13.
    """
    found = {"area": [run.area for run in runs]}
    if plan.threshold is not None:
        steps = [run.steps_to_threshold for run in runs]
        found["restricted_steps"] = [float(plan.steps if step is None else min(step, plan.steps)) for step in steps]
    if plan.score_episodes:
        found["score"] = [run.score for run in runs if run.score is not None]
    return found


def _pretraining(arm: Arm, passport: Passport) -> Pretraining:
    seconds, steps = passport.results.get("seconds"), passport.trained_on.get("steps")
    return Pretraining(
        arm.file,
        arm.digest,
        passport.method,
        passport.environment,
        float(seconds) if isinstance(seconds, int | float) else None,
        sum(steps.values()) if isinstance(steps, dict) else None,
        dict(passport.probes),
    )
