"""Trainings in which everything is written down: what episodes there are, and how well the agent plays when."""

import json
from functools import partial

import numpy as np
from gymnasium import spaces

from agents.random import Config
from rlab.config import RunConfig, Settings
from rlab.protocol import PROTOCOLS
from rlab.training import Training
from rlab.types import Moment
from tests.rlab.scripted import Scripted

ACTIONS = spaces.Discrete(10)


class Paying(Scripted):
    """Scripted episodes in which each step pays its action."""

    def __init__(self, num_envs, *episodes):
        super().__init__(num_envs, *episodes, action_space=ACTIONS)

    def step(self, actions):
        return super().step(actions)._replace(reward=actions.astype(np.float32))


def emulate(make_env, tape, *, screens=False):
    """Play a tape again in a fresh environment."""
    environment = make_env(1)
    observation = environment.reset(np.ones(1, np.bool_), [tape.seed]).observation[0]
    yield Moment(observation, 0.0, False, False, 0, [], None)
    for action in tape.actions:
        outcome = environment.step(action[None])
        ends = bool(outcome.terminated[0]), bool(outcome.truncated[0])
        yield Moment(outcome.observation[0], float(outcome.reward[0]), *ends, 0, [], None)


class Student:
    """An agent that explores with action 1, and whose best is an action for each hundred steps of learning.

    Loaded, it asks for the latest `memory` turns to be shown again.
    """

    def __init__(self, *best, memory=0):
        self.seen = []
        self._best = best
        self._memory = memory
        self._steps = 0

    def actor(self, num_envs, seed, *, explore):
        return _Acting(1 if explore else self._best[self._steps // 100 - 1])

    def observe(self, transitions):
        self.seen.append(transitions)

    def learn(self):
        self._steps += len(self.seen[-1].first)
        return {"loss/steps": float(self._steps)} if self._steps % 2 == 0 else None

    def save(self, directory):
        state = {"steps": self._steps, "turns": min(self._memory, len(self.seen))}
        (directory / "student.json").write_text(json.dumps(state))

    def load(self, directory):
        state = json.loads((directory / "student.json").read_text())
        self._steps = state["steps"]
        return state["turns"]


class _Acting:
    def __init__(self, action):
        self._action = action

    def act(self, observations, first):
        return np.full(len(first), self._action), {}

    def save(self, directory):
        """It remembers nothing."""

    def load(self, directory):
        """It remembers nothing."""


def begin(run, agent, *episodes, kind=Paying, resume=False, **settings):
    """A training of 500 steps that has begun in the folder `run`, and what no longer holds of it if it is resumed."""
    run.mkdir(exist_ok=True)

    def make_env(num_envs):
        return kind(num_envs, *episodes)

    usual = {"checkpoint_period_steps": 100, "evaluation_period_steps": 100, "log_period_steps": 50}
    usual |= {"evaluation_episodes": 2, "checkpoints_kept": 2, "protocol": "gymnasium", "steps": 500}
    config = RunConfig("Scripted-v0", **usual | settings)
    chosen = Settings("random", "uniform", config, Config(), make_env(1).observation_space, ACTIONS)
    protocol = PROTOCOLS["gymnasium"]
    training = Training(run, chosen, agent, protocol, make_env, partial(emulate, make_env), resume=resume)
    return training, training.begin()
