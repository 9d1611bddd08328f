"""The card of recorded games: each number by its definition, on games small enough to count."""

import json

import numpy as np
import pytest
from gymnasium import spaces

import envs
from rlab.representation.card import describe, markdown
from rlab.representation.dataset import load
from tests.rlab.representation.made_up import VECTORS, make
from tests.rlab.representation.recorded import record


def test_games_and_steps_are_counted_by_part():
    card = describe(make([3, 4, 5, 6], ["train", "test", "train", "validation"]))
    assert card["games"] == {"train": 2, "validation": 1, "test": 1}
    assert card["steps"] == {"train": 8, "validation": 6, "test": 4}
    assert (card["environment"], card["protocol"]) == ("Made-v0", "none:0")


def test_policies_stand_with_their_share_of_the_steps():
    policies = describe(make([3, 4, 1], policies=["a", "b", "a"]))["policies"]
    assert policies == {"a": {"games": 2, "share": 4 / 8}, "b": {"games": 1, "share": 4 / 8}}


def test_scores_are_those_of_the_games():
    assert describe(make([1, 1, 1]))["score"] == {"mean": 100, "low": 0, "high": 200}


def test_actions_are_counted_but_for_the_last_moments_which_have_none():
    action = np.array([1, 2, 1, 0, 2, 2, 0])  # the fourth and the last are of last moments
    card = describe(make([3, 2], action=action, actions=spaces.Discrete(4)))
    assert card["actions"] == {"shares": [0, 2 / 5, 3 / 5, 0]}


def test_of_actions_in_a_box_mean_and_deviation_are_told():
    action = np.array([[1, 0], [3, 0], [9, 9]], np.float32)
    card = describe(make([2], action=action, actions=spaces.Box(0, 9, (2,), np.float32)))
    assert card["actions"] == {"mean": [2, 0], "deviation": [1, 0]}


def test_an_observation_that_was_seen_before_is_a_duplicate():
    frames = np.array([[0, 0], [1, 0], [0, 0], [1, 0], [9, 9]], np.float32)  # the last is of a last moment
    card = describe(make([4], space=VECTORS, frames=frames))
    assert card["duplicates"] == 2 / 4


def test_stacks_are_alike_if_all_their_frames_are():
    """Stacks of three: both games begin alike, differ in their second frame, and that is still seen in their fourth."""
    frames = np.zeros((10, 6, 5), np.uint8)
    frames[[1, 6]] += np.array([1, 2], np.uint8)[:, None, None]
    found = describe(make([4, 4], frames=frames))
    assert found["duplicates"] == 1 / 8
    frames[6] = frames[1]
    assert describe(make([4, 4], frames=frames))["duplicates"] == 4 / 8


def test_the_zeros_before_a_game_are_like_black_frames():
    """An agent cannot tell them apart."""
    frames = np.zeros((4, 6, 5), np.uint8)
    assert describe(make([3], frames=frames))["duplicates"] == pytest.approx(2 / 3)


def test_what_training_games_show_too_is_told_of_the_others():
    frames = np.array([[1, 1], [2, 2], [0, 0], [1, 1], [2, 2], [3, 3], [5, 5], [0, 0]], np.float32)
    card = describe(make([2, 4], ["train", "test"], space=VECTORS, frames=frames))
    assert card["seen_in_training"] == {"validation": None, "test": 2 / 4}


def test_steps_that_paid_are_counted_whether_they_paid_or_cost():
    card = describe(make([3, 2], reward=np.array([0, -1, 2, 9, 0, 0, 9], np.float32)))
    assert card["paid"] == 2 / 5


def test_cells_are_counted_where_the_place_is_known():
    places = np.array([[0, 0], [7.9, 7.9], [8, 0], [np.nan, 3], [100, 100], [0, 0], [16, 16], [200, 200]])
    card = describe(make([4, 2], ["train", "test"]), places)  # the moments 4 and 7 are last ones
    assert card["coverage"] == {"all": 3, "train": 2, "validation": 0, "test": 2}
    assert "coverage" not in describe(make([4, 2]))


def test_the_card_can_be_kept_as_json_and_read_by_people():
    places = np.zeros((9, 2))
    card = describe(make([4, 3], ["train", "test"], policies=["a", "b"]), places)
    assert json.loads(json.dumps(card)) == card
    lines = markdown(card)
    assert lines[:3] == ["| | |", "|---|---|", "| games | 2 of Made-v0 under `none:0` |"]
    for line in (
        "| steps | 7 |",
        "| train | 1 games, 4 steps |",
        "| played by a | 1 games, 57.1% of the steps |",
        "| score | mean 50.0, from 0 to 100 |",
        "| observations seen before | 0.0% |",
        "| observations that training games show too | 0.0% of test |",
        "| steps that paid | 85.7% |",
        "| cells of 8x8 pixels visited | all 1, train 1, validation 0, test 1 |",
    ):
        assert line in lines
    assert all("\n" not in line for line in lines)


def test_stacks_of_a_real_game_are_counted_by_what_the_agent_saw(tmp_path):
    record(tmp_path, "ALE/MsPacman-v5", 2)
    games = load([tmp_path], envs.emulate, parts=[])
    steps = np.flatnonzero(~games.last)
    different = {observation.tobytes() for observation in games.observations(steps)}
    card = describe(games)
    assert card["duplicates"] == 1 - len(different) / len(steps)
    assert 0 < card["duplicates"] < 1
