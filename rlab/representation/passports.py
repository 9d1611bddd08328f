"""Keeps what was learnt with its passport, for agents to take over (see `rlab.pretrained`)."""

import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras

from rlab import rundir
from rlab.nets.saving import load_model, save_model
from rlab.pretrained import Passport, digest, read_passport
from rlab.protocol import recorded_protocol
from rlab.representation import card
from rlab.representation.features import untrained
from rlab.representation.games import Games
from rlab.spaces import to_json


def write(
    path: Path, model: keras.Model, games: Games, method: str, settings: Mapping[str, Any], results: Mapping[str, Any]
) -> None:
    """Write an encoder or a policy that learnt from `games` to `path`, which is named after its kind, and its passport.

    Raises UserError if the games were played under a protocol that this lab does not have.
    """
    protocol = recorded_protocol(games.protocol)
    save_model(keras.Model(model.input, model.output, name=model.name), path)  # without what it was fitted by
    Passport(
        kind=path.stem,
        method=method,
        settings=settings,
        observation_space=to_json(games.observation_space),
        action_space=to_json(games.action_space),
        environment=games.environment,
        protocol=games.protocol,
        preprocessing=protocol.preprocessing,
        features=int(model.output.shape[-1]),
        trained_on=card.describe(games),
        results=results,
        origin=_origin(),
        digest=digest(path),
    ).write(path)


def write_untrained(path: Path, encoder: Path, seed: int) -> None:
    """Write a network of the shape of a pretrained `encoder`, with weights as they begin, to `path`, and its passport.

    Its folder is made. Raises UserError if `encoder` is not what its passport says, or is refused.
    """
    passport = read_passport(encoder)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_model(untrained(load_model(encoder), seed), path)
    replace(
        passport,
        method="untrained",
        settings={**passport.settings, "seed": seed},
        trained_on={"steps": {}},
        results={"seconds": 0.0},
        probes={},
        origin=_origin(),
        digest=digest(path),
    ).write(path)


def _origin() -> dict[str, Any]:
    return {
        "command": ["python", *sys.argv],
        "versions": rundir.versions(),
        "made": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
    }
