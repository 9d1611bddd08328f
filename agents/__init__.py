"""Agents, one folder per family; the folder's name is the agent's name on the command line.

What such a folder holds:

1. `__init__.py`, which exports just `Config`, `PRESETS` and `make` (see `Family`) and imports no TensorFlow: a command
   line is checked before that is loaded.
2. `Config`, a frozen dataclass. Every field has a default and a string below it, which is its help; agents with action
   values inherit those of `rlab.exploration.ExplorationConfig`. `__post_init__` refuses what is out of range
   (`rlab.config.check_range`), `check_fit` what the agent cannot play. A refusal is one line that says what was
   received and what is allowed. No field has the name of one in `rlab.config.RunConfig`. A class variable
   `needs_model = True` says that the agent learns only where the environment tells its transitions.
3. The agent and its actor, as `rlab.agent` describes them.
4. `README.md`: the paper, the departures from it, the presets, what each metric means, results with their commands.

`agents/random` is the smallest one, `agents/dqn` has settings, presets and a network. To test one of them:
`python -m pytest tests/agents -k NAME`.
"""

import difflib
import importlib
import pkgutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, cast

from gymnasium import spaces

from rlab import checkpoint, pretrained
from rlab.agent import Agent, Teachable
from rlab.config import AgentConfig, Preset, read_config
from rlab.config import Settings as Settings
from rlab.rundir import CONFIG
from rlab.seeding import Seeds
from rlab.types import UserError


class Family(Protocol):
    """What the package of an agent exports."""

    Config: type[AgentConfig]
    PRESETS: Mapping[str, Preset]  # at least one; the first whose pattern fits an environment is the default there

    def make(
        self,
        config: Any,  # a `Config`
        observation_space: spaces.Space[Any],  # both as `Config.check_fit` accepts them; Discrete ones start at 0
        action_space: spaces.Space[Any],
        seeds: Seeds,  # for weights and replay; an actor is given a seed of its own
        *,
        encoder: Any,  # a pretrained keras.Model from observations to features, which is the agent's to change, or None
        model: Any,  # a `rlab.types.Model` of the environment, if it tells one, or None
    ) -> Agent:
        """A new agent. One that has no use for an encoder or a model leaves it alone."""
        ...


def names() -> list[str]:
    """The agents there are."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)


def find(name: str) -> Family:
    """The package of an agent. Raises UserError, with close matches, if none is."""
    if name not in names():
        close = difflib.get_close_matches(name, names(), n=1)
        hint = f"did you mean {close[0]}? " if close else ""
        raise UserError(f"unknown agent: received {name!r}; {hint}allowed are {', '.join(names())}")
    return cast(Family, importlib.import_module(f"agents.{name}"))


def make(settings: Settings, *, run: Path | None = None, model: Any = None) -> Agent:
    """A new agent with the settings of a run, to train; of one that has a folder, with what it keeps there.

    Raises UserError if the agent and the environment do not fit, as where the agent needs a model and there is none, or
    if it does not fit what it is to take over.
    """
    if model is None and getattr(settings.config, "needs_model", False):
        raise UserError(
            f"{settings.agent} needs a table of transitions: received {settings.run.env}, which tells none; allowed "
            "are environments with one, as FrozenLake-v1, Taxi-v4 and BookMDP-v0"
        )
    return _make(settings, run, model)


def _make(settings: Settings, run: Path | None, model: Any) -> Agent:
    from rlab import devices  # noqa: F401 - first of all that brings TensorFlow, which it keeps quiet

    taken_over = pretrained.load(settings.config, run)
    encoder, policy = taken_over.get("encoder"), taken_over.get("policy")
    if policy is not None:
        from rlab.nets.reuse import encoder_of

        encoder = encoder_of(policy)
    agent = find(settings.agent).make(
        settings.config,
        settings.observation_space,
        settings.action_space,
        Seeds(settings.run.seed),
        encoder=encoder,
        model=model,
    )
    if policy is not None and isinstance(agent, Teachable):
        agent.start_from(policy)
    return agent


def read_settings(run: Path) -> Settings:
    """The settings of a run. Raises UserError if `run` is not the folder of one."""
    return read_config(run / CONFIG, lambda agent: find(agent).Config)


def load(run: str | Path, which: str = checkpoint.BEST) -> Agent:
    """The agent of a run as it was in a checkpoint: "best", "latest" or a step.

    Keras's number format is set to that of the run, so that the agent plays as it did there. Raises UserError if there
    is no such run or checkpoint, or if it is not whole.
    """
    folder = checkpoint.chosen(Path(run), which)
    settings = read_settings(Path(run))
    from rlab import devices

    devices.set_precision(settings.run)
    agent = _make(settings, Path(run), model=None)  # to play, it needs no model
    agent.load(folder)
    return agent
