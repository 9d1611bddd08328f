"""The settings of a run, beside its agent's: checked when they are made, kept as `config.json`.

Precedence: the defaults (a paper's, where there is one), then the preset, then the command line.
"""

import dataclasses
import hashlib
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, get_type_hints

from gymnasium import spaces
from typeguard import TypeCheckError, check_type

from rlab.folders import write_whole
from rlab.spaces import from_json, to_json
from rlab.types import UserError

MOST_EPISODES = 1_000_000  # to be scored or recorded: their seeds are drawn at once
MOST_THREADS = 1024  # the system ends a program that asks for more than it has


@dataclass(frozen=True)
class RunConfig:
    """What is trained where, for how long, and what is kept of it."""

    env: str
    """The Gymnasium id of the environment; `module:Name-v0` for one of your own package."""
    steps: int = 1_000_000
    """Agent steps to train for, over all environments. An Atari step lasts 4 frames."""
    minutes: float | None = None
    """Minutes to train for, evaluations and earlier sessions of a resumed run included; None: as many as --steps take.
    The steps hold as well: whichever are over first end the run, with an evaluation and a checkpoint. Schedules count
    in steps and go by their own settings, so the same settings with --steps of where it ended come to the same bits."""
    seed: int = 0
    """Every random stream of the run derives from it: same settings, seed, machine and versions, same bits."""
    protocol: str = ""
    """How scores are made: ale_v5, ale_v5_full, classic, book, book_pong or gymnasium. Empty: the
    environment's usual one."""
    num_envs: int = 1
    """Environments side by side. More: faster acting, less recent experience per update."""
    life_loss_ends_value: bool = False
    """Whether a lost life is learnt from like the end of a game (discount 0). It helps Atari agents avoid death."""
    evaluation_period_steps: int = 50_000
    """Agent steps between two evaluations, which choose the best checkpoint."""
    evaluation_episodes: int = 10
    """Full games of each such evaluation."""
    checkpoint_period_steps: int = 50_000
    """Agent steps between two checkpoints. A killed run goes on from the last one."""
    checkpoints_kept: int = 2
    """The latest checkpoints that are kept, beside the best."""
    log_period_steps: int = 1_000
    """Agent steps between two entries in TensorBoard."""
    precision: Literal["auto", "float32", "mixed_bfloat16"] = "float32"
    """The number format of the networks' arithmetic. bfloat16 takes about a third off an update where the processor has
    instructions for it; auto: there bfloat16, elsewhere float32 (what it came to stands in config.json)."""
    xla: bool = False
    """Whether updates are compiled by XLA. Faster on a GPU, no faster on a CPU."""
    threads: int = 0
    """Processor threads for TensorFlow; 0: all."""
    deterministic: bool = False
    """TensorFlow's deterministic operations: needed on a GPU for exact repetition, not on a CPU."""

    def __post_init__(self) -> None:
        for name in ("steps", "num_envs", "checkpoints_kept"):
            check_range(name, getattr(self, name), 1)
        check_range("evaluation_episodes", self.evaluation_episodes, 1, MOST_EPISODES)
        for name in ("evaluation_period_steps", "checkpoint_period_steps", "log_period_steps"):
            check_range(name, getattr(self, name), 1)
        if self.minutes is not None:
            check_range("minutes", self.minutes, 0.01)
        check_range("seed", self.seed, 0, 2**31 - 1)
        check_range("threads", self.threads, 0, MOST_THREADS)


class AgentConfig(Protocol):
    """The settings of an agent: a frozen dataclass that checks its values when it is made."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    def check_fit(self, observation_space: spaces.Space[Any], action_space: spaces.Space[Any], num_envs: int) -> None:
        """Raise UserError if the agent cannot learn from so many environments with these spaces."""
        ...


@dataclass(frozen=True)
class Preset:
    """Settings that go together: an agent's, and those of the run that belong to them."""

    config: AgentConfig
    environments: str = "*"  # the ids it is the default for, as a shell pattern
    run: Mapping[str, Any] = field(default_factory=dict)


