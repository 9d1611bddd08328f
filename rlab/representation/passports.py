"""Keeps what was learnt with its passport, for agents to take over (see `rlab.pretrained`)."""

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from rlab import rundir
from rlab.nets.saving import save_model
from rlab.pretrained import Passport, digest
from rlab.protocol import PROTOCOLS
from rlab.representation import card
from rlab.representation.games import Games
from rlab.spaces import to_json
from rlab.types import UserError


def write(
    path: Path, model: keras.Model, games: Games, method: str, settings: Mapping[str, Any], results: Mapping[str, Any]
) -> None:
    """Write an encoder or a policy that learnt from `games` to `path`, which is named after its kind, and its passport.

    Raises UserError if the games were played under a protocol that this lab does not have.
    """
    name = games.protocol.partition(":")[0]
    if name not in PROTOCOLS or PROTOCOLS[name].identity != games.protocol:
        raise UserError(
            f"unknown protocol: the games were played under {games.protocol}, allowed are {list(PROTOCOLS)}"
        )
    save_model(keras.Model(model.input, model.output, name=model.name), path)  # without what it was fitted by
    Passport(
        kind=path.stem,
        method=method,
        settings=settings,
        observation_space=to_json(games.observation_space),
        action_space=to_json(games.action_space),
        environment=games.environment,
        protocol=games.protocol,
        preprocessing=PROTOCOLS[name].preprocessing,
        features=int(model.output.shape[-1]),
        trained_on=card.describe(games),
        results=results,
        origin={
            "command": ["python", *sys.argv],
            "versions": rundir.versions(),
            "made": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        },
        digest=digest(path),
    ).write(path)
