"""Recorded games: played by a mixture of policies for the sake of having them, with a record of who played which.

A recording is a folder with the games' tapes (stream "demo") and `recording.json`, which says how they came about. The
games take turns over the policies, and each has a seed of its own, so the beginning of a recording is a smaller one of
the same mixture.
"""

import json
import os
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from rlab.agent import Agent
from rlab.evaluation import Perturbed
from rlab.folders import write_whole
from rlab.loop import Loop
from rlab.report.scores import mean_interval
from rlab.rundir import check_root, create
from rlab.seeding import Seeds
from rlab.spaces import from_json
from rlab.tapes import disagreement
from rlab.types import Environment, Moment, Tape, UserError

RECORDING = "recording.json"
STREAM = "demo"
_ROOT = Path("checkpoints")
_NUM_ENVS = 8  # games of a policy side by side: a network plays 8 in about three times the time of one


@dataclass(frozen=True)
class Part:
    """What one policy of the mixture played."""

    policy: str  # what tells it from the others, in words
    source: str  # the folder of its run, or the agent's name
    agent: str
    step: int  # of its checkpoint; 0 where there was nothing to train
    epsilon: float  # probability of a uniformly random action in place of its own
    explore: bool  # whether it acted as in training
    games: list[int]  # their numbers
    mean: float | None = None  # score of these games; None: not finished


@dataclass(frozen=True)
class Recording:
    """How recorded games came about."""

    environment: str
    protocol: str  # name and hash
    observation_space: Mapping[str, Any]  # both as JSON
    action_space: Mapping[str, Any]
    seed: int
    parts: list[Part]
    command: list[str]
    versions: Mapping[str, str]

    @staticmethod
    def of(values: Mapping[str, Any]) -> "Recording":
        """The record that `asdict` made `values` of. Raises ValueError, TypeError, KeyError or AttributeError."""
        found = Recording(**values)
        parts = [Part(**part) for part in found.parts]  # type: ignore[arg-type]
        from_json(dict(found.observation_space)), from_json(dict(found.action_space))
        if not isinstance(found.seed, int):
            raise ValueError("its seed is no number")
        if not all(isinstance(part.games, list) for part in parts):
            raise ValueError("its games are no lists of numbers")
        return replace(found, parts=parts)

    @staticmethod
    def read(folder: Path) -> "Recording":
        """The record that is kept in a folder. Raises UserError if there is none, or something else in its place."""
        path = folder / RECORDING
        try:
            return Recording.of(json.loads(path.read_text()))
        except (FileNotFoundError, NotADirectoryError) as error:
            raise UserError(f"no recorded games: {folder} has no {RECORDING}") from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise UserError(f"{path} is not the record of recorded games: {error!r}") from error

    def write(self, folder: Path) -> None:
        """Write the record; what was there stays until the new one is whole."""
        write_whole(folder / RECORDING, json.dumps(asdict(self), indent=2) + "\n")

    def finished(self, scores: Mapping[int, float]) -> "Recording":
        """The same with the games that were played to their end, by their numbers, and no others."""
        return replace(self, parts=[_finished(part, scores) for part in self.parts])


def _finished(part: Part, scores: Mapping[int, float]) -> Part:
    games = [number for number in part.games if number in scores]
    return replace(part, games=games, mean=float(np.mean([scores[number] for number in games])) if games else None)


def make_folder(out: Path | None, environment: str, seed: int) -> Path:
    """A new, empty folder for recorded games: `out`, or one below checkpoints.

    Raises UserError if there is something already, or if none can be made.
    """
    if out is None:
        check_root(_ROOT)
        return create(_ROOT, environment, "recorded", seed)
    try:
        out.mkdir(parents=True)
    except (FileExistsError, NotADirectoryError):
        raise UserError(f"--out is to be a new folder: received {out}, where there is something") from None
    except OSError as error:
        reason = os.strerror(error.errno or 0).lower()
        raise UserError(f"--out cannot be made: received {out}, {reason}") from error
    return out


