"""Folders of work that goes on where it stopped: each holds a plan, by which the same command finds it again."""

import dataclasses
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from rlab.folders import check_out, write_whole
from rlab.types import UserError


@dataclass(frozen=True)
class Plan:
    """What is trained in a folder, as far as all such plans tell it; each kind adds what it is about."""

    FILE: ClassVar[str]  # the name of its file in the folder

    settings: Mapping[str, Any]  # that runs begin with, with seed 1, as `config.json` has them
    options: tuple[str, ...]  # of train.py that all runs have

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
    def named(self) -> dict[str, Any]:
        """The settings by names that a user knows."""
        others = {name: value for name, value in self.settings.items() if name not in ("run", "config")}
        return {**others, **self.settings["run"], **self.settings["config"]}

    def write(self, folder: Path) -> None:
        """Keep it in its folder."""
        write_whole(folder / self.FILE, json.dumps(dataclasses.asdict(self), indent=2) + "\n")


def choose_folder(out: Path | None, parent: Path, plan: str, difference: Callable[[Path], str | None]) -> Path:
    """The folder for a plan: `out`, or else the latest in `parent` with the same plan, or else a new one there.

    `plan` is the name of the file that plans are kept in; `difference` says what the plan of a folder has otherwise.
    Nothing is written. Raises UserError if `out` holds another plan or something else.
    """
    folder = out or _of_same_plan(parent, plan, difference) or new_folder(parent)
    if not (folder / plan).is_file():
        check_out(folder)
    elif (found := difference(folder)) is not None:
        raise UserError(f"{folder} holds another plan: {found}; repeat its command, or choose another --out")
    return folder


def _of_same_plan(parent: Path, plan: str, difference: Callable[[Path], str | None]) -> Path | None:
    for place in sorted(parent.glob(f"*/{plan}"), reverse=True):
        try:
            if difference(place.parent) is None:
                return place.parent
        except UserError:  # of another version: not ours
            continue
    return None


def new_folder(parent: Path) -> Path:
    """A free name below `parent`, after the time."""
    name = time.strftime("%Y%m%d-%H%M%S")
    names = (name if attempt == 1 else f"{name}-{attempt}" for attempt in range(1, 1000))
    return next(parent / name for name in names if not (parent / name).exists())


def first_difference(there: Mapping[str, Any], now: Mapping[str, Any], defaults: Mapping[str, Any]) -> str | None:
    """What differs between what two plans name, in words, the first thing only; None if nothing does.

    A plan from before there was a setting went by its default, as runs do.
    """
    theirs, ours = _words({**defaults, **there}), _words(now)
    for name in {**ours, **_words(there)}:
        if theirs.get(name) != ours.get(name):
            before, here = (found.get(name, "missing") for found in (theirs, ours))
            return f"{name} is {before} there and {here} now"
    return None


def _words(values: Mapping[str, Any]) -> dict[str, str]:
    return {
        name.replace("_", "-"): str(list(value) if isinstance(value, tuple) else value)
        for name, value in values.items()
    }
