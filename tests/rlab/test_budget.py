"""Runs that end by the clock: when, with what, and what is left to do of one that was interrupted."""

from types import SimpleNamespace

import pytest

from rlab import budget, checkpoint
from rlab.budget import Budget, read_clock
from rlab.jobs.wanted import Wanted
from rlab.report.difference import difference
from rlab.statefile import write_state
from rlab.tensorboard import EventFile, read_scalars
from tests.rlab.scripted_training import Student, begin

GAME = "......T"


@pytest.fixture
def clock(monkeypatch):
    """A clock whose `now` a test sets."""
    clock = SimpleNamespace(now=1000.0)
    clock.monotonic = lambda: clock.now
    monkeypatch.setattr(budget, "time", clock)
    return clock


def train(run, clock, *, until=None, resume=False, seconds=1, **settings):
    """Train, a second a turn, to the end or up to a step; what was told after each turn."""
    training, _ = begin(run, Student(*range(1, 9)), GAME, resume=resume, **{"evaluation_period_steps": 1000} | settings)
    told = []
    for progress in training:
        told.append(progress)
        clock.now += seconds
        if progress.step == until:
            training.checkpoint()
            break
    training.close()
    return told


@pytest.mark.parametrize(("steps", "minutes", "last"), [(500, 2.5, 151), (140, 2.5, 140), (160, None, 160)])
def test_steps_or_minutes_end_it_whichever_are_over_first(tmp_path, clock, steps, minutes, last):
    """Turn 151 ends when 150 seconds are over, as the first ends at once."""
    told = train(tmp_path, clock, steps=steps, minutes=minutes)
    assert [one.step for one in told] == list(range(1, last + 1))
    assert [one.step for one in told if one.evaluated] == [last]
    assert [one.seconds for one in told] == list(range(last))
    assert checkpoint.step_of(checkpoint.latest(tmp_path)) == last
    assert read_scalars(tmp_path)["train/frames"][-1][0] == last


def test_up_to_its_end_it_has_the_bits_of_one_that_was_given_so_many_steps(tmp_path, clock):
    train(tmp_path / "minutes", clock, minutes=2.5)
    train(tmp_path / "steps", clock, steps=151, seconds=7)
    # only the length of the log differs, in which the settings stand
    assert difference(tmp_path / "minutes", tmp_path / "steps") == ["checkpoint: loop.json"]


def test_interrupted_and_resumed_it_ends_as_if_it_never_had_been(tmp_path, clock):
    """What passes between two sessions does not count; what the first took does."""
    train(tmp_path / "whole", clock, minutes=2.5)
    train(tmp_path / "broken", clock, minutes=2.5, until=110)
    assert not Budget(500, 2.5).ends(checkpoint.latest(tmp_path / "broken"))
    clock.now += 12345
    told = train(tmp_path / "broken", clock, minutes=2.5, resume=True)
    assert (told[0].step, told[0].seconds) == (111, 110)
    assert told[-1].step == 151
    assert difference(tmp_path / "whole", tmp_path / "broken") == []


def test_a_run_that_ended_is_over_until_it_is_given_more(tmp_path, clock):
    train(tmp_path, clock, minutes=2.5)
    latest = checkpoint.latest(tmp_path)
    assert Budget(500, 2.5).ends(latest)
    assert [Budget(*more).ends(latest) for more in ((500,), (500, 2.6), (152,))] == [False] * 3
    assert Budget(151).ends(latest)
    assert train(tmp_path, clock, minutes=2.5, resume=True) == []
    more = train(tmp_path, clock, minutes=3.0, resume=True)
    assert [one.step for one in more] == list(range(152, 183))  # at second 150 goes on, at 180 it is over
    assert [one.step for one in more if one.evaluated] == [182]


def test_an_interrupt_as_the_minutes_run_out_leaves_a_turn_and_the_last_evaluation(tmp_path, clock):
    train(tmp_path, clock, minutes=2.5, until=110, seconds=1.37)  # looked at at second 149.33
    latest = checkpoint.latest(tmp_path)
    assert (read_clock(latest).seconds, read_clock(latest).ended) == (pytest.approx(150.7), False)
    assert not Budget(500, 2.5).ends(latest)
    assert [(one.step, len(one.evaluated)) for one in train(tmp_path, clock, minutes=2.5, resume=True)] == [(111, 2)]


def test_of_a_run_from_before_there_were_clocks_the_log_tells_the_time(tmp_path):
    events = EventFile(tmp_path)
    for step, speed in ((50, 10.0), (100, 5.0), (150, 1.0)):
        events.scalar("speed/steps_per_s", speed, step)
    events.close()
    for step, seconds in ((100, 50 / 10 + 50 / 5), (50, 5), (40, 0)):
        place = checkpoint.place_of(tmp_path, step)
        place.mkdir()
        write_state(place / "loop.json", {"turn": step})
        assert read_clock(place).seconds == pytest.approx(seconds, abs=0.5)
        assert not read_clock(place).ended


def test_a_wanted_run_is_there_when_its_minutes_are_over(tmp_path, clock):
    run = tmp_path / "Scripted-v0" / "random" / "20240229-235959-s0"
    run.mkdir(parents=True)
    (run / "config.json").write_text("{}")
    wanted = {
        minutes: Wanted(tmp_path, "Scripted-v0", "random", 0, 500, 0, minutes=minutes) for minutes in (None, 2.5, 3.0)
    }
    train(run, clock, minutes=2.5, until=110)
    assert [one.finished() for one in wanted.values()] == [None] * 3
    train(run, clock, minutes=2.5, resume=True)
    assert [one.finished() for one in wanted.values()] == [None, run, None]
    assert wanted[2.5].next_call(["dqn"]) is None
    assert wanted[3.0].next_call(["dqn"]) == ["train.py", "--resume", str(run), "--score-episodes", "0"]
