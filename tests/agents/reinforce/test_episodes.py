"""Whole episodes are taken, in their order; what has begun stays, also through a file."""

import numpy as np
import pytest

from agents.reinforce.episodes import Episodes
from rlab.types import Transitions, UserError


def turn(number, last, discount=(1, 1), first=(False, False)):
    """A step of two environments that see 10 * environment + turn, and then one more."""
    seen = np.array([[number], [10 + number]], np.float32)
    done = np.array(last, np.bool_)
    drawn = np.array([number, 10 + number])
    return Transitions(
        seen,
        drawn,
        np.full(2, number, np.float32),
        np.array(discount, np.float32),
        seen + 0.5,
        np.array(first, np.bool_),
        done,
        {},
    )


def filled(turns):
    """The first has episodes of turns 0 to 1 and 2 to 4, the second of 0 to 2; then both have one under way."""
    episodes = Episodes()
    endings = {1: (True, False), 2: (False, True), 4: (True, False)}
    for number in range(turns):
        transitions = turn(number, endings.get(number, (False, False)), (1, 0) if number == 2 else (1, 1))
        episodes.add(transitions, transitions.action)
    return episodes


def assert_taken(steps):
    assert steps.observation[:, 0].tolist() == [0, 1, 2, 3, 4, 10, 11, 12]
    assert steps.action.tolist() == [0, 1, 2, 3, 4, 10, 11, 12]
    assert steps.reward.tolist() == [0, 1, 2, 3, 4, 0, 1, 2]
    assert steps.discount.tolist() == [1, 1, 1, 1, 1, 1, 1, 0]
    assert np.flatnonzero(steps.last).tolist() == [1, 4, 7]
    assert steps.after[:, 0].tolist() == [1.5, 4.5, 12.5]


def test_finished_episodes_are_taken_one_after_the_other_and_the_rest_stays():
    episodes = filled(6)
    assert episodes.finished == 3
    assert_taken(episodes.take())
    assert episodes.finished == 0
    ending = turn(6, (True, True))
    episodes.add(ending, ending.action)
    assert episodes.finished == 2
    assert episodes.take().action.tolist() == [5, 6, 13, 14, 15, 16]


def test_what_was_broken_off_is_forgotten_when_the_next_episode_begins():
    """Where an environment does not repeat itself, new episodes begin after a resume."""
    episodes = Episodes()
    turns = [turn(0, (False, True)), turn(1, (False, False)), turn(2, (True, True), first=(True, True))]
    for transitions in turns:
        episodes.add(transitions, transitions.action)
    assert episodes.finished == 3
    assert episodes.take().action.tolist() == [2, 10, 12]


def test_what_is_held_is_a_copy():
    episodes = Episodes()
    transitions = turn(3, (True, True))
    episodes.add(transitions, transitions.action)
    for column in transitions[:5]:
        column[:] = 0
    steps = episodes.take()
    assert steps.observation[:, 0].tolist() == [3, 13]
    assert steps.after[:, 0].tolist() == [3.5, 13.5]


@pytest.mark.parametrize("turns", [0, 1, 2, 6])
def test_saved_and_loaded_they_go_on_as_they_were(turns, tmp_path):
    path = tmp_path / "learner.episodes.npz"
    filled(turns).save(path)
    loaded, expected = Episodes(), filled(turns)
    loaded.load(path)
    assert loaded.finished == expected.finished
    ending = turn(7, (True, True))
    for episodes in (loaded, expected):
        episodes.add(ending, ending.action)
    for found, same in zip(loaded.take(), expected.take(), strict=True):
        np.testing.assert_array_equal(found, same)
        assert found.dtype == same.dtype


def test_something_else_is_refused(tmp_path):
    np.savez(tmp_path / "other.npz", other=np.zeros(3))
    with pytest.raises(UserError, match="lengths is missing"):
        Episodes().load(tmp_path / "other.npz")
