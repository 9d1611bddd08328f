"""The evaluations during training, which choose the best checkpoint."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from rlab.report.scores import mean_interval
from rlab.tapes import TapeStore
from rlab.tensorboard import EventFile
from rlab.types import Tape


@dataclass
class Validation:
    """How the evaluations of a run went so far; it belongs to the state of the run."""

    count: int = 0
    best: float = float("-inf")  # mean score
    best_step: int = -1

    def add(self, tapes: Sequence[Tape], step: int, store: TapeStore, events: EventFile) -> bool:
        """Keep and log the games of an evaluation after `step`; return whether it is the best so far."""
        store.write(*(replace(tape, number=self.count * len(tapes) + tape.number) for tape in tapes))
        self.count += 1
        mean, low, high = mean_interval([tape.score for tape in tapes])
        for name, value in (("score", mean), ("score_low", low), ("score_high", high)):
            events.scalar(f"eval/{name}", value, step)
        events.scalar("eval/length", float(np.mean([tape.length for tape in tapes])), step)
        improved = mean > self.best
        if improved:
            self.best, self.best_step = mean, step
        return improved
