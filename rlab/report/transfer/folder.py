"""Where a comparison is kept: found again by its plan, or begun."""

import itertools
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rlab.report.folder import check_out
from rlab.report.transfer.plan import PLAN, Plan, read_plan
from rlab.types import UserError


def choose_folder(out: Path | None, root: Path, plan: Plan, defaults: Mapping[str, Any] | None = None) -> Path:
    """The folder for a plan: `out`, or else the latest below `root` with the same plan, or else a new one there.

    Nothing is written. `defaults` are those of settings, see `Plan.difference`. Raises UserError if `out` holds another
    plan or something else.
    """
    parent = root / plan.environment.replace(":", "-") / "transfer"
    folder = out or _of_same_plan(parent, plan, defaults) or new_folder(parent)
    if not (folder / PLAN).is_file():
        check_out(folder)
    elif (difference := read_plan(folder).difference(plan, defaults)) is not None:
        raise UserError(f"{folder} holds another plan: {difference}; repeat its command, or choose another --out")
    return folder


def _of_same_plan(parent: Path, plan: Plan, defaults: Mapping[str, Any] | None) -> Path | None:
    for place in sorted(parent.glob(f"*/{PLAN}"), reverse=True):
        try:
            if read_plan(place.parent).difference(plan, defaults) is None:
                return place.parent
        except UserError:  # of another version: not ours
            continue
    return None


def new_folder(parent: Path) -> Path:
    """A free name below `parent`, after the time."""
    name = time.strftime("%Y%m%d-%H%M%S")
    names = (name if attempt == 1 else f"{name}-{attempt}" for attempt in range(1, 1000))
    return next(parent / name for name in names if not (parent / name).exists())


def check_different(folders: Sequence[Path]) -> None:
    """Raise UserError if two folders hold the same plan: trained twice, it comes out the same, and is not two tasks."""
    for one, other in itertools.combinations(folders, 2):
        if read_plan(one).difference(read_plan(other)) is None:
            raise UserError(f"the same comparison twice: received {one} and {other}, allowed is one of them")
