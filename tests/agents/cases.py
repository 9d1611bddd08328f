"""Every agent with each of its presets, in environments that fit it: what the contract is tested on."""

import dataclasses
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium import spaces

import agents
import envs
from rlab.agent import Agent
from rlab.config import AgentConfig, Preset, RunConfig, Settings
from rlab.loop import Loop, Turn
from rlab.protocol import Protocol, default_protocol, find_protocol
from rlab.report.difference import content
from rlab.types import Array, Environment, UserError

ENVIRONMENTS = ("Identity-v0", "Corridor-v0", "Catch-v0", "CartPole-v1", "Pendulum-v1", "ALE/MsPacman-v5")
# Presets that differ by numbers, or by an optimizer, from others of their agents.
LIKE_ANOTHER = {("dqn", "paper"), ("dqn", "book_pong"), ("ppo", "lunar"), ("ppo", "walker")}
NUM_ENVS = 2
SEED = 5

# Settings under which an agent is light and learns within some hundred steps; those that an agent has not are left out.
SMALL = {
    "batch_size": 8,
    "encoder_sizes": (16,),
    "epsilon_decay_steps": 200,
    "episodes_per_update": 3,
    "epochs": 2,
    "hidden_sizes": (16,),
    "minibatches": 2,
    "population_size": 6,
    "replay_capacity": 80,  # so that a replay goes round
    "rollout_steps": 8,
    "survivors": 2,
    "target_period_updates": 3,
    "update_period_steps": 8,
    "warmup_steps": 40,
}


@dataclasses.dataclass(frozen=True)
class Case:
    """A preset of an agent in an environment."""

    agent: str
    preset: str
    environment: str

    def __str__(self) -> str:
        return f"{self.agent}-{self.preset}-{self.environment}"

    @functools.cached_property
    def settings(self) -> Settings:
        """The preset's settings, made small. Raises UserError if the agent does not fit the environment."""
        preset: Preset = agents.find(self.agent).PRESETS[self.preset]
        usual = {"env": self.environment, "seed": SEED, "protocol": default_protocol(self.environment)}
        run = RunConfig(**{**usual, **preset.run})
        found = _spaces_of(self.environment, find_protocol(run.protocol, run.env))
        return Settings(self.agent, self.preset, run, small(preset.config), *found)

    @property
    def protocol(self) -> Protocol:
        return find_protocol(self.settings.run.protocol, self.environment)

    def fits(self) -> bool:
        try:
            return self.settings.agent == self.agent
        except UserError:
            return False

    def make(self) -> Agent:
        return agents.make(self.settings, model=envs.model_of(self.environment))

    def make_environment(self, num_envs: int) -> Environment:
        return envs.make(self.environment, num_envs, self.protocol)

    def observations(self, count: int) -> Array:
        return drawn(self.settings.observation_space, count)


def small(config: AgentConfig) -> Any:
    """A copy of an agent's settings that learns soon and takes little time."""
    names = config.__dataclass_fields__.keys() & SMALL.keys()
    return dataclasses.replace(config, **{name: SMALL[name] for name in names})


def drawn(space: spaces.Space[Any], count: int) -> Array:
    """Observations [count, *O] from a space."""
    space.seed(SEED)
    return np.stack([np.asarray(space.sample()) for _ in range(count)])


@functools.cache
def _spaces_of(environment: str, protocol: Protocol) -> tuple[Any, Any]:
    return envs.spaces_of(environment, protocol)


@functools.cache
def fitting() -> list[Case]:
    """Each preset of each agent in each environment that it can play, the one that it is meant for among them."""
    cases = [
        Case(agent, preset, environment)
        for agent in agents.names()
        for preset, settings in agents.find(agent).PRESETS.items()
        for environment in dict.fromkeys((*ENVIRONMENTS, settings.environments))
        if "*" not in environment
    ]
    return [case for case in cases if case.fits()]


def first_fitting() -> list[Case]:
    """Presets of each agent, in the first environment that they can play with Discrete actions and with Box ones.

    Those that are like another one are left out.
    """
    cases = [case for case in fitting() if (case.agent, case.preset) not in LIKE_ANOTHER]
    by_kind = {(case.agent, case.preset, type(case.settings.action_space)): case for case in reversed(cases)}
    return list(by_kind.values())[::-1]


class Session(Iterator[Turn]):
    """An agent that learns from what its actor does."""

    def __init__(self, case: Case) -> None:
        self.agent = case.make()
        self.actor = self.agent.actor(NUM_ENVS, SEED, explore=True)
        self._loop = Loop(
            case.make_environment(NUM_ENVS),
            self.actor,
            lambda number: 1000 + number,
            stream="train",
            agent=self.agent,
            life_loss_ends_value=case.settings.run.life_loss_ends_value,
        )

    def __next__(self) -> Turn:
        return next(self._loop)

    def save(self, folder: Path) -> None:
        """Save agent and actor into a new folder, as a checkpoint does."""
        folder.mkdir()
        self.agent.save(folder)
        self.actor.save(folder)


def differing(left: Path, right: Path) -> list[str]:
    """The files that differ between two checkpoints."""
    one, other = ({path.name: content(path) for path in folder.iterdir()} for folder in (left, right))
    return [name for name in sorted(one.keys() | other.keys()) if one.get(name) != other.get(name)]
