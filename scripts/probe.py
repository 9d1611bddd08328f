"""Probe encoders: what of a game's state can be read from their features, beside a random network's and PCA.

python scripts/probe.py ENCODER.keras --games FOLDER
"""

import os
import shlex
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import tyro
from rich import box
from rich.table import Table

import envs
from rlab import command_line, rundir
from rlab.config import MOST_THREADS, RunConfig, check_range
from rlab.pretrained import Passport, read_passport
from rlab.protocol import find_protocol
from rlab.report.terminal import Terminal
from rlab.representation import dataset, findings, probes
from rlab.representation.findings import Row
from rlab.representation.games import PARTS, RAM_SIZE, Games
from rlab.representation.probes import ProbeConfig, Questions
from rlab.representation.sources import choose, open_folder
from rlab.spaces import to_json
from rlab.types import Array, UserError

PROGRAM = "probe.py"
_SHOWN = 1_000  # test moments in TensorBoard's projector


@dataclass(frozen=True)
class Options:
    """What is probed, on which games."""

    encoders: Annotated[tuple[Path, ...], tyro.conf.Positional] = ()
    """Encoders that pretrain.py made, each in a folder of its own."""
    games: tuple[Path, ...] = ()
    """Folders with games: of runs, or that record.py made."""
    stream: Literal["", "train", "validation", "eval", "demo"] = ""
    """Which games of these folders; empty: all of a recording, those of training of a run."""
    steps: int = 50_000
    """The agent steps of games that are taken, the last game to its end."""
    random_networks: int = 1
    """Networks of the same shape that have learnt nothing, to compare with. Each takes as long as an encoder."""
    seed: int = 0
    """The weights of these networks, and what forests draw, derive from it."""
    threads: int = 0
    """Processor threads; 0: all."""

    def __post_init__(self) -> None:
        check_range("steps", self.steps, 1)
        check_range("random_networks", self.random_networks, 0)
        check_range("seed", self.seed, 0, 2**31 - 1)
        check_range("threads", self.threads, 0, MOST_THREADS)


@dataclass(frozen=True)
class Command:
    """All of the command line."""

    options: Options
    probes: ProbeConfig


def main(arguments: Sequence[str]) -> None:
    command = command_line.parse(Command, arguments, program=PROGRAM, description=__doc__)
    options: Options = command.options
    passports = check(options)
    games = dataset.load(options.games, envs.emulate, stream=options.stream, steps=options.steps, on_game=_tell)
    if games.ram is None:
        raise UserError("nobody knows the RAM of these games: they were kept as they were seen, not played again")
    labels = envs.ram_labels(games.environment, games.ram)
    questions = probes.prepare(games, labels, command.probes)
    from threadpoolctl import threadpool_limits

    from rlab import devices

    devices.configure(RunConfig(games.environment, threads=options.threads))
    workers = options.threads or os.cpu_count() or 1
    guess, rows, seen = probes.guess(questions), [], []
    with threadpool_limits(options.threads or None):
        start = time.monotonic()
        for name, features in feature_sets(passports, games, questions, options):
            found = probes.probe(features, questions, command.probes.readers, seed=options.seed, workers=workers)
            rows.append(Row(name, features["test"].shape[1], found))
            seen.append(features["test"])
            print(f"{name}: {rows[-1].size:,} features, read in {time.monotonic() - start:.0f} s", flush=True)
            start = time.monotonic()
    tables, notes = findings.tables(guess, rows, command.probes.readers), notes_on(games, questions)
    show(tables, notes)
    about = about_them(games, questions, command)
    for row, path, features in zip(rows, passports, seen, strict=False):
        scores = findings.as_json(row, guess, [other for other in rows if other is not row])
        replace(read_passport(path), probes=about | scores).write(path)
        project(path.parent, row.name, features, games, questions, labels)
        log(path.parent, findings.markdown(tables, notes))
    folder = os.path.commonpath([path.parent.resolve() for path in passports])
    print(f"see the features, among the dashboards as projector:  tensorboard --logdir {shlex.quote(folder)}")


def check(options: Options) -> dict[Path, Passport]:
    """The passports of the encoders. Raises UserError if one does not fit the games, or if there is nothing to ask."""
    if not options.encoders:
        raise UserError(f"which encoder? {PROGRAM} ENCODER.keras [ENCODER.keras ...] --games FOLDER [FOLDER ...]")
    if not options.games:
        raise UserError(f"which games? {PROGRAM} ENCODER.keras --games FOLDER, folders are of runs or of record.py")
    passports: dict[Path, Passport] = {}
    for path in options.encoders:
        passports[path] = read_passport(path)
        if passports[path].kind != "encoder":
            raise UserError(f"{path} is no encoder: received a {passports[path].kind}, allowed are encoders")
        if not os.access(path.parent, os.W_OK):
            raise UserError(f"{path.parent} is read-only for you, and the passport of {path.name} is to be written")
    for one, other in combinations(passports, 2):
        if one.parent.resolve() == other.parent.resolve():
            raise UserError(f"{one} and {other} are in one folder: TensorBoard shows one encoder of each")
    environment, told = games_of(options)
    envs.ram_labels(environment, np.zeros((1, RAM_SIZE), np.uint8))
    for path, passport in passports.items():
        for what, here in told.items():
            if (there := getattr(passport, what)) != here:
                name = what.replace("_", " ")
                raise UserError(f"{path} does not fit the games in its {name}: it has {there}, the games have {here}")
    return passports


