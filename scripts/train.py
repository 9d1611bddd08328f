"""Train an agent, or go on with a run.

python scripts/train.py dqn --env ALE/MsPacman-v5 --preset fast --steps 1000000 --seed 1
python scripts/train.py dqn --env ALE/MsPacman-v5 --seeds 5
python scripts/train.py --resume RUN
"""

import dataclasses
import math
import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import agents
import envs
from rlab import checkpoint, command_line, pretrained, rundir
from rlab.agent import Agent, Remembering
from rlab.broken_off import telling_how_to_go_on, way_on
from rlab.budget import read_clock
from rlab.config import MOST_EPISODES, RunConfig, Settings, check_range, default_preset
from rlab.evaluation import way_to_score
from rlab.interrupts import stop_with_parent
from rlab.jobs.series import Series
from rlab.protocol import Protocol, default_protocol, find_protocol
from rlab.types import UserError

if TYPE_CHECKING:
    from rlab.training import Training

PROGRAM = "train.py"
DEFAULT_ENVIRONMENT = "ALE/MsPacman-v5"


@dataclass(frozen=True)
class Options:
    """What a command asks for beside a run's settings."""

    preset: str = ""
    """Settings that go together, see the agent's README. Empty: the one meant for the environment."""
    root: Path = Path("checkpoints")
    """The folder in which the run gets its own."""
    score_episodes: int = 30
    """Full games that the best checkpoint plays at the end, on seeds that training never saw; 0: none."""
    check_env: bool = False
    """Only tell whether the environment fits the agent and the lab."""
    seeds: int = 0
    """Train with so many seeds, from --seed on (1, where it is not given), each in a run of its own; 0: one run. The
    same command goes on with what is there of them."""
    jobs: int = 1
    """Runs at a time, where there are several."""
    group: str = ""
    """Runs of the same group are one row in TensorBoard's HParams, with the means of their metrics."""

    def __post_init__(self) -> None:
        check_range("score_episodes", self.score_episodes, 0, MOST_EPISODES)
        check_range("seeds", self.seeds, 0)
        check_range("jobs", self.jobs, 1)
        if self.jobs > 1 and not self.seeds:
            raise UserError(f"one run is one job: received --jobs {self.jobs} without --seeds, allowed is 1")


@dataclass(frozen=True)
class Resume:
    """Go on with a run from its latest checkpoint, as if it had never stopped."""

    resume: Path
    """The run's folder."""
    steps: int = 0
    """Agent steps to train for in all; 0: as many as the run was started with."""
    minutes: float | None = None
    """Minutes to train for in all, those of earlier sessions included; None: as many as the run was started with."""
    score_episodes: int = 30
    """Full games that the best checkpoint plays at the end, on seeds that training never saw; 0: none."""

    def __post_init__(self) -> None:
        check_range("steps", self.steps, 0)
        if self.minutes is not None:
            check_range("minutes", self.minutes, 0.01)
        check_range("score_episodes", self.score_episodes, 0, MOST_EPISODES)


def main(arguments: Sequence[str]) -> None:
    if any(argument.split("=")[0] == "--resume" for argument in arguments):
        resume(command_line.parse(Resume, arguments, program=PROGRAM, description=Resume.__doc__ or ""))
        return
    options, settings, protocol = parse(arguments)
    if options.check_env:
        check_environment(settings, protocol)
        return
    rundir.check_root(options.root)
    if options.seeds:
        start_several(options, settings, arguments)
    else:
        start(options, settings, protocol)


