"""Evaluation: full games without learning, under a protocol, on its fixed seeds.

It makes its own environments and its own actor, so that training does not depend on how often one evaluates.
"""

import json
import math
import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
from typeguard import CollectionCheckStrategy, TypeCheckError, check_type

from rlab.agent import Actor, Agent
from rlab.config import Settings
from rlab.exploration import epsilon_greedy
from rlab.loop import Loop
from rlab.protocol import Protocol
from rlab.rundir import TAPES
from rlab.seeding import Seeds
from rlab.tapes import TapeStore
from rlab.types import Array, Bools, Environment, Tape, UserError

RESULT = "evaluation.json"
_NUM_ENVS = 8  # games side by side: a network plays 8 in about three times the time of one


@dataclass(frozen=True)
class Evaluation:
    """The scores of one evaluation, with all that says what they mean."""

    environment: str
    agent: str
    preset: str
    seed: int  # of the run
    protocol: str  # name and hash
    step: int  # of the checkpoint
    seeds: list[int]
    scores: list[float]
    lengths: list[int]  # in steps
    frames: int
    departures: Mapping[str, Any]  # by which departed from the protocol

    def departed(self) -> list[str]:
        """The departures in words."""
        return [
            name.replace("_", " ") + ("" if value is True else f" {value}") for name, value in self.departures.items()
        ]

    @staticmethod
    def read(run: Path) -> "Evaluation":
        """The latest evaluation of a run. Raises UserError if there is none, or something else in its place."""
        path = run / RESULT
        try:
            found = Evaluation(**json.loads(path.read_text()))
            for name, kind in get_type_hints(Evaluation).items():
                check_type(getattr(found, name), kind, collection_check_strategy=CollectionCheckStrategy.ALL_ITEMS)
            if not found.scores or not all(map(math.isfinite, found.scores)):
                raise ValueError("its scores are not a list of finite numbers")
            return found
        except (FileNotFoundError, NotADirectoryError) as error:
            raise UserError(f"{run} has no evaluation: make one with {way_to_score(run)}") from error
        except (ValueError, TypeError, OverflowError, TypeCheckError) as error:
            raise UserError(f"{path} is not an evaluation: {error}") from error


def way_to_score(run: Path) -> str:
    """The command that makes an evaluation of a run."""
    return f"python scripts/evaluate.py {shlex.quote(str(run))}"


def play(
    agent: Agent,
    make_env: Callable[[int], Environment],
    protocol: Protocol,
    episodes: int,
    *,
    stream: str,
    step: int,
    seed: int,
    on_game: Callable[[Tape], None] = lambda tape: None,
) -> list[Tape]:
    """Play `episodes` full games of a stream, one on each of the protocol's seeds; their tapes in that order.

    `step` is the agent step of the checkpoint that plays, `seed` that of its run. `on_game` is told each game as it
    ends.
    """
    with closing(make_env(min(episodes, _NUM_ENVS))) as environment:
        seeds = protocol.seeds(stream, episodes)
        streams = Seeds(seed)
        actor_seed = streams.integer(f"actor {stream} {step}")
        actor = agent.actor(environment.num_envs, actor_seed, explore=protocol.acting == "sampled")
        if protocol.epsilon > 0:
            actor = Perturbed(actor, protocol.epsilon, environment, streams.generator(f"epsilon {stream} {step}"))
        games: dict[int, Tape] = {}
        # Environments that finish early begin games beyond the last seed, which nobody waits for.
        loop = Loop(environment, actor, lambda number: seeds[number % episodes], stream=stream)
        while len(games) < episodes:
            for tape in next(loop).tapes:
                if tape.number < episodes:
                    games[tape.number] = replace(tape, step=step)
                    on_game(games[tape.number])
    return [games[number] for number in range(episodes)]


class Perturbed:
    """An actor whose actions are replaced by random ones with probability epsilon."""

    def __init__(self, actor: Actor, epsilon: float, environment: Environment, random: np.random.Generator) -> None:
        self._actor = actor
        self._epsilon = epsilon
        self._actions = int(getattr(environment.action_space, "n", 0))
        self._random = random

    def act(self, observations: Array, first: Bools) -> tuple[Array, Mapping[str, Array]]:
        actions, extras = self._actor.act(observations, first)
        choose: Callable[[Array], Array] = actions.__getitem__
        return epsilon_greedy(self._random, self._epsilon, len(actions), self._actions, choose), extras

    def save(self, directory: Path) -> None:
        self._actor.save(directory)

    def load(self, directory: Path) -> None:
        self._actor.load(directory)


def record(run: Path, tapes: Sequence[Tape], settings: Settings) -> Evaluation:
    """Keep an evaluation's games in the run's tape store, in place of an earlier one's, and their scores beside."""
    result = Evaluation(
        settings.run.env,
        settings.agent,
        settings.preset,
        settings.run.seed,
        tapes[0].protocol,
        tapes[0].step,
        [tape.seed for tape in tapes],
        [tape.score for tape in tapes],
        [tape.length for tape in tapes],
        sum(tape.frames for tape in tapes),
        settings.departures(),
    )
    draft = run / f".{RESULT}.{os.getpid()}.draft"  # somebody may score the same run at the same time
    try:
        draft.write_text(json.dumps(asdict(result), indent=2) + "\n")
        store = TapeStore(run / TAPES, create=True)
        store.truncate("eval", 0)
        store.write(*tapes)
        store.commit()
        store.close()
        draft.replace(run / RESULT)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return result
