"""The loop: an iterator that turns act, step, observe, learn, and the only place of the lab that steps an environment
to play.

It knows no algorithm. It translates how episodes end (and only here), gives each episode its own seed, resets finished
environments before the next step, and records every episode as a tape. Budget, logging, evaluation and pictures are the
business of whoever iterates.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import lz4.block
import numpy as np
from gymnasium import spaces

from rlab.agent import Actor, Agent
from rlab.tapes import Digest
from rlab.types import Array, Bools, Environment, Metrics, Outcome, Tape, Transitions, UserError


class Turn(NamedTuple):
    """What one turn of the loop brought."""

    transitions: Transitions
    metrics: Metrics | None  # of the updates that the agent made
    tapes: list[Tape]  # of the episodes that ended
    frames: int  # that the N steps took


@dataclass
class _Episode:
    """An episode in the making."""

    number: int
    seed: int
    step: int
    start_frames: int
    digest: Digest
    frames: int
    actions: list[Array] = field(default_factory=list)
    rewards: list[float] = field(default_factory=list)
    observations: list[bytes] = field(default_factory=list)  # compressed; stays empty where they are not kept

    def tape(self, stream: str, environment: Environment, *, terminated: bool, final: Array) -> Tape:
        space = environment.action_space
        actions = np.asarray(self.actions, space.dtype).reshape(-1, *(space.shape or ()))
        kept = None
        if self.observations:
            seen = b"".join(map(lz4.block.decompress, self.observations))
            kept = np.stack([*np.frombuffer(seen, final.dtype).reshape(-1, *final.shape), final])
        return Tape(
            stream,
            self.number,
            environment.name,
            environment.protocol,
            environment.version,
            self.seed,
            self.start_frames,
            actions,
            np.asarray(self.rewards, np.float32),
            self.frames,
            terminated,
            self.digest.text(actions),
            self.step,
            kept,
        )


class Loop(Iterator[Turn]):
    """Plays `actor` in `environment`, and has `agent` (if there is one) learn from it.

    `next_seed(number)` gives the seed of the episode that begins as the `number`-th of the stream.
    """

    def __init__(
        self,
        environment: Environment,
        actor: Actor,
        next_seed: Callable[[int], int],
        *,
        stream: str,
        agent: Agent | None = None,
        life_loss_ends_value: bool = False,
    ) -> None:
        self.environment = environment
        self.actor = actor
        self.agent = agent
        self.turn = 0
        self.frames = 0  # no-ops at the start of episodes included
        self.begun = 0  # episodes
        self._next_seed = next_seed
        self._stream = stream
        self._life_loss_ends_value = life_loss_ends_value
        self._observation: Array
        self._first = np.ones(environment.num_envs, np.bool_)
        self._episodes: list[_Episode] = []
        self._keeps_observations = False

    @property
    def numbers(self) -> list[int]:
        """The number of the episode that is under way in each environment."""
        return [episode.number for episode in self._episodes]

    @property
    def step(self) -> int:
        """Decisions taken so far, over all environments."""
        return self.turn * self.environment.num_envs

    def __next__(self) -> Turn:
        if not self._episodes:
            self._begin(np.ones(self.environment.num_envs, np.bool_))
        actions, extras = self.actor.act(self._observation, self._first)
        outcome = self.environment.step(actions)
        self._check_finite("paid a reward", outcome.reward)
        self._check_finite("showed an observation", outcome.observation)
        last = outcome.terminated | outcome.truncated
        ends_value = outcome.terminated
        if self._life_loss_ends_value:
            ends_value = ends_value | outcome.life_lost
        discount = np.where(ends_value, np.float32(0), np.float32(1))
        transitions = Transitions(
            self._observation, actions, outcome.reward, discount, outcome.observation, self._first, last, extras
        )
        metrics = None
        if self.agent is not None:
            self.agent.observe(transitions)
            metrics = self.agent.learn()
        self.turn += 1
        self._record(range(len(last)), actions, outcome)
        self._observation = outcome.observation
        tapes = [
            self._episodes[row].tape(
                self._stream,
                self.environment,
                terminated=bool(outcome.terminated[row]),
                final=outcome.observation[row],
            )
            for row in np.flatnonzero(last)
        ]
        self._first = last
        if last.any():
            self._begin(last)
        frames = int(outcome.frames.sum())
        self.frames += frames
        return Turn(transitions, metrics, tapes, frames)

    def _begin(self, mask: Bools) -> None:
        """Begin a new episode in each environment where `mask` is true."""
        rows = np.flatnonzero(mask)
        numbers = range(self.begun, self.begun + len(rows))
        seeds = [self._next_seed(number) for number in numbers]
        start = self.environment.reset(mask, seeds)
        self._check_finite("showed an observation", start.observation)
        self._observation = start.observation
        if not self._episodes:
            self._episodes = [_Episode(0, 0, 0, 0, Digest(self.environment.observation_space), 0) for _ in rows]
        for row, number, seed in zip(rows, numbers, seeds, strict=True):
            digest = Digest(self.environment.observation_space)
            frames = int(start.frames[row])
            self._episodes[row] = _Episode(number, seed, self.step + int(row), frames, digest, frames)
            self.frames += frames
        self.begun += len(rows)

    def _record(self, rows: Iterable[int], actions: Array, outcome: Outcome) -> None:
        """Note a step from `self._observation` in the episodes of `rows`."""
        for row in rows:
            episode = self._episodes[row]
            episode.digest.add(self._observation[row])
            episode.actions.append(np.array(actions[row]))
            episode.rewards.append(float(outcome.reward[row]))
            episode.frames += int(outcome.frames[row])
            if self._keeps_observations:
                episode.observations.append(lz4.block.compress(self._observation[row].tobytes()))

    def _check_finite(self, what: str, values: Array) -> None:
        """Raise UserError where there is a number that nobody could learn from: it would spoil every weight."""
        if values.dtype.kind == "f" and not np.isfinite(values).all():
            raise UserError(f"{self.environment.name} {what} that is no finite number: received {values}")

    def keep_observations(self, keep: bool) -> None:
        """Whether tapes hold their observations from now on; before the first step, or False at any time."""
        self._keeps_observations = keep
        if not keep:
            for episode in self._episodes:
                episode.observations.clear()

    def restart(self, mask: Bools) -> None:
        """Break off the episodes where `mask` [N] is true, without a tape, and begin new ones; after the first turn."""
        self._first = self._first | mask
        self._begin(mask)

    def restore(self, unfinished: Sequence[Tape], turn: int, begun: int, frames: int) -> None:
        """Bring a new loop to where `unfinished` tapes, one for each environment, broke off in `turn`.

        Their actions are played again in this loop's environments. All environments step together, so the longest
        episode begins first and the others when they have as many steps to go. Without tapes, new episodes begin.
        Raises UserError if an episode does not play again as it was.
        """
        self.turn, self.begun, self.frames = turn, begun, frames
        if not unfinished:
            return
        lengths = np.array([tape.length for tape in unfinished])
        space = self.environment.observation_space
        self._episodes = [
            _Episode(tape.number, tape.seed, tape.step, tape.start_frames, Digest(space), tape.start_frames)
            for tape in unfinished
        ]
        action_space = self.environment.action_space
        idle = np.zeros(action_space.shape or (), action_space.dtype)
        if isinstance(action_space, spaces.Box):
            idle = np.clip(idle, action_space.low, action_space.high)
        over = np.ones(len(unfinished), np.bool_)
        for to_go in range(int(lengths.max()), -1, -1):
            # An environment whose turn has not come yet steps along, and is reset whenever its game ends.
            begins = (lengths == to_go) | over
            if begins.any():
                seeds = [tape.seed for tape, begin in zip(unfinished, begins, strict=True) if begin]
                self._observation = self.environment.reset(begins, seeds).observation
            if to_go > 0:
                plays = lengths >= to_go
                actions = np.stack(
                    [tape.actions[-to_go] if row else idle for row, tape in zip(plays, unfinished, strict=True)]
                )
                outcome = self.environment.step(actions)
                over = outcome.terminated | outcome.truncated
                self._record(np.flatnonzero(plays), actions, outcome)
                self._observation = outcome.observation
        for tape, again, ended in zip(unfinished, self.unfinished(), over & (lengths > 0), strict=True):
            if ended or tape.digest != again.digest or not np.array_equal(tape.rewards, again.rewards):
                raise UserError(f"the unfinished game {tape.number} is another when played again")
        self._first = lengths == 0

    def unfinished(self) -> list[Tape]:
        """The episodes that are under way as tapes that end before their time, one for each environment.

        None before the first turn.
        """
        return [
            episode.tape(self._stream, self.environment, terminated=False, final=self._observation[row])
            for row, episode in enumerate(self._episodes)
        ]
