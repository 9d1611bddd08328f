"""Learn an encoder from recorded games, for agents to take over.

python scripts/pretrain.py autoencoder RUN
python scripts/train.py dqn --encoder FOLDER/encoder.keras --freeze all
"""

import dataclasses
import shlex
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import tyro
from gymnasium import spaces

import agents
import envs
from rlab import command_line, rundir
from rlab.config import MOST_THREADS, RunConfig, check_range
from rlab.protocol import Protocol, default_protocol, recorded_protocol
from rlab.representation import card, dataset, methods
from rlab.representation.methods import FitConfig, Task
from rlab.spaces import check_encoder, fits_nature
from rlab.types import Array, UserError

if TYPE_CHECKING:
    from rlab.representation.games import Games

PROGRAM = "pretrain.py"


@dataclass(frozen=True)
class Options:
    """What an encoder is learnt from, and what it is."""

    sources: Annotated[tuple[Path, ...], tyro.conf.Positional]
    """Folders with games: of runs, or that record.py made."""
    expert: str = ""
    """A run whose agent says what should have been done in these games (DAgger); empty: what was done counts."""
    stream: Literal["", "train", "validation", "eval", "demo"] = ""
    """Which games of these folders; empty: all of a recording, those of training of a run."""
    steps: int = 50_000
    """The agent steps that are learnt from, the last game to its end; those for validation and test among them."""
    encoder_kind: Literal["", "nature", "book", "nips", "impala", "mlp"] = ""
    """What sees: as in an agent's settings. Empty: nature for images of its size, else mlp."""
    encoder_sizes: tuple[int, ...] = (64,)
    """Units of each dense layer of an `mlp` encoder."""
    seed: int = 0
    """Weights and the order of what is learnt derive from it."""
    precision: Literal["auto", "float32", "mixed_bfloat16"] = "auto"
    """The number format of the networks' arithmetic; auto: bfloat16 where the processor has instructions for it."""
    threads: int = 0
    """Processor threads for TensorFlow; 0: all."""
    root: Path = Path("checkpoints")
    """The folder in which the encoder gets its own."""

    def __post_init__(self) -> None:
        check_range("steps", self.steps, 1)
        for size in self.encoder_sizes:
            check_range("encoder_sizes", size, 1)
        check_range("seed", self.seed, 0, 2**31 - 1)
        check_range("threads", self.threads, 0, MOST_THREADS)


def main(arguments: Sequence[str]) -> None:
    name, options, fit, config = parse(arguments)
    space = dataset.observation_space(options.sources[0])
    kind = options.encoder_kind or ("nature" if fits_nature(space) else "mlp")
    check_encoder(kind, space)
    games = dataset.load(options.sources, envs.emulate, stream=options.stream, steps=options.steps, on_game=_tell)
    protocol = recorded_protocol(games.protocol)
    from rlab import devices

    run = devices.resolve(RunConfig(games.environment, precision=options.precision, threads=options.threads))
    device = devices.configure(run)
    import keras

    from rlab.nets.encoders import make_encoder
    from rlab.representation import passports
    from rlab.seeding import Seeds

    games.boxes = _boxes(games)
    lessons = _advised(games, Path(options.expert)) if options.expert else games
    keras.utils.set_random_seed(options.seed)  # of layers that have no stream of their own
    encoder = make_encoder(kind, space, options.encoder_sizes, Seeds(options.seed))
    task = methods.find(name).make(config, encoder, lessons, Seeds(options.seed))
    folder = rundir.create(options.root, games.environment, f"pretrained/{name}", options.seed)
    print(f"{name} on {len(games.tapes):,} games of {games.environment} under {games.protocol}; {device}")
    print(f"folder: {folder}", flush=True)
    results = learn(task, lessons, fit, options, folder, card.describe(games, _places(games)))
    settings = {"encoder_kind": kind, "encoder_sizes": options.encoder_sizes} | dataclasses.asdict(config)
    settings |= dataclasses.asdict(fit) | {"seed": options.seed, "expert": options.expert, "precision": run.precision}
    settings |= {"steps": options.steps, "stream": options.stream}
    found = {"encoder": encoder} | ({"policy": task.policy} if task.policy is not None else {})
    for part, model in found.items():
        path = folder / f"{part}.keras"
        passports.write(path, model, games, name, settings, results)
        print(f"take over the {part}:  {_taking_over(path, games, protocol, config)}")
    print(f"see how it learnt:  tensorboard --logdir {shlex.quote(str(options.root))}")
    if "interrupted" in results:
        raise SystemExit(130)


