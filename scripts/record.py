"""Record games with trained agents, with agents that need no training, or with a mixture of both.

python scripts/record.py RUN --episodes 100 --checkpoints best 200000 --epsilon 0.05
python scripts/record.py RUN random --episodes 100
python scripts/record.py random --env ALE/MsPacman-v5
"""

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import tyro
from gymnasium import spaces

import agents
import envs
from rlab import checkpoint, command_line, recording, rundir
from rlab.config import MOST_EPISODES, RunConfig, Settings, check_range, default_preset
from rlab.exploration import ExplorationConfig
from rlab.protocol import Protocol, default_protocol, find_protocol
from rlab.recording import Part, Player, Recording
from rlab.report.games_bar import GamesBar
from rlab.spaces import to_json
from rlab.tapes import TapeStore
from rlab.types import UserError

PROGRAM = "record.py"
UNTRAINED = ("random", "scripted")  # agents that play as well untrained


@dataclass(frozen=True)
class Options:
    """Record games with trained agents, with agents that need no training, or with a mixture of both."""

    sources: Annotated[tuple[str, ...], tyro.conf.Positional] = ()
    """Who plays: folders of runs, and names of agents that need no training (random, scripted)."""
    env: str = ""
    """The Gymnasium id of the environment, where no run says it."""
    episodes: int = 100
    """Full games to record; they take turns over every source with every checkpoint."""
    checkpoints: tuple[str, ...] = (checkpoint.BEST,)
    """Which checkpoints of the runs play: best, latest, steps."""
    epsilon: float = 0.0
    """Probability of a random action in place of the agent's, for Discrete actions. Higher: games more varied, and
    shorter."""
    explore: bool = False
    """Let the agents act as in training; those that explore less with time go on from their checkpoint, with its random
    stream."""
    seed: int = 0
    """What the seeds of the games, epsilon and all other random streams derive from."""
    out: Path | None = None
    """The folder to make. None: checkpoints/<environment>/recorded/<time>-s<seed>."""

    def __post_init__(self) -> None:
        check_range("episodes", self.episodes, 1, MOST_EPISODES)
        check_range("epsilon", self.epsilon, 0, 1)
        check_range("seed", self.seed, 0, 2**31 - 1)
        if not self.checkpoints:
            raise UserError("--checkpoints names none: allowed are best, latest and steps")


@dataclass(frozen=True)
class Source:
    """A policy of the mixture before it is loaded."""

    settings: Settings
    run: Path | None = None  # None: it needs no training
    checkpoint: Path | None = None

    @property
    def name(self) -> str:
        return str(self.run or self.settings.agent)

    @property
    def step(self) -> int:
        return checkpoint.step_of(self.checkpoint) if self.checkpoint is not None else 0


def main(arguments: Sequence[str]) -> None:
    options = command_line.parse(Options, arguments, program=PROGRAM, description=__doc__)
    if not options.sources:
        raise UserError(
            f"who plays? {PROGRAM} SOURCE [SOURCE ...], each the folder of a run or one of {', '.join(UNTRAINED)}"
        )
    found = sources(options)
    protocol = check_together(found, options)
    folder = recording.make_folder(options.out, found[0].settings.run.env, options.seed)
    try:
        record(folder, found, protocol, options)
    finally:
        if not (folder / recording.RECORDING).exists():
            shutil.rmtree(folder, ignore_errors=True)


def sources(options: Options) -> list[Source]:
    """Every source with every checkpoint, each once. Raises UserError if one is not there."""
    runs = {name: agents.read_settings(Path(name)) for name in options.sources if rundir.is_run(Path(name))}
    environment, named = options.env, ""
    for name, settings in runs.items():
        environment, named = environment or settings.run.env, settings.run.protocol
        if settings.run.env != environment:
            raise UserError(f"all sources have to play one game: {name} plays {settings.run.env}, not {environment}")
    found: dict[tuple[str, int], Source] = {}
    for name in options.sources:
        if name in runs:
            for which in options.checkpoints:
                place = checkpoint.chosen(Path(name), which)
                source = Source(runs[name], Path(name), place)
                found.setdefault((str(Path(name).resolve()), source.step), source)
        else:
            check_untrained(name, environment)
            found.setdefault((name, 0), Source(untrained(name, environment, named, options.seed)))
    return list(found.values())


def check_untrained(name: str, environment: str) -> None:
    """Raise UserError unless a source that is no run is an agent that can play without training."""
    if name not in UNTRAINED:
        if name in agents.names():
            raise UserError(
                f"{name} has to be trained first: give the folder of a run, or one of {', '.join(UNTRAINED)}"
            )
        raise UserError(
            f"unknown source: received {name!r}, which has no {rundir.CONFIG}; allowed are folders of runs and the "
            f"agents {', '.join(UNTRAINED)}"
        )
    if not environment:
        raise UserError(f"what is {name} to play? name the environment with --env")


