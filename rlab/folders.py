"""Folders that scripts make: where one may be made, and how it, or a file, appears whole."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rlab.types import UserError


def check_out(out: Path) -> None:
    """Raise UserError unless `out` is an empty folder, or one can be made there."""
    there = next(place for place in (out, *out.parents, Path()) if place.exists())
    if not there.is_dir():
        raise UserError(f"--out is no folder: received {out}, and {there} is a file")
    if there == out and any(out.iterdir()):
        raise UserError(f"--out is something else: received {out}, which is not empty and nothing of ours")
    if not os.access(there, os.W_OK | os.X_OK):
        raise UserError(f"--out cannot be written: received {out}, and {there} is read-only for you")


def write_whole(path: Path, text: str) -> None:
    """Write a file; what was there stays until the new one is whole. Of several processes one comes last."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        draft.write_text(text)
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


@contextmanager
def whole(folder: Path) -> Iterator[Path]:
    """An empty folder to fill, which takes the place of `folder` when the block ends; if it fails, nothing changes.

    What was there is moved aside first, as no folder can be renamed over another. A process that is killed just then
    leaves it aside, and the next one puts it back.
    """
    folder = folder.resolve()  # a link stays one
    draft, old = (folder.with_name(f".{folder.name}.{word}") for word in ("draft", "old"))
    if old.exists() and not folder.exists():
        old.rename(folder)
    for left in (draft, old):  # of a process that was killed
        shutil.rmtree(left, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        yield draft
        if folder.exists():
            folder.rename(old)
        draft.rename(folder)
    finally:
        if old.exists() and not folder.exists():
            old.rename(folder)
        for left in (draft, old):
            shutil.rmtree(left, ignore_errors=True)
