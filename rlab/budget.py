"""How long a run trains: for agent steps, and where its settings say so for minutes, whichever are over first.

The minutes are those in which it trained, was evaluated and was saved, over all its sessions. The start of the program,
what comes before a resume, and what a kill has undone are not in them. They end a run and do nothing else, as every
schedule counts in agent steps: at which step it ends depends on the machine, and nothing that comes before does.
"""

import time
from pathlib import Path
from typing import NamedTuple

from rlab.checkpoint import step_of, training_state

CLOCK = "clock"  # in a training's state


class Clock:
    """For how long a run was trained; it belongs to the state of the run."""

    def __init__(self, seconds: float = 0.0, ended: bool = False) -> None:
        self._before = seconds
        self._since = time.monotonic()
        self.ended = ended  # whether steps or minutes were over after the latest turn, which so became the last

    @property
    def seconds(self) -> float:
        return self._before + time.monotonic() - self._since

    def state(self) -> dict[str, float | bool]:
        return {"seconds": self.seconds, "ended": self.ended}


class Budget(NamedTuple):
    """The steps and the minutes (None: any number) that a run may take."""

    steps: int
    minutes: float | None = None

    def is_over(self, step: int, seconds: float) -> bool:
        return step >= self.steps or (self.minutes is not None and seconds >= 60 * self.minutes)

    def ends(self, checkpoint: Path) -> bool:
        """Whether nothing is left to do of a run after this checkpoint.

        Of one that was interrupted as its minutes ran out, the last turn and the evaluation after it are still to come.
        Raises UserError if the checkpoint has no state of a training.
        """
        step = step_of(checkpoint)
        if step >= self.steps or self.minutes is None:
            return step >= self.steps
        clock = read_clock(checkpoint)
        return clock.ended and self.is_over(step, clock.seconds)


def read_clock(checkpoint: Path) -> Clock:
    """The clock of a run as it stood at a checkpoint, and goes on from there.

    Where a checkpoint has none, as it was written before there were clocks, the log of the run tells the time. Raises
    UserError if the checkpoint has no state of a training.
    """
    state = training_state(checkpoint)
    if CLOCK in state:
        return Clock(**state[CLOCK])
    from rlab.report.curves import training_seconds  # brings TensorBoard, which takes half a second

    return Clock(training_seconds(checkpoint.parent, 1, step_of(checkpoint)))
