"""What a comparison came to on one task: every arm beside scratch, seed by seed."""

from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rlab.pretrained import Passport, read_passport
from rlab.protocol import find_protocol
from rlab.report.paired import holm
from rlab.report.transfer.arms import other_shapes
from rlab.report.transfer.outcomes import Outcome, measure, outcome
from rlab.report.transfer.plan import Arm, read_plan
from rlab.report.transfer.runs import finished_runs, whole_seeds
from rlab.types import UserError


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
    def scale(self) -> float | None:
        """What a difference of area is a share of: the size of scratch's mean area.

        None where a share would mean nothing, as scores lie on both sides of 0 or scratch has none.
        """
        values = [value for arm in self.arms for run in arm.runs for value in run.curve if value is not None]
        return None if min(values) < 0 < max(values) else abs(self.arms[0].area.mean) or None

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
            passports[arm.name] = _passport(arm, places[0])
        measured = [measure(place, plan, seed) for place, seed in zip(places, seeds, strict=True)]
        outcomes.append(outcome(arm, passports.get(arm.name), measured, plan, outcomes[0] if outcomes else None))
    adjusted = holm([arm.differences["area"].interval for arm in outcomes[1:]])
    outcomes[1:] = [replace(arm, p=p) for arm, p in zip(outcomes[1:], adjusted, strict=True)]
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


def _passport(arm: Arm, run: Path) -> Passport:
    """The passport of what an arm took over: where it still lies, as it may have been probed since, else the run's."""
    with suppress(UserError):
        passport = read_passport(Path(arm.file))
        if passport.digest == arm.digest and not arm.untrained:
            return passport
    return read_passport(run / f"{arm.kind}.keras")
