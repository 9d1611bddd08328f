"""Recorded games as a dataset of Minari, and back: the same actions, rewards and seeds, bit for bit.

A dataset holds what agents saw, did and were paid. What makes a tape of that (protocol, no-ops, digest, who played)
stands in its metadata, under "rlab"; Minari passes over it.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from operator import itemgetter
from pathlib import Path
from typing import Any

import gymnasium
import minari
import numpy as np
from gymnasium import spaces
from gymnasium.envs.registration import EnvSpec
from minari.data_collector import EpisodeBuffer
from minari.dataset.minari_storage import METADATA_FILE_NAME, MinariStorage

from rlab.export.moments import Emulate, observations_of
from rlab.folders import whole
from rlab.recording import STREAM, Recording
from rlab.representation.sources import Folder
from rlab.spaces import from_json
from rlab.tapes import Digest
from rlab.types import Array, FrameStack, Tape, UserError

_NAME = re.compile(r"([-_\w]+/)*[-_\w]+-v\d+")
_OURS = "rlab"
_GAME = ("number", "start_frames", "frames", "digest", "step", "version")  # of a tape, that Minari has no place for


def usual_name(told: Recording, stream: str) -> str:
    """What a dataset is called unless somebody calls it otherwise: the environment, who played, and the stream."""
    players = "-".join(dict.fromkeys(part.agent for part in told.parts)) or "nobody"
    return re.sub(r"[^-_\w/]", "-", f"{told.environment}/{players}-{stream}-v0")


def check_name(name: str) -> None:
    """Raise UserError unless a dataset of Minari can be called so."""
    if not _NAME.fullmatch(name):
        raise UserError(f"--name is no name of a dataset: received {name!r}, allowed are NAME-v0 and GROUP/NAME-v0")


def write(
    games: Folder, told: Recording, root: Path, name: str, emulate: Emulate, on_game: Callable[[Tape], None]
) -> Path:
    """Make the dataset `name` of recorded games in a folder of datasets; the folder that it gets there.

    Raises UserError if a game is not what its tape says.
    """
    place = root / name
    with whole(place) as draft:
        seen = _plain(games.observation_space)
        # As JPEG, which is Minari's default for images, pixels would come out as others.
        storage = MinariStorage.new(
            draft / "data", seen, games.action_space, _spec(told), data_format="hdf5", jpeg_encoding=False
        )
        kept = []
        for tape in games.store.all(games.stream):
            storage.update_episodes([_episode(tape, observations_of(tape, games.observation_space, emulate))])
            facts = {field: getattr(tape, field) for field in _GAME}
            kept.append({**facts, "keeps_observations": tape.observations is not None})
            on_game(tape)
        storage.update_metadata(
            {
                "dataset_id": name,
                "minari_version": minari.__version__,
                "algorithm_name": "; ".join(dict.fromkeys(part.policy for part in told.parts)),
                "description": f"{len(kept)} full games of {told.environment} under protocol {told.protocol}",
                "environment": told.environment,
                "protocol": told.protocol,
                _OURS: {"recording": asdict(told), "games": kept},
            }
        )
    return place


def _episode(tape: Tape, observations: Array) -> EpisodeBuffer:
    last = np.arange(tape.length) == tape.length - 1
    return EpisodeBuffer(
        seed=tape.seed,
        observations=observations,
        actions=tape.actions,
        rewards=tape.rewards,
        terminations=last & tape.terminated,
        truncations=last & (not tape.terminated),
        infos={},
    )


def _spec(told: Recording) -> EnvSpec | None:
    """What makes the environment again, if Gymnasium alone makes it and can write that down."""
    if not told.protocol.startswith("gymnasium:"):
        return None
    spec = gymnasium.spec(told.environment.rpartition(":")[2])
    try:
        spec.to_json()
    except (ValueError, TypeError):  # it is made by functions, or from things that JSON does not know
        return None
    return spec


def _plain(space: spaces.Space[Any]) -> spaces.Space[Any]:
    """The space as Minari writes it down."""
    if isinstance(space, FrameStack):
        return spaces.Box(0, 255, space.shape, np.uint8)
    return space


def read_recording(dataset: Path) -> tuple[Recording, list[Mapping[str, Any]]]:
    """How the games of a dataset came about, and what else their tapes need.

    Raises UserError if it is no dataset, or none that `write` made.
    """
    path = dataset / "data" / METADATA_FILE_NAME
    try:
        metadata = json.loads(path.read_text())
        # Where these two are missing, Minari makes the environment to learn them, whatever code that names.
        metadata["observation_space"], metadata["action_space"]
        told, games = Recording.of(metadata[_OURS]["recording"]), metadata[_OURS]["games"]
        environment = Path(told.environment)  # it names the folder of the recording
        if environment.is_absolute() or ".." in environment.parts:
            raise ValueError
        for game in games:
            itemgetter(*_GAME, "keeps_observations")(game)
        return told, list(games)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UserError(f"no dataset of Minari: {dataset} has no data/{METADATA_FILE_NAME}") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise UserError(
            f"{path} does not tell how its games are played again: allowed are datasets that export.py made"
        ) from error


def read(dataset: Path) -> Iterator[Tape]:
    """The games of a dataset as tapes of the stream "demo".

    Raises UserError as `read_recording` does, or if a game is not what it was when it was exported.
    """
    told, games = read_recording(dataset)
    try:
        yield from _tapes(dataset, told, games)
    except UserError:
        raise
    except Exception as error:  # Minari and h5py have each their own
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UserError(f"the games of {dataset} cannot be read: {reason}") from error


def _tapes(dataset: Path, told: Recording, games: Sequence[Mapping[str, Any]]) -> Iterator[Tape]:
    storage = MinariStorage.read(dataset / "data")
    numbers = range(len(games))
    for game, episode, facts in zip(
        games, storage.get_episodes(numbers), storage.get_episode_metadata(numbers), strict=True
    ):
        tape = Tape(
            STREAM,
            game["number"],
            told.environment,
            told.protocol,
            game["version"],
            int(facts["seed"]),
            game["start_frames"],
            np.asarray(episode["actions"]),
            np.asarray(episode["rewards"]),
            game["frames"],
            bool(episode["terminations"][-1]),
            game["digest"],
            game["step"],
            np.asarray(episode["observations"]) if game["keeps_observations"] else None,
        )
        digest = Digest(from_json(dict(told.observation_space)))
        for observation in episode["observations"][:-1]:
            digest.add(observation)
        if digest.text(tape.actions) != tape.digest:
            raise UserError(f"game {tape.number} of {dataset} is another than when it was exported")
        yield tape
