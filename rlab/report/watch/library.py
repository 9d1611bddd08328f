"""What the page asks for, answered: the runs and their games, a game's timeline, saliency, videos."""

import json
import threading
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from rlab.report.watch import gallery
from rlab.report.watch.prepare import POSTER, VIDEO, prepare, why_no_saliency
from rlab.report.watch.saliency import saliency
from rlab.report.watch.source import PLAYED_BY, Source
from rlab.report.watch.timeline import by_row
from rlab.types import UserError


class ClosedError(Exception):
    """Nobody waits for the answer any more."""


class Library:
    """Some runs. It may be asked from several threads; games are played and agents asked by one at a time."""

    def __init__(self, sources: Sequence[Source], which: str = PLAYED_BY) -> None:
        """`which` checkpoint stands beside a game for which the page names none."""
        self.sources = sources
        self._which = which
        self._work = threading.Lock()
        self._closed = False

    def gallery(self) -> dict[str, Any]:
        """All runs, as they are now."""
        found = [(source, gallery.tables(source)) for source in self.sources]
        return {"runs": [gallery.gallery(source, games, games) for source, games in found]}

    def timeline(self, run: int, stream: str, number: int, which: str = PLAYED_BY) -> dict[str, Any]:
        """A game beside the values of a checkpoint; it is prepared where it was not before."""
        source = self._source(run)
        tape = source.read(stream, number)
        with self._work:
            place = source.place(tape, self._which if which == PLAYED_BY else which)  # a training may delete some
            return prepare(source, tape, place, self._go_on)

    def saliency(self, run: int, stream: str, number: int, step: int, moment: int) -> dict[str, Any]:
        """Where the agent of the checkpoint of `step` looks at a moment of a game.

        Raises UserError if there is no such game, checkpoint or moment, or if no saliency can be told.
        """
        source = self._source(run)
        tape = source.read(stream, number)
        source.place(tape, str(step))  # it is there
        if reason := why_no_saliency(source):
            raise UserError(f"there is no saliency: {reason}")
        if not 0 <= moment <= tape.length:
            raise UserError(f"no such moment: received {moment}, {stream} game {number} has 0 to {tape.length}")
        with self._work:
            observation = next(islice(source.emulate(tape), moment, None)).observation
            return {"heat": by_row(saliency(source.load(step), observation))}

    def file(self, run: int, folder: str, name: str) -> Path:
        """A file of a prepared game. Raises UserError if there is none."""
        path = self._source(run).cache / folder / name
        if name not in (VIDEO, POSTER) or not path.is_file():
            raise UserError(f"no such file: received {folder}/{name}")
        return path

    def close(self, patience: float = 10.0) -> None:
        """Give up what is under way, which leaves nothing half-made, and wait for that, at most `patience` seconds."""
        self._closed = True
        self._work.acquire(timeout=patience)

    def _go_on(self) -> None:
        if self._closed:
            raise ClosedError

    def _source(self, run: int) -> Source:
        if not 0 <= run < len(self.sources):
            raise UserError(f"no such run: received {run}, allowed are 0 to {len(self.sources) - 1}")
        return self.sources[run]


def as_json(values: Any) -> bytes:
    """Plain data as JSON; NaN and infinities are refused, which browsers cannot read."""
    return json.dumps(values, allow_nan=False, separators=(",", ":")).encode()
