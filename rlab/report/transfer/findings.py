"""What a comparison came to on one task: every arm beside scratch, seed by seed."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rlab.evaluation import Evaluation
from rlab.pretrained import Passport, read_passport
from rlab.protocol import find_protocol
from rlab.report.transfer import curves
from rlab.report.transfer.arms import other_shapes
from rlab.report.transfer.paired import Difference, Interval, mean_interval, paired
from rlab.report.transfer.plan import Arm, Plan, read_plan
from rlab.report.transfer.runs import finished_runs, whole_seeds
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


@dataclass(frozen=True)
class Findings:
    """A task: its plan in words, the seeds with which all arms are finished, the arms (scratch first) and remarks."""

    folder: str
    environment: str
    protocol: str
    agent: str
    preset: str
    steps: int
    options: list[str]
    threshold: float | None
    threshold_games: int
    seeds: list[int]
    planned_seeds: int
    arms: list[Outcome]
    notes: list[str]

    @property
    def scratch_area(self) -> float:
        return self.arms[0].area.mean

    def values(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        return asdict(self)


def find(folder: Path) -> Findings:
    """What is to be told of a folder. Raises UserError if not even one seed is finished in every arm."""
    plan = read_plan(folder)
    seeds = whole_seeds(folder, plan)
    if not seeds:
        raise UserError(f"{folder} is not finished: no seed is trained in all of its {len(plan.arms)} arms")
    finished = finished_runs(folder, plan, seeds)
    outcomes: list[Outcome] = []
    passports: dict[str, Passport] = {}
    for arm in plan.arms:
        places = finished[arm.name]
        if arm.kind:
            passports[arm.name] = read_passport(places[0] / f"{arm.kind}.keras")  # which the run keeps
        measured = [measure(place, plan, seed) for place, seed in zip(places, seeds, strict=True)]
        outcomes.append(_outcome(arm, passports.get(arm.name), measured, plan, outcomes[0] if outcomes else None))
    run = plan.settings["run"]
    return Findings(
        str(folder),
        plan.environment,
        find_protocol(run["protocol"], plan.environment).identity,
        plan.agent,
        plan.settings["preset"],
        plan.steps,
        list(plan.options),
        plan.threshold,
        plan.threshold_games,
        seeds,
        plan.seeds,
        outcomes,
        other_shapes(plan.settings["config"], passports),
    )


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


def _outcome(arm: Arm, passport: Passport | None, runs: list[Run], plan: Plan, scratch: Outcome | None) -> Outcome:
    measured = _measured(runs, plan)
    intervals = {name: mean_interval(values) for name, values in measured.items()}
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
