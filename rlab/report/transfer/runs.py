"""The runs of a comparison: what is there of them, and what is left to do."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rlab.jobs.wanted import Wanted
from rlab.report.transfer.plan import UNTRAINED, Arm, Plan


def wanted(folder: Path, plan: Plan, arm: Arm, seed: int) -> Wanted:
    """The run of an arm with a seed."""
    return Wanted(folder / arm.folder, plan.environment, plan.agent, seed, plan.steps, plan.score_episodes)


def finished_run(folder: Path, plan: Plan, arm: Arm, seed: int) -> Path | None:
    """The run of an arm with a seed, if it is trained and, where the plan says so, scored."""
    return wanted(folder, plan, arm, seed).finished()


def whole_seeds(folder: Path, plan: Plan) -> list[int]:
    """The seeds with which every arm is finished."""
    seeds = range(1, plan.seeds + 1)
    return [seed for seed in seeds if all(finished_run(folder, plan, arm, seed) for arm in plan.arms)]


def command(folder: Path, plan: Plan, arm: Arm, seed: int) -> list[str] | None:
    """What is to be called next for an arm with a seed, a script and its arguments; None if nothing is left to do."""
    begin = [plan.agent, "--env", plan.environment, "--steps", plan.steps, "--minutes", None, "--seed", seed]
    begin += ["--root", folder / arm.folder, "--threads", plan.settings["run"]["threads"], "--score-episodes", 0]
    if arm.untrained:
        arm = replace(arm, file=str(untrained_file(folder, arm, seed)))
    return wanted(folder, plan, arm, seed).next_call([*begin, *plan.options, *arm.words])


def untrained_file(folder: Path, arm: Arm, seed: int) -> Path:
    """Where the network with new weights lies that an untrained arm takes over with a seed."""
    return folder / UNTRAINED / f"{arm.digest[:12]}-s{seed}.keras"


def untrained_to_make(folder: Path, plan: Plan) -> dict[Path, tuple[Path, int]]:
    """The networks that are not there yet, each with the file whose shape it has and its seed."""
    asked = {untrained_file(folder, arm, seed): (Path(arm.file), seed) for arm, seed in plan.runs if arm.untrained}
    return {place: what for place, what in asked.items() if not place.with_suffix(".json").is_file()}  # written last


def finished_runs(folder: Path, plan: Plan, seeds: Sequence[int]) -> dict[str, list[Path]]:
    """The finished runs of each arm, in the order of `seeds`."""
    found = {arm.name: [finished_run(folder, plan, arm, seed) for seed in seeds] for arm in plan.arms}
    return {name: [run for run in runs if run is not None] for name, runs in found.items()}
