"""The progress of a recording in the terminal: a bar, or a line now and then where the output is a file."""

import time
from types import TracebackType

import numpy as np
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from rlab.report.terminal import Terminal
from rlab.types import Tape

_LINE_SECONDS = 30


class GamesBar:
    """Shows how many games there are, their steps and their mean score."""

    def __init__(self, episodes: int) -> None:
        self._episodes = episodes
        self._console = Terminal()
        self._scores: list[float] = []
        self._steps = 0
        self._shown = time.monotonic()
        self._bar = Progress(
            TextColumn("{task.completed:,.0f}/{task.total:,.0f} games"),
            BarColumn(None),
            TextColumn("{task.fields[steps]:,} steps"),
            TimeRemainingColumn(compact=True),
            TextColumn("left, mean {task.fields[mean]:,.1f}"),
            console=self._console,
            disable=not self._console.is_terminal,
            expand=True,
        )
        self._task = self._bar.add_task("", total=episodes, steps=0, mean=0.0)

    def show(self, tape: Tape) -> None:
        self._scores.append(tape.score)
        self._steps += tape.length
        mean = float(np.mean(self._scores))
        self._bar.update(self._task, completed=len(self._scores), steps=self._steps, mean=mean)
        if not self._console.is_terminal and time.monotonic() - self._shown >= _LINE_SECONDS:
            self._shown = time.monotonic()
            print(
                f"{len(self._scores):,} of {self._episodes:,} games, {self._steps:,} steps, mean {mean:,.1f}",
                flush=True,
            )

    def note(self, text: str) -> None:
        self._console.print(f"note: {text}", soft_wrap=True)

    def __enter__(self) -> "GamesBar":
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()
