"""A training's progress in the terminal: a bar, or a line now and then where the output is a file."""

import os
import signal
import time
from collections import deque
from types import TracebackType

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from rlab import training
from rlab.interrupts import noted
from rlab.report.terminal import Terminal

_LINE_SECONDS = 30
_BAR_SECONDS = 0.2
_GAMES = 20


def turn(trained: "training.Training") -> bool:
    """Turn a training until it is done or the user interrupts it, and show how far it is; whether it was interrupted.

    It is interrupted as well if what reads the output has ended, as in `| head`; the error stream tells the rest. A
    second interrupt of the same kind raises KeyboardInterrupt.
    """
    say = "stopping at the end of this step or evaluation; once more to end at once"
    with (
        noted(signal.SIGINT, signal.SIGTERM, signal.SIGHUP, say=say, once=True) as interrupts,
        ProgressBar(trained.step, trained.config.steps, trained.config.minutes) as bar,
    ):
        for progress in trained:
            try:
                bar.show(progress)
            except BrokenPipeError:
                os.dup2(2, 1)
                interrupts.append(signal.SIGPIPE)
            if interrupts:
                break
    return bool(interrupts)


class ProgressBar:
    """Shows steps, or minutes where these are limited, steps/s, time left, the mean of the last 20 games and the last
    evaluation.
    """

    def __init__(self, step: int, steps: int, minutes: float | None = None) -> None:
        self._steps, self._minutes = steps, minutes
        self._console = Terminal()
        self._scores: deque[float] = deque(maxlen=_GAMES)
        self._evaluated = ""
        self._shown = (time.monotonic(), step)
        self._bar = Progress(
            TextColumn("{task.fields[reached]}"),
            BarColumn(None),  # what the other columns leave of the line; they fit into 80 characters
            TextColumn("{task.fields[speed]}"),
            TimeRemainingColumn(compact=True),
            TextColumn("left"),
            TextColumn("{task.fields[scores]}"),
            console=self._console,
            disable=not self._console.is_terminal,
            expand=True,
        )
        reached = f"{step:,}/{steps:,}"
        self._task = self._bar.add_task("", total=1.0, reached=reached, speed="", scores="")
        self._bar.update(self._task, completed=step / steps)

    def show(self, progress: "training.Progress") -> None:
        self._scores.extend(progress.scores)
        if progress.note:
            self._console.print(f"note: {progress.note}", soft_wrap=True)
        if progress.evaluated:
            self._evaluated = f", evaluated {sum(progress.evaluated) / len(progress.evaluated):,.1f}"
        now = time.monotonic()
        seconds = now - self._shown[0]
        often = seconds < (_BAR_SECONDS if self._console.is_terminal else _LINE_SECONDS)
        if often and not progress.evaluated and progress.step < self._steps:
            return
        speed = f"{(progress.step - self._shown[1]) / max(seconds, 1e-9):,.0f} steps/s"
        mean = f"{sum(self._scores) / len(self._scores):,.1f}" if self._scores else "none yet"
        share, reached, of_time = progress.step / self._steps, f"{progress.step:,}/{self._steps:,}", ""
        if self._minutes is not None:
            minutes = progress.seconds / 60
            share = max(share, minutes / self._minutes)
            reached, of_time = f"{progress.step:,}", f", {minutes:.1f} of {self._minutes:g} minutes"
        shown = f"games {mean}{self._evaluated}"
        self._bar.update(self._task, completed=share, reached=reached + of_time, speed=speed, scores=shown)
        if not self._console.is_terminal:
            scores = f"last {len(self._scores)} games {mean}{self._evaluated}"
            print(f"{progress.step:,} of {self._steps:,} steps{of_time}, {speed}, {scores}", flush=True)
        self._shown = (now, progress.step)

    def __enter__(self) -> "ProgressBar":
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()