def default_preset(presets: Mapping[str, Preset], environment: str) -> str:
    """The first preset that is meant for the environment."""
    for name, preset in presets.items():
        if fnmatch(environment, preset.environments):
            return name
    raise UserError(f"no preset fits {environment}: choose one with --preset, allowed are {', '.join(presets)}")


def check_range(name: str, value: float, low: float, high: float = float("inf")) -> None:
    """Raise UserError unless low <= value <= high, and value is a finite number."""
    if not low <= value <= min(high, sys.float_info.max):
        allowed = f"{low} or more" if high == float("inf") else f"{low} to {high}"
        raise UserError(f"--{name.replace('_', '-')} is out of range: received {value}, allowed is {allowed}")


@dataclass(frozen=True)
class Settings:
    """Everything that a run depends on, as `config.json` keeps it.

    Raises UserError if the agent does not fit the spaces or the number of environments.
    """

    agent: str
    preset: str
    run: RunConfig
    config: AgentConfig
    observation_space: spaces.Space[Any]
    action_space: spaces.Space[Any]

    def __post_init__(self) -> None:
        self.config.check_fit(self.observation_space, self.action_space, self.run.num_envs)

    def values(self) -> dict[str, Any]:
        """The settings as JSON can hold them."""
        return {
            "agent": self.agent,
            "preset": self.preset,
            "run": dataclasses.asdict(self.run),
            "config": dataclasses.asdict(self.config),
            "observation_space": to_json(self.observation_space),
            "action_space": to_json(self.action_space),
        }

    @property
    def hash(self) -> str:
        return hashlib.sha256(json.dumps(self.values(), sort_keys=True).encode()).hexdigest()[:12]

    def flat(self) -> dict[str, bool | float | str]:
        """Every setting that has a value by its name, as TensorBoard's HParams takes them."""
        named = {"agent": self.agent, "preset": self.preset}
        named.update(dataclasses.asdict(self.run), **dataclasses.asdict(self.config))
        given = {name: value for name, value in named.items() if value is not None}
        return {name: value if isinstance(value, bool | int | float) else str(value) for name, value in given.items()}

    def departures(self) -> dict[str, Any]:
        """The settings by which a run departed from its protocol, for whoever shows a score."""
        found: dict[str, Any] = {"life_loss_ends_value": self.run.life_loss_ends_value}
        for name in ("reward_clipping", "reward_log", "normalise_rewards"):
            found[name] = getattr(self.config, name, False)
        scale = getattr(self.config, "reward_scale", 1.0)
        found["reward_scale"] = scale if scale != 1 else False
        if hasattr(self.config, "greedy_evaluation"):
            found["drawn_actions"] = not self.config.greedy_evaluation
        return {name: value for name, value in found.items() if value}

    def write(self, path: Path) -> None:
        """Write every setting, with the hash that names them; what was there stays until the new file is whole."""
        write_whole(path, json.dumps({**self.values(), "hash": self.hash}, indent=2) + "\n")


def read_config(path: Path, config_of: Callable[[str], type[Any]]) -> Settings:
    """What `Settings.write` wrote; `config_of` names the settings class of an agent.

    Raises UserError if the file is not there or is something else.
    """
    try:
        values = json.loads(path.read_text())
        run = _build(RunConfig, values["run"], path)
        config = _build(config_of(values["agent"]), values["config"], path)
        spaces_ = from_json(values["observation_space"]), from_json(values["action_space"])
        return Settings(values["agent"], values["preset"], run, config, *spaces_)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UserError(f"not a run: {path.parent} has no {path.name}") from error
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise UserError(f"{path} is not the configuration of a run: {error!r}") from error


def _build(kind: type[Any], values: Mapping[str, Any], path: Path) -> Any:
    hints = get_type_hints(kind)
    names = [item.name for item in dataclasses.fields(kind)]
    given = {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    for name, value in given.items():
        if name not in names:
            raise UserError(f"{path} has an unknown setting: received {name!r}, allowed are {', '.join(sorted(names))}")
        try:
            check_type(value, hints[name])
        except TypeCheckError as error:
            raise UserError(f"{path} has a wrong setting, {name}: received {value!r}; {error}") from error
    return kind(**given)
