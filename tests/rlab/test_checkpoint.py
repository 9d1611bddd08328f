"""Checkpoints are whole or not there, whatever happens to whoever writes them."""

import os
import signal
import subprocess
import sys

import pytest

from rlab import checkpoint
from rlab.types import UserError
from tests.rlab.written_checkpoints import fill, write


def names(run):
    return sorted(path.name for path in run.iterdir())


def test_a_checkpoint_holds_what_it_was_filled_with(tmp_path):
    place = checkpoint.write(tmp_path, 1200, fill)
    assert place == tmp_path / "step_000001200"
    assert names(tmp_path) == ["step_000001200"]
    assert (place / "weights").read_bytes() == b"0123456789"
    assert (place / "inner" / "state.json").read_text() == "{}\n"
    assert checkpoint.damage(place) is None
    assert checkpoint.step_of(place) == 1200


def test_it_is_not_there_before_it_is_filled(tmp_path):
    def look(folder):
        fill(folder)
        assert checkpoint.all_of(tmp_path) == []
        with pytest.raises(UserError):
            checkpoint.latest(tmp_path)

    checkpoint.write(tmp_path, 1, look)
    assert checkpoint.latest(tmp_path) == tmp_path / "step_000000001"


@pytest.mark.parametrize("error", [OSError("no space left"), KeyboardInterrupt()])
def test_a_fill_that_fails_leaves_nothing(tmp_path, error):
    def fail(folder):
        fill(folder)
        raise error

    (before,) = write(tmp_path, 1)
    with pytest.raises(type(error)):
        checkpoint.write(tmp_path, 2, fail)
    assert names(tmp_path) == ["step_000000001"]
    assert checkpoint.latest(tmp_path) == before


KILLED = """
import os, signal, sys
from pathlib import Path
from rlab import checkpoint

def fill(folder):
    (folder / "weights").write_bytes(b"0123")
    os.kill(os.getpid(), signal.SIGKILL)

checkpoint.write(Path(sys.argv[1]), 7, fill)
"""


