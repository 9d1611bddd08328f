"""What a comparison trains, kept in its folder: the same command goes on with it, another one is refused."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from rlab.jobs import planned
from rlab.types import UserError

PLAN = "plan.json"
SCRATCH = "scratch"
LOGS, UNTRAINED = "logs", "untrained"  # folders beside those of arms
OTHER_FOLDERS = (LOGS, UNTRAINED)


@dataclass(frozen=True)
class Arm:
    """One way to train: from scratch, with something that was learnt before, with its shape alone, or otherwise set."""

    name: str
    kind: str = ""  # "encoder", "policy", or empty where nothing is taken over
    file: str = ""
    digest: str = ""
    options: tuple[str, ...] = ()  # of train.py, beside the file and those of all arms
    untrained: bool = False  # takes over the shape of the file, with new weights for every seed

    @property
    def folder(self) -> str:
        return self.name.replace(" ", "-")

    @property
    def words(self) -> list[str]:
        """The options of train.py by which it differs from scratch."""
        return [*([f"--{self.kind}", self.file] if self.kind else []), *self.options]


@dataclass(frozen=True)
class Plan(planned.Plan):
    """What is trained, from scratch with the settings of the plan, and what is looked at afterwards."""

    FILE: ClassVar[str] = PLAN
    arms: tuple[Arm, ...]  # scratch is the first
    seeds: int  # 1 to n in every arm; they may still grow
    score_episodes: int
    threshold: float | None  # points; None: there is none to reach
    threshold_games: int  # the latest games whose mean is to reach it

    @property
    def num_envs(self) -> int:
        return int(self.settings["run"]["num_envs"])

    @property
    def runs(self) -> list[tuple[Arm, int]]:
        """Every arm with every seed, seeds outermost: what is broken off has whole pairs."""
        return [(arm, seed) for seed in range(1, self.seeds + 1) for arm in self.arms]

    def difference(self, now: "Plan", defaults: Mapping[str, Any] | None = None) -> str | None:
        """What the plan `now` has otherwise, in words, the first thing only; None if it would train the same, or more
        seeds of it.

        `defaults` are those of settings; a plan from before there was one of them went by it, as runs do.
        """
        if now.seeds < self.seeds:
            return f"seeds is {self.seeds} there and {now.seeds} now, which may only grow"
        return planned.first_difference(self._all(), now._all(), defaults or {})

    def is_same_task(self, other: "Plan") -> bool:
        """Whether both train from scratch with the same settings, whatever their other arms are."""
        return planned.first_difference(self._task(), other._task(), {}) is None

    def _task(self) -> dict[str, Any]:
        return {name: value for name, value in self.named.items() if name != "threads"}  # which the jobs share

    def _all(self) -> dict[str, Any]:
        wanted = {name: getattr(self, name) for name in ("score_episodes", "threshold", "threshold_games")}
        return self._task() | wanted | self._named_arms()

    def _named_arms(self) -> dict[str, str]:
        """What is in a file matters, where it lies does not."""
        return {
            f"the arm {arm.name}": " ".join(
                filter(None, [arm.kind, arm.digest[:12], *arm.options, "untrained" * arm.untrained])
            )
            for arm in self.arms
        }


def read_plan(folder: Path) -> Plan:
    """The plan of a folder. Raises UserError if it has none, or something else in its place."""
    path = folder / PLAN
    try:
        values = json.loads(path.read_text())
        arms = tuple(Arm(**{**arm, "options": tuple(arm["options"])}) for arm in values["arms"])
        plan = Plan(**{**values, "options": tuple(values["options"]), "arms": arms})
        if min(plan.steps, plan.num_envs, plan.seeds) < 1 or arms[0] != Arm(SCRATCH):
            raise ValueError("it begins with no run from scratch")
        return plan
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UserError(f"not the folder of a transfer: {folder} has no {PLAN}") from error
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise UserError(f"{path} is not the plan of a transfer: {error!r}") from error
