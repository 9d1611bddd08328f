"""What a replay costs: memory and time to sample, and its checkpoint's size and time to write and to resume."""

import json
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np

import agents
import envs
from benchmarks.work import random_agent, settings_for
from rlab import command_line
from rlab.agent import Agent
from rlab.config import RunConfig, Settings, check_range
from rlab.loop import Loop
from rlab.protocol import Protocol
from rlab.replay.uniform import UniformReplay
from rlab.rundir import CONFIG, TAPES
from rlab.seeding import Seeds
from rlab.types import UserError

_BATCH_SIZE = 32
_SAMPLES = 200
_MILLION = 1_000_000


@dataclass(frozen=True)
class Options:
    """Fill replays from play, compressed and raw, and write and resume a checkpoint of as many transitions."""

    env: str = "ALE/MsPacman-v5"
    """The Gymnasium id of the environment, one of images."""
    transitions: int = 20_000
    """Transitions in each replay."""
    run: Path | None = None
    """A run of this environment whose agent plays too, beside a random one."""


@dataclass(frozen=True)
class Cost:
    """What a full replay takes."""

    bytes_per_transition: float
    sample_ms: float  # a batch of 32


@dataclass(frozen=True)
class CheckpointCost:
    """What the checkpoint of a full replay takes."""

    bytes: int  # on disk, the tapes included
    write_s: float
    resume_s: float  # with building the agent, in a process that has TensorFlow


def main(arguments: Sequence[str]) -> None:
    options = command_line.parse(Options, arguments, program="benchmark.py memory", description=__doc__ or "")
    check_range("transitions", options.transitions, _BATCH_SIZE)
    never = options.transitions + 1
    run = RunConfig(options.env, steps=never, evaluation_period_steps=never, checkpoint_period_steps=never)
    filling = {
        "warmup_steps": never,
        "replay_capacity": options.transitions,
        "batch_size": _BATCH_SIZE,
        "epsilon_end": 1.0,
    }
    settings, protocol = settings_for("dqn", "fast", run, **filling)
    if options.run is not None:
        trained = agents.read_settings(options.run).run
        if (trained.env, trained.protocol) != (options.env, settings.run.protocol):
            raise UserError(
                f"--run is not of {options.env} under {settings.run.protocol}: received {options.run}, "
                f"which is of {trained.env} under {trained.protocol}"
            )
    from rlab import devices

    devices.configure(settings.run)
    players = {"random": random_agent(settings)}
    if options.run is not None:
        players["trained"] = agents.load(options.run)
    unshared = 2 * settings.observation_space.sample().nbytes  # each transition with both of its observations
    result = {"transitions": options.transitions, "peer_bytes_per_transition": unshared}
    print(f"{'':24}{'a transition':>14}{'a million':>12}{'sampling 32':>14}")
    for name, agent in players.items():
        for kind, cost in replay_costs(agent, settings, protocol, options.transitions).items():
            print(_row(f"{name} play, {kind}", cost.bytes_per_transition, f"{cost.sample_ms:11.2f} ms"), flush=True)
            result[f"{name}_{kind}"] = asdict(cost)
    print(_row("two whole observations", unshared))  # as Stable-Baselines3 keeps them unless it is told otherwise
    with tempfile.TemporaryDirectory() as folder:
        saved = checkpoint_cost(Path(folder), settings, protocol, options.transitions)
    took = f"written in {saved.write_s:.1f} s, resumed in {saved.resume_s:.1f} s"
    print(f"a checkpoint of {options.transitions:,} transitions: {saved.bytes / 1e6:.1f} MB on disk, {took}")
    print(json.dumps(result | {"checkpoint": asdict(saved)}))


def replay_costs(agent: Agent, settings: Settings, protocol: Protocol, capacity: int) -> dict[str, Cost]:
    """Fill a compressed and a raw replay from the same play."""
    spaces = settings.observation_space, settings.action_space
    replays = {
        kind: UniformReplay(capacity, 1, *spaces, steps=1, gamma=0.99, compressed=kind == "compressed")
        for kind in ("compressed", "raw")
    }
    environment = envs.make(settings.run.env, 1, protocol)
    seeds = Seeds(settings.run.seed)
    actor = agent.actor(1, seeds.integer("actor"), explore=False)
    loop = Loop(environment, actor, lambda number: seeds.integer(f"episode {number}"), stream="train")
    for _ in range(capacity):
        transitions = next(loop).transitions
        for replay in replays.values():
            replay.add(transitions)
    environment.close()
    return {kind: Cost(replay.nbytes / capacity, _sample_ms(replay)) for kind, replay in replays.items()}


def checkpoint_cost(run: Path, settings: Settings, protocol: Protocol, transitions: int) -> CheckpointCost:
    """Fill the replay of a training by random play, save the training and resume it."""
    from rlab.training import Training

    settings.write(run / CONFIG)
    make_env = partial(envs.make, settings.run.env, protocol=protocol)

    def training(*, resume: bool) -> Training:
        made = Training(run, settings, agents.make(settings), protocol, make_env, envs.emulate, resume=resume)
        made.begin()
        return made

    filled = training(resume=False)
    while filled.step < transitions:
        next(filled)
    start = time.perf_counter()
    place = filled.checkpoint()
    write_s = time.perf_counter() - start
    filled.close()
    start = time.perf_counter()
    resumed = training(resume=True)
    resume_s = time.perf_counter() - start
    resumed.close()
    return CheckpointCost(_bytes_of([*place.iterdir(), run / TAPES]), write_s, resume_s)


def _sample_ms(replay: UniformReplay) -> float:
    random = np.random.default_rng(0)
    milliseconds = []
    for _ in range(_SAMPLES):
        start = time.perf_counter()
        replay.sample(_BATCH_SIZE, random)
        milliseconds.append(1000 * (time.perf_counter() - start))
    return median(milliseconds)


def _bytes_of(files: Iterable[Path]) -> int:
    return sum(file.stat().st_size for file in files)


def _row(name: str, size: float, note: str = "") -> str:
    return f"{name:24}{size:12,.0f} B{size * _MILLION / 1e9:9.2f} GB{note}"