def games_of(options: Options) -> tuple[str, dict[str, Any]]:
    """The environment of the games, and what encoders need to have been made for, by the first of them."""
    opened = [open_folder(path, options.stream) for path in options.games]
    try:
        found = choose(opened, 1)
    finally:
        for folder in opened:
            folder.store.close()
    if not found:
        raise UserError(f"there are no recorded games in {', '.join(map(str, options.games))}")
    tape = found[0].tape
    protocol = find_protocol(tape.protocol.partition(":")[0], tape.environment)
    space = found[0].folder.observation_space
    return tape.environment, {"observation_space": to_json(space), "preprocessing": protocol.preprocessing}


def feature_sets(
    passports: dict[Path, Passport], games: Games, questions: Questions, options: Options
) -> Iterator[tuple[str, dict[str, Array]]]:
    """Features with their names: first those of the encoders, in their order, then what they are compared with."""
    from rlab.nets.saving import load_model
    from rlab.representation import features

    moments = questions.moments
    encoders = [load_model(path) for path in passports]
    for (path, passport), encoder in zip(passports.items(), encoders, strict=True):
        yield f"{passport.method} ({path.parent.name})", features.encoded(encoder, games, moments)
    for encoder in {features.shape_of(encoder): encoder for encoder in encoders}.values():
        for seed in range(options.seed, options.seed + options.random_networks):
            network = features.untrained(encoder, seed)
            yield f"untrained {encoder.name}, seed {seed}", features.encoded(network, games, moments)
    for size in dict.fromkeys(int(encoder.output.shape[-1]) for encoder in encoders):
        found = features.principal_components(games, moments, size)
        there, given = found["test"].shape[1], len(moments["train"])
        yield "PCA" if there == size else f"PCA, all components that {given:,} moments have", found


def notes_on(games: Games, questions: Questions) -> list[str]:
    """What a reader of the tables is to know, a line each."""
    train, validation, test = (f"{len(questions.moments[part]):,}" for part in PARTS)
    kinds = {kind: [label.name for label in questions.labels if label.kind == kind] for kind in findings.MEASURES}
    of = len(np.unique(questions.game))
    return [
        f"{games.environment} under {games.protocol}: {train} moments of training games, {validation} of validation "
        f"games, {test} of {of} test game{'s' * (of > 1)}",
        "[ ]: where the mean over test games lies with 95% confidence (bootstrap over games); *: the best of a column",
        *(["with one test game there is no interval: record more games"] if of == 1 else []),
        "a guess: the median of the training games, or what is most frequent there",
        *(f"{kind}: {', '.join(names)}" for kind, names in kinds.items() if names),
        *(f"left out: {name}, {reason}" for name, reason in questions.left_out.items()),
    ]


def about_them(games: Games, questions: Questions, command: Command) -> dict[str, Any]:
    """What a passport says of the games and the settings of its probes."""
    return {
        "games": games.digest,
        "environment": games.environment,
        "protocol": games.protocol,
        "moments": {part: len(moments) for part, moments in questions.moments.items()},
        "test_games": len(np.unique(questions.game)),
        "left_out": questions.left_out,
        "settings": {**asdict(command.probes), "steps": command.options.steps, "seed": command.options.seed},
    }


def show(tables: Sequence[findings.Table], notes: Sequence[str]) -> None:
    """Print tables and notes."""
    terminal = Terminal()
    for each in tables:
        table = Table(box=box.SIMPLE_HEAD)
        for title in each.header:
            table.add_column(title, justify="left" if title == each.header[0] else "right", overflow="fold")
        for cells in each.rows:
            table.add_row(*cells)
        print(each.title)
        terminal.print(table)
    print("\n".join(notes))


def project(
    folder: Path, name: str, features: Array, games: Games, questions: Questions, labels: dict[str, Array]
) -> None:
    """Let TensorBoard's projector show some test moments."""
    from rlab.representation import projector

    test = questions.moments["test"]
    chosen = np.linspace(0, len(test) - 1, min(_SHOWN, len(test))).astype(np.int64)
    moments = test[chosen]
    numbers = np.array([game.number for game in games.tapes])
    told = {"game": numbers[games.game[moments]], "moment": moments, **{each: labels[each][moments] for each in labels}}
    projector.write(folder, name, features[chosen], games.observations(moments)[..., -1], told)


def log(folder: Path, text: str) -> None:
    """Show a text in TensorBoard, which lists no folder without an event file; those of runs are left alone."""
    from rlab.tensorboard import EventFile

    there = list(folder.glob("events.out.*"))
    if not rundir.is_run(folder):
        with closing(EventFile(folder, length=there[0].stat().st_size if there else None)) as events:
            events.text("representation/probes", text, 0)


def _tell(done: int, games: int) -> None:
    if done == games or done % 10 == 0:
        print(f"played {done:,} of {games:,} games again", flush=True)


if __name__ == "__main__":
    command_line.run(main)
