"""What recorded games look like at each moment: from a file where they were played again before, else by doing so.

Tapes hold what was done and paid, not what was seen. A game that comes from the file is held against the digest on its
tape like one that is played again.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium import spaces

from rlab.representation import cache
from rlab.representation.games import RAM_SIZE, frame_shape
from rlab.representation.sources import Folder, Found
from rlab.spaces import to_json
from rlab.tapes import Digest, disagreement
from rlab.types import Array, FrameStack, Moment, Tape, UserError

Emulate = Callable[[Tape], Iterator[Moment]]


def looks(
    found: Sequence[Found], emulate: Emulate, folder: Path, on_game: Callable[[int, int], None]
) -> dict[str, Array]:
    """`frames` [M, *F], `lives` [M] and, if every game has one, `ram` [M, 128] at all moments of the games.

    `folder` is where the file with them is, or is put if it can be written. `on_game` is told how many of how many
    games were played again. Raises UserError if a game does not play again as it was.
    """
    key = _key(found)
    path = folder / f"games-{key}.lz4"
    arrays = _cached(path, key, found)
    if arrays is None:
        arrays = _play_again(found, emulate, on_game)
        with suppress(OSError):  # a folder or disk that takes nothing: games are played again next time
            cache.write(path, key, arrays)
    return arrays


def _key(found: Sequence[Found]) -> str:
    """What names the games, and all that their looks are made of."""
    first = found[0]
    told: list[Any] = [first.tape.environment, first.tape.protocol, to_json(first.folder.observation_space)]
    for tape, _, _, keeps_observations in found:
        rewards = hashlib.sha256(tape.rewards.tobytes()).hexdigest()
        told.append(
            [tape.version, tape.seed, tape.start_frames, tape.digest, rewards, tape.terminated, keeps_observations]
        )
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def spans(found: Sequence[Found]) -> Iterator[tuple[Found, slice]]:
    """Each game with its moments among those of all."""
    start = 0
    for each in found:
        stop = start + each.tape.length + 1
        yield each, slice(start, stop)
        start = stop


def _like(found: Sequence[Found]) -> dict[str, tuple[tuple[int, ...], Any]]:
    """Shape and type of what is found out by playing again."""
    moments = sum(each.tape.length + 1 for each in found)
    space = found[0].folder.observation_space
    return {
        "frames": ((moments, *frame_shape(space)), space.dtype),
        "lives": ((moments,), np.int64),
        "ram": ((moments, RAM_SIZE), np.uint8),
    }


def _cached(path: Path, key: str, found: Sequence[Found]) -> dict[str, Array] | None:
    """What was kept of these games, if it is there and every game has the digest that its tape says."""
    arrays = cache.read(path, key, _like(found))
    if arrays is not None and "frames" in arrays and "lives" in arrays:
        space = found[0].folder.observation_space
        if all(_seen(arrays["frames"][span], space, each.tape) == each.tape.digest for each, span in spans(found)):
            return arrays
    return None


def _seen(frames: Array, space: spaces.Space[Any], tape: Tape) -> str:
    """The digest of a game, given its frames [T + 1, *F]."""
    digest = Digest(space)
    for frame in frames[:-1]:
        digest.add(frame[..., None] if isinstance(space, FrameStack) else frame)
    return digest.text(tape.actions)


def _play_again(found: Sequence[Found], emulate: Emulate, on_game: Callable[[int, int], None]) -> dict[str, Array]:
    """Frames, lives and, if every game has one, the RAM at each moment. Raises UserError if a game is not as it was."""
    arrays = {name: np.zeros(*like) for name, like in _like(found).items()}
    all_ram = True
    for done, (each, span) in enumerate(spans(found), start=1):
        tape, folder = each.tape, each.folder
        space = folder.observation_space
        if each.keeps_observations:
            seen = _kept(folder, tape)
            arrays["frames"][span] = seen
            reason = (
                None if _seen(seen, space, tape) == tape.digest else "its observations are others than its digest's"
            )
            all_ram = False
        else:
            columns = {name: array[span] for name, array in arrays.items()}
            reason = disagreement(tape, space, _noted(emulate(tape), columns, folder))
            all_ram &= "ram" in columns
        if reason is not None:
            raise UserError(f"{tape.stream} game {tape.number} of {folder.path} is not confirmed: {reason}")
        on_game(done, len(found))
    if not all_ram:
        del arrays["ram"]
    return arrays


def _noted(moments: Iterator[Moment], columns: dict[str, Array], folder: Folder) -> Iterator[Moment]:
    """The moments of a game as they are, written into its columns on the way; a game without RAM loses that one."""
    space = folder.observation_space
    for place, moment in enumerate(moments):
        seen = moment.observation
        if np.shape(seen) != space.shape:
            raise UserError(f"{folder.path} tells of observations {space}, its games show {list(np.shape(seen))}")
        columns["frames"][place] = seen[..., -1] if isinstance(space, FrameStack) else seen
        columns["lives"][place] = moment.lives
        if moment.ram is None:
            columns.pop("ram", None)
        else:
            columns["ram"][place] = moment.ram
        yield moment


def _kept(folder: Folder, tape: Tape) -> Array:
    """The frames [T + 1, *F] of a tape that holds its observations."""
    seen, space = folder.store.read(tape.stream, tape.number).observations, folder.observation_space
    if seen is None or seen.shape != (tape.length + 1, *(space.shape or ())) or seen.dtype != space.dtype:
        raise UserError(f"{folder.path} is damaged: {tape.stream} {tape.number} holds observations of another kind")
    return seen[..., -1] if isinstance(space, FrameStack) else seen
