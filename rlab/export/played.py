"""Who played the games of a run, told as recordings tell it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rlab.config import Settings
from rlab.protocol import Protocol
from rlab.recording import Part, Recording, policy_name
from rlab.spaces import to_json


def recording_of(
    run: Path,
    settings: Settings,
    protocol: Protocol,
    stream: str,
    games: Sequence[Mapping[str, Any]],
    command: Sequence[str],
    versions: Mapping[str, str],
) -> Recording:
    """The record of the games of a run's stream, of which `games` is the table: a part for each checkpoint."""
    scores = {game["number"]: game["score"] for game in games}
    training = stream == "train"
    by_step: dict[int, list[int]] = {}
    for game in games:
        by_step.setdefault(0 if training else game["step"], []).append(game["number"])
    parts = [
        Part(
            policy_name(settings.agent, run, None if training else step),
            str(run),
            settings.agent,
            step,
            0.0 if training else protocol.epsilon,
            training or protocol.acting == "sampled",
            numbers,
        )
        for step, numbers in by_step.items()
    ]
    return Recording(
        settings.run.env,
        protocol.identity,
        to_json(settings.observation_space),
        to_json(settings.action_space),
        settings.run.seed,
        parts,
        list(command),
        dict(versions),
    ).finished(scores)
