"""Where a comparison is kept: found again by its plan, or begun."""

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rlab.jobs import planned
from rlab.report.transfer.plan import PLAN, Plan, read_plan
from rlab.types import UserError


def choose_folder(out: Path | None, root: Path, plan: Plan, defaults: Mapping[str, Any] | None = None) -> Path:
    """The folder for a plan below `root`, see `planned.choose_folder`; `defaults` are those of settings."""
    parent = root / plan.environment.replace(":", "-") / "transfer"
    return planned.choose_folder(out, parent, PLAN, lambda folder: read_plan(folder).difference(plan, defaults))


def check_different(folders: Sequence[Path]) -> None:
    """Raise UserError if two folders are of one task: runs of the same seed come out alike, and count once."""
    for one, other in itertools.combinations(folders, 2):
        if read_plan(one).is_same_task(read_plan(other)):
            raise UserError(
                f"the same task twice: received {one} and {other}, which train with the same settings, allowed is one "
                "of them"
            )
