"""REINFORCE learns toys whose optimum is known, and the book's walker a few hundred steps."""

import dataclasses
from typing import Any

import numpy as np
import pytest

import envs
from agents.reinforce import PRESETS, Config, make
from rlab.loop import Loop
from rlab.protocol import PROTOCOLS
from rlab.seeding import Seeds
from tests.agents import test_learning as toys

QUICK = {"hidden_sizes": (32,), "activation": "tanh", "gamma": 0.9, "learning_rate": 0.02}
NUMBERS = {"baseline": True, "gamma": 0.0, "learning_rate": 0.03, "log_deviation_start": -0.5, "episodes_per_update": 4}


@pytest.mark.parametrize(
    ("changes", "toy"),
    [
        pytest.param({}, toys.IDENTITY._replace(steps=5_000), id="Identity"),
        pytest.param({"baseline": True}, toys.CORRIDOR._replace(steps=5_000), id="Corridor with a baseline"),
        pytest.param(NUMBERS, toys.AIM._replace(steps=5_000), id="Aim with a baseline"),
    ],
)
def test_it_learns_to_play_well(changes: dict[str, Any], toy: toys.Toy) -> None:
    agent = toys.make("reinforce", Config(**{**QUICK, **changes}), toy.environment)
    assert toys.score(agent, toy.environment) < toys.SUFFICIENT * toy.optimum, "nothing is left to learn"
    toys.train(agent, toy)
    assert toys.score(agent, toy.environment) >= toys.SUFFICIENT * toy.optimum


def test_the_book_s_walker_learns_from_its_first_games() -> None:
    pytest.importorskip("Box2D")
    environment = envs.make("BookBipedalWalker-v0", 2, PROTOCOLS["gymnasium"])
    config = dataclasses.replace(PRESETS["book_bipedal"].config, episodes_per_update=2)
    agent: Any = make(config, environment.observation_space, environment.action_space, Seeds(0))
    loop = Loop(environment, agent.actor(2, 0, explore=True), lambda number: number, stream="train", agent=agent)
    before = agent.network.get_weights()
    made = 0
    for _ in range(1100):  # the longest game has 1,000 steps
        made += next(loop).metrics is not None
    environment.close()
    assert made > 0
    assert not all(map(np.array_equal, before, agent.network.get_weights()))
