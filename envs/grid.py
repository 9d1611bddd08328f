"""Environments that are maps: where each state lies, for whoever draws what an agent thinks of it."""

from typing import Any

import gymnasium
import numpy as np
from gymnasium.envs.toy_text.cliffwalking import CliffWalkingEnv
from gymnasium.envs.toy_text.frozen_lake import FrozenLakeEnv
from gymnasium.envs.toy_text.taxi import TaxiEnv

from rlab.types import Grid

_TAXI_PLACES = ("red", "green", "yellow", "blue")


def read_grid(env: gymnasium.Env[Any, Any]) -> Grid | None:
    """The map of one of Gymnasium's grid worlds; None if the environment is none of them."""
    world = env.unwrapped
    if isinstance(world, FrozenLakeEnv):
        letters = np.asarray(world.desc).astype(str)
        return Grid(["".join(row) for row in letters], _places(letters.shape), [""], ["←", "↓", "→", "↑"])
    if isinstance(world, CliffWalkingEnv):
        cliff = np.where(world._cliff, "C", " ")
        cliff[np.unravel_index(world.start_state_index, world.shape)] = "S"
        cliff[-1, -1] = "G"
        return Grid(["".join(row) for row in cliff], _places(world.shape), [""], ["↑", "→", "↓", "←"])
    if isinstance(world, TaxiEnv):
        return _taxi(world)
    return None


def _places(shape: tuple[int, ...]) -> Any:
    """The places [S, 3] of states that are numbered row after row, in one layer."""
    row, column = np.indices(shape[:2]).reshape(2, -1)
    return np.stack([np.zeros_like(row), row, column], axis=1)


def _taxi(world: TaxiEnv) -> Grid:
    """A layer for each place of the passenger, the taxi as the last of them, and each destination."""
    rows = [list("     ") for _ in range(5)]
    for (row, column), name in zip(world.locs, _TAXI_PLACES, strict=True):
        rows[row][column] = name[0].upper()
    destinations = len(world.locs)
    places = []
    for state in range(int(world.observation_space.n)):  # type: ignore[attr-defined]
        row, column, passenger, destination = world.decode(state)
        places.append((passenger * destinations + destination, row, column))
    layers = [
        f"passenger {'in the taxi' if passenger == 'taxi' else f'at {passenger}'}, to {destination}"
        for passenger in (*_TAXI_PLACES, "taxi")
        for destination in _TAXI_PLACES
    ]
    return Grid(["".join(row) for row in rows], np.asarray(places), layers, ["↓", "↑", "→", "←", "↥", "↧"])
