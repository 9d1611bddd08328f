"""Checkpoints: folders that are whole or not there.

One is filled beside its place, flushed, listed in a manifest with the digest of every file, and renamed into place. It
is never overwritten. A torn one, where a file is missing or differs from the manifest, is passed over.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rlab.statefile import read_state
from rlab.types import UserError

MANIFEST = "manifest.json"
BEST = "best"
STATE = "loop.json"  # of its training; there is none of an agent to play with


def write(run: Path, step: int, fill: Callable[[Path], None]) -> Path:
    """Make the checkpoint of `step` in the folder `run`, where there is no whole one; `fill` writes its files."""
    place = place_of(run, step)
    for left in run.glob(".step_*.draft"):  # of a writer that was killed
        shutil.rmtree(left)
    draft = run / f".{place.name}.draft"
    draft.mkdir()
    try:
        fill(draft)
        files = {str(path.relative_to(draft)): _digest(path) for path in sorted(draft.rglob("*")) if path.is_file()}
        (draft / MANIFEST).write_text(json.dumps({"step": step, "sha256": files}, indent=2) + "\n")
        for path in [*draft.rglob("*"), draft]:
            _flush(path)
        if place.exists():  # a torn one; a whole one would have been gone on from
            shutil.rmtree(place)
        draft.rename(place)
        _flush(run)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return place


def place_of(run: Path, step: int) -> Path:
    """Where the checkpoint of `step` is, or would be."""
    return run / f"step_{step:09d}"


def step_of(checkpoint: Path) -> int:
    """The agent step at which a checkpoint was written."""
    return int(checkpoint.name.removeprefix("step_"))


def training_state(checkpoint: Path, *names: str) -> dict[str, Any]:
    """What was kept of the training, with at least these names. Raises UserError if there is none of it."""
    if not (checkpoint / STATE).is_file():
        raise UserError(f"{checkpoint} holds an agent to play with but no training state: it cannot be gone on from")
    return read_state(checkpoint / STATE, *names)


def damage(checkpoint: Path) -> str | None:
    """What is wrong with a checkpoint, in one line; None if it is whole."""
    try:
        manifest = json.loads((checkpoint / MANIFEST).read_text())
        files, step = dict(manifest["sha256"]), manifest["step"]
    except FileNotFoundError:
        return f"{checkpoint} is torn: it has no {MANIFEST}"
    except (ValueError, KeyError, TypeError):
        return f"{checkpoint} is torn: its {MANIFEST} cannot be read"
    if step != step_of(checkpoint):
        return f"{checkpoint} is damaged: its {MANIFEST} is of step {step}"
    for name, digest in files.items():
        try:
            found = _digest(checkpoint / name)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return f"{checkpoint} is torn: {name} is missing"
        if found != digest:
            return f"{checkpoint} is damaged: {name} has another digest than its manifest says"
    return None


def all_of(run: Path) -> list[Path]:
    """Every checkpoint of a run, whole or torn, oldest first."""
    return sorted((path for path in run.glob("step_*") if path.is_dir() and path.name[5:].isdecimal()), key=step_of)


def latest(run: Path) -> Path:
    """The latest whole checkpoint. Raises UserError if there is none."""
    reasons = []
    for checkpoint in reversed(all_of(run)):
        reason = damage(checkpoint)
        if reason is None:
            return checkpoint
        reasons.append(reason)
    raise UserError(f"no whole checkpoint in {run}{': ' + reasons[0] if reasons else ''}")


def chosen(run: Path, which: str) -> Path:
    """The checkpoint called `which`: "best" (the latest, where there is no best yet), "latest", or a step.

    Raises UserError if it is not there or not whole.
    """
    best = _link(run)
    if which == "latest" or (which == BEST and not best.is_symlink()):
        return latest(run)
    if which == BEST:
        place = best.resolve()
    elif which.isdecimal():
        place = place_of(run, int(which))
    else:
        raise UserError(f"unknown checkpoint: received {which!r}, allowed are best, latest or a step")
    if not place.is_dir():
        steps = ", ".join(str(step_of(path)) for path in all_of(run)) or "none"
        raise UserError(f"no such checkpoint: received {which}, {run} has {steps}")
    reason = damage(place)
    if reason is not None:
        raise UserError(reason)
    return place


def point_best(run: Path, checkpoint: Path) -> None:
    """Let `best` point to a checkpoint."""
    best = _link(run)
    draft = run / f".{BEST}.draft"
    draft.unlink(missing_ok=True)
    draft.symlink_to(checkpoint.name)
    draft.replace(best)


def prune(newest: Path, keep: int) -> None:
    """Delete what is older than a run's newest checkpoint, but for the best and as many as make it the latest `keep`.

    Later ones are damaged, as the run went on from an earlier one; they count for nothing and are written over in time.
    """
    run = newest.parent
    best = (run / BEST).resolve() if (run / BEST).exists() else None
    for checkpoint in [path for path in all_of(run) if step_of(path) <= step_of(newest)][:-keep]:
        if checkpoint.resolve() != best:
            shutil.rmtree(checkpoint)


def _link(run: Path) -> Path:
    """Where the link to the best checkpoint is, or would be. Raises UserError if something else is there."""
    best = run / BEST
    if best.exists() and not best.is_symlink():
        raise UserError(f"{best} is a copy, not a link: delete it, and copy runs with their links (cp -a)")
    return best


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
