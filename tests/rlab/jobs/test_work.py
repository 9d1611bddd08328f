"""Jobs in processes of their own: small programs in place of trainings."""

import os
import re
import signal
import subprocess
import sys
import threading
import time

import pytest

from rlab.jobs import work
from rlab.jobs.work import Job, Work
from rlab.types import UserError

# Waits until enough have begun, works until it is asked to stop or its time is over, and then says what it was.
PROGRAM = """
import pathlib, signal, sys, time
folder, name = pathlib.Path(sys.argv[1]), sys.argv[2]
seconds, status, begun = float(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5])
stopped = []
signal.signal(signal.SIGTERM, lambda *_: stopped.append(1))
(folder / f"{name}.begun").touch()
while len(list(folder.glob("*.begun"))) < begun:
    time.sleep(0.01)
end = time.monotonic() + seconds
while time.monotonic() < end and not stopped:
    time.sleep(0.01)
(folder / f"{name}.ended").touch()
if not stopped and not status:
    (folder / f"{name}.done").touch()
print("stopped" if stopped else "error: it broke" if status else "done")
sys.exit(130 if stopped else status)
"""


@pytest.fixture
def job(tmp_path):
    """A job that is done when its program has ended well, which it does not before `begun` of them have begun.

    One that breaks, as its status is not 0, does so when another is at work.
    """

    def job(name, seconds=0.0, status=0, begun=None):
        begun = begun or (2 if status else 1)
        words = [sys.executable, "-S", "-c", PROGRAM, str(tmp_path), name, str(seconds), str(status), str(begun)]
        return Job(
            name, lambda: None if (tmp_path / f"{name}.done").exists() else words, tmp_path / "logs" / f"{name}.txt"
        )

    return job


def done(folder):
    return sorted(path.stem for path in folder.glob("*.done"))


def test_jobs_are_done_in_their_order_and_told(tmp_path, job, capsys):
    assert Work([job("a"), job("b"), job("c")], 3, 1).do()
    assert done(tmp_path) == ["a", "b", "c"]
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if "done" not in line] == ["run 1 of 3: a", "run 2 of 3: b", "run 3 of 3: c"]
    assert ["done" in line for line in lines] == [False, True] * 3  # one at a time
    assert lines[-1].startswith("run 3 of 3 is done after ")
    assert "left" not in lines[-1]
    assert (tmp_path / "logs" / "a.txt").read_text() == "done\n"


def test_several_are_at_work_but_no_more_than_asked_for(tmp_path, monkeypatch, job):
    begin, begun, at_work = work.start, [], []

    def start(command, log):
        begun.append(begin(command, log))
        at_work.append(sum(process.poll() is None for process in begun))
        return begun[-1]

    monkeypatch.setattr(work, "start", start)
    assert Work([job("a", begun=2), job("b", begun=2), job("c", begun=4), job("d", begun=4)], 4, 2).do()
    assert done(tmp_path) == ["a", "b", "c", "d"]
    assert max(at_work) == 2


def test_what_is_done_is_not_done_again(tmp_path, job, capsys):
    (tmp_path / "a.done").touch()
    assert Work([job("a"), job("b")], 2, 1).do()
    assert not (tmp_path / "a.begun").exists()
    assert "run 1 of 2" not in capsys.readouterr().out


def test_a_job_may_take_one_call_after_another(tmp_path, job, capsys):
    first, second = job("first"), job("second")
    both = Job("both", lambda: first.command() or second.command(), first.log)
    assert Work([both], 1, 1).do()
    assert done(tmp_path) == ["first", "second"]
    assert first.log.read_text() == "done\ndone\n"
    assert capsys.readouterr().out.count("run 1 of 1: both") == 1


def test_the_time_left_comes_from_the_jobs_that_are_done(job, capsys):
    """Two before took 100 and 200 s; this one none, so 100 s each for the two to go, two at a time."""
    Work([job("a"), job("b", 2.0), job("c")], 3, 2, [100.0, 200.0]).do()
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("run 1 of 3 is done")]
    assert re.fullmatch(r"run 1 of 3 is done after \d+ s, about 1[01]\d s are left", line)


def test_a_failure_is_one_line_and_stops_the_others(tmp_path, job):
    with pytest.raises(UserError) as failed:
        Work([job("long", 60.0), job("bad", status=2), job("never")], 3, 2).do()
    assert str(failed.value) == (
        f"run 2 of 3 (bad) ended with status 2: it broke; all that it said is in {tmp_path / 'logs' / 'bad.txt'}"
    )
    assert (tmp_path / "logs" / "long.txt").read_text() == "stopped\n"
    assert not (tmp_path / "never.begun").exists()


