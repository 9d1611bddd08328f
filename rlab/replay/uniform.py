"""A replay that holds the latest transitions and samples them uniformly.

All N environments advance together, so the replay is a ring of rows, one a turn of the loop, with N transitions each.
Every observation is kept once: the successor of a transition is the observation of the next row. Only where an episode
ends is its last observation kept beside. Of stacked frames only the newest is kept; stacks are rebuilt on sampling,
with zeros before the first frame, as they were when the agent saw them.

A transition can be sampled once its n successors are there and while the frames of its stack still are.
Source: Lin (1992), Self-improving reactive agents; Mnih et al. (2015), Methods.
"""

from typing import Any

import cv2
import numpy as np
from gymnasium import spaces

from rlab.replay.frames import CompressedFrames, Frames, RawFrames
from rlab.replay.nstep import n_step
from rlab.spaces import is_image
from rlab.types import Array, Batch, FrameStack, Transitions, UserError


class UniformReplay:
    """Holds `capacity` transitions of `num_envs` environments; samples them over `steps` steps at discount `gamma`."""

    def __init__(
        self,
        capacity: int,
        num_envs: int,
        observation_space: spaces.Space[Any],
        action_space: spaces.Space[Any],
        *,
        steps: int,
        gamma: float,
        compressed: bool,
    ) -> None:
        self.num_envs = num_envs
        self.rows = capacity // num_envs
        self.added = 0  # rows, ever
        self._shape = observation_space.shape or ()
        self._stack = observation_space.size if isinstance(observation_space, FrameStack) else 1
        self._newest_only = isinstance(observation_space, FrameStack)
        self._steps = steps
        self._gamma = gamma
        check_capacity(capacity, num_envs, observation_space, steps)
        frame_shape = self._shape[:-1] if self._newest_only else self._shape
        dtype = observation_space.dtype or np.dtype(np.float32)
        self._frames: Frames = (
            CompressedFrames(self.rows, num_envs, frame_shape)
            if compressed and is_image(observation_space)
            else RawFrames(self.rows, num_envs, frame_shape, dtype)
        )
        self._final: dict[int, Array] = {}  # the observation after the last step of an episode, by place
        self._action = np.zeros((self.rows, num_envs, *(action_space.shape or ())), action_space.dtype)
        self._reward = np.zeros((self.rows, num_envs), np.float32)
        self._discount = np.zeros((self.rows, num_envs), np.float32)
        self._first = np.zeros((self.rows, num_envs), np.bool_)
        self._last = np.zeros((self.rows, num_envs), np.bool_)

    def __len__(self) -> int:
        """How many transitions can be sampled."""
        low, high = self.sampled_turns()
        return (high - low) * self.num_envs

    @property
    def nbytes(self) -> int:
        """Bytes held now."""
        columns = (self._action, self._reward, self._discount, self._first, self._last)
        final = sum(observation.nbytes for observation in self._final.values())
        return self._frames.nbytes + final + sum(column.nbytes for column in columns)

    def add(self, transitions: Transitions) -> None:
        """Add one turn: a transition of each environment, in place of the oldest."""
        row = self.added % self.rows
        for env in range(self.num_envs):
            place = row * self.num_envs + env
            self._final.pop(place, None)
            self._frames.put(row, env, self._newest(transitions.observation[env]))
            if transitions.last[env]:
                self._final[place] = np.array(self._newest(transitions.next_observation[env]))
        self._action[row] = transitions.action
        self._reward[row] = transitions.reward
        self._discount[row] = transitions.discount
        self._first[row] = transitions.first
        self._last[row] = transitions.last
        self.added += 1

    def sample(self, batch_size: int, random: np.random.Generator) -> Batch:
        """Draw transitions uniformly, with replacement."""
        low, high = self.sampled_turns()
        turns = random.integers(low, high, size=batch_size)
        return self.gather(turns, random.integers(self.num_envs, size=batch_size))

    def gather(self, turns: Array, envs: Array) -> Batch:
        """The transitions that `envs` [B] made in `turns` [B], counted from the first row ever added."""
        ahead = (turns[:, None] + np.arange(self._steps)) % self.rows, envs[:, None]
        last = self._last[ahead]
        reward, discount, steps = n_step(self._reward[ahead], self._discount[ahead], last, self._gamma)
        observation, next_observation = self._observations(turns, envs, steps, np.asarray(last.any(axis=1)))
        return Batch(observation, self._action[turns % self.rows, envs], reward, discount, next_observation)

    def sampled_turns(self) -> tuple[int, int]:
        """The turns, from and up to, whose transitions can be sampled."""
        oldest = self.added - self.rows
        low = oldest + self._stack - 1 if oldest > 0 else 0
        return low, max(self.added - self._steps, low)

    def resume(self, added: int) -> int:
        """Let a new replay go on after `added` rows; return how many of the latest have to be added again."""
        held = min(added, self.rows)
        self.added = added - held
        return held

    def _observations(self, turns: Array, envs: Array, steps: Array, ended: Array) -> tuple[Array, Array]:
        """The observations at `turns` and their successors after `steps`, each [B, *O].

        `ended` [B]: the episode ends with the last of those steps.
        """
        before, batch_size = self._stack - 1, len(turns)
        offsets = np.arange(-before, self._steps + 1)[:, None]  # [W, 1]
        rows = (turns + offsets) % self.rows  # [W, B]
        places = rows * self.num_envs + envs
        for position in range(before - 1, -1, -1):  # nothing was seen before the first frame of an episode
            began = self._first[rows[position + 1], envs] | (places[position + 1] < 0)
            places[position][began] = -1
        window = self._frames.get(places.reshape(-1)).reshape(len(offsets), batch_size, -1)
        observation = self._join(window[: before + 1])
        next_observation = self._join(window[self._steps :])
        for item in np.flatnonzero(ended):
            taken = int(steps[item])
            final = self._final[int(places[before + taken - 1, item])]
            seen = [*window[taken : taken + before, item], final]
            next_observation[item] = self._join(np.stack([frame.reshape(1, -1) for frame in seen]))[0]
        return observation, next_observation

    def _newest(self, observation: Array) -> Array:
        return np.asarray(observation[..., -1] if self._newest_only else observation, order="C")

    def _join(self, frames: Array) -> Array:
        """Frames [stack, B, F], oldest first, as observations [B, *O]."""
        batch_size = frames.shape[1]
        if not self._newest_only:
            return np.asarray(frames[0].reshape(batch_size, *self._shape))
        return np.asarray(cv2.merge(list(frames))).reshape(batch_size, *self._shape)


def check_capacity(capacity: int, num_envs: int, observation_space: spaces.Space[Any], steps: int) -> None:
    """Raise UserError if a replay of this capacity could not hold one transition over `steps` that can be sampled."""
    stack = observation_space.size if isinstance(observation_space, FrameStack) else 1
    least = (stack + steps) * num_envs
    if capacity < least:
        raise UserError(
            f"the replay is too small: received a capacity of {capacity} for {num_envs} environments, "
            f"allowed is {least} or more"
        )


def expected_memory(
    capacity: int, observation_space: spaces.Space[Any], action_space: spaces.Space[Any], *, compressed: bool
) -> int:
    """The bytes that a replay will hold when it is full.

    Of compressed stacks of frames, what Atari games were found to need; of other images, as if none were compressed.
    """
    size = int(np.prod((observation_space.shape or ())[: -1 if isinstance(observation_space, FrameStack) else None]))
    frame = size * (observation_space.dtype or np.dtype(np.float32)).itemsize
    if compressed and isinstance(observation_space, FrameStack):
        frame = frame // 10
    action = int(np.prod(action_space.shape or ())) * (action_space.dtype or np.dtype(np.int64)).itemsize
    return capacity * (frame + action + 4 + 4 + 1 + 1)
