"""What a run has to log between two entries in TensorBoard."""

import time
from dataclasses import dataclass, field

import numpy as np

from rlab.tensorboard import EventFile
from rlab.types import Metrics, Tape


@dataclass
class Log:
    """What has been gathered since the last entry in TensorBoard; it belongs to the state of the run."""

    sums: dict[str, float] = field(default_factory=dict)  # of metrics, by their tag
    counts: dict[str, int] = field(default_factory=dict)  # how many each is the sum of
    scores: list[float] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    since_step: int = 0
    since: float = field(default_factory=time.monotonic)

    def add(self, metrics: Metrics | None, tapes: list[Tape]) -> None:
        if metrics is not None:
            for tag, value in metrics.items():
                self.sums[tag] = self.sums.get(tag, 0.0) + float(value)
                self.counts[tag] = self.counts.get(tag, 0) + 1
        self.scores += [tape.score for tape in tapes]
        self.lengths += [tape.length for tape in tapes]

    def write(self, events: EventFile, step: int, frames: int) -> None:
        for tag, value in self.sums.items():
            events.scalar(tag, value / self.counts[tag], step)
        if self.scores:
            events.scalar("train/score", float(np.mean(self.scores)), step)
            events.scalar("train/length", float(np.mean(self.lengths)), step)
        events.scalar("train/episodes", len(self.scores), step)
        events.scalar("train/frames", frames, step)
        seconds = time.monotonic() - self.since
        events.scalar("speed/steps_per_s", (step - self.since_step) / max(seconds, 1e-9), step)
