"""What a replay is held against: a list of every transition, and environments that make up transitions."""

import numpy as np
from gymnasium import spaces

from rlab.replay.uniform import UniformReplay
from rlab.types import Batch, FrameStack, Transitions

GAMMA = 0.5  # every product is exact, whatever the order
SPACES = {
    "stacked": FrameStack(12, 10, 3),
    "single": FrameStack(12, 10, 1),
    "image": spaces.Box(0, 255, (6, 5, 3), np.uint8),
    "vector": spaces.Box(-np.inf, np.inf, (3,), np.float64),
    "number": spaces.Box(-1, 1, (), np.float32),
    "discrete": spaces.Discrete(50),
}
ACTIONS = spaces.Discrete(9)


class Plain:
    """All transitions there ever were."""

    def __init__(self, steps):
        self.steps = steps
        self.turns = []

    def add(self, transitions):
        self.turns.append(transitions)

    def transition(self, turn, env):
        total, weight = 0.0, 1.0
        for t in range(turn, turn + self.steps):
            total += weight * self.turns[t].reward[env]
            weight *= GAMMA * self.turns[t].discount[env]
            if self.turns[t].last[env]:
                break
        first = self.turns[turn]
        return Batch(first.observation[env], first.action[env], total, weight, self.turns[t].next_observation[env])

    def gather(self, turns, envs_):
        transitions = [self.transition(*place) for place in zip(turns, envs_, strict=True)]
        return Batch(*(np.array(column) for column in zip(*transitions, strict=True)))


class World:
    """Environments that show noise and whose episodes go as told.

    One letter for each environment and turn: `.` ordinary, `T` terminated, `t` truncated, `l` a life lost.
    """

    def __init__(self, space, num_envs, seed=0):
        self.space = space
        self.random = np.random.default_rng(seed)
        self.observations = [self.begin() for _ in range(num_envs)]
        self.first = np.ones(num_envs, np.bool_)

    def begin(self):
        if not isinstance(self.space, FrameStack):
            return self.draw()
        empty = np.zeros(self.space.shape, np.uint8)
        return self.push(empty, self.random.integers(256, size=empty.shape[:-1]))

    def push(self, stack, frame):
        return np.concatenate([stack[..., 1:], frame[..., None].astype(np.uint8)], axis=-1)

    def draw(self):
        if isinstance(self.space, spaces.Discrete):
            return self.random.integers(self.space.n)
        return (200 * self.random.random(self.space.shape)).astype(self.space.dtype)

    def go_on(self, observation):
        if not isinstance(self.space, FrameStack):
            return self.draw()
        frame = observation[..., -1].copy()
        if self.random.random() < 0.1:
            frame = self.random.integers(256, size=frame.shape)
        frame.flat[self.random.integers(frame.size)] ^= 255
        return self.push(observation, frame)

    def turn(self, events):
        before = np.array(self.observations)
        after = [self.go_on(observation) for observation in self.observations]
        last = np.array([event in "Tt" for event in events])
        transitions = Transitions(
            before,
            self.random.integers(ACTIONS.n, size=len(before)),
            self.random.integers(-5, 6, size=len(before)).astype(np.float32),
            np.array([event in ".t" for event in events], np.float32),
            np.array(after),
            self.first,
            last,
            {},
        )
        self.observations = [self.begin() if ends else seen for ends, seen in zip(last, after, strict=True)]
        self.first = last
        return transitions


def make(space, capacity, num_envs=1, steps=1, *, compressed=False):
    return UniformReplay(capacity, num_envs, space, ACTIONS, steps=steps, gamma=GAMMA, compressed=compressed)


def everything(replay, stack, steps):
    """Every turn and environment that can be sampled, by the definition: n successors and all frames are there."""
    oldest = max(replay.added - replay.rows, 0)
    complete = oldest + stack - 1 if oldest else 0
    turns = np.arange(complete, max(replay.added - steps, complete))
    return np.repeat(turns, replay.num_envs), np.tile(np.arange(replay.num_envs), len(turns))


def assert_equal(found, expected):
    for name, column, right in zip(Batch._fields, found, expected, strict=True):
        np.testing.assert_array_equal(column, right, err_msg=name)
