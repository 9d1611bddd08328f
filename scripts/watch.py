"""Record a game of a run to an mp4 that browsers play, with what the agent did and thought beside the picture."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

import agents
import envs
from rlab import checkpoint, command_line
from rlab.agent import Inspectable
from rlab.protocol import find_protocol
from rlab.report.panel import Panel
from rlab.report.video import record
from rlab.rundir import TAPES
from rlab.tapes import STREAMS, TapeStore, disagreement
from rlab.types import Array, Moment, Tape, UserError

VIDEOS = "videos"
_PREFERRED = ("eval", "validation", "train")
_BATCH = 64  # moments that an agent is asked about at once


@dataclass(frozen=True)
class Options:
    """Record a game of a run to an mp4 that browsers play, with what the agent did and thought beside the picture."""

    run: Annotated[Path, tyro.conf.Positional]
    """The run's folder."""
    stream: str = ""
    """Which games: eval, validation, train or demo. Empty: the first of eval, validation and train that there is."""
    number: int | None = None
    """Which game of the stream. None: the best; of the latest evaluation, where the stream is one of evaluations."""
    checkpoint: str = ""
    """Whose values are drawn beside the picture: best, latest, or a step. Empty: that of the one that played, if it is
    still there, else of the best."""
    out: Path | None = None
    """The video to write. None: <run>/videos/<stream>-<number>.mp4."""


def main(arguments: Sequence[str]) -> None:
    options = command_line.parse(Options, arguments, program="watch.py", description=__doc__)
    if options.stream not in ("", *STREAMS):
        raise UserError(f"unknown stream: received {options.stream!r}, allowed are {', '.join(STREAMS)}")
    if options.out is not None and options.out.suffix != ".mp4":
        raise UserError(f"--out is to name a video: received {options.out}, allowed are paths that end in .mp4")
    settings = agents.read_settings(options.run)
    store = TapeStore(options.run / TAPES)
    tape = choose(store, options.stream, options.number)
    played = checkpoint.place_of(options.run, tape.step).is_dir()
    place = checkpoint.chosen(options.run, options.checkpoint or (str(tape.step) if played else checkpoint.BEST))
    print(f"{tape.stream} game {tape.number}: {tape.score:g} in {tape.length} steps", flush=True)
    print(watch(options.run, settings, tape, place, options.out))


def choose(store: TapeStore, stream: str, number: int | None) -> Tape:
    """The game to show. Raises UserError if there is no such game, or none at all."""
    stream = stream or next((name for name in _PREFERRED if store.table(name)), _PREFERRED[-1])
    if number is not None:
        return store.read(stream, number)
    games = store.table(stream)
    if not games:
        raise UserError(f"{store.path} holds no {stream} games")
    if stream in ("eval", "validation"):
        games = [game for game in games if game["step"] == games[-1]["step"]]
    return store.read(stream, max(games, key=lambda game: game["score"])["number"])


def watch(run: Path, settings: agents.Settings, tape: Tape, place: Path, out: Path | None = None) -> Path:
    """Record a game with the values of the checkpoint at `place`; return the video's path.

    Raises UserError if the tape does not agree with its re-emulation.
    """
    reason = disagreement(tape, settings.observation_space, envs.emulate(tape))
    if reason is not None:
        raise UserError(f"{tape.stream} game {tape.number} of {run} is not confirmed: {reason}")
    from rlab import devices

    devices.configure(settings.run)
    step = checkpoint.step_of(place)
    agent = agents.load(run, str(step))
    protocol = find_protocol(settings.run.protocol, tape.environment)
    names = envs.action_names(tape.environment, protocol)
    what, values = judge(agent, envs.emulate(tape)) if isinstance(agent, Inspectable) else ("", None)
    panel = Panel(tape, names, values, f"{what} of checkpoint {step:,}" if what else "")
    out = out or run / VIDEOS / f"{tape.stream}-{tape.number}.mp4"
    record(out, envs.emulate(tape, screens=True), panel, envs.screens_per_second(tape.environment, protocol))
    return out


def judge(agent: Inspectable, moments: Iterator[Moment]) -> tuple[str, Array | None]:
    """What an agent thinks of the actions at each moment: what it is called, and the numbers [T + 1, A].

    ("", None) if the agent gives the actions no numbers. Raises UserError if one is NaN or the best infinite.
    """
    answers = []
    while batch := [moment.observation for moment in islice(moments, _BATCH)]:
        padding = [batch[-1]] * (_BATCH - len(batch))  # agents compile their networks anew for each number
        found = agent.inspect(np.stack([*batch, *padding]))
        answers.append({name: numbers[: len(batch)] for name, numbers in found.items()})
    for name in ("action_values", "probabilities"):
        if name in answers[0]:
            numbers = np.concatenate([answer[name] for answer in answers])
            if not np.isfinite(numbers.max(axis=1)).all():  # those of illegal actions are -inf
                raise UserError("the agent's values are not finite: it has diverged, choose an earlier --checkpoint")
            return name.replace("_", " "), numbers
    return "", None


if __name__ == "__main__":
    command_line.run(main)
