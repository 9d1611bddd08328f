"""Scores that no run here has made, to be seen beside those of runs: thresholds, optima, humans, published curves.

The figures stand in `references.toml`, each with its source and the protocol that it was made under.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import gymnasium as gym

_TABLE = Path(__file__).with_name("references.toml")


@dataclass(frozen=True)
class Reference:
    """A known score on an environment, or how one grew with the agent steps of a training."""

    name: str
    source: str
    differs: str = ""  # in what its protocol differs from the one it is shown beside; empty: in nothing that is known
    score: float | None = None
    curve: tuple[tuple[int, float], ...] = ()  # agent steps, and the mean score of training in the window before
    window_steps: int = 0  # of a curve

    @property
    def label(self) -> str:
        """The name, and the difference where there is one."""
        return f"{self.name} ({self.differs})" if self.differs else self.name


def references(environment: str, protocol: str) -> list[Reference]:
    """What is known of an environment and fits a protocol (name and hash), and of another one where that is named.

    The last are random and human scores on Atari: there are none for most protocols.
    """
    name = protocol.split(":")[0]
    found = []
    threshold = solved_from(environment)
    if threshold is not None:
        found.append(Reference("solved from", "Gymnasium's registry, reward_threshold", score=threshold))
    found += [
        Reference(entry["name"], entry["source"], score=float(entry["score"]))
        for entry in _table()["exact"]
        if (entry["environment"], entry["protocol"]) == (environment, name)
    ]
    human = random_and_human(environment)
    if human is not None:
        source, by_protocol = _table()["human"]["source"], _table()["human"]["differs"]
        differs = by_protocol.get(name, by_protocol["others"])
        found += [Reference(who, source, differs, score) for who, score in zip(("random", "human"), human, strict=True)]
    published = _table()["published"]
    return found + [
        Reference(
            entry["name"],
            published["source"],
            window_steps=published["window_steps"],
            curve=tuple(
                (round(1e6 * frames / published["frames_per_step"]), float(score)) for frames, score in entry["points"]
            ),
        )
        for entry in published["curves"]
        if (entry["environment"], entry["protocol"]) == (environment, name)
    ]


def solved_from(environment: str) -> float | None:
    """The mean score from which Gymnasium counts an environment as solved, where it says one."""
    spec = gym.registry.get(environment)
    return None if spec is None or spec.reward_threshold is None else float(spec.reward_threshold)


def random_and_human(environment: str) -> tuple[float, float] | None:
    """What a random and a human player score on a game, by which scores of several games are put on one scale.

    A human-normalised score is (score - random) / (human - random). Both were made without sticky actions, after up to
    30 no-ops; normalising with them under another protocol is usual, and only shifts and stretches scores.
    """
    game = environment.removeprefix("ALE/").removesuffix("-v5")
    found = _table()["human"]["games"].get(game) if environment == f"ALE/{game}-v5" else None
    return None if found is None else (float(found[0]), float(found[1]))


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(_TABLE.read_text())
