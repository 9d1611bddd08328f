"""Prove a run's scores, or recorded games: play the tapes again and compare rewards, observations and endings."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import tyro
from gymnasium import spaces

import agents
import envs
from rlab import command_line
from rlab.evaluation import RESULT, Evaluation
from rlab.protocol import Protocol, find_protocol
from rlab.recording import RECORDING, STREAM, Recording
from rlab.rundir import TAPES
from rlab.spaces import from_json
from rlab.tapes import STREAMS, TapeStore, disagreement
from rlab.types import Tape, UserError


@dataclass(frozen=True)
class Options:
    """Prove a run's scores, or recorded games: play the tapes again and compare rewards, observations and endings."""

    run: Annotated[Path, tyro.conf.Positional]
    """The run's folder, or one that record.py made."""
    stream: str = ""
    """Which games: eval, validation, train or demo. Empty: eval of a run, demo of a recording."""


def main(arguments: Sequence[str]) -> None:
    options = command_line.parse(Options, arguments, program="verify.py", description=__doc__)
    if options.stream not in ("", *STREAMS):
        raise UserError(f"unknown stream: received {options.stream!r}, allowed are {', '.join(STREAMS)}")
    if (options.run / RECORDING).is_file():
        told = Recording.read(options.run)
        space = from_json(dict(told.observation_space))
        games = confirm(options.run, options.stream or STREAM, told.environment, told.protocol, space)
        check_recording(options.run, told, games)
    else:
        settings = agents.read_settings(options.run)
        protocol = find_protocol(settings.run.protocol, settings.run.env)
        stream = options.stream or "eval"
        games = confirm(options.run, stream, settings.run.env, protocol.identity, settings.observation_space)
        if stream == "eval":
            check_evaluation(options.run, games, settings, protocol)
    print(f"all {len(games)} games confirmed")


def confirm(run: Path, stream: str, environment: str, protocol: str, space: spaces.Space[Any]) -> list[Tape]:
    """The games of a stream, if they all are what their tapes say. Raises UserError if there are none, or others."""
    store = TapeStore(run / TAPES)
    games, wrong = [], []
    for tape in store.all(stream):
        if (tape.environment, tape.protocol) != (environment, protocol):
            reason: str | None = f"a game of {tape.environment} under {tape.protocol}, which is not the run's"
        else:
            reason = disagreement(tape, space, envs.emulate(tape))
        games.append(replace(tape, observations=None))
        if reason is not None:
            wrong.append(tape.number)
        print(f"{stream} game {tape.number}: {tape.score:g}, {reason or 'confirmed'}", flush=True)
    if not games:
        raise UserError(f"{run} has no {stream} games to verify")
    if wrong:
        raise UserError(f"{len(wrong)} of {len(games)} games are not confirmed: {', '.join(map(str, wrong))}")
    return games


def check_recording(run: Path, told: Recording, games: Sequence[Tape]) -> None:
    """Raise UserError unless the games and means that a recording tells, if it came to its end, are its tapes'."""
    ended = any(part.mean is not None for part in told.parts)
    if ended and told.finished({game.number: game.score for game in games}) != told:
        raise UserError(f"the games or means in {run / RECORDING} are not those of its tapes")


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
