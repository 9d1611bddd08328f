"""The work that benchmarks put agents to: a preset with some of its settings replaced."""

import dataclasses
from typing import Any

import agents
import envs
from rlab.agent import Agent
from rlab.config import RunConfig, Settings
from rlab.protocol import Protocol, default_protocol, find_protocol


def settings_for(agent: str, preset: str, run: RunConfig, **replaced: Any) -> tuple[Settings, Protocol]:
    """The settings of `agent` on the environment of `run`, under that environment's usual protocol.

    Raises UserError if there is no such agent or environment, or if they do not fit.
    """
    config = dataclasses.replace(agents.find(agent).PRESETS[preset].config, **replaced)
    envs.check_name(run.env)
    protocol = find_protocol(default_protocol(run.env), run.env)
    run = dataclasses.replace(run, protocol=protocol.name)
    return Settings(agent, preset, run, config, *envs.spaces_of(run.env, protocol)), protocol


def random_agent(settings: Settings) -> Agent:
    """An agent that plays at random where the settings' own would play."""
    preset, chosen = next(iter(agents.find("random").PRESETS.items()))
    return agents.make(dataclasses.replace(settings, agent="random", preset=preset, config=chosen.config))
