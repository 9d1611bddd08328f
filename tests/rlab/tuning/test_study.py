"""Searches with made-up scores: what is proposed, given up, remembered and taken up again."""

import sqlite3
from contextlib import closing

import pytest

from rlab.command_line import disk_trouble
from rlab.tuning.space import read_space
from rlab.tuning.study import STORAGE, Study
from rlab.tuning.table import best
from rlab.types import UserError

SETTINGS = {"rate": float, "sizes": tuple[int, ...], "kind": int}
ITEMS = ("rate=log:1e-5:1e-1", "sizes=[32],[64,64]")
START = {"rate": 0.5, "sizes": (32,), "kind": 3}  # which the space does not have
STEPS, PERIOD = 900, 100


def study(folder, items=ITEMS, *, sampler="tpe", pruner="none", start=START):
    folder.mkdir(exist_ok=True)
    return Study(folder, read_space(items, SETTINGS), start, sampler, pruner, STEPS, PERIOD)


def score(values):
    """The best rate is 0.001, and two layers are better than one."""
    import math

    return -abs(math.log10(values["rate"]) + 3) + len(values["sizes"])


def curve(last):
    """A training that gets there in a line."""
    return [(step, last * step / STEPS) for step in range(PERIOD, STEPS + 1, PERIOD)]


def search(found, count):
    for trial in found.trials(count):
        trial.end(score(trial.values))
    return found.outcomes()


@pytest.mark.parametrize("sampler", ["tpe", "random"])
def test_the_same_search_proposes_the_same_and_a_broken_off_one_too(tmp_path, sampler):
    whole = search(study(tmp_path / "whole", sampler=sampler), 14)
    broken = tmp_path / "broken"
    search(study(broken, sampler=sampler), 4)
    assert study(broken, sampler=sampler).to_do(14) == 10
    assert search(study(broken, sampler=sampler), 14) == whole
    assert len({outcome.values["rate"] for outcome in whole}) == 14
    assert all(1e-5 <= outcome.values["rate"] <= 1e-1 for outcome in whole)
    assert {outcome.values["sizes"] for outcome in whole} == {(32,), (64, 64)}


def test_tpe_learns_from_what_it_was_told(tmp_path):
    scores = [outcome.score for outcome in search(study(tmp_path), 25)]
    assert sum(scores[15:]) / 10 > sum(scores[:10]) / 10 + 0.5


def test_a_search_begins_with_what_it_starts_from_where_the_space_has_it(tmp_path):
    start = {"rate": 0.01, "sizes": (64, 64), "kind": 3}
    first, second = search(study(tmp_path, start=start), 2)
    assert first.values == {"rate": 0.01, "sizes": (64, 64)}
    assert second.values != first.values


def test_what_it_starts_from_may_be_written_otherwise_than_in_the_space(tmp_path):
    (first,) = search(study(tmp_path, ("rate=1,0.1", "sizes=[32],[64,64]"), start={**START, "rate": 1}), 1)
    assert first.values == {"rate": 1.0, "sizes": (32,)}


def test_a_grid_is_gone_through(tmp_path):
    found = search(study(tmp_path, ("rate=0.001,0.1", "sizes=[32],[64,64]"), sampler="grid"), 4)
    assert [(outcome.values["rate"], outcome.values["sizes"]) for outcome in found] == [
        (0.001, (32,)),
        (0.001, (64, 64)),
        (0.1, (32,)),
        (0.1, (64, 64)),
    ]
    assert best(found).number == 2


def test_what_was_broken_off_is_taken_up_first_with_the_same_values(tmp_path):
    first = study(tmp_path, pruner="median")
    search(first, 2)
    left = next(first.trials(4))
    assert left.number == 3
    assert not left.look(curve(1.0)[:4])
    again = study(tmp_path, pruner="median")
    assert (again.to_do(4), again.to_do(2)) == (2, 1)
    taken = next(again.trials(4))
    assert (taken.number, taken.values) == (3, left.values)
    assert not taken.look(curve(1.0))  # of which it knows the first four
    taken.end(1.0)
    assert [outcome.number for outcome in search(again, 4)] == [1, 2, 3, 4]
    assert again.outcomes()[2].score == 1.0


def test_of_what_is_below_the_median_after_a_third_of_the_steps_no_more_is_wanted(tmp_path):
    found = study(tmp_path, pruner="median")
    for number, trial in enumerate(found.trials(6)):
        if number < 5:
            assert not trial.look(curve(100.0 + number))
            trial.end(100.0 + number)
        else:
            assert not trial.look(curve(10.0)[:2])
            assert trial.look(curve(10.0))
            assert trial.over
    last = found.outcomes()[-1]
    assert (last.state, last.steps, last.score) == ("pruned", 300, pytest.approx(10 / 3))


def test_halving_lets_the_best_third_go_on(tmp_path):
    found = study(tmp_path, pruner="halving")
    for number, trial in enumerate(found.trials(9)):
        last = 9.0 - number
        if not trial.look(curve(last)):
            trial.end(last)
    steps = [outcome.steps for outcome in found.outcomes()]
    assert steps[0] == STEPS
    assert steps[-1] == PERIOD
    assert set(steps) <= {100, 300, 900}


def test_what_came_to_its_end_is_never_given_up(tmp_path):
    found = study(tmp_path, pruner="median")
    for trial in found.trials(6):
        low = trial.number == 6
        points = [*curve(100.0)[:-1], (STEPS, 0.0 if low else 100.0)]
        assert not trial.look(points)
        trial.end(points[-1][1])
    assert [outcome.state for outcome in found.outcomes()] == ["complete"] * 6


def test_a_failure_is_kept_with_its_reason_and_is_never_the_best(tmp_path):
    found = study(tmp_path)
    for trial in found.trials(3):
        if trial.number < 3:
            trial.fail(f"reason {trial.number}")
        else:
            trial.end(-200.0)
    outcomes = study(tmp_path).outcomes()
    assert [(outcome.state, outcome.score, outcome.reason) for outcome in outcomes] == [
        ("fail", None, "reason 1"),
        ("fail", None, "reason 2"),
        ("complete", -200.0, ""),
    ]
    assert best(outcomes).number == 3
    assert best(outcomes[:2]) is None


@pytest.mark.parametrize("score", [float("nan"), float("inf")])
def test_a_score_that_is_no_finite_number_is_a_failure(tmp_path, score):
    found = study(tmp_path)
    for trial in found.trials(2):
        trial.end(score if trial.number == 1 else -3.0)
    first, second = found.outcomes()
    assert (first.state, first.score, first.reason) == ("fail", None, f"its score is no finite number: {score}")
    assert best([first, second]) == second


def test_a_disk_that_takes_no_more_and_a_lock_are_told_as_such(tmp_path):
    """Optuna wraps what SQLite says in errors of its own."""
    found = study(tmp_path)
    trial = next(found.trials(1))
    with closing(sqlite3.connect(tmp_path / STORAGE)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(Exception) as told:  # noqa: PT011 - whatever Optuna makes of it
            trial.end(1.0)
        assert disk_trouble(told.value) == "cannot write, database is locked"


def test_a_damaged_storage_is_refused(tmp_path):
    search(study(tmp_path), 2)
    path = tmp_path / STORAGE
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UserError, match=r"study\.sqlite is not the storage of a search: "):
        study(tmp_path)


def test_what_is_no_storage_is_refused(tmp_path):
    (tmp_path / STORAGE).write_text("something else, and longer than the head of a file of SQLite" * 9)
    with pytest.raises(UserError, match=r"study\.sqlite is not the storage of a search"):
        study(tmp_path)