def test_a_job_that_wants_to_be_told_of_its_failure_leaves_the_others_alone(tmp_path, job, capsys):
    told = []
    bad = job("bad", status=2)._replace(failed=told.append)
    assert Work([job("a", 0.5), bad, job("b")], 3, 2).do()
    assert told == [
        f"run 2 of 3 (bad) ended with status 2: it broke; all that it said is in {tmp_path / 'logs' / 'bad.txt'}"
    ]
    assert done(tmp_path) == ["a", "b"]
    assert "run 2 of 3 is done" not in capsys.readouterr().out


@pytest.mark.parametrize("wants_to_know", [False, True])
def test_a_job_that_cannot_even_begin_has_failed(tmp_path, job, wants_to_know):
    def command():
        raise UserError("somebody else is at it")

    told = []
    jobs = [Job("bad", command, tmp_path / "log", failed=told.append if wants_to_know else None), job("a")]
    if wants_to_know:
        assert Work(jobs, 2, 1).do()
        assert (told, done(tmp_path)) == (["run 1 of 2 (bad): somebody else is at it"], ["a"])
    else:
        with pytest.raises(UserError, match=r"run 1 of 2 \(bad\): somebody else is at it"):
            Work(jobs, 2, 1).do()


def test_what_nothing_more_is_wanted_of_is_stopped_and_asked_for_its_next_call(tmp_path, job, capsys):
    def enough():
        return (tmp_path / "long.begun").exists()

    commands = [job("long", 60.0).command(), None]
    assert Work([Job("long", lambda: commands.pop(0), tmp_path / "log", enough), job("a")], 2, 1).do()
    assert (tmp_path / "log").read_text() == "stopped\n"
    assert (commands, done(tmp_path)) == ([], ["a"])
    assert "run 1 of 2 is done after " in capsys.readouterr().out


def test_a_job_is_asked_for_when_its_turn_has_come(tmp_path, job):
    there = []

    def jobs():
        for name in "abc":
            there.append(done(tmp_path))
            yield job(name)

    assert Work(jobs(), 3, 1).do()
    assert there == [[], ["a"], ["a", "b"]]


def test_a_job_that_gets_no_further_is_not_tried_for_ever(tmp_path, job):
    stuck = job("stuck")
    with pytest.raises(UserError, match=r"stuck gets no further: see .*stuck\.txt"):
        Work([Job("stuck", lambda: stuck.command() or [sys.executable, "-c", ""], stuck.log)], 1, 1).do()


def test_a_disk_that_takes_no_more_is_no_job_s_own_failure(tmp_path, job):
    said = "error: cannot write, no space left on device; the last checkpoint is good"
    told = []
    full = Job(
        "full",
        lambda: [sys.executable, "-S", "-c", f"import sys; sys.exit({said!r})"],
        tmp_path / "log",
        failed=told.append,
    )
    with pytest.raises(
        UserError, match=r"run 1 of 2 \(full\) ended with status 1: cannot write, no space left on device"
    ):
        Work([full, job("never")], 2, 1).do()
    assert (told, done(tmp_path)) == ([], [])


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process does not learn of its parent's end")
def test_nothing_is_left_at_work_by_a_process_that_was_killed(tmp_path, job):
    lines = f"from pathlib import Path\nfrom rlab.jobs.work import Job, Work\ncommand = {job('a', 60.0).command()!r}\n"
    lines += f"Work([Job('a', lambda: command, Path({str(tmp_path / 'log')!r}))], 1, 1).do()"
    parent = subprocess.Popen([sys.executable, "-c", lines], stdout=subprocess.DEVNULL)
    while not (tmp_path / "a.begun").exists():
        assert parent.poll() is None
        time.sleep(0.01)
    parent.kill()
    parent.wait()
    until = time.monotonic() + 30
    while not (tmp_path / "a.ended").exists():
        assert time.monotonic() < until
        time.sleep(0.01)
    assert done(tmp_path) == []


def test_a_second_interrupt_reaches_what_is_waited_for_after_a_failure(tmp_path, monkeypatch, job):
    asked = []

    def terminate(process):
        asked.append(process)
        if len(asked) == 1:
            signal.raise_signal(signal.SIGINT)
        else:
            process.kill()

    monkeypatch.setattr(subprocess.Popen, "terminate", terminate)
    with pytest.raises(UserError, match=r"run 2 of 2 \(bad\) ended with status 2"):
        Work([job("long", 60.0), job("bad", status=2)], 2, 2).do()
    assert len(asked) == 2


@pytest.fixture
def not_under_nohup():
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_stops_all_and_begins_nothing_more(tmp_path, job, number, not_under_nohup):
    def interrupt():
        while len(list(tmp_path.glob("*.begun"))) < 2:
            time.sleep(0.01)
        os.kill(os.getpid(), number)

    handlers = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    thread = threading.Thread(target=interrupt)
    thread.start()
    assert not Work([job("a", 60.0), job("b", 60.0), job("c")], 3, 2).do()
    thread.join()
    assert sorted(path.stem for path in tmp_path.glob("*.ended")) == ["a", "b"]
    assert done(tmp_path) == []
    assert not (tmp_path / "c.begun").exists()
    assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)] == handlers
