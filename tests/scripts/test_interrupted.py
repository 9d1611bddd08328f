"""Trainings that are interrupted or killed, and end as one that never was."""

import shlex
import signal
import subprocess
import sys
from random import Random

import pytest

from rlab import checkpoint
from rlab.report.difference import difference
from rlab.types import UserError
from scripts import train
from tests.scripts.running import REPOSITORY, SMALL, UNSCORED, Started, begun, call, only_run, small


def assert_resumed_like(whole, run):
    """What is left of a run goes on to the end that a whole one has."""
    call("train.py", "--resume", run, *UNSCORED)
    assert difference(whole, run) == []
    assert not list(run.glob(".*"))


def test_ctrl_c_saves_and_names_the_command_that_goes_on(story):
    status, lines, errors = story.interrupted
    assert (status, errors) == (130, [])
    stopped, way_on = lines[-2:]
    step = int(stopped.removeprefix("stopped at step ").split(",")[0])
    assert 100 <= step < 900
    assert stopped == f"stopped at step {step}, saved as {story.run / f'step_{step:09d}'}"
    assert way_on == f"go on with: python scripts/train.py --resume {shlex.quote(str(story.run))}"
    assert story.lines[0] == f"resuming {story.run} from step_{step:09d}"


def test_what_goes_on_after_ctrl_c_ends_like_a_whole_run(whole, story):
    assert difference(whole, story.run) == []


def test_killed_and_then_asked_to_terminate_it_ends_like_a_whole_run(whole, tmp_path):
    random = Random(0)
    killed = Started(*small(tmp_path))
    killed.signal_at(tmp_path, random.randrange(100, 300), signal.SIGKILL, wait=random.uniform(0, 0.1))
    assert killed.end()[0] == -signal.SIGKILL
    run = only_run(tmp_path)
    asked = Started("--resume", run)
    asked.signal_at(tmp_path, random.randrange(300, 500), signal.SIGTERM, wait=random.uniform(0, 0.1))
    status, lines, errors = asked.end()
    assert (status, errors) == (130, [])
    assert lines[-2].startswith("stopped at step ")
    assert lines[-1] == f"go on with: python scripts/train.py --resume {run}"
    assert_resumed_like(whole, run)


def test_a_training_whose_output_nobody_reads_any_more_is_saved(whole, tmp_path):
    """As by `| head -2`, or a `tee` that is killed."""
    training = begun("train.py", *small(tmp_path))
    while not training.stdout.readline().startswith("run: "):
        assert training.poll() is None, training.stderr.read()
    training.stdout.close()
    *_, stopped, way_on = training.stderr.read().splitlines()
    assert training.wait() == 130
    run = only_run(tmp_path)
    step = SMALL["evaluation-period-steps"]  # when it wanted to tell
    assert stopped == f"stopped at step {step}, saved as {checkpoint.place_of(run, step)}"
    assert way_on == f"go on with: python scripts/train.py --resume {run}"
    assert_resumed_like(whole, run)


@pytest.fixture
def press_twice(at, monkeypatch):
    """Have the user press Ctrl-C at a step, and again when a function of `checkpoint` is called so often after that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs the tests may ignore it

    def press_twice(step, name, calls):
        function = getattr(checkpoint, name)
        to_go = []

        def press():
            to_go.extend(range(calls))
            signal.raise_signal(signal.SIGINT)

        def called(path):
            if to_go and to_go.pop() == 0:
                signal.raise_signal(signal.SIGINT)
            return function(path)

        at(step, press)
        monkeypatch.setattr(checkpoint, name, called)

    yield press_twice
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(("name", "calls", "saved"), [("_digest", 6, 200), ("_flush", 10, 230)])
def test_a_second_ctrl_c_while_it_saves_leaves_a_whole_checkpoint(whole, tmp_path, press_twice, name, calls, saved):
    """The tenth time something is flushed, the checkpoint is in its place."""
    press_twice(230, name, calls)
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(UserError) as refused:
        call("train.py", *small(tmp_path), *UNSCORED)
    run = only_run(tmp_path)
    way_on = f"go on with: python scripts/train.py --resume {run}"
    assert str(refused.value) == f"interrupted; the last checkpoint, step_000000{saved}, is good: {way_on}"
    assert checkpoint.step_of(checkpoint.latest(run)) == saved
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers
    assert_resumed_like(whole, run)


def test_a_run_that_was_interrupted_at_once_is_begun_again(tmp_path, monkeypatch):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(train, "_training", interrupted)
    with pytest.raises(UserError) as refused:
        call("train.py", *small(tmp_path))
    assert str(refused.value) == f"interrupted; {only_run(tmp_path)} has no checkpoint yet: begin again"


def test_ctrl_c_after_the_last_step_names_the_scoring_that_is_left(tmp_path, at, capsys):
    at(SMALL["steps"], lambda: signal.raise_signal(signal.SIGINT))
    with pytest.raises(SystemExit) as stopped:
        train.main(small(tmp_path))
    assert stopped.value.code == 130
    run = only_run(tmp_path)
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2:] == [
        f"stopped at step {SMALL['steps']}, saved as {checkpoint.latest(run)}",
        f"score it with: python scripts/evaluate.py {run}",
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process does not learn of its parent's end")
def test_what_scores_a_run_does_not_outlive_a_training_that_is_killed(tmp_path):
    (tmp_path / "evaluate.py").write_text("import time; print('playing', flush=True); time.sleep(60)")
    lines = f"from scripts import train\ntrain.__file__ = {str(tmp_path / 'train.py')!r}\ntrain._call('evaluate.py')"
    training = subprocess.Popen([sys.executable, "-c", lines], cwd=REPOSITORY, stdout=subprocess.PIPE)
    assert training.stdout.readline() == b"playing\n"
    training.kill()
    assert training.communicate(timeout=30) == (b"", None)  # nobody is left who could print
