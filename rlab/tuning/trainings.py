"""The trainings of a trial: ordinary runs below the folder of the search, one with each seed."""

import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from rlab.jobs.wanted import Wanted
from rlab.jobs.work import Job, script
from rlab.rundir import locked
from rlab.tensorboard import read_scalars
from rlab.tuning.plan import Plan
from rlab.tuning.study import Trial
from rlab.tuning.values import shown, words
from rlab.types import UserError

SCORE = "eval/score"
_LOOK_SECONDS = 1.0


def curve(runs: Sequence[Path], steps: int, period: int) -> list[tuple[int, float]]:
    """What validation came to while a trial trained, one run of so many steps after the other.

    Each is the agent step, over all runs, and the mean over the runs so far of what each came to last. A run evaluates
    every `period` steps, or as soon as its environments side by side have made them, and at its end.
    """
    found: list[tuple[int, float]] = []
    ends: list[float] = []
    for number, run in enumerate(runs):
        scores = read_scalars(run).get(SCORE, [])
        for step, score in scores:
            reached = steps if step >= steps else step // period * period
            found.append((number * steps + reached, float(np.mean([*ends, score]))))
        ends += [score for _, score in scores[-1:]]
    return found


def job(folder: Path, plan: Plan, trial: Trial, threads: int, scripts: Path) -> Job:
    """The job of training a trial, of telling it how that goes, and of stopping when it is hopeless.

    Raises UserError if another process is still at it, one that a killed search has left: that is no failure of it.
    """
    root = folder / "trials" / f"{trial.number:04d}"
    runs = [Wanted(root, plan.environment, plan.agent, seed, plan.steps, 0) for seed in range(1, plan.seeds + 1)]
    for left in (begun for run in runs for begun in run.begun):
        with locked(left):
            pass
    begin = [plan.agent, *plan.options, *words(trial.values), "--root", root, "--threads", threads]
    begin += ["--group", f"trial {trial.number}", "--score-episodes", 0]
    looked = time.monotonic()

    def scores() -> list[tuple[int, float]]:
        return curve([begun[0] for run in runs if (begun := run.begun)], plan.steps, plan.period)

    def enough() -> bool:
        nonlocal looked
        if time.monotonic() - looked < _LOOK_SECONDS:
            return False
        looked = time.monotonic()
        with suppress(UserError):  # a run that has just begun, or that is just being cut to its checkpoint
            return trial.look(scores())
        return False

    def next_call() -> list[str] | None:
        calls = (run.next_call([*begin, "--seed", run.seed]) for run in runs)
        found = next((call for call in calls if call is not None), None)
        reached = scores()
        if trial.look(reached):
            return None
        if found is None:
            trial.end(reached[-1][1])
        return script(scripts, found)

    values = ", ".join(f"{name} {shown(value)}" for name, value in trial.values.items())
    log = folder / "logs" / f"{trial.number:04d}.txt"
    return Job(f"trial {trial.number}: {values}", next_call, log, enough, trial.fail)
