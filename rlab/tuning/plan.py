"""What a search is about, kept in its folder: the same command goes on with it, another one is refused."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from rlab.jobs import planned
from rlab.types import UserError

PLAN = "study.json"


@dataclass(frozen=True)
class Plan(planned.Plan):
    """What a search is about. How many trials it has may still grow."""

    FILE: ClassVar[str] = PLAN
    search: tuple[str, ...]  # what is searched, as it was given; of a file what is in it
    sampler: str
    pruner: str
    seeds: int  # 1 to n in each trial

    @property
    def period(self) -> int:
        """Agent steps between two evaluations of a run."""
        return int(self.settings["run"]["evaluation_period_steps"])

    def difference(self, now: "Plan", defaults: Mapping[str, Any]) -> str | None:
        """What the plan `now` has otherwise, in words, the first thing only; `defaults` are those of settings."""
        return planned.first_difference(self._all(), now._all(), defaults)

    def _all(self) -> dict[str, Any]:
        own = {"search": " ".join(self.search), "sampler": self.sampler, "pruner": self.pruner, "seeds": self.seeds}
        return self.named | own


def read_plan(folder: Path) -> Plan:
    """The plan of a folder. Raises UserError if there is something else in its place."""
    path = folder / PLAN
    try:
        values = json.loads(path.read_text())
        plan = Plan(**{**values, "options": tuple(values["options"]), "search": tuple(values["search"])})
        plan._all()
        return plan
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{path} is not the plan of a search: {error!r}") from error
