"""Watch games of runs with what the agents thought: a page in the browser, a folder with that page, or an mp4.

python scripts/watch.py RUN                     # serves the page on this machine until Ctrl-C
python scripts/watch.py RUN --out FOLDER        # writes it, to open from a disk or to put on any static host
python scripts/watch.py RUN --out game.mp4      # records one game with the value of every action beside the picture
"""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Annotated

import tyro

import agents
import envs
from rlab import checkpoint, command_line
from rlab.agent import Agent
from rlab.config import check_range
from rlab.folders import check_out
from rlab.protocol import find_protocol
from rlab.report.panel import Panel
from rlab.report.video import record
from rlab.report.watch import folder
from rlab.report.watch.gallery import EVALUATIONS, Game, tables
from rlab.report.watch.judging import Judge, of_actions
from rlab.report.watch.library import Library
from rlab.report.watch.server import Server
from rlab.report.watch.source import PLAYED_BY, Source, confirmed
from rlab.rundir import TAPES, check_root
from rlab.tapes import STREAMS, TapeStore, disagreement
from rlab.types import Tape, UserError

VIDEO = ".mp4"
_PREFERRED = ("eval", "validation", "train")
_AGENTS = 2  # that are kept, of all runs: as many as the page shows side by side


@dataclass(frozen=True)
class Options:
    """Watch games of runs with what the agents thought."""

    runs: Annotated[tuple[Path, ...], tyro.conf.Positional] = ()
    """The folders of runs."""
    out: Path | None = None
    """A folder to write the page to, with the games that stand out and those that are named, or a video (.mp4) of one
    game. None: the page is served until Ctrl-C."""
    port: int = 8008
    """Where the page is served, at 127.0.0.1; 0: at any free one."""
    stream: str = ""
    """Which games are named: eval, validation, train or demo. Empty: the first of the first three that there is."""
    number: tuple[int, ...] = ()
    """Which games of the stream are named: prepared beforehand in a folder, recorded in a video (one). None: in a video
    the best; of the latest evaluation, where the stream is one of evaluations."""
    checkpoint: str = ""
    """Whose values are shown: best, latest, or a step. Empty: those of the one that played, if it is still there, else
    of the best."""

    def __post_init__(self) -> None:
        check_range("port", self.port, 0, 65_535)
        if self.stream not in ("", *STREAMS):
            raise UserError(f"unknown stream: received {self.stream!r}, allowed are {', '.join(STREAMS)}")
        if self.out is not None and self.out.suffix not in ("", VIDEO):
            raise UserError(f"--out is a folder or an .mp4: received {self.out}, allowed are no suffix and .mp4")
        if not self.runs:
            raise UserError("which run? watch.py RUN [RUN ...], runs are the folders that train.py names")
        if self.records and (len(self.runs) > 1 or len(self.number) > 1):
            raise UserError("a video shows one game: received several runs or numbers, allowed is one of each")

    @property
    def records(self) -> bool:
        """Whether a video is asked for."""
        return self.out is not None and self.out.suffix == VIDEO


def main(arguments: Sequence[str]) -> None:
    options: Options = command_line.parse(Options, arguments, program="watch.py", description=__doc__)
    if options.out is not None:
        check_free(options.out)
    sources = [source_of(run) for run in options.runs]
    if options.records:
        assert options.out is not None
        film(sources[0], options, options.out)
        return
    for source in sources:
        tables(source)  # there are games
        if options.checkpoint:
            checkpoint.chosen(source.folder, options.checkpoint)
    named = [named_games(source, options) for source in sources]
    library = Library(sources, options.checkpoint or PLAYED_BY)
    server = Server(library, options.port) if options.out is None else None
    from rlab import devices

    devices.configure(sources[0].settings.run)
    if server is None:
        assert options.out is not None
        folder.write(library, options.out, named, on_game=lambda game: print(game, flush=True))
        print(options.out / "index.html")
        return
    first = next(iter(named[0]), None)
    where = f"#/game/0/{first[0]}/{first[1]}/{PLAYED_BY}" if first else ""
    print(f"watch at {server.address}{where}  (Ctrl-C ends it)", flush=True)
    server.run()


def check_free(out: Path) -> None:
    """Raise UserError unless a folder can be made at `out`, or a video, which takes the place of an earlier one."""
    if out.suffix != VIDEO:
        check_out(out)
        return
    check_root(out.parent, "--out")
    if out.is_dir():
        raise UserError(f"--out is a folder: received {out}, allowed is a file")


@lru_cache(_AGENTS)
def load(run: Path, step: int) -> Agent:
    """The agent of a run as it was in the checkpoint of a step."""
    return agents.load(run, str(step))


def source_of(run: Path) -> Source:
    """A run to be watched. Raises UserError if it is none."""
    settings = agents.read_settings(run)
    name = settings.run.env
    protocol = find_protocol(settings.run.protocol, name)
    names, grid = envs.action_names(name, protocol), envs.grid_of(name)
    if grid is not None:
        names = [f"{name} {arrow}" for name, arrow in zip(names, grid.arrows, strict=True)]
    speed = envs.screens_per_second(name, protocol)
    return Source(run, settings, envs.emulate, partial(load, run), names, speed, grid)


def named_games(source: Source, options: Options) -> list[Game]:
    """The games of a run that a command names; of a stream without a number its best one.

    Raises UserError if the run has them not.
    """
    with closing(TapeStore(source.folder / TAPES)) as store:
        numbers = options.number or ([None] if options.stream else [])
        tapes = [choose(store, options.stream, number) for number in numbers]
    return [(tape.stream, tape.number) for tape in tapes]


def choose(store: TapeStore, stream: str, number: int | None) -> Tape:
    """The game that is named, or the one that a video is to show. Raises UserError if there is none."""
    stream = stream or next((name for name in _PREFERRED if store.table(name)), _PREFERRED[-1])
    if number is not None:
        return store.read(stream, number)
    games = store.table(stream)
    if not games:
        raise UserError(f"{store.path} holds no {stream} games")
    if stream in EVALUATIONS:
        games = [game for game in games if game["step"] == games[-1]["step"]]
    return store.read(stream, max(games, key=lambda game: game["score"])["number"])


def film(source: Source, options: Options, out: Path) -> None:
    """Record one game with the values of a checkpoint beside the picture.

    Raises UserError if the tape does not agree with its re-emulation.
    """
    with closing(TapeStore(source.folder / TAPES)) as store:
        tape = choose(store, options.stream, next(iter(options.number), None))
    place = source.place(tape, options.checkpoint or PLAYED_BY)
    print(f"{tape.stream} game {tape.number}: {tape.score:,.10g} in {tape.length:,} steps", flush=True)
    confirmed(source, tape, disagreement(tape, source.settings.observation_space, source.emulate(tape)))
    from rlab import devices

    devices.configure(source.settings.run)
    step = checkpoint.step_of(place)
    judge = Judge(source.load(step))
    for moment in source.emulate(tape):
        judge.add(moment.observation)
    what, values = of_actions(judge.finish())
    panel = Panel(tape, source.action_names, values, f"{what} of checkpoint {step:,}" if what else "")
    record(out, source.emulate(tape, screens=True), panel, source.screens_per_second)
    print(out)


if __name__ == "__main__":
    command_line.run(main)