def _taking_over(path: Path, games: "Games", protocol: Protocol, config: Any) -> str:
    """The command that trains an agent with what was learnt: with a policy's head, one that has such a head."""
    relu = getattr(config, "activation", "relu") == "relu"  # the only one that dqn has
    agent = "dqn" if isinstance(games.action_space, spaces.Discrete) and relu else "ppo"
    words = ["python", "scripts/train.py", agent, "--env", games.environment, f"--{path.stem}", str(path)]
    if protocol.name != default_protocol(games.environment):
        words += ["--protocol", protocol.name]
    if path.stem == "policy":
        words += ["--hidden-sizes", *map(str, config.hidden_sizes)]
        words += ["--activation", config.activation] if agent == "ppo" else []
    return shlex.join(words)


def parse(arguments: Sequence[str]) -> tuple[str, Options, FitConfig, Any]:
    """What a command line asks for: the method's name, the games, how long it learns, the method's settings."""
    if not arguments or (arguments[0].startswith("-") and arguments[0] not in ("-h", "--help")):
        raise UserError(f"which method? {PROGRAM} METHOD FOLDER..., methods are {', '.join(methods.names())}")
    if arguments[0].startswith("-"):
        print(f"{__doc__}\nMethods: {', '.join(methods.names())}. The settings of one: {PROGRAM} METHOD --help")
        raise SystemExit
    name = arguments[0]
    module = methods.find(name)
    kind = dataclasses.make_dataclass("Command", [("games", Options), ("fit", FitConfig), (name, module.Config)])
    command = command_line.parse(kind, arguments[1:], program=f"{PROGRAM} {name}", description=module.__doc__ or "")
    if not command.games.sources:
        raise UserError(f"which games? {PROGRAM} {name} FOLDER..., folders are of runs, or those that record.py made")
    rundir.check_root(command.games.root)
    if command.games.expert:
        agents.read_settings(Path(command.games.expert))
    return name, command.games, command.fit, getattr(command, name)


def _tell(done: int, games: int) -> None:
    if done == games or done % 10 == 0:
        print(f"played {done:,} of {games:,} games again", flush=True)


def _advised(games: "Games", run: Path) -> "Games":
    settings = agents.read_settings(run)
    from rlab.representation.expert import advised, check_expert

    check_expert(games, settings)
    return advised(games, agents.load(run))


def learn(
    task: Task, games: "Games", fit: FitConfig, options: Options, folder: Path, told: dict[str, Any]
) -> dict[str, Any]:
    """Fit a task in its folder, where the card of the games is `told`; what it comes to on games it did not learn."""
    from rlab.representation import pretraining
    from rlab.tensorboard import EventFile

    with closing(EventFile(folder)) as events:
        events.text("representation/games", "\n".join(card.markdown(told)), 0)
        results = pretraining.fit(task, games, fit, events, seed=options.seed)
        results |= pretraining.compare_drawn(task, games)
    for name, value in results.items():
        print(f"{name}: {value if not isinstance(value, list) else '{:.6f} [{:.6f}, {:.6f}]'.format(*value)}")
    return results


def _places(games: "Games") -> Array | None:
    """Where the player is at each moment, if RAM tells: x and y [M, 2]."""
    if games.ram is not None:
        with suppress(UserError):  # a game without labels
            labels = envs.ram_labels(games.environment, games.ram)
            return np.stack([labels.get(f"player_{axis}", np.zeros(len(games), np.float32)) for axis in "xy"], axis=1)
    return None


def _boxes(games: "Games") -> Array | None:
    """Where the sprites are at each moment, if RAM tells, in pictures of the whole screen alone."""
    if games.ram is not None and games.observation_space.shape[:2] == (84, 84):
        with suppress(UserError):
            return envs.sprite_boxes(games.environment, games.ram)
    return None


if __name__ == "__main__":
    command_line.run(main)
