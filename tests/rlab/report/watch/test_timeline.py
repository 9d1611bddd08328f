"""What the page draws of a game, from numbers that can be added up by hand."""

import json
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest

from rlab.report.watch.timeline import Notes, entropy, timeline
from rlab.rewards import RewardConfig
from rlab.types import Moment
from tests.rlab.written_tapes import a_tape


@dataclass(frozen=True)
class Config(RewardConfig):
    gamma: float = 0.5
    reward_clipping: bool = False
    normalise_rewards: bool = False


def settings(config=None, life_loss_ends_value=False):
    run = SimpleNamespace(life_loss_ends_value=life_loss_ends_value)
    return SimpleNamespace(agent="dqn", config=config or Config(), run=run)


REWARDS, LIVES = [0, 10, 0, -3], [2, 2, 1, 0]  # of the moments of a game of three steps
VALUES = np.array([[1, 2], [4, 0], [-np.inf, 6], [100, 100]])
TAPE = replace(a_tape(length=3), actions=np.array([0, 1, 1]), rewards=np.array(REWARDS[1:], np.float32))


def notes(screens=(1, 4, 4, 2)):
    made = Notes()
    for reward, lives, count in zip(REWARDS, LIVES, screens, strict=True):
        made.add(Moment(np.zeros(2), reward, False, False, lives, [np.zeros((1, 1, 3))] * count, None))
    return made


def made(found, tape=TAPE, screens=(1, 4, 4, 2), **changes):
    values = timeline(tape, settings(**changes), notes(screens), found, ["LEFT", "RIGHT"])
    json.dumps(values, allow_nan=False)
    return values


def test_what_happened_is_told_by_moments():
    values = made({})
    assert (values["reward"], values["lives"], values["deaths"]) == (REWARDS, LIVES, [2, 3])
    assert values["shown"] == [0, 4, 8, 10]  # the last screen of each
    assert (values["actions"], values["end"]) == ([0, 1, 1], "game over")


def test_without_pictures_no_screen_is_shown():
    assert made({}, screens=(0, 0, 0, 0))["shown"] is None


def test_action_values_stand_by_action_and_an_illegal_one_is_null():
    values = made({"action_values": VALUES})
    assert values["judged"] == "action values"
    assert values["judgements"] == [[1, 4, None], [2, 0, 6]]
    assert (values["value_name"], values["value"]) == ("max Q", [2, 4, 6])


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({}, [10 + 0.5 * 4 - 1, 0 + 0.5 * 6 - 0, -3 - 6]),
        ({"config": Config(reward_clipping=True)}, [1 + 0.5 * 4 - 1, 0 + 0.5 * 6 - 0, -1 - 6]),
        ({"config": Config(reward_scale=0.5)}, [5 + 0.5 * 4 - 1, 0 + 0.5 * 6 - 0, -1.5 - 6]),
        ({"life_loss_ends_value": True}, [10 + 0.5 * 4 - 1, 0 - 0, -3 - 6]),
    ],
    ids=["plain", "clipped", "scaled", "a life lost ends what counts"],
)
def test_errors_are_those_that_the_run_learns_from(changes, errors):
    assert made({"action_values": VALUES}, **changes)["td_error"] == errors


def test_what_a_time_limit_cut_off_counts():
    values = made({"action_values": VALUES}, tape=replace(TAPE, terminated=False))
    assert values["td_error"][-1] == -3 + 0.5 * 100 - 6
    assert values["end"] == "time limit"


def test_values_of_states_have_errors_too():
    values = made({"value": np.array([1.0, 2, 3, 4]), "probabilities": np.array([[0.5, 0.5], [1, 0], [0, 1], [1, 0]])})
    assert values["td_error"] == [10 + 1 - 1, 0 + 1.5 - 2, -3 - 3]
    assert (values["value_name"], values["judged"]) == ("V", "probabilities")
    assert values["entropy"] == pytest.approx([np.log(2), 0, 0], abs=1e-5)


@pytest.mark.parametrize(
    ("found", "config", "reason"),
    [
        ({}, Config(), "the agent tells no values"),
        ({"action_values": VALUES}, SimpleNamespace(), "the agent discounts nothing"),
        (
            {"value": VALUES[:, 1]},
            Config(normalise_rewards=True),
            "the agent's values are of rewards that it normalised",
        ),
    ],
)
def test_where_there_are_no_errors_it_says_why(found, config, reason):
    values = made(found, config=config)
    assert (values["td_error"], values["no_td_error"]) == (None, reason)


def test_box_actions_are_drawn_as_numbers():
    tape = replace(TAPE, actions=np.array([[0.5, 1], [0, 2], [1, 3]], np.float32))
    values = made({"value": np.zeros(4)}, tape=tape)
    assert (values["actions"], values["action_numbers"]) == (None, [[0.5, 0, 1], [1, 2, 3]])


def test_entropy_of_certainty_and_of_four_equal_chances():
    assert entropy(np.array([[1, 0, 0, 0], [0.25] * 4])) == pytest.approx([0, np.log(4)])
