"""Agents learn toys whose optimum is known, which random actions are far from reaching."""

import dataclasses
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pytest

import agents
import envs
from rlab import evaluation
from rlab.agent import Agent
from rlab.config import AgentConfig
from rlab.loop import Loop
from rlab.protocol import PROTOCOLS
from rlab.seeding import Seeds

PROTOCOL = PROTOCOLS["gymnasium"]
SUFFICIENT = 0.95  # of the optimum
NUM_ENVS = 4
SEED = 1
EPISODES = 40


class Toy(NamedTuple):
    environment: str
    optimum: float
    steps: int  # about twice as many as it was seen to take


AIM = Toy("Aim-v0", 20, 8000)  # the same with numbers to act
IDENTITY = Toy("Identity-v0", 20, 1000)  # what to do is seen
CORRIDOR = Toy("Corridor-v0", 1, 2000)  # values have to travel back over eight symbols
CATCH = Toy("Catch-v0", 1, 3000)  # an image


def dqn(**changes: Any) -> AgentConfig:
    config: AgentConfig = dataclasses.replace(
        agents.find("dqn").PRESETS["control"].config,
        **{"encoder_sizes": (32,), "hidden_sizes": (32,), "learning_rate": 2e-3, "batch_size": 32, "gamma": 0.9},
        **{"warmup_steps": 100, "target_period_updates": 50, "replay_capacity": 5000},
        **{"epsilon_decay_steps": 2000, "epsilon_end": 0.2},
        **changes,
    )
    return config


RAINBOW = {"dueling": True, "noise": 0.5, "returns": "categorical", "epsilon_start": 0.0, "return_limit": 2.0}
QUANTILES = {"returns": "quantile", "return_numbers": 8, "munchausen": 0.9}
IMPLICIT = {"returns": "implicit", "return_numbers": 8}
EVERYTHING = {"munchausen": 0.9, "priority_exponent": 0.5, "n_steps": 3, "dueling": True, "noise": 0.5}


def ppo(**changes: Any) -> AgentConfig:
    config: AgentConfig = dataclasses.replace(
        agents.find("ppo").PRESETS["control"].config,
        **{"hidden_sizes": (32,), "learning_rate": 3e-3, "learning_rate_decay_steps": 0, **changes},
    )
    return config


def pqn() -> AgentConfig:
    config: AgentConfig = dataclasses.replace(
        agents.find("pqn").PRESETS["control"].config,
        **{"encoder_sizes": (32,), "hidden_sizes": (32,), "learning_rate": 2e-3, "learning_rate_decay_steps": 8000},
        **{"rollout_steps": 8, "minibatches": 2, "gamma": 0.9, "trace_decay": 0.65},
        **{"epsilon_decay_steps": 1000, "epsilon_end": 0.2},
    )
    return config


def make(name: str, config: AgentConfig, environment: str) -> Agent:
    agent: Agent = agents.find(name).make(config, *envs.spaces_of(environment, PROTOCOL), Seeds(SEED))
    return agent


def train(agent: Agent, toy: Toy) -> None:
    seeds = Seeds(SEED)
    environment = envs.make(toy.environment, NUM_ENVS, PROTOCOL)
    actor = agent.actor(NUM_ENVS, seeds.integer("actor"), explore=True)
    loop = Loop(environment, actor, lambda number: seeds.integer(f"episode {number}"), stream="train", agent=agent)
    while loop.step < toy.steps:
        next(loop)


def score(agent: Agent, environment: str) -> float:
    """The mean over full games, played as well as the agent can."""
    make_env = partial(envs.make, environment, protocol=PROTOCOL)
    tapes = evaluation.play(agent, make_env, PROTOCOL, EPISODES, stream="eval", step=0, seed=SEED)
    return float(np.mean([tape.score for tape in tapes]))


@pytest.mark.parametrize(
    ("name", "config", "toy"),
    [
        *(
            pytest.param("dqn", dqn(n_steps=steps), toy, id=f"dqn over {steps} steps-{toy.environment}")
            for steps in (1, 3)
            for toy in (IDENTITY, CORRIDOR, CATCH)
        ),
        pytest.param("dqn", dqn(**RAINBOW), CATCH, id="dueling, noisy and categorical dqn"),
        pytest.param("dqn", dqn(**QUANTILES), CORRIDOR, id="munchausen dqn with quantiles"),
        pytest.param("dqn", dqn(**IMPLICIT), CORRIDOR, id="dqn with implicit quantiles"),
        pytest.param("dqn", dqn(**IMPLICIT, **EVERYTHING), CATCH, id="dqn with implicit quantiles and all other parts"),
    ],
)
def test_it_learns_to_play_well(name: str, config: AgentConfig, toy: Toy) -> None:
    agent = make(name, config, toy.environment)
    assert score(agent, toy.environment) < SUFFICIENT * toy.optimum, "nothing is left to learn"
    train(agent, toy)
    assert score(agent, toy.environment) >= SUFFICIENT * toy.optimum


A2C = {"epochs": 1, "minibatches": 1, "normalise_advantages": False, "rollout_steps": 8, "learning_rate": 1e-2}


@pytest.mark.parametrize(
    ("name", "config", "toy"),
    [
        pytest.param("ppo", ppo(), AIM, id="ppo-Aim"),
        pytest.param("ppo", ppo(), CORRIDOR, id="ppo-Corridor"),
        pytest.param("ppo", ppo(), CATCH, id="ppo-Catch"),
        pytest.param("ppo", ppo(**A2C), IDENTITY, id="a2c-Identity"),
        pytest.param("pqn", pqn(), IDENTITY, id="pqn-Identity"),
        pytest.param("pqn", pqn(), CORRIDOR, id="pqn-Corridor"),
        pytest.param("pqn", pqn(), CATCH, id="pqn-Catch"),
    ],
)
def test_it_learns_from_what_it_has_just_played(name: str, config: AgentConfig, toy: Toy) -> None:
    agent = make(name, config, toy.environment)
    assert score(agent, toy.environment) < SUFFICIENT * toy.optimum, "nothing is left to learn"
    train(agent, toy._replace(steps=8_000))
    assert score(agent, toy.environment) >= SUFFICIENT * toy.optimum


@pytest.mark.parametrize("toy", [AIM, IDENTITY, CORRIDOR, CATCH], ids=lambda toy: toy.environment)
def test_random_actions_do_not_play_well(toy: Toy) -> None:
    agent = make("random", agents.find("random").Config(), toy.environment)
    train(agent, toy)
    assert score(agent, toy.environment) < SUFFICIENT * toy.optimum
