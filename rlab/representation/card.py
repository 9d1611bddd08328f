"""The card of recorded games: what is in them, in numbers, and how much of it is alike."""

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium import spaces

from rlab.representation.games import PARTS, Games
from rlab.types import Array, FrameStack

CELL = 8  # pixels a side


def describe(games: Games, places: Array | None = None) -> dict[str, Any]:
    """The card as JSON can hold it; counts and shares are of steps, so a game's last moment is left out.

    `places` [M, 2] (x, y) is where the player is at each moment, in pixels, NaN where nobody knows.
    """
    steps = np.flatnonzero(~games.last)
    tape_of = games.game[steps]
    scores = np.array([game.score for game in games.tapes])
    parts = np.array([game.part for game in games.tapes])
    policies = np.array([game.policy for game in games.tapes])
    seen = _seen(games)[steps]
    known = {part: np.isin(seen, seen[parts[tape_of] == "train"])[parts[tape_of] == part] for part in PARTS[1:]}
    card: dict[str, Any] = {
        "environment": games.environment,
        "protocol": games.protocol,
        "digest": games.digest,
        "games": {part: int(np.sum(parts == part)) for part in PARTS},
        "steps": {part: int(np.sum(parts[tape_of] == part)) for part in PARTS},
        "policies": {
            policy: {"games": int(np.sum(policies == policy)), "share": float(np.mean(policies[tape_of] == policy))}
            for policy in dict.fromkeys(policies.tolist())
        },
        "score": {"mean": float(scores.mean()), "low": float(scores.min()), "high": float(scores.max())},
        "actions": _actions(games, steps),
        "duplicates": 1 - len(np.unique(seen)) / len(seen),
        "seen_in_training": {part: float(found.mean()) if len(found) else None for part, found in known.items()},
        "paid": float(np.mean(games.reward[steps] != 0)),
    }
    if places is not None:
        cells = _cells(places[steps])
        visited = {part: cells[parts[tape_of] == part] for part in PARTS}
        card["coverage"] = {part: _count(found) for part, found in {"all": cells, **visited}.items()}
    return card


def _seen(games: Games) -> Array:
    """A number [M] for each moment, equal where the whole observations are equal."""
    frames = [*games.frames, np.zeros(games.frames.shape[1:], games.frames.dtype)]
    digests = [hashlib.blake2b(np.asarray(frame).tobytes(), digest_size=8).digest() for frame in frames]
    *_, numbers = np.unique(np.frombuffer(b"".join(digests), np.uint64), return_inverse=True)
    newest, empty = numbers[:-1], numbers[-1]
    if not isinstance(games.observation_space, FrameStack):
        return np.asarray(newest)
    ages = np.arange(len(games)) - np.maximum.accumulate(np.where(games.first, np.arange(len(games)), 0))
    stack = [np.where(ages >= age, np.roll(newest, age), empty) for age in range(games.observation_space.size)]
    return np.asarray(np.unique(np.stack(stack, axis=1), axis=0, return_inverse=True)[1].reshape(-1))


def _actions(games: Games, steps: Array) -> dict[str, list[float]]:
    """Which actions were taken how often; in a Box, mean and standard deviation of each of their numbers."""
    if isinstance(games.action_space, spaces.Discrete):
        counts = np.bincount(games.action[steps], minlength=int(games.action_space.n))
        return {"shares": (counts / len(steps)).tolist()}
    flat = games.action[steps].reshape(len(steps), -1).astype(np.float64)
    return {"mean": flat.mean(axis=0).tolist(), "deviation": flat.std(axis=0).tolist()}


def _cells(places: Array) -> Array:
    """The cell (column, row) of each place [K, 2] that is known, NaN for others."""
    return np.asarray(np.floor(places / CELL))


def _count(cells: Array) -> int:
    return len(np.unique(cells[np.isfinite(cells).all(axis=1)], axis=0))


def markdown(card: Mapping[str, Any]) -> list[str]:
    """The card in lines of Markdown."""
    games, steps = card["games"], card["steps"]
    actions = "; ".join(f"{what} {_numbers(values)}" for what, values in card["actions"].items())
    lowest, highest = (f"{card['score'][end]:,.10g}" for end in ("low", "high"))
    known = [f"{share:.1%} of {part}" for part, share in card["seen_in_training"].items() if share is not None]
    lines = [
        "| | |",
        "|---|---|",
        f"| games | {sum(games.values()):,} of {card['environment']} under `{card['protocol']}` |",
        f"| steps | {sum(steps.values()):,} |",
        *(f"| {part} | {games[part]:,} games, {steps[part]:,} steps |" for part in games),
        *(
            f"| played by {policy} | {told['games']:,} games, {told['share']:.1%} of the steps |"
            for policy, told in card["policies"].items()
        ),
        f"| score | mean {card['score']['mean']:,.1f}, from {lowest} to {highest} |",
        f"| actions | {actions} |",
        f"| observations seen before | {card['duplicates']:.1%} |",
        f"| observations that training games show too | {', '.join(known) or 'no others'} |",
        f"| steps that paid | {card['paid']:.1%} |",
    ]
    if "coverage" in card:
        cells = ", ".join(f"{part} {count:,}" for part, count in card["coverage"].items())
        lines.append(f"| cells of {CELL}x{CELL} pixels visited | {cells} |")
    return [*lines, "", f"Digest of these games: `{card['digest']}`."]


def _numbers(values: list[float]) -> str:
    return ", ".join(f"{value:.3g}" for value in values)
