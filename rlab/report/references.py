"""Scores that no run here has made, to be seen beside those of runs."""

from dataclasses import dataclass

import gymnasium as gym


@dataclass(frozen=True)
class Reference:
    """A known score on an environment."""

    name: str
    score: float


def references(environment: str) -> list[Reference]:
    """What is known of an environment: the mean score from which Gymnasium counts it as solved, where it says one."""
    spec = gym.registry.get(environment)
    if spec is None or spec.reward_threshold is None:
        return []
    return [Reference("(solved from)", float(spec.reward_threshold))]
