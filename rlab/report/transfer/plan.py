"""What a comparison trains, kept in its folder: the same command goes on with it, another one is refused."""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rlab.planned import first_difference, write_text
from rlab.types import UserError

PLAN = "plan.json"
SCRATCH = "scratch"


@dataclass(frozen=True)
class Arm:
    """One way to begin: from scratch, or with something that was learnt before."""

    name: str
    kind: str = ""  # "encoder", "policy", or empty where nothing is taken over
    file: str = ""
    digest: str = ""
    options: tuple[str, ...] = ()  # of train.py, beside the file and those of all arms

    @property
    def folder(self) -> str:
        return self.name.replace(" ", "-")

    @property
    def words(self) -> list[str]:
        """The options of train.py by which it differs from scratch."""
        return [f"--{self.kind}", self.file, *self.options] if self.kind else []


@dataclass(frozen=True)
class Plan:
    """What is trained, and what is looked at afterwards."""

    settings: Mapping[str, Any]  # of a run from scratch with seed 1, as `config.json` has them
    options: tuple[str, ...]  # of train.py in all arms, as they were given
    arms: tuple[Arm, ...]  # scratch is the first
    seeds: int  # 1 to n in every arm
    score_episodes: int
    threshold: float | None  # points; None: there is none to reach
    threshold_games: int  # the latest games whose mean is to reach it

    def __post_init__(self) -> None:
        values = json.loads(json.dumps(self.settings))  # as a file gives them back: lists for tuples
        object.__setattr__(self, "settings", values)

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
    def num_envs(self) -> int:
        return int(self.settings["run"]["num_envs"])

    @property
    def runs(self) -> list[tuple[Arm, int]]:
        """Every arm with every seed, seeds outermost: what is broken off has whole pairs."""
        return [(arm, seed) for seed in range(1, self.seeds + 1) for arm in self.arms]

    def difference(self, now: "Plan", defaults: Mapping[str, Any] | None = None) -> str | None:
        """What the plan `now` has otherwise, in words, the first thing only; None if it would train the same.

        `defaults` are those of settings; a plan from before there was one of them went by it, as runs do.
        """
        return first_difference(_named(self), _named(now), defaults or {})

    def write(self, folder: Path) -> None:
        """Keep it in its folder."""
        write_text(folder / PLAN, json.dumps(dataclasses.asdict(self), indent=2) + "\n")


def _named(plan: Plan) -> dict[str, Any]:
    """All that matters of a plan by names that a user knows. What is in a file matters, where it lies does not."""
    settings = dict(plan.settings)
    run, config = settings.pop("run"), settings.pop("config")
    wanted = {name: getattr(plan, name) for name in ("seeds", "score_episodes", "threshold", "threshold_games")}
    arms = {f"the arm {arm.name}": " ".join([arm.kind, arm.digest[:12], *arm.options]) for arm in plan.arms}
    return {**settings, **run, **config, **wanted, **arms}


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
