"""The episode store: every finished episode as a tape in SQLite, and the proof that a tape is true.

From a tape come the resumed run, the video, the pretraining data and the proof of the score: frames at any size, RGB
and RAM are derived by re-emulation, none are stored.

Streams: `train`; `validation`, the evaluations during training, which choose the best checkpoint; `eval`, the
evaluations that report a score, on other seeds; `demo`, games played for their own sake. Beside these, where a game
cannot be played again, those of training that an interrupt broke off: a replay may hold their steps.
"""

import hashlib
import io
import sqlite3
import zlib
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium import spaces

from rlab.types import Array, FrameStack, Moment, Tape, UserError

_PATIENCE = 60.0  # seconds to wait for whoever reads or writes, before a commit or a query fails
STREAMS = ("train", "validation", "eval", "demo")
BROKEN_OFF = "broken off"

_COLUMNS = (
    "stream TEXT, number INTEGER, environment TEXT, protocol TEXT, version TEXT, seed INTEGER, start_frames INTEGER, "
    "actions BLOB, rewards BLOB, frames INTEGER, terminated INTEGER, digest TEXT, step INTEGER, observations BLOB, "
    "length INTEGER, score REAL"
)
_NAMES = [column.split()[0] for column in _COLUMNS.split(", ")]


class Digest:
    """A running SHA-256 over the observations of an episode, in the order in which the agent saw them, and its actions.

    The last observation, after the last action, does not belong to it: no decision rests on it. Of stacked frames only
    the newest counts, as the others were counted before. The actions belong to it because most single ones leave no
    trace in what is seen.
    """

    def __init__(self, space: spaces.Space[Any]) -> None:
        self._newest_only = isinstance(space, FrameStack)
        self._hash = hashlib.sha256()

    def add(self, observation: Array) -> None:
        self._hash.update((observation[..., -1] if self._newest_only else np.asarray(observation)).tobytes())

    def text(self, actions: Array) -> str:
        """The digest of what was seen so far and of the actions [T] or [T, A] taken on it."""
        whole = self._hash.copy()
        whole.update(np.ascontiguousarray(actions).tobytes())
        return whole.hexdigest()[:32]


def disagreement(
    tape: Tape, space: spaces.Space[Any], moments: Iterable[Moment], *, finished: bool = True
) -> str | None:
    """What a re-emulation of `tape` shows that the tape does not say, in one line; None if they agree.

    Rewards are compared one by one, then how and when the episode ended (if it is a `finished` one), then the digest.
    """
    digest = Digest(space)
    steps = 0
    for steps, moment in enumerate(moments):
        if steps > 0 and np.float32(moment.reward) != tape.rewards[steps - 1]:
            return f"reward {steps} is {tape.rewards[steps - 1]:g} on the tape, {moment.reward:g} when played again"
        ended = moment.terminated or moment.truncated
        if ended and steps < tape.length:
            return f"the tape has {tape.length} steps, the episode ends after {steps} when played again"
        if steps == tape.length:
            if not finished:
                break
            if not ended:
                return f"the tape ends after {steps} steps, the episode does not when played again"
            if moment.terminated != tape.terminated:
                words = {True: "terminated", False: "truncated"}
                return f"{words[tape.terminated]} on the tape, {words[moment.terminated]} when played again"
        else:
            digest.add(moment.observation)
    if steps < tape.length:
        return f"the tape has {tape.length} steps, only {steps} were played again"
    if digest.text(tape.actions) != tape.digest:
        return "the observations or actions are others than when it was recorded"
    return None


