"""Prove a run's scores: play its tapes again and compare every reward, every observation and how each game ended."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import tyro

import agents
import envs
from rlab import command_line
from rlab.evaluation import RESULT, Evaluation
from rlab.protocol import Protocol, find_protocol
from rlab.rundir import TAPES
from rlab.tapes import STREAMS, TapeStore, disagreement
from rlab.types import Tape, UserError


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
    protocol = find_protocol(settings.run.protocol, settings.run.env)
    store = TapeStore(options.run / TAPES)
    games, wrong = [], []
    for tape in store.all(options.stream):
        if (tape.environment, tape.protocol) != (settings.run.env, protocol.identity):
            reason: str | None = f"a game of {tape.environment} under {tape.protocol}, which is not the run's"
        else:
            reason = disagreement(tape, settings.observation_space, envs.emulate(tape))
        games.append(replace(tape, observations=None))
        if reason is not None:
            wrong.append(tape.number)
        print(f"{options.stream} game {tape.number}: {tape.score:g}, {reason or 'confirmed'}", flush=True)
    if not games:
        raise UserError(f"{options.run} has no {options.stream} games to verify")
    if wrong:
        raise UserError(f"{len(wrong)} of {len(games)} games are not confirmed: {', '.join(map(str, wrong))}")
    if options.stream == "eval":
        check_evaluation(options.run, games, settings, protocol)
    print(f"all {len(games)} games confirmed")


def check_evaluation(run: Path, games: Sequence[Tape], settings: agents.Settings, protocol: Protocol) -> None:
    """Raise UserError unless the evaluation that a run reports is of its agent and these games, on the right seeds."""
    told = Evaluation.read(run)
    expected = {
        "environment": games[0].environment,
        "agent": settings.agent,
        "preset": settings.preset,
        "seed": settings.run.seed,
        "departures": settings.departures(),
        "protocol": protocol.identity,
        "step": games[0].step,
        "seeds": [game.seed for game in games],
        "scores": [game.score for game in games],
        "lengths": [game.length for game in games],
        "frames": sum(game.frames for game in games),
    }
    for name, value in expected.items():
        if getattr(told, name) != value:
            raise UserError(f"the {name} in {run / RESULT} is not that of the run and its tapes")
    if {game.step for game in games} != {told.step}:
        raise UserError(f"the games of {run} were played by several checkpoints")
    if told.seeds != protocol.seeds("eval", len(games)):
        raise UserError(f"the games of {run} were not played on the seeds of its protocol, {protocol.identity}")


if __name__ == "__main__":
    command_line.run(main)