def test_what_a_killed_writer_left_is_passed_over_and_removed_by_the_next(tmp_path):
    (before,) = write(tmp_path, 1)
    ended = subprocess.run([sys.executable, "-c", KILLED, tmp_path], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert names(tmp_path) == [".step_000000007.draft", "step_000000001"]
    assert checkpoint.latest(tmp_path) == before
    assert checkpoint.all_of(tmp_path) == [before]
    write(tmp_path, 8)
    assert names(tmp_path) == ["step_000000001", "step_000000008"]


def test_a_whole_checkpoint_is_not_replaced_by_one_that_fails(tmp_path):
    def fail(folder):
        raise OSError

    (place,) = write(tmp_path, 5)
    with pytest.raises(OSError):  # noqa: PT011 - it is the one above
        checkpoint.write(tmp_path, 5, fail)
    assert checkpoint.damage(place) is None


def test_the_latest_is_that_of_the_most_steps(tmp_path):
    write(tmp_path, 9, 1_000_000_000, 999_999_999, 10)
    steps = [checkpoint.step_of(place) for place in checkpoint.all_of(tmp_path)]
    assert steps == [9, 10, 999_999_999, 1_000_000_000]
    assert checkpoint.step_of(checkpoint.latest(tmp_path)) == 1_000_000_000


def test_what_is_no_checkpoint_is_not_taken_for_one(tmp_path):
    (place,) = write(tmp_path, 3)
    (tmp_path / "step_000000004").write_text("a file")
    (tmp_path / "step_old").mkdir()
    (tmp_path / "videos").mkdir()
    assert checkpoint.all_of(tmp_path) == [place]


def test_checkpoints_are_chosen_by_name_or_step(tmp_path):
    first, second, third = write(tmp_path, 1, 20, 300)
    checkpoint.point_best(tmp_path, second)
    assert checkpoint.chosen(tmp_path, "best") == second
    assert checkpoint.chosen(tmp_path, "latest") == third
    assert checkpoint.chosen(tmp_path, "1") == checkpoint.chosen(tmp_path, "0001") == first


def test_the_best_is_the_latest_until_there_is_one(tmp_path):
    _, second = write(tmp_path, 1, 2)
    assert checkpoint.chosen(tmp_path, "best") == second


@pytest.mark.parametrize(
    ("which", "message"),
    [
        ("3", "no such checkpoint: received 3, {run} has 1, 20"),
        ("bset", "unknown checkpoint: received 'bset', allowed are best, latest or a step"),
        ("-1", "unknown checkpoint: received '-1', allowed are best, latest or a step"),
        ("", "unknown checkpoint: received '', allowed are best, latest or a step"),
        ("²", "unknown checkpoint: received '²', allowed are best, latest or a step"),
    ],
)
def test_another_choice_is_refused_in_one_line(tmp_path, which, message):
    write(tmp_path, 1, 20)
    with pytest.raises(UserError) as refused:
        checkpoint.chosen(tmp_path, which)
    assert str(refused.value) == message.format(run=tmp_path)


@pytest.mark.parametrize("which", ["best", "latest", "1"])
def test_a_run_without_checkpoints_has_none_to_choose(tmp_path, which):
    for run in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(UserError, match=r"no whole checkpoint in|no such checkpoint: received 1, .* has none"):
            checkpoint.chosen(run, which)


def test_the_best_moves_with_its_run(tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    (best, _) = write(run, 1, 2)
    checkpoint.point_best(run, best)
    moved = run.rename(tmp_path / "moved")
    assert checkpoint.chosen(moved, "best") == moved / "step_000000001"


def test_the_best_is_replaced_at_once(tmp_path, monkeypatch):
    """Whenever it is looked at, there is a best: the new one takes the place of the old by one rename."""
    first, second = write(tmp_path, 1, 2)
    checkpoint.point_best(tmp_path, first)
    (tmp_path / ".best.draft").symlink_to("left by a killed writer")
    replaced = []

    def watched(old, new, replace=os.replace):
        assert (tmp_path / "best").resolve() == first
        replaced.append(new)
        replace(old, new)

    monkeypatch.setattr(os, "replace", watched)
    checkpoint.point_best(tmp_path, second)
    assert replaced == [tmp_path / "best"]
    assert (tmp_path / "best").resolve() == second
    assert names(tmp_path) == ["best", "step_000000001", "step_000000002"]


@pytest.mark.parametrize(("keep", "left"), [(1, [2, 5]), (2, [2, 4, 5]), (9, [1, 2, 3, 4, 5])])
def test_the_latest_and_the_best_are_kept(tmp_path, keep, left):
    places = write(tmp_path, 1, 2, 3, 4, 5)
    checkpoint.point_best(tmp_path, places[1])
    checkpoint.prune(places[-1], keep)
    assert [checkpoint.step_of(place) for place in checkpoint.all_of(tmp_path)] == left
    assert checkpoint.chosen(tmp_path, "best") == places[1]


def test_the_best_among_the_latest_is_kept_once(tmp_path):
    places = write(tmp_path, 1, 2, 3)
    checkpoint.point_best(tmp_path, places[2])
    checkpoint.prune(places[-1], 1)
    assert checkpoint.all_of(tmp_path) == [places[2]]


def test_without_a_best_the_latest_are_kept(tmp_path):
    places = write(tmp_path, 1, 2, 3)
    checkpoint.prune(places[-1], 2)
    assert checkpoint.all_of(tmp_path) == places[1:]


def test_damaged_ones_that_are_later_than_the_newest_are_not_kept_in_place_of_whole_ones(tmp_path):
    _, second, torn = write(tmp_path, 1, 2, 5)
    (torn / "manifest.json").unlink()
    (newest,) = write(tmp_path, 3)
    checkpoint.prune(newest, 2)
    assert checkpoint.all_of(tmp_path) == [second, newest, torn]
    assert checkpoint.latest(tmp_path) == newest
