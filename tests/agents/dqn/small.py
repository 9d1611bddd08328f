"""DQN agents small enough to do their arithmetic by hand."""

import dataclasses
from typing import Any

import keras
import numpy as np
from gymnasium import spaces

from agents.dqn import Config, make
from rlab.seeding import Seeds
from rlab.types import Transitions

OBSERVED, ACTED = spaces.Box(-1, 1, (2,), np.float32), spaces.Discrete(3)
PLAIN = Config(
    encoder_kind="mlp",
    encoder_sizes=(4,),
    hidden_sizes=(),
    gamma=0.5,
    batch_size=2,
    update_period_steps=1,
    warmup_steps=2,
    replay_capacity=100,
    reward_clipping=False,
)


def dqn(**changes: Any) -> Any:
    return make(dataclasses.replace(PLAIN, **changes), OBSERVED, ACTED, Seeds(0))


def step(num_envs: int = 1, reward: float = 0, action: int = 0, discount: float = 1) -> Transitions:
    """One step in the middle of an episode."""
    seen, no = np.zeros((num_envs, 2), np.float32), np.zeros(num_envs, np.bool_)
    rewards, discounts = np.full(num_envs, reward, np.float32), np.full(num_envs, discount, np.float32)
    return Transitions(seen, np.full(num_envs, action), rewards, discounts, seen, no, no, {})


def let_value(network: keras.Model, *values: float) -> None:
    """Let a network give the same action values to everything that it sees."""
    *others, bias = network.get_weights()
    network.set_weights([*map(np.zeros_like, others), np.array(values, bias.dtype)])


def inputs_of(agent: Any) -> list[Any]:
    """A list to which every update from now on adds what it is computed from, in the order of `make_gradient`'s."""
    handed, compute = [], agent._compute

    def noted(*inputs: Any) -> Any:
        handed.append(inputs)
        return compute(*inputs)

    agent._compute = noted
    return handed


def first_metrics(agent: Any, *steps: Transitions) -> Any:
    """What the first update logs, which the last of the steps makes due; it takes effect with one more like it."""
    for transitions in (*steps, steps[-1]):
        assert agent.learn() is None
        agent.observe(transitions)
    return agent.learn()
