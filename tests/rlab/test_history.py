"""The latest turns come back from the tapes as they were."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlab.history import history
from rlab.loop import Loop
from rlab.types import UserError
from tests.rlab.scripted import FIRST_SEED, Scripted


class Watcher:
    """Acts by what it sees, so that a wrong observation shows in the action."""

    def act(self, observations, first):
        return (observations.sum(axis=1).astype(np.int64) + np.arange(len(observations))) % 3, {}


def play(num_envs, turns, episodes):
    loop = Loop(Scripted(num_envs, *episodes), Watcher(), lambda number: FIRST_SEED + number, stream="train")
    played = [next(loop) for _ in range(turns)]
    tapes = [tape for turn in played for tape in turn.tapes]
    return [turn.transitions for turn in played], tapes, loop.unfinished()


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_the_latest_turns_come_back_as_they_were(data):
    """Whatever the lengths of the episodes and the number of environments, in training and in playing again."""
    lengths = data.draw(st.lists(st.integers(0, 5), min_size=3, max_size=40))
    episodes = ["." * length + "T" for length in lengths]
    num_envs, turns = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 25))
    from_turn = data.draw(st.integers(0, turns))
    transitions, *tapes = play(num_envs, turns, episodes)
    again = history(*tapes, from_turn, turns, num_envs, lambda n: Scripted(n, *episodes), life_loss_ends_value=False)
    for left, right in zip(again, transitions[from_turn:], strict=True):
        np.testing.assert_equal(tuple(left[:7]), tuple(right[:7]))


def test_a_life_lost_comes_back_as_the_run_has_it():
    transitions, *tapes = play(1, 4, ["..l.T"])
    for ends_value in (False, True):
        again = history(*tapes, 0, 4, 1, lambda n: Scripted(n, "..l.T"), life_loss_ends_value=ends_value)
        assert [float(turn.discount[0]) for turn in again] == [1, 1, 0 if ends_value else 1, 1]
    assert len(transitions) == 4


def test_a_tape_that_is_another_when_played_again_stops_it():
    _, (tape,), unfinished = play(1, 6, ["...T"])
    tape = dataclasses.replace(tape, rewards=tape.rewards + 1)
    with pytest.raises(UserError, match="train game 0 is another when played again"):
        list(history([tape], unfinished, 0, 6, 1, lambda n: Scripted(n, "...T"), life_loss_ends_value=False))


@pytest.mark.parametrize("now", ["....", "...t", "....T"])
def test_a_game_that_ends_otherwise_when_played_again_stops_it(now):
    """Though what was seen and paid is the same."""
    _, finished, unfinished = play(1, 4, ["...T"])
    with pytest.raises(UserError, match="train game 0 is another when played again"):
        list(history(finished, unfinished, 0, 4, 1, lambda n: Scripted(n, now), life_loss_ends_value=False))


def test_a_game_that_is_over_where_it_was_not_stops_it():
    _, finished, unfinished = play(1, 4, ["......T"])
    with pytest.raises(UserError, match="train game 0 is another when played again"):
        list(history(finished, unfinished, 0, 4, 1, lambda n: Scripted(n, "...T"), life_loss_ends_value=False))


def test_a_missing_tape_stops_it():
    _, finished, unfinished = play(2, 6, ["...T"])
    with pytest.raises(UserError, match="the tapes of turn 0 are missing"):
        list(history(finished[1:], unfinished, 0, 6, 2, lambda n: Scripted(n, "...T"), life_loss_ends_value=False))


def test_kept_observations_are_not_played_again_and_a_broken_off_episode_ends():
    loop = Loop(Scripted(1, "..T", "....T"), Watcher(), lambda number: FIRST_SEED + number, stream="train")
    loop.keep_observations(True)
    played = [next(loop) for _ in range(5)]
    tapes = played[2].tapes, loop.unfinished()
    again = list(history(*tapes, 0, 5, 1, lambda n: pytest.fail("played again"), life_loss_ends_value=False))
    for left, right in zip(again[:4], played, strict=False):
        np.testing.assert_equal(tuple(left[:7]), tuple(right.transitions[:7]))
    assert again[4].last.tolist() == [True]
    assert again[4].discount.tolist() == [1]
    np.testing.assert_array_equal(again[4].next_observation, played[4].transitions.next_observation)
