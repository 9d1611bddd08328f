"""Where recorded games lie: folders of recordings and of runs, and which of their tapes are taken."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import chain, zip_longest
from pathlib import Path
from typing import Any, NamedTuple

from gymnasium import spaces

from rlab.recording import RECORDING, STREAM, Recording, policy_name
from rlab.representation.games import Game, part_of
from rlab.rundir import CONFIG, TAPES
from rlab.spaces import from_json, to_json
from rlab.tapes import TapeStore
from rlab.types import Tape, UserError


class Folder(NamedTuple):
    """A folder with recorded games."""

    path: Path
    stream: str
    store: TapeStore
    observation_space: spaces.Space[Any]
    action_space: spaces.Space[Any]
    policy: Callable[[Tape], str]


class Found(NamedTuple):
    """A tape that is to be played again, and where it lies."""

    tape: Tape  # without its observations
    folder: Folder
    game: Game
    keeps_observations: bool


def open_folder(path: Path, stream: str) -> Folder:
    """A folder with recorded games. Raises UserError if it is no such folder."""
    if (path / RECORDING).is_file():
        told = Recording.read(path)
        seen, acted = from_json(dict(told.observation_space)), from_json(dict(told.action_space))
        policies = {number: part.policy for part in told.parts for number in part.games}
        policy: Callable[[Tape], str] = lambda tape: policies.get(tape.number, "unknown")  # noqa: E731
        return Folder(path, stream or STREAM, TapeStore(path / TAPES), seen, acted, policy)
    try:
        values = json.loads((path / CONFIG).read_text())
        agent = str(values["agent"])
        seen, acted = from_json(values["observation_space"]), from_json(values["action_space"])
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UserError(f"no recorded games: {path} has neither {RECORDING} nor {CONFIG}") from error
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise UserError(f"{path / CONFIG} is not the configuration of a run: {error!r}") from error
    stream = stream or "train"
    in_training = policy_name(agent, path, None)

    def trained(tape: Tape) -> str:
        return in_training if stream == "train" else policy_name(agent, path, tape.step)

    return Folder(path, stream, TapeStore(path / TAPES), seen, acted, trained)


def choose(folders: Sequence[Folder], steps: int | None) -> list[Found]:
    """The games to take, in turns from the folders. Raises UserError if they do not go together."""
    numbered = [[(folder, row["number"]) for row in folder.store.table(folder.stream)] for folder in folders]
    found: dict[tuple[int, str], Found] = {}
    taken = 0
    for place in chain.from_iterable(zip_longest(*numbered)):
        if place is None:
            continue
        if steps is not None and taken >= steps:
            break
        folder, number = place
        tape = folder.store.read(folder.stream, number)
        if tape.actions.shape[1:] != folder.action_space.shape:
            acted = f"game {number} has {list(tape.actions.shape[1:])}"
            raise UserError(f"{folder.path} tells of actions {folder.action_space}, {acted}")
        if found:
            _check_together(folder, tape, next(iter(found.values())))
        if (tape.seed, tape.digest) in found:
            continue  # a copy of a folder, or a release and its run
        game = Game(
            *(folder.policy(tape), str(folder.path), tape.stream, tape.number, tape.step, tape.seed, tape.length),
            *(tape.score, tape.terminated, tape.digest),
            part_of(tape.environment, tape.protocol, tape.seed, tape.digest),
        )
        kept = tape.observations is not None
        found[tape.seed, tape.digest] = Found(replace(tape, observations=None), folder, game, kept)
        taken += tape.length
    return list(found.values())


def _check_together(folder: Folder, tape: Tape, first: Found) -> None:
    pairs = [
        ("environments", tape.environment, first.tape.environment),
        ("protocols", tape.protocol, first.tape.protocol),
        ("observations", to_json(folder.observation_space), to_json(first.folder.observation_space)),
        ("actions", to_json(folder.action_space), to_json(first.folder.action_space)),
    ]
    for what, here, there in pairs:
        if here != there:
            raise UserError(f"games of different {what}: {folder.path} has {here}, {first.folder.path} has {there}")
