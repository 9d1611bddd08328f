"""Maps of environments: where states lie, checked against the environments themselves."""

import gymnasium
import numpy as np
import pytest

import envs

STEPS = {"←": (0, -1), "→": (0, 1), "↑": (-1, 0), "↓": (1, 0)}


def test_frozen_lake_is_its_map():
    grid = envs.grid_of("FrozenLake-v1")
    assert grid.rows == ["SFFF", "FHFH", "FFFH", "HFFG"]
    assert grid.place[6].tolist() == [0, 1, 2]


def test_cliff_walking_shows_its_cliff():
    assert envs.grid_of("CliffWalking-v1").rows == [" " * 12] * 3 + ["S" + "C" * 10 + "G"]


def test_taxi_has_a_layer_for_each_passenger_and_destination():
    grid = envs.grid_of("Taxi-v4")
    assert grid.rows == ["R   G", "     ", "     ", "     ", "Y  B "]
    assert len(grid.layers) == 20
    state = gymnasium.make("Taxi-v4").unwrapped.encode(3, 1, 2, 0)
    layer, row, column = grid.place[state]
    assert (grid.layers[layer], row, column) == ("passenger at yellow, to red", 3, 1)


@pytest.mark.parametrize("name", ["FrozenLake-v1", "CliffWalking-v1", "Taxi-v4"])
def test_arrows_lead_where_the_environment_does(name):
    """Each move that changes the place, and is not a slip or a fall, goes along its arrow."""
    grid, table = (
        envs.grid_of(name),
        gymnasium.make(name, **({"is_slippery": False} if "Lake" in name else {})).unwrapped.P,
    )
    moves = 0
    for state, actions in table.items():
        for action, outcomes in actions.items():
            (_, successor, reward, _), *_ = outcomes
            moved = tuple(grid.place[successor][1:] - grid.place[state][1:])
            if moved != (0, 0) and reward != -100:
                assert moved == STEPS[grid.arrows[action]]
                moves += 1
    assert moves > len(table)


@pytest.mark.parametrize("name", ["CartPole-v1", "BookMDP-v0", "ALE/Pong-v5"])
def test_others_are_no_maps(name):
    assert envs.grid_of(name) is None


def test_every_state_has_its_own_place():
    for name in ("FrozenLake8x8-v1", "CliffWalking-v1", "Taxi-v4"):
        place = envs.grid_of(name).place
        assert len(np.unique(place, axis=0)) == len(place)
