"""A run to be watched, with what the core has to be handed of its agent and its environment."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rlab import checkpoint
from rlab.agent import Agent
from rlab.config import Settings
from rlab.rundir import TAPES
from rlab.tapes import TapeStore
from rlab.types import Grid, Moment, Tape, UserError

PLAYED_BY = "default"  # the checkpoint that played a game


class Emulate(Protocol):
    """Plays a tape again; `screens` asks for what the environment shows."""

    def __call__(self, tape: Tape, *, screens: bool = False) -> Iterator[Moment]: ...


@dataclass(frozen=True)
class Source:
    """One run."""

    folder: Path
    settings: Settings
    emulate: Emulate
    load: Callable[[int], Agent]  # the agent as it was in the checkpoint of a step
    action_names: Sequence[str]  # [A]; where actions are Box, of an action's numbers
    screens_per_second: float  # at the speed at which people play
    grid: Grid | None = None  # where the environment is a map

    @property
    def cache(self) -> Path:
        """Where prepared games are kept."""
        return self.folder / "watch"

    def read(self, stream: str, number: int) -> Tape:
        """A game. Raises UserError if there is none, or if it is one of another environment or protocol."""
        with closing(TapeStore(self.folder / TAPES)) as store:
            tape = store.read(stream, number)
        run = self.settings.run
        if (tape.environment, tape.protocol.split(":")[0]) != (run.env, run.protocol):
            raise UserError(
                f"{stream} game {number} of {self.folder} is one of {tape.environment} under {tape.protocol}"
            )
        return tape

    def place(self, tape: Tape, which: str) -> Path:
        """The checkpoint whose values stand beside a game: "best", "latest" or a step, or the one that played it.

        Where that one is gone, it is the best. Raises UserError if there is no such checkpoint, or if it is not whole.
        """
        if which == PLAYED_BY:
            which = str(tape.step) if checkpoint.place_of(self.folder, tape.step).is_dir() else checkpoint.BEST
        return checkpoint.chosen(self.folder, which)


def confirmed(source: Source, tape: Tape, reason: str | None) -> None:
    """Raise UserError if there is a reason why a tape is not what was played."""
    if reason is not None:
        raise UserError(f"{tape.stream} game {tape.number} of {source.folder} is not confirmed: {reason}")
