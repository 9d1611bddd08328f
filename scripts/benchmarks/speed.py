"""The time of an agent's whole loop and of each of its parts, in one process."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any, NamedTuple

import numpy as np

import agents
import envs
from agents.dqn.agent import DQN
from agents.dqn.memory import Replay, make_replay
from agents.ppo.agent import PPO
from agents.pqn.agent import PQN
from benchmarks import floor
from benchmarks.work import random_agent
from rlab.agent import Agent
from rlab.config import Settings
from rlab.loop import Loop
from rlab.protocol import Protocol
from rlab.replay.prioritised import PrioritisedReplay
from rlab.seeding import Seeds
from rlab.types import Environment

_CALLS = 400  # of each part that is timed alone; some rollouts of PPO


@dataclass(frozen=True)
class Speed:
    """What was measured; what an agent does not do takes 0."""

    steps_per_s: float
    act_ms: float  # on one observation of each environment
    emulator_ms: float  # a step of all environments
    multiply_adds_per_s: float  # of the machine, float32
    bytes_per_s: float  # of its memory
    update_ms: float = 0.0  # sampling included
    sample_ms: float = 0.0  # a batch
    observe_ms: float = 0.0  # remembering a step of all environments
    updates_per_step: float = 0.0
    floor_ms: float = 0.0  # of an update
    floor_act_ms: float = 0.0
    num_envs: int = 1

    @property
    def step_ms(self) -> float:
        return 1000 / self.steps_per_s

    @property
    def floor_step_ms(self) -> float:
        return self.updates_per_step * self.floor_ms + (self.floor_act_ms + self.emulator_ms) / self.num_envs

    @property
    def floor_share(self) -> float:
        """How near a step is to its floor, which has the parts one after another.

        Where a gradient is computed beside acting and the emulator, as DQN does, 1 can be beaten.
        """
        return self.floor_step_ms / self.step_ms


class _Updates(NamedTuple):
    """What an agent does when it learns."""

    batch_size: int
    at_once: int  # updates of one call
    per_step: float
    forward_passes: int


def _updates_of(agent: Agent, num_envs: int) -> _Updates | None:
    if isinstance(agent, DQN):
        return _Updates(agent.config.batch_size, 1, 1 / agent.config.update_period_steps, 2 + agent.config.double)
    if isinstance(agent, PPO | PQN):
        gathered, at_once = agent.config.rollout_steps * num_envs, agent.config.epochs * agent.config.minibatches
        return _Updates(gathered // agent.config.minibatches, at_once, at_once / gathered, 1)
    return None


def measure(settings: Settings, protocol: Protocol, untimed_calls: int, steps: int) -> Speed:
    """Time the loop over `steps`, after as many calls of `learn` that made updates; then each part alone (medians)."""
    num_envs = settings.run.num_envs
    agent = agents.make(settings)
    environment = envs.make(settings.run.env, num_envs, protocol)
    seeds = Seeds(settings.run.seed)
    actor = agent.actor(num_envs, seeds.integer("actor"), explore=True)
    loop = Loop(environment, actor, lambda number: seeds.integer(f"episode {number}"), stream="train", agent=agent)
    updates = _updates_of(agent, num_envs)
    replay = None  # with what fills the agent's own
    if isinstance(agent, DQN):
        replay = make_replay(agent.config, num_envs, environment.observation_space, environment.action_space)
        _fill(replay, agent, environment, random_agent(settings))
    calls = 0
    while updates is not None and calls < untimed_calls:
        calls += next(loop).metrics is not None

    start = time.perf_counter()
    timed = -(-steps // num_envs)
    for _ in range(timed):
        next(loop)
    steps_per_s = timed * num_envs / (time.perf_counter() - start)

    turns = [next(loop).transitions for _ in range(_CALLS)]
    act_ms = median(_timed(actor.act, turn.observation, turn.first)[0] for turn in turns)
    emulator_ms = _emulator_ms(environment)
    environment.close()
    machine = floor.measure_machine()
    if updates is None or not isinstance(agent, DQN | PPO | PQN):
        return Speed(steps_per_s, act_ms, emulator_ms, *machine, num_envs=num_envs)
    observed, learned = zip(*((_timed(agent.observe, turn), _timed(agent.learn)) for turn in turns), strict=True)
    random, size = seeds.generator("sample"), updates.batch_size
    drawn = (size, random, 1.0) if isinstance(replay, PrioritisedReplay) else (size, random)
    sampled = [_timed(replay.sample, *drawn)[0] for _ in range(_CALLS)] if replay is not None else [0.0]
    return Speed(
        steps_per_s,
        act_ms,
        emulator_ms,
        *machine,
        update_ms=median(ms for ms, metrics in learned if metrics is not None) / updates.at_once,
        sample_ms=median(sampled),
        observe_ms=median(ms for ms, _ in observed),
        updates_per_step=updates.per_step,
        floor_ms=floor.update_ms(agent.network, size, machine, forward_passes=updates.forward_passes),
        floor_act_ms=num_envs * floor.act_ms(agent.network, machine),
        num_envs=num_envs,
    )


def _fill(replay: Replay, agent: DQN, environment: Environment, player: Agent) -> None:
    """Show `agent` as many steps of `player` as fill its replay, and add them to `replay`."""
    actor = player.actor(environment.num_envs, 0, explore=True)
    loop = Loop(environment, actor, lambda number: number, stream="train")
    while replay.added * replay.num_envs < agent.config.replay_capacity:
        transitions = next(loop).transitions
        replay.add(transitions)
        agent.observe(transitions)


def _emulator_ms(environment: Environment) -> float:
    """Milliseconds of the environments' own step, under random actions."""
    over, milliseconds = np.ones(environment.num_envs, np.bool_), []
    for number in range(_CALLS):
        if over.any():
            environment.reset(over, [number] * int(over.sum()))
        actions = np.array([environment.action_space.sample() for _ in over])
        elapsed, outcome = _timed(environment.step, actions)
        milliseconds.append(elapsed)
        over = outcome.terminated | outcome.truncated
    return median(milliseconds)


def _timed(call: Callable[..., Any], *arguments: Any) -> tuple[float, Any]:
    """How many milliseconds a call takes, and what it returns."""
    start = time.perf_counter()
    result = call(*arguments)
    return 1000 * (time.perf_counter() - start), result