def parse(arguments: Sequence[str]) -> tuple[Options, Settings, Protocol]:
    """The settings that a command line asks for: defaults, then the preset, then what was given."""
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in ("-h", "--help")):
        raise UserError(f"which agent? {PROGRAM} AGENT [options], agents are {', '.join(agents.names())}")
    if arguments[0].startswith("-"):
        print(f"{__doc__}\nAgents: {', '.join(agents.names())}. The settings of one: {PROGRAM} AGENT --help")
        raise SystemExit
    name = arguments[0]
    module = agents.find(name)
    environment = command_line.given(arguments, "--env") or DEFAULT_ENVIRONMENT
    envs.check_name(environment)
    preset_name = command_line.given(arguments, "--preset") or default_preset(module.PRESETS, environment)
    if preset_name not in module.PRESETS:
        raise UserError(f"unknown preset of {name}: received {preset_name!r}, allowed are {', '.join(module.PRESETS)}")
    preset = module.PRESETS[preset_name]
    run = RunConfig(**{"env": environment, "protocol": default_protocol(environment), **preset.run})
    kind = dataclasses.make_dataclass("Command", [("command", Options), ("run", RunConfig), (name, module.Config)])
    command = command_line.parse(
        kind,
        arguments[1:],
        program=f"{PROGRAM} {name}",
        description=module.__doc__ or "",
        default=kind(Options(preset_name), run, preset.config),
    )
    run = dataclasses.replace(command.run, protocol=command.run.protocol or run.protocol)
    protocol = find_protocol(run.protocol, run.env)
    spaces = envs.spaces_of(run.env, protocol)
    settings = Settings(name, preset_name, run, getattr(command, name), *spaces)
    pretrained.check(settings.config, protocol, *spaces)
    return command.command, settings, protocol


def check_environment(settings: Settings, protocol: Protocol) -> None:
    """Tell whether an environment fits the lab and the agent."""
    print(f"{settings.run.env}: observations {settings.observation_space}, actions {settings.action_space}")
    findings = envs.check(settings.run.env, protocol)
    for finding in findings:
        print(f"- {finding}")
    print(f"its spaces fit {settings.agent} ({settings.preset})" + ("; mind the above" if findings else ""))


def start_several(options: Options, settings: Settings, arguments: Sequence[str]) -> None:
    """Train with several seeds, each in a run of its own; what is there of them is gone on with."""
    first = settings.run.seed if command_line.given(arguments, "--seed") else 1
    seeds = range(first, first + options.seeds)
    series = Series(settings, seeds, options.root, options.score_episodes, agents.read_settings)
    if not series.train(Path(__file__).parent, arguments, options.jobs):
        print(f"go on with: {shlex.join(['python', 'scripts/train.py', *arguments])}")
        raise SystemExit(130)
    series.tell()


def start(options: Options, settings: Settings, protocol: Protocol) -> None:
    """Train from the beginning in a new folder."""
    from rlab import devices

    settings = dataclasses.replace(settings, run=devices.resolve(settings.run))
    device = devices.configure(settings.run)
    agent = agents.make(settings, model=envs.model_of(settings.run.env))
    memory = agent.expected_memory() if isinstance(agent, Remembering) else 0
    _check_memory(memory)
    print(f"{settings.agent} ({settings.preset}) on {settings.run.env} under {protocol.identity}; {device}")
    if memory:
        print(f"memory: the replay will need up to about {memory / 1e6:,.0f} MB when it is full")
    run = rundir.create(options.root, settings.run.env, settings.agent, settings.run.seed)
    print(f"run: {run}", flush=True)
    with rundir.locked(run), telling_how_to_go_on(run):
        pretrained.keep(settings.config, run)
        settings.write(run / rundir.CONFIG)
        rundir.write_origin(run, device, {"protocol": protocol.identity, **envs.origin(settings.run.env)})
        training = _training(run, settings, agent, protocol)
        network = getattr(agent, "network", None)
        training.begin(devices.graph_of(network) if network is not None else None, options.group)
        _train(training, options.score_episodes, options.root)


def _check_memory(expected: int) -> None:
    """Raises UserError if a replay of so many bytes does not fit this machine."""
    installed = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if expected > installed:
        raise UserError(
            f"the replay is too large for this machine: received one of about {expected / 1e6:,.0f} MB, "
            f"allowed are {installed / 1e6:,.0f} MB; choose a smaller --replay-capacity"
        )


