"""The time of an agent's whole loop and of each of its parts, in one process with one environment."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

import numpy as np

import agents
import envs
from agents.dqn.agent import DQN
from benchmarks import floor
from benchmarks.work import random_agent
from rlab.agent import Agent
from rlab.config import Settings
from rlab.loop import Loop
from rlab.protocol import Protocol
from rlab.replay.uniform import UniformReplay
from rlab.seeding import Seeds
from rlab.types import Environment

_CALLS = 400  # of each part that is timed alone


@dataclass(frozen=True)
class Speed:
    """What was measured; what an agent does not do takes 0."""

    steps_per_s: float
    act_ms: float  # on one observation
    emulator_ms: float  # a step
    multiply_adds_per_s: float  # of the machine, float32
    bytes_per_s: float  # of its memory
    update_ms: float = 0.0  # sampling included
    sample_ms: float = 0.0  # a batch
    observe_ms: float = 0.0  # adding a step to the replay
    updates_per_step: float = 0.0
    floor_ms: float = 0.0  # of an update
    floor_act_ms: float = 0.0

    @property
    def step_ms(self) -> float:
        return 1000 / self.steps_per_s

    @property
    def floor_step_ms(self) -> float:
        return self.updates_per_step * self.floor_ms + self.floor_act_ms + self.emulator_ms

    @property
    def floor_share(self) -> float:
        """How near a step is to its floor: 1 cannot be beaten."""
        return self.floor_step_ms / self.step_ms


def measure(settings: Settings, protocol: Protocol, untimed_updates: int, steps: int) -> Speed:
    """Time the loop over `steps` turns, after `untimed_updates` with a full replay; then each part alone (medians)."""
    agent = agents.make(settings)
    environment = envs.make(settings.run.env, 1, protocol)
    seeds = Seeds(settings.run.seed)
    actor = agent.actor(1, seeds.integer("actor"), explore=True)
    loop = Loop(environment, actor, lambda number: seeds.integer(f"episode {number}"), stream="train", agent=agent)
    replay = None  # with what fills the agent's own
    if isinstance(agent, DQN):
        replay = _replay_like(agent, environment)
        _fill(replay, agent, environment, random_agent(settings))
        while agent.updates < untimed_updates:
            next(loop)

    start = time.perf_counter()
    for _ in range(steps):
        next(loop)
    steps_per_s = steps / (time.perf_counter() - start)

    turns = [next(loop).transitions for _ in range(_CALLS)]
    act_ms = median(_timed(actor.act, turn.observation, turn.first)[0] for turn in turns)
    emulator_ms = _emulator_ms(environment)
    environment.close()
    machine = floor.measure_machine()
    if not isinstance(agent, DQN) or replay is None:
        return Speed(steps_per_s, act_ms, emulator_ms, *machine)
    observed, learned = zip(*((_timed(agent.observe, turn), _timed(agent.learn)) for turn in turns), strict=True)
    batch_size, random = agent.config.batch_size, seeds.generator("sample")
    return Speed(
        steps_per_s,
        act_ms,
        emulator_ms,
        *machine,
        update_ms=median(ms for ms, metrics in learned if metrics is not None),
        sample_ms=median(_timed(replay.sample, batch_size, random)[0] for _ in range(_CALLS)),
        observe_ms=median(ms for ms, _ in observed),
        updates_per_step=1 / agent.config.update_period_steps,
        floor_ms=floor.update_ms(agent.network, batch_size, machine),
        floor_act_ms=floor.act_ms(agent.network, machine),
    )


def _replay_like(agent: DQN, environment: Environment) -> UniformReplay:
    """An empty replay like the agent's own."""
    config = agent.config
    return UniformReplay(
        config.replay_capacity,
        environment.num_envs,
        environment.observation_space,
        environment.action_space,
        steps=config.n_steps,
        gamma=config.gamma,
        compressed=config.replay_compressed,
    )


def _fill(replay: UniformReplay, agent: Agent, environment: Environment, player: Agent) -> None:
    """Show `agent` as many steps of `player` as fill its replay, and add them to `replay`."""
    loop = Loop(environment, player.actor(1, 0, explore=True), lambda number: number, stream="train")
    while replay.added < replay.rows:
        transitions = next(loop).transitions
        replay.add(transitions)
        agent.observe(transitions)


def _emulator_ms(environment: Environment) -> float:
    """Milliseconds of the environment's own step, under random actions."""
    over, milliseconds = np.ones(1, np.bool_), []
    for number in range(_CALLS):
        if over[0]:
            environment.reset(over, [number])
        action = np.array([environment.action_space.sample()])
        elapsed, outcome = _timed(environment.step, action)
        milliseconds.append(elapsed)
        over = outcome.terminated | outcome.truncated
    return median(milliseconds)


def _timed(call: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    """How many milliseconds a call takes, and what it returns."""
    start = time.perf_counter()
    result = call(*arguments)
    return 1000 * (time.perf_counter() - start), result
