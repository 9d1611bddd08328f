"""Runs that are wanted, of which little or nothing is left."""

import pytest

from rlab import checkpoint
from rlab.evaluation import RESULT
from rlab.jobs.wanted import Wanted
from rlab.types import UserError


@pytest.fixture
def run(tmp_path):
    """A run that has begun."""
    folder = tmp_path / "Scripted-v0" / "random" / "20240229-235959-s0"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    return folder


@pytest.fixture
def wanted(tmp_path):
    return Wanted(tmp_path, "Scripted-v0", "random", 0, 500, 0)


def test_a_run_without_a_checkpoint_is_begun_anew(run, wanted):
    assert wanted.next_call(["random"]) == ["train.py", "random"]
    assert not run.exists()


@pytest.mark.parametrize("left", ["a score", "a damaged checkpoint"])
def test_what_is_left_of_one_that_was_further_is_not_deleted(run, wanted, left):
    if left == "a score":
        (run / RESULT).write_text("{}")
    else:
        checkpoint.place_of(run, 500).mkdir()
    with pytest.raises(UserError, match="was further once, but has no whole checkpoint left: delete it to train it"):
        wanted.next_call(["random"])
    assert run.exists()