class TapeStore:
    """The tapes of one run, in `tapes.sqlite`. Rows appear to others, and survive, once `commit` was called."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        if not create and not path.is_file():
            raise UserError(f"no tapes: {path} is not there")
        self.path = path
        try:
            if create:
                self._connection = sqlite3.connect(path, timeout=_PATIENCE)
                self._connection.execute("PRAGMA cache_spill = OFF")  # what is not committed yet locks nobody out
                key = "PRIMARY KEY (stream, number)"
                self._connection.execute(f"CREATE TABLE IF NOT EXISTS tapes ({_COLUMNS}, {key})")
            else:
                self._connection = _open(path)
            found = [row[1] for row in self._connection.execute("PRAGMA table_info(tapes)")]
        except sqlite3.DatabaseError as error:
            raise UserError(_trouble(path, "cannot be read as a tape store", error)) from error
        if found != _NAMES:
            raise UserError(f"{path} is not a tape store of this version: its columns are {', '.join(found) or 'none'}")

    def write(self, *tapes: Tape) -> None:
        """Add tapes, each in place of one with the same stream and number."""
        for tape in tapes:
            row = [
                *(tape.stream, tape.number, tape.environment, tape.protocol, tape.version, tape.seed),
                *(tape.start_frames, _pack(tape.actions), _pack(tape.rewards), tape.frames, tape.terminated),
                *(tape.digest, tape.step, None if tape.observations is None else _pack(tape.observations)),
                *(tape.length, tape.score),
            ]
            self._connection.execute(f"REPLACE INTO tapes VALUES ({', '.join('?' * len(row))})", row)

    def commit(self) -> None:
        """Make all rows written so far last."""
        self._connection.commit()

    def truncate(self, stream: str, number: int) -> None:
        """Delete the tapes of `stream` with this number or a higher one."""
        self._connection.execute("DELETE FROM tapes WHERE stream = ? AND number >= ?", (stream, number))

    def forget_training(self, number: int, also: Collection[int]) -> None:
        """Delete the episodes of training from this number on, broken off or not, and those numbered in `also`."""
        for stream in ("train", BROKEN_OFF):
            self.truncate(stream, number)
            one = "DELETE FROM tapes WHERE stream = ? AND number = ?"
            self._connection.executemany(one, [(stream, other) for other in also])

    def drop_observations(self, stream: str) -> None:
        """Forget the observations that the tapes of `stream` hold."""
        self._connection.execute("UPDATE tapes SET observations = NULL WHERE stream = ?", (stream,))

    def read(self, stream: str, number: int) -> Tape:
        """One tape. Raises UserError if there is none."""
        for tape in self._select("stream = ? AND number = ?", (stream, number)):
            return tape
        low, high = self._rows("SELECT MIN(number), MAX(number) FROM tapes WHERE stream = ?", (stream,))[0]
        held = f"{low} to {high}" if low is not None else "none"
        raise UserError(f"no such game: received {stream} {number}, {self.path} holds {held}")

    def all(self, stream: str) -> Iterator[Tape]:
        """The tapes of `stream`, in the order of their numbers."""
        return self._select("stream = ?", (stream,))

    def of_training(self, turn: int, num_envs: int) -> Iterator[Tape]:
        """The episodes of training, broken off or not, that went on in `turn` or later, of so many side by side."""
        return self._select("stream IN ('train', ?) AND step / ? + length > ?", (BROKEN_OFF, num_envs, turn))

    def table(self, stream: str) -> list[dict[str, Any]]:
        """Number, seed, step, length, frames and score of each tape of `stream`, without opening them."""
        names = ("number", "seed", "step", "length", "frames", "score")
        rows = self._rows(f"SELECT {', '.join(names)} FROM tapes WHERE stream = ? ORDER BY number", (stream,))
        return [dict(zip(names, row, strict=True)) for row in rows]

    def close(self) -> None:
        self._connection.close()

    def _select(self, condition: str, values: tuple[Any, ...]) -> Iterator[Tape]:
        # One row at a time: a reader that takes long must not keep a run from committing.
        query = f"SELECT {', '.join(_NAMES)} FROM tapes WHERE rowid = ?"
        for rowid in self._rows(f"SELECT rowid FROM tapes WHERE {condition} ORDER BY stream, number", values):
            for row in self._rows(query, rowid):
                yield self._tape(dict(zip(_NAMES, row, strict=True)))

    def _rows(self, query: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(query, values).fetchall()
        except OverflowError:  # a number that SQLite cannot hold is that of no tape
            return []
        except sqlite3.DatabaseError as error:
            raise UserError(_trouble(self.path, "is damaged", error)) from error

    def _tape(self, row: dict[str, Any]) -> Tape:
        length, score = row.pop("length"), row.pop("score")
        try:
            row["actions"] = _unpack(row["actions"])
            row["rewards"] = _unpack(row["rewards"])
            row["observations"] = None if row["observations"] is None else _unpack(row["observations"])
        except (zlib.error, ValueError, EOFError, TypeError) as error:
            raise UserError(f"{self.path} is damaged: {row['stream']} {row['number']}: {error}") from error
        tape = Tape(**{**row, "terminated": bool(row["terminated"])})
        if tape.length != length or len(tape.rewards) != length or tape.score != score:
            raise UserError(f"{self.path} is damaged: {tape.stream} {tape.number}: length or score disagree")
        return tape


def _is_kept(error: sqlite3.DatabaseError) -> bool:
    """Whether another process keeps a store locked; the upper bits tell more of the same kind."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


def _trouble(path: Path, otherwise: str, error: sqlite3.DatabaseError) -> str:
    """What is the matter with a store: that somebody keeps it, or what is said `otherwise`."""
    if _is_kept(error):
        return f"{path} is being written by another process: try again later"
    return f"{path} {otherwise}: {error}"


def _open(path: Path) -> sqlite3.Connection:
    """Open a store that is only read; where it can be, SQLite may mend what a killed writer left half-written."""
    uri = path.resolve().as_uri()
    try:
        connection = sqlite3.connect(f"{uri}?mode=rw", uri=True, timeout=_PATIENCE)
        connection.execute("PRAGMA schema_version").fetchall()
    except sqlite3.OperationalError as error:
        if _is_kept(error):
            raise
        connection = sqlite3.connect(f"{uri}?mode=ro", uri=True, timeout=_PATIENCE)
    return connection


def _pack(array: Array) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return zlib.compress(buffer.getvalue(), 6)


def _unpack(blob: bytes) -> Array:
    return np.asarray(np.lib.format.read_array(io.BytesIO(zlib.decompress(blob)), allow_pickle=False))
