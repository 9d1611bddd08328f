"""Trainings that are broken off: what of a run is saved then, and how it is gone on with."""

import shlex
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rlab import checkpoint, command_line
from rlab.types import UserError


@contextmanager
def telling_how_to_go_on(run: Path) -> Iterator[None]:
    """Make one line of an interrupt, and of a disk that takes no more: what of the run is saved, and what to do."""
    try:
        yield
    except (OSError, sqlite3.Error, UserError, KeyboardInterrupt) as error:
        interrupted = isinstance(error, KeyboardInterrupt)
        reason = "interrupted" if interrupted else command_line.disk_trouble(error)
        if reason is None:
            raise
        first = "free some space or make it writable, then " if reason.startswith(command_line.CANNOT_WRITE) else ""
        try:
            saved = f"the last checkpoint, {checkpoint.latest(run).name}, is good: {first}{way_on(run)}"
        except UserError:
            saved = f"{run} has no checkpoint yet: {first}begin again"
        raise UserError(f"{reason}; {saved}") from error


def way_on(run: Path) -> str:
    """The command that goes on with a run, in words."""
    return f"go on with: python scripts/train.py --resume {shlex.quote(str(run))}"