def describe(games: Sequence[Mapping[str, float]], folder: Path) -> str:
    """Recorded games in one line; `games` is their table."""
    mean, low, high = mean_interval([game["score"] for game in games])
    steps = sum(game["length"] for game in games)
    return f"{len(games)} games, {steps:,} steps, mean {mean:.1f} [{low:.1f}, {high:.1f}]: {shlex.quote(str(folder))}"


def policy_name(agent: str, run: Path | None, step: int | None) -> str:
    """A policy in words: an untrained agent (no run), a checkpoint, or a run while it was trained (no step)."""
    if run is None:
        return agent
    return f"{agent} of {run.resolve().name} " + ("in training" if step is None else f"at step {step:,}")


class Player(NamedTuple):
    """A policy of the mixture, ready to play."""

    agent: Agent
    step: int
    epsilon: float
    explore: bool
    exploring: Path | None = None  # the checkpoint that tells how far its exploration has come; None: at its beginning


def numbers(player: int, players: int, episodes: int) -> range:
    """The numbers of the games that one of `players` plays of `episodes`."""
    return range(player, episodes, players)


def play(
    players: Sequence[Player],
    make_env: Callable[[int], Environment],
    emulate: Callable[[Tape], Iterator[Moment]],
    episodes: int,
    seed: int,
    on_note: Callable[[str], None] = lambda note: None,
) -> Iterator[Tape]:
    """Play `episodes` full games; their tapes as they end, which is not the order of their numbers.

    All of a policy's games that have begun are waited for, so that short ones are not preferred. Whether games can be
    played again is found out with the first ones, as in training; if not, tapes keep their observations and `on_note`
    is told why.
    """
    rows = [
        _Row(player, numbers(index, len(players), episodes), make_env, Seeds(seed), index)
        for index, player in enumerate(players[:episodes])
    ]
    repeats: bool | None = None  # not known before a second game in the same environment has ended
    try:
        while rows:
            for row in rows:
                for tape in row.turn():
                    if repeats is None:
                        space = row.environment.observation_space
                        found = disagreement(tape, space, emulate(tape))
                        if found is not None:
                            repeats = False
                            on_note(f"games cannot be played again ({found}), so observations are kept on the tapes")
                        elif row.is_used(tape):
                            repeats = True
                            for other in rows:
                                other.loop.keep_observations(False)
                    yield tape if repeats is False else replace(tape, observations=None)
            for row in rows:
                if not row.missing:
                    row.environment.close()
            rows = [row for row in rows if row.missing]
    finally:
        for row in rows:
            row.environment.close()


class _Row:
    """The environments, the actor and the loop of one policy."""

    def __init__(
        self,
        player: Player,
        games: Sequence[int],
        make_env: Callable[[int], Environment],
        seeds: Seeds,
        index: int,
    ) -> None:
        self.environment = make_env(min(len(games), _NUM_ENVS))
        self.missing = len(games)
        self._games = games
        self._step = player.step
        num_envs = self.environment.num_envs
        actor = player.agent.actor(num_envs, seeds.integer(f"actor {index}"), explore=player.explore)
        if player.exploring is not None:
            actor.load(player.exploring)
        if player.epsilon > 0:
            actor = Perturbed(actor, player.epsilon, self.environment, seeds.generator(f"epsilon {index}"))
        # Environments that finish early begin games beyond the last one, which nobody waits for.
        self.loop = Loop(
            self.environment,
            actor,
            lambda count: seeds.integer(f"game {games[count] if count < len(games) else -count}"),
            stream=STREAM,
        )
        self.loop.keep_observations(True)

    def turn(self) -> list[Tape]:
        """Turn the loop; the games that ended, by their numbers in the recording."""
        ended = [tape for tape in next(self.loop).tapes if tape.number < len(self._games)]
        self.missing -= len(ended)
        return [replace(tape, number=self._games[tape.number], step=self._step) for tape in ended]

    def is_used(self, tape: Tape) -> bool:
        """Whether a game was played in an environment that had played one before."""
        return self._games.index(tape.number) >= self.environment.num_envs
