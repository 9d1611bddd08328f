"""What a trial trains, and what it is told of it."""

import pytest

from rlab.tensorboard import EventFile
from rlab.tuning.trainings import curve
from rlab.types import UserError


@pytest.fixture
def run(tmp_path):
    """A run that was validated."""

    def run(name, *scores):
        (tmp_path / name).mkdir()
        events = EventFile(tmp_path / name)
        for step, score in scores:
            events.scalar("eval/score", score, step)
        events.close()
        return tmp_path / name

    return run


def test_the_scores_of_one_run_stand_where_it_was_to_be_validated(run):
    """Three environments side by side come to 300 and 501, and end with 1002."""
    assert curve([run("one", (300, 1.0), (501, 2.0), (1002, 4.0))], 1000, 250) == [(250, 1.0), (500, 2.0), (1000, 4.0)]


def test_of_several_runs_the_ends_count_and_how_far_the_last_is(run):
    first, second = run("first", (500, 1.0), (1000, 5.0)), run("second", (500, 3.0), (1000, 9.0))
    assert curve([first, second], 1000, 500) == [(500, 1.0), (1000, 5.0), (1500, 4.0), (2000, 7.0)]


def test_what_was_not_validated_yet_has_no_scores(run):
    assert curve([], 1000, 500) == []
    assert curve([run("one", (500, 1.0)), run("two")], 1000, 500) == [(500, 1.0)]


def test_a_folder_without_a_log_is_no_run(tmp_path):
    with pytest.raises(UserError, match="holds 0 event files"):
        curve([tmp_path], 1000, 500)
