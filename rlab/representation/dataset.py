"""Recorded games as data to learn representations from: tapes are played again once, and proved while they are."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium import spaces

from rlab.representation.games import PARTS, check_parts
from rlab.representation.games import Games as Games
from rlab.representation.games import expected_memory as expected_memory
from rlab.representation.playing import Emulate, looks, spans
from rlab.representation.sources import Found, choose, open_folder
from rlab.tapes import STREAMS
from rlab.types import Array, UserError


def load(
    folders: Sequence[Path],
    emulate: Emulate,
    *,
    stream: str = "",
    steps: int | None = None,
    cache_folder: Path | None = None,
    parts: Sequence[str] = PARTS,
    on_game: Callable[[int, int], None] = lambda done, games: None,
) -> Games:
    """The games of recordings (`scripts/record.py`) and runs, taken from the folders in turns, each game once.

    `stream` says which games; empty: `demo` of a recording, `train` of a run. Whole games are taken until they have
    `steps` agent steps. `emulate(tape)` plays a tape again, at less than 1 ms a step of an Atari game; what it shows is
    kept in one file beside the first tapes, or in `cache_folder`, if that can be written. `on_game` is told how many of
    how many games were played again.

    Raises UserError if there are no such games, if they are not all of one environment, protocol and kind of
    observation, if one of `parts` has no game, or if a tape does not play again as it was.
    """
    if stream not in ("", *STREAMS):
        raise UserError(f"unknown stream: received {stream!r}, allowed are {', '.join(STREAMS)}")
    opened = [open_folder(path, stream) for path in folders]
    try:
        found = choose(opened, steps)
        if not found:
            named = ", ".join(f"{folder.path} ({folder.stream})" for folder in opened) or "no folder"
            raise UserError(f"there are no recorded games in {named}")
        check_parts([each.game for each in found], parts)
        arrays = looks(found, emulate, cache_folder or opened[0].path, on_game)
    finally:
        for folder in opened:
            folder.store.close()
    return _games(found, arrays)


def observation_space(folder: Path) -> spaces.Space[Any]:
    """What the games of a folder show. Raises UserError if it is no folder with recorded games."""
    opened = open_folder(folder, "")
    opened.store.close()
    return opened.observation_space


def _games(found: Sequence[Found], arrays: dict[str, Array]) -> Games:
    first = found[0]
    moments = len(arrays["frames"])
    space = first.folder.action_space
    action = np.zeros((moments, *(space.shape or ())), space.dtype)
    reward = np.zeros(moments, np.float32)
    for each, span in spans(found):
        action[span][:-1] = each.tape.actions
        reward[span][:-1] = each.tape.rewards
    return Games(
        first.tape.environment,
        first.tape.protocol,
        first.folder.observation_space,
        space,
        [each.game for each in found],
        frames=arrays["frames"],
        action=action,
        reward=reward,
        lives=arrays["lives"],
        ram=arrays.get("ram"),
    )
