"""Prove a run's scores: play its tapes again and compare every reward, every observation and how each game ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

import agents
import envs
from rlab import command_line
from rlab.evaluation import RESULT, Evaluation
from rlab.rundir import TAPES
from rlab.tapes import STREAMS, TapeStore, disagreement
from rlab.types import UserError


@dataclass(frozen=True)
class Options:
    """Prove a run's scores: play its tapes again and compare rewards, observations and how each game ended."""

    run: Annotated[Path, tyro.conf.Positional]
    """The run's folder."""
    stream: str = "eval"
    """Which games: eval, validation, train or demo."""


def main(arguments: Sequence[str]) -> None:
    options = command_line.parse(Options, arguments, program="verify.py", description=__doc__)
    if options.stream not in STREAMS:
        raise UserError(f"unknown stream: received {options.stream!r}, allowed are {', '.join(STREAMS)}")
    settings = agents.read_settings(options.run)
    store = TapeStore(options.run / TAPES)
    scores, wrong = [], []
    for tape in store.all(options.stream):
        reason = disagreement(tape, settings.observation_space, envs.emulate(tape))
        scores.append(tape.score)
        if reason is not None:
            wrong.append(tape.number)
        print(f"{options.stream} game {tape.number}: {tape.score:g}, {reason or 'confirmed'}", flush=True)
    if not scores:
        raise UserError(f"{options.run} has no {options.stream} games to verify")
    if options.stream == "eval" and Evaluation.read(options.run).scores != scores:
        raise UserError(f"the scores in {options.run / RESULT} are not those of the tapes")
    if wrong:
        raise UserError(f"{len(wrong)} of {len(scores)} games are not confirmed: {', '.join(map(str, wrong))}")
    print(f"all {len(scores)} games confirmed")


if __name__ == "__main__":
    command_line.run(main)
