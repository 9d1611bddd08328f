"""Hand on what a run learnt or played: its policy as a file for other programs, or its games as a dataset.

python scripts/export.py RUN --format onnx --out FOLDER
python scripts/export.py tapes RUN --format minari --out FOLDER
"""

import shlex
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

import agents
import envs
from rlab import checkpoint, command_line, rundir
from rlab.export import check_libraries
from rlab.export.played import recording_of
from rlab.pretrained import PretrainedConfig
from rlab.protocol import find_protocol
from rlab.recording import RECORDING, STREAM, Recording
from rlab.representation.sources import open_folder
from rlab.tapes import STREAMS
from rlab.types import Tape, UserError

PROGRAM = "export.py"
TAPES = "tapes"


@dataclass(frozen=True)
class Options:
    """Write the policy of a run to a file for other programs, with a README of what it takes and gives."""

    run: Annotated[Path, tyro.conf.Positional]
    """The run's folder, of an agent with a network: dqn, ppo, pqn or reinforce."""
    format: Literal["keras", "savedmodel", "onnx"]
    """A Keras file, a folder that TensorFlow serves, or a file for ONNX Runtime."""
    out: Path
    """The folder to make."""
    checkpoint: str = checkpoint.BEST
    """Which checkpoint: best, latest, or a step."""


@dataclass(frozen=True)
class TapesOptions:
    """Write games to a dataset, with everything that agents saw, did and were paid."""

    run: Annotated[Path, tyro.conf.Positional]
    """The run's folder, or one that record.py or play.py made."""
    format: Literal["minari"]
    """A dataset of Minari, in HDF5."""
    out: Path
    """The folder of datasets, MINARI_DATASETS_PATH for Minari, in which this one gets its own."""
    name: str = ""
    """What the dataset is called there, NAME-v0 or GROUP/NAME-v0. Empty: after environment, player and stream."""
    stream: str = ""
    """Which games: eval, validation, train or demo. Empty: eval of a run, demo of a recording."""

    def __post_init__(self) -> None:
        if self.stream not in ("", *STREAMS):
            raise UserError(f"unknown stream: received {self.stream!r}, allowed are {', '.join(STREAMS)}")


def main(arguments: Sequence[str]) -> None:
    if arguments and arguments[0] == TAPES:
        export_tapes(command_line.parse(TapesOptions, arguments[1:], program=f"{PROGRAM} {TAPES}", description=__doc__))
    else:
        export_policy(command_line.parse(Options, arguments, program=PROGRAM, description=__doc__))


def export_policy(options: Options) -> None:
    settings = agents.read_settings(options.run)
    if not isinstance(settings.config, PretrainedConfig):
        having = ", ".join(name for name in agents.names() if issubclass(agents.find(name).Config, PretrainedConfig))
        raise UserError(f"{settings.agent} has no network to export: allowed are runs of {having}")
    check_free(options.out)
    check_libraries(options.format)
    place = checkpoint.chosen(options.run, options.checkpoint)
    names = envs.action_names(settings.run.env, find_protocol(settings.run.protocol, settings.run.env))
    from rlab import devices

    devices.configure(settings.run)
    from rlab.export.policy import export

    begun = time.perf_counter()
    step = checkpoint.step_of(place)
    agent = agents.load(options.run, str(step))
    checked = export(options.run, settings, agent, step, options.format, options.out, envs.emulate, names)
    took = time.perf_counter() - begun
    print(
        f"{settings.agent} on {settings.run.env} at step {step:,} as {options.format}: "
        f"{size_of(options.out)} in {took:.1f} s"
    )
    print(
        f"checked on {checked.observations} observations of {checked.stream} games: {checked.actions}, the largest "
        f"difference of an output is {checked.difference:.2g}"
    )
    print(options.out)


def export_tapes(options: TapesOptions) -> None:
    if (options.run / RECORDING).is_file():
        games = open_folder(options.run, options.stream or STREAM)
        told = Recording.read(options.run)
        envs.check_name(told.environment)
    else:
        settings = agents.read_settings(options.run)
        games = open_folder(options.run, options.stream or "eval")
        protocol = find_protocol(settings.run.protocol, settings.run.env)
        versions = {**rundir.versions(), **envs.origin(settings.run.env)}
        table = games.store.table(games.stream)
        told = recording_of(options.run, settings, protocol, games.stream, table, ["python", *sys.argv], versions)
    if not games.store.table(games.stream):
        raise UserError(f"{options.run} has no {games.stream} games to export")
    check_libraries(options.format)
    from rlab.export import datasets

    name = options.name or datasets.usual_name(told, games.stream)
    datasets.check_name(name)
    check_free(options.out / name)
    begun = time.perf_counter()

    def show(tape: Tape) -> None:
        print(f"{tape.stream} game {tape.number}: {tape.score:g} in {tape.length} steps", flush=True)

    place = datasets.write(games, told, options.out, name, envs.emulate, show)
    print(f"{size_of(place)} in {time.perf_counter() - begun:.1f} s: {place}")
    root = shlex.quote(str(options.out))
    print(f"MINARI_DATASETS_PATH={root} python -c \"import minari; minari.load_dataset('{name}')\"")


def size_of(folder: Path) -> str:
    """The bytes that the files of a folder take, in words."""
    return f"{sum(path.stat().st_size for path in folder.rglob('*') if path.is_file()) / 1e6:,.1f} MB"


def check_free(folder: Path) -> None:
    """Raise UserError if something is there already, or no folder can be made."""
    if folder.exists():
        raise UserError(f"--out is to be a new folder: received {folder}, where there is something")
    rundir.check_root(folder.parent, "--out")


if __name__ == "__main__":
    command_line.run(main)
