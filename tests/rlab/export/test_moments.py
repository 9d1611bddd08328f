"""What an export is checked on: observations that an agent saw, of the first games that can be had."""

from dataclasses import replace

import numpy as np
import pytest

from rlab.export.moments import sample
from rlab.tapes import TapeStore
from rlab.types import UserError
from tests.rlab.written_tapes import a_tape

SEEN = np.arange(6, dtype=np.int64)  # of a game of 5 steps


def never(tape):
    raise UserError(f"{tape.stream} game {tape.number} is not confirmed")


@pytest.fixture
def store(tmp_path):
    store = TapeStore(tmp_path / "tapes.sqlite", create=True)
    store.write(a_tape(stream="eval"))
    return store


def test_where_games_do_not_repeat_themselves_those_of_training_have_kept_what_was_seen(store):
    store.write(replace(a_tape(stream="train"), observations=SEEN))
    stream, found = sample(store, None, never, 3)
    assert (stream, found.tolist()) == ("train", [0, 2, 4])


def test_if_no_game_is_confirmed_the_first_one_is_told(store):
    store.write(a_tape(stream="train"))
    with pytest.raises(UserError, match="eval game 0 is not confirmed"):
        sample(store, None, never, 3)
