"""The runs of a comparison: what is there of them, and what is left to do.

Nothing of it is remembered beside them: a run tells by its checkpoints and its evaluation how far it is.
"""

import re
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from rlab import checkpoint
from rlab.evaluation import Evaluation
from rlab.report.transfer.plan import Arm, Plan
from rlab.rundir import is_run, locked
from rlab.types import UserError


def find_run(folder: Path, plan: Plan, arm: Arm, seed: int) -> Path | None:
    """The run of an arm with a seed that is furthest; None if none has a whole checkpoint."""
    steps = {run: step for run in _begun(folder, plan, arm, seed) if (step := _step(run)) is not None}
    return max(steps, key=steps.__getitem__, default=None)


def _begun(folder: Path, plan: Plan, arm: Arm, seed: int) -> list[Path]:
    """The folders that `rlab.rundir.create` made for it, latest first."""
    parent = folder / arm.folder / plan.environment.replace(":", "-") / plan.agent
    return sorted((run for run in parent.glob("*") if re.search(rf"-s{seed}(-\d+)?$", run.name)), reverse=True)


def _step(run: Path) -> int | None:
    with suppress(UserError):
        return checkpoint.step_of(checkpoint.latest(run)) if is_run(run) else None
    return None


def finished_run(folder: Path, plan: Plan, arm: Arm, seed: int) -> Path | None:
    """The run of an arm with a seed, if it is trained and, where the plan says so, scored."""
    run = find_run(folder, plan, arm, seed)
    return run if run is not None and _trained(run, plan) and _scored(run, plan) else None


def whole_seeds(folder: Path, plan: Plan) -> list[int]:
    """The seeds with which every arm is finished."""
    seeds = range(1, plan.seeds + 1)
    return [seed for seed in seeds if all(finished_run(folder, plan, arm, seed) for arm in plan.arms)]


def _trained(run: Path, plan: Plan) -> bool:
    return (_step(run) or 0) >= plan.steps


def _scored(run: Path, plan: Plan) -> bool:
    with suppress(UserError):
        return not plan.score_episodes or len(Evaluation.read(run).scores) == plan.score_episodes
    return False


def command(folder: Path, plan: Plan, arm: Arm, seed: int) -> list[str] | None:
    """What is to be called next for an arm with a seed, a script and its arguments; None if nothing is left to do.

    What is there of a run without a checkpoint goes, as nothing goes on from it.
    """
    run = find_run(folder, plan, arm, seed)
    if run is None:
        for begun in _begun(folder, plan, arm, seed):
            with locked(begun):
                shutil.rmtree(begun)
        own = ["--env", plan.environment, "--steps", plan.steps, "--seed", seed, "--root", folder / arm.folder]
        own += ["--threads", plan.settings["run"]["threads"], "--score-episodes", 0]
        return _words("train.py", plan.agent, *own, *arm.words, *plan.options)
    if not _trained(run, plan):
        return _words("train.py", "--resume", run, "--score-episodes", 0)
    if not _scored(run, plan):
        return _words("evaluate.py", run, "--episodes", plan.score_episodes)
    return None


def _words(*words: object) -> list[str]:
    return [str(word) for word in words]


def finished_runs(folder: Path, plan: Plan, seeds: Sequence[int]) -> dict[str, list[Path]]:
    """The finished runs of each arm, in the order of `seeds`."""
    found = {arm.name: [finished_run(folder, plan, arm, seed) for seed in seeds] for arm in plan.arms}
    return {name: [run for run in runs if run is not None] for name, runs in found.items()}
