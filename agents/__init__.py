"""Agents, one folder per family; the folder's name is the agent's name on the command line."""

import difflib
import importlib
import pkgutil
from pathlib import Path
from types import ModuleType
from typing import Any

from rlab import checkpoint
from rlab.agent import Agent
from rlab.config import Settings as Settings
from rlab.config import read_config
from rlab.rundir import CONFIG
from rlab.seeding import Seeds
from rlab.types import UserError


def names() -> list[str]:
    """The agents there are."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)


def find(name: str) -> ModuleType:
    """The package of an agent, with its Config, PRESETS and make. Raises UserError, with close matches, if none is."""
    if name not in names():
        close = difflib.get_close_matches(name, names(), n=1)
        hint = f"did you mean {close[0]}? " if close else ""
        raise UserError(f"unknown agent: received {name!r}; {hint}allowed are {', '.join(names())}")
    return importlib.import_module(f"agents.{name}")


def make(settings: Settings, *, encoder: Any = None, model: Any = None) -> Agent:
    """A new agent with the settings of a run. Raises UserError if the agent and the environment do not fit."""
    from rlab import devices  # noqa: F401 - first of all that brings TensorFlow, which it keeps quiet

    agent: Agent = find(settings.agent).make(
        settings.config,
        settings.observation_space,
        settings.action_space,
        Seeds(settings.run.seed),
        encoder=encoder,
        model=model,
    )
    return agent


def read_settings(run: Path) -> Settings:
    """The settings of a run. Raises UserError if `run` is not the folder of one."""
    return read_config(run / CONFIG, lambda agent: find(agent).Config)


def load(run: str | Path, which: str = checkpoint.BEST) -> Agent:
    """The agent of a run as it was in a checkpoint: "best", "latest" or a step.

    Raises UserError if there is no such run or checkpoint, or if it is not whole.
    """
    folder = checkpoint.chosen(Path(run), which)
    agent = make(read_settings(Path(run)))
    agent.load(folder)
    return agent