def resume(options: Resume) -> None:
    """Go on with a run."""
    run = options.resume
    settings = agents.read_settings(run)
    minutes = settings.run.minutes
    longer: dict[str, Any] = {"steps": options.steps} if options.steps else {}
    longer |= {"minutes": options.minutes} if options.minutes is not None else {}
    settings = dataclasses.replace(settings, run=dataclasses.replace(settings.run, **longer))
    protocol = find_protocol(settings.run.protocol, settings.run.env)
    spaces = envs.spaces_of(settings.run.env, protocol)
    if spaces != (settings.observation_space, settings.action_space):
        raise UserError(
            f"the run is of another environment: it has {settings.observation_space} and {settings.action_space}, "
            f"{settings.run.env} has {spaces[0]} and {spaces[1]}"
        )
    latest = checkpoint.latest(run)
    if options.steps and options.steps < checkpoint.step_of(latest):
        raise UserError(
            f"the run is further: received --steps {options.steps}, allowed is {checkpoint.step_of(latest)} or more"
        )
    if options.minutes is not None and options.minutes != minutes:  # by its own it ends a little later than they say
        enough = math.ceil(read_clock(latest).seconds / 0.6) / 100
        if options.minutes < enough:
            raise UserError(f"the run is further: received --minutes {options.minutes:g}, allowed is {enough} or more")
    print(f"resuming {run} from {latest.name}", flush=True)
    from rlab import devices

    device = devices.configure(settings.run)
    with rundir.locked(run), telling_how_to_go_on(run):
        agent = agents.make(settings, run=run, model=envs.model_of(settings.run.env))
        if isinstance(agent, Remembering):
            print("playing the latest games again, to fill the replay", flush=True)
        training = _training(run, settings, agent, protocol, resume=True)
        facts = {"protocol": protocol.identity, **envs.origin(settings.run.env)}
        for note in [*rundir.changes(run, device, facts), *training.begin()]:
            print(f"not the same as before: {note}")
        if longer:
            settings.write(run / rundir.CONFIG)
        _train(training, options.score_episodes, run)


def _training(run: Path, settings: Settings, agent: Agent, protocol: Protocol, *, resume: bool = False) -> "Training":
    from rlab.training import Training

    make_env = partial(envs.make, settings.run.env, protocol=protocol)
    return Training(run, settings, agent, protocol, make_env, envs.emulate, resume=resume)


def _train(training: "Training", score_episodes: int, logs: Path) -> None:
    """Turn the training until it is done or the user interrupts it; then score it and say how to go on.

    `logs` is the folder that TensorBoard is to show.
    """
    from rlab.report.progress import turn

    run, decay = training.run, getattr(training.settings.config, "learning_rate_decay_steps", 0)
    if 0 < decay < training.config.steps:
        print(f"note: after {decay:,} steps the step size is 0 and nothing is learnt (--learning-rate-decay-steps)")
    with closing(training):
        if turn(training):
            print(f"stopped at step {training.step}, saved as {training.checkpoint()}")
            print(f"score it with: {way_to_score(run)}" if training.ended else way_on(run))
            raise SystemExit(130)
    if training.step < training.config.steps:
        print(f"ended at step {training.step} after {training.config.minutes:g} minutes; a larger --minutes goes on")
    if score_episodes:
        if status := _call("evaluate.py", run, "--episodes", score_episodes):
            raise SystemExit(status)
        _call("watch.py", run, "--out", run / "videos" / "eval-best.mp4")
    print(f"watch a game:     python scripts/watch.py {shlex.quote(str(run))}")
    print(f"see the curves:   tensorboard --logdir {shlex.quote(str(logs))}")


def _call(script: str, *arguments: object) -> int:
    """Run another script as a user would; what it has to say, it prints. Its exit status."""
    command = [sys.executable, str(Path(__file__).with_name(script)), *map(str, arguments)]
    return subprocess.run(command, check=False, preexec_fn=stop_with_parent).returncode


if __name__ == "__main__":
    command_line.run(main)