def untrained(name: str, environment: str, protocol_name: str, seed: int) -> Settings:
    """The settings of an agent that needs no training, with the preset that is meant for the environment."""
    envs.check_name(environment)
    family = agents.find(name)
    preset = default_preset(family.PRESETS, environment)
    protocol = find_protocol(protocol_name or default_protocol(environment), environment)
    run = RunConfig(env=environment, protocol=protocol.name, seed=seed)
    return Settings(name, preset, run, family.PRESETS[preset].config, *envs.spaces_of(environment, protocol))


def check_together(found: Sequence[Source], options: Options) -> Protocol:
    """The protocol of all sources. Raises UserError if they differ, or if one cannot act as the options ask for."""
    first = found[0].settings
    protocol = find_protocol(first.run.protocol, first.run.env)
    here = envs.spaces_of(first.run.env, protocol)
    for source in found:
        run = source.settings.run
        if run.protocol != protocol.name:
            raise UserError(
                f"all sources have to play under one protocol: {found[0].name} plays under {protocol.name}, "
                f"{source.name} under {run.protocol}"
            )
        if here != (source.settings.observation_space, source.settings.action_space):
            raise UserError(f"{source.name} is of another environment: {run.env} has {here[0]} and {here[1]} here")
        if options.explore and _exploring(source) is None and _explores_by_steps(source):
            raise UserError(
                f"{source.checkpoint} does not tell how far exploration had come (releases do not): use --epsilon "
                "in place of --explore"
            )
    if options.epsilon > 0 and not isinstance(first.action_space, spaces.Discrete):
        raise UserError(
            f"--epsilon is for Discrete actions: received {options.epsilon:g} and actions {first.action_space}, "
            "allowed is 0"
        )
    return protocol


def _explores_by_steps(source: Source) -> bool:
    """Whether how an agent explores depends on how long it has been trained."""
    return source.run is not None and isinstance(source.settings.config, ExplorationConfig)


def _exploring(source: Source) -> Path | None:
    """The checkpoint that tells how far an agent's exploration has come, where it depends on that."""
    place = source.checkpoint
    return place if place is not None and _explores_by_steps(source) and (place / "actor.json").is_file() else None


def record(folder: Path, found: Sequence[Source], protocol: Protocol, options: Options) -> None:
    """Play and keep the games, and say what became of them."""
    from rlab import devices

    first = found[0].settings
    devices.configure(first.run)
    told = Recording(
        first.run.env,
        protocol.identity,
        to_json(first.observation_space),
        to_json(first.action_space),
        options.seed,
        [part(source, options, recording.numbers(i, len(found), options.episodes)) for i, source in enumerate(found)],
        ["python", *sys.argv],
        {**rundir.versions(), **envs.origin(first.run.env)},
    )
    players = [
        Player(
            load(source), source.step, options.epsilon, options.explore, _exploring(source) if options.explore else None
        )
        for source in found
    ]
    print(f"{first.run.env} under {protocol.identity}, played by {'; '.join(each.policy for each in told.parts)}")
    store = TapeStore(folder / rundir.TAPES, create=True)
    interrupted = False
    try:
        told.write(folder)
        with GamesBar(options.episodes) as bar:
            make_env = partial(envs.make, first.run.env, protocol=protocol)
            for tape in recording.play(players, make_env, envs.emulate, options.episodes, options.seed, bar.note):
                store.write(tape)
                store.commit()
                bar.show(tape)
    except KeyboardInterrupt:
        store.commit()
        interrupted = True
    games = store.table(recording.STREAM)
    store.close()
    told.finished({game["number"]: game["score"] for game in games}).write(folder)
    if not games:
        shutil.rmtree(folder)
        raise UserError("interrupted before the first game ended: nothing is kept")
    kept = f"interrupted, {len(games)} of {options.episodes} games are kept: " if interrupted else ""
    print(kept + recording.describe(games, folder))
    if interrupted:
        raise SystemExit(130)


def part(source: Source, options: Options, numbers: Sequence[int]) -> Part:
    """A policy as the record of the games tells it."""
    agent = source.settings.agent
    policy = recording.policy_name(agent, source.run, source.step)
    policy += ", exploring" * options.explore + f", epsilon {options.epsilon:g}" * (options.epsilon > 0)
    return Part(policy, source.name, agent, source.step, options.epsilon, options.explore, list(numbers))


def load(source: Source) -> agents.Agent:
    """The agent that plays."""
    return agents.make(source.settings) if source.run is None else agents.load(source.run, str(source.step))


if __name__ == "__main__":
    command_line.run(main)
