"""What a search is about, kept in its folder: the same command goes on with it, another one is refused."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rlab.planned import first_difference, write_text
from rlab.types import UserError

PLAN = "study.json"


@dataclass(frozen=True)
class Plan:
    """What a search is about. How many trials it has may still grow."""

    settings: Mapping[str, Any]  # that it starts from, with seed 1, as `config.json` has them
    options: tuple[str, ...]  # of train.py that all trials have
    search: tuple[str, ...]  # what is searched, as it was given; of a file what is in it
    sampler: str
    pruner: str
    seeds: int  # 1 to n in each trial

    def __post_init__(self) -> None:
        object.__setattr__(self, "settings", json.loads(json.dumps(self.settings)))  # as a file gives them back

    @property
    def agent(self) -> str:
        return str(self.settings["agent"])

    @property
    def environment(self) -> str:
        return str(self.settings["run"]["env"])

    @property
    def steps(self) -> int:
        return int(self.settings["run"]["steps"])

    @property
    def period(self) -> int:
        """Agent steps between two evaluations of a run."""
        return int(self.settings["run"]["evaluation_period_steps"])

    def difference(self, now: "Plan", defaults: Mapping[str, Any]) -> str | None:
        """What the plan `now` has otherwise, in words, the first thing only; `defaults` are those of settings."""
        return first_difference(_named(self), _named(now), defaults)

    def write(self, folder: Path) -> None:
        """Keep it in its folder."""
        write_text(folder / PLAN, json.dumps(dataclasses.asdict(self), indent=2) + "\n")


def _named(plan: Plan) -> dict[str, Any]:
    """All that matters of a plan by names that a user knows."""
    settings = dict(plan.settings)
    run, config = settings.pop("run"), settings.pop("config")
    own = {"search": " ".join(plan.search), "sampler": plan.sampler, "pruner": plan.pruner, "seeds": plan.seeds}
    return {**settings, **run, **config, **own}


def read_plan(folder: Path) -> Plan:
    """The plan of a folder. Raises UserError if there is something else in its place."""
    path = folder / PLAN
    try:
        values = json.loads(path.read_text())
        plan = Plan(**{**values, "options": tuple(values["options"]), "search": tuple(values["search"])})
        _named(plan)
        return plan
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{path} is not the plan of a search: {error!r}") from error
