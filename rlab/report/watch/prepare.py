"""A game made ready to be watched: a video of its screens, a picture of it, and its timeline, from its tape.

One pass plays the game again, proves that it is the one that was recorded, makes the video and asks the agent. What
comes of it stands in <run>/watch/<stream>-<number>-<digest>/, one timeline for each checkpoint.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

import numpy as np
from PIL import Image

from rlab import checkpoint
from rlab.folders import write_whole
from rlab.report.video import encoder
from rlab.report.watch.judging import Judge, of_actions
from rlab.report.watch.source import Source, confirmed
from rlab.report.watch.timeline import Notes, by_row, numbers, timeline
from rlab.tapes import disagreement
from rlab.types import FrameStack, Moment, Tape

VIDEO, POSTER = "video.mp4", "poster.webp"
_FORMAT = 2  # of a timeline; one of another format is made anew
_ENLARGED_BELOW = 300  # pixels of height: at twice the size, colours at half the resolution lose nothing
_KEYFRAMES = 60  # screens from one to the next: a jump decodes no more than that


def place_of(source: Source, tape: Tape) -> Path:
    """The folder of a game that was prepared, or will be."""
    return source.cache / f"{tape.stream}-{tape.number}-{tape.digest[:8]}"


def prepare(source: Source, tape: Tape, place: Path, go_on: Callable[[], None]) -> dict[str, Any]:
    """The timeline of a game with what the checkpoint at `place` thinks of it; its video is beside it then.

    `go_on` is called at each moment, and raises to give up. Raises UserError if the tape is not confirmed.
    """
    folder = place_of(source, tape)
    manifest = hashlib.sha256((place / checkpoint.MANIFEST).read_bytes()).hexdigest()[:8]
    path = folder / f"{place.name}-{manifest}-{_FORMAT}.json"
    if (there := _prepared(path, tape)) is not None:
        return there
    agent = source.load(checkpoint.step_of(place))
    notes, judge = Notes(), Judge(agent)
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        film = _Film(folder, source.screens_per_second, tape.length // 2, stack)

        def moments() -> Iterator[Moment]:
            for moment in source.emulate(tape, screens=True):
                go_on()
                notes.add(moment)
                judge.add(moment.observation)
                film.add(moment)
                yield moment

        confirmed(source, tape, disagreement(tape, source.settings.observation_space, moments()))
    if film.poster is not None:
        poster = folder / f".{POSTER}.{os.getpid()}.draft"
        film.poster.save(poster, "WEBP", quality=90)
        poster.replace(folder / POSTER)
    found = judge.finish()
    values = timeline(tape, source.settings, notes, found, list(source.action_names))
    values |= {
        "folder": folder.name,
        "checkpoint": checkpoint.step_of(place),
        "screens_per_second": source.screens_per_second,
        "grid": _grid(source, agent),
        "no_saliency": why_no_saliency(source) or ("" if found else "the agent tells neither values nor probabilities"),
    }
    write_whole(path, json.dumps(values, allow_nan=False, separators=(",", ":")))
    return values


def _prepared(path: Path, tape: Tape) -> dict[str, Any] | None:
    """The timeline that was kept there; None if there is none of this game, or if its video is gone."""
    try:
        values: dict[str, Any] = json.loads(path.read_bytes())
        same = values["score"] == tape.score and values["reward"][1:] == tape.rewards.astype(float).tolist()
        shown = values["shown"] is None or (path.parent / VIDEO).is_file()
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return values if same and shown else None


def why_no_saliency(source: Source) -> str:
    """Why no saliency can be drawn over a run's screens, or nothing where it can."""
    seen = isinstance(source.settings.observation_space, FrameStack)
    return "" if seen else "the agent does not see the whole screen as a picture"


class _Film:
    """The video of a game, and its poster: the screen after `middle` steps.

    There is neither where there are no screens, and nothing is made anew.
    """

    def __init__(self, folder: Path, screens_per_second: float, middle: int, stack: ExitStack) -> None:
        self._folder, self._speed, self._middle, self._stack = folder, screens_per_second, middle, stack
        self._encoder: IO[bytes] | None = None
        self.poster: Image.Image | None = None
        self._moments = 0
        self._there = (folder / VIDEO).is_file() and (folder / POSTER).is_file()

    def add(self, moment: Moment) -> None:
        if self._there or not moment.screens:
            return
        if self._encoder is None:
            height, width = moment.screens[0].shape[:2]
            enlarged = 2 if height < _ENLARGED_BELOW else 1
            self._encoder = self._stack.enter_context(
                encoder(self._folder / VIDEO, height, width, self._speed, enlarged=enlarged, keyframes=_KEYFRAMES)
            )
        for screen in moment.screens:
            self._encoder.write(np.ascontiguousarray(screen).data)
        if self._moments == self._middle:
            self.poster = Image.fromarray(np.maximum.reduce(moment.screens[-2:]))  # some objects are on every other one
        self._moments += 1


def _grid(source: Source, agent: Any) -> dict[str, Any] | None:
    """A map with what the agent thinks of each state, as the page draws it; None where the environment is none.

    `value` and `judgements` are None where the agent does not tell them: probabilities are no values.
    """
    grid = source.grid
    if grid is None:
        return None
    judge = Judge(agent)
    for state in range(len(grid.place)):
        judge.add(np.asarray(state, source.settings.observation_space.dtype))
    found = judge.finish()
    _, judgements = of_actions(found)
    value = found["action_values"].max(axis=1) if "action_values" in found else None
    value = found.get("value", value)
    return {
        "rows": list(grid.rows),
        "place": grid.place.tolist(),
        "layers": list(grid.layers),
        "arrows": list(grid.arrows),
        "judgements": None if judgements is None else by_row(judgements),
        "value": None if value is None else numbers(value),
    }
