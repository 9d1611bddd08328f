"""Games that a person plays, some of which do not play again as they were."""

from functools import partial
from itertools import islice

import numpy as np
import pytest

from rlab.playing.session import play
from tests.rlab.scripted import FIRST_SEED, Scripted
from tests.rlab.scripted_training import emulate


class Hands:
    """A person who presses nothing."""

    wish = ""

    def act(self, observations, first):
        return np.zeros(1, np.int64), {}

    def see(self, turn):
        """They look away."""

    def wait(self):
        """They play on at once."""


def make_env(num_envs):
    return Scripted(num_envs, "..T")


def some_are_others(numbers, tape):
    """Play a tape again; of these games the first reward is another."""
    moments = emulate(make_env, tape)
    yield next(moments)
    moment = next(moments)
    yield moment._replace(reward=moment.reward + (tape.number in numbers))
    yield from moments


@pytest.mark.parametrize(("others", "kept"), [((), []), ((0,), [0]), ((0, 4), [0, 4]), ((3,), [])])
def test_observations_are_kept_until_two_games_have_repeated_and_none_has_not(others, kept):
    """The last is a game that kept none, as the first two had repeated."""
    notes = []
    games = play(make_env(1), Hands(), partial(some_are_others, others), FIRST_SEED, notes.append)
    tapes = list(islice(games, 6))
    assert [tape.number for tape in tapes if tape.observations is not None] == kept
    assert [int(note.split()[1]) for note in notes] == list(others)
    assert [note.endswith("keeps the observations") for note in notes] == [number in kept for number in others]
