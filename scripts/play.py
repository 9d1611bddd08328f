"""Play a game with the keyboard; every game that is played to its end is recorded like an agent's.

python scripts/play.py --env ALE/MsPacman-v5
python scripts/play.py --env CartPole-v1 --speed 0.5
"""

import shutil
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import envs
from rlab import command_line, recording, rundir
from rlab.config import check_range
from rlab.playing.keys import keys_of
from rlab.playing.person import Person
from rlab.playing.session import play
from rlab.playing.window import Window
from rlab.protocol import default_protocol, find_protocol
from rlab.recording import Part, Recording
from rlab.spaces import to_json
from rlab.tapes import TapeStore

PROGRAM = "play.py"
PLAYED_BY = Part("a person", "keyboard", "person", 0, 0.0, False, [])


@dataclass(frozen=True)
class Options:
    """Play a game with the keyboard; every game that is played to its end is recorded like an agent's."""

    env: str
    """The Gymnasium id of the environment; `module:Name-v0` for one of your own package."""
    protocol: str = ""
    """How scores are made: ale_v5, ale_v5_full, classic, book, book_pong or gymnasium. Empty: the environment's usual
    one."""
    speed: float = 1.0
    """How fast it is played, 1 being the game's own speed. Lower: easier."""
    idle: int | None = None
    """The Discrete action that is played while no key is pressed. None: the one that does nothing; where there is none,
    the game waits for a key."""
    seed: int = 0
    """What the seeds of the games derive from."""
    out: Path | None = None
    """The folder to make. None: checkpoints/<environment>/recorded/<time>-s<seed>."""

    def __post_init__(self) -> None:
        check_range("speed", self.speed, 0.01, 1000)
        check_range("seed", self.seed, 0, 2**31 - 1)


def main(arguments: Sequence[str]) -> None:
    options: Options = command_line.parse(Options, arguments, program=PROGRAM, description=__doc__)
    envs.check_name(options.env)
    protocol = find_protocol(options.protocol or default_protocol(options.env), options.env)
    names = envs.action_names(options.env, protocol)
    game = envs.make_visible(options.env, protocol)
    keys = keys_of(game.action_space, names, options.idle)
    with closing(game), closing(Window(f"{options.env} ({protocol.name})")) as window:
        folder = recording.make_folder(options.out, options.env, options.seed)
        try:
            record(folder, game, Person(game, keys, window, options.speed), options)
        finally:
            if not (folder / recording.RECORDING).exists():
                shutil.rmtree(folder, ignore_errors=True)


def record(folder: Path, game: envs.Visible, person: Person, options: Options) -> None:
    """Keep the games as they end, and say what became of them."""
    told = Recording(
        options.env,
        game.protocol,
        to_json(game.observation_space),
        to_json(game.action_space),
        options.seed,
        [PLAYED_BY],
        ["python", *sys.argv],
        {**rundir.versions(), **envs.origin(options.env)},
    )
    store = TapeStore(folder / rundir.TAPES, create=True)
    scores: dict[int, float] = {}
    interrupted = False
    try:
        for tape in play(game, person, envs.emulate, options.seed, lambda note: print(f"note: {note}", flush=True)):
            store.write(tape)
            store.commit()
            scores[tape.number] = tape.score
            replace(told, parts=[replace(PLAYED_BY, games=[*scores])]).finished(scores).write(folder)
            print(f"game {tape.number}: {tape.score:g} in {tape.length} steps", flush=True)
    except KeyboardInterrupt:
        interrupted = True
    games = store.table(recording.STREAM)
    store.close()
    print(recording.describe(games, folder) if games else "no game was played to its end: nothing is kept")
    if interrupted:
        raise SystemExit(130)


if __name__ == "__main__":
    command_line.run(main)
