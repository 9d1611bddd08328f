"""Several seeds with one command: trained, stopped, killed, gone on with, and seen together."""

import json
import shlex
import signal
import time

import pytest

import agents
from rlab import checkpoint
from rlab.jobs.work import Work
from rlab.report.difference import difference
from rlab.rundir import locked
from rlab.types import UserError
from scripts import train
from tests.scripts.in_this_process import in_this_process
from tests.scripts.running import UNSCORED, begun, call, kill, only_run, small


@pytest.fixture
def here():
    with in_this_process() as called:
        yield called


def series(root, *changes):
    """The arguments of a training with the seeds 3 and 4."""
    return [*small(root), "--seeds", "2", "--score-episodes", "2", *changes]


def runs_of(root):
    """The runs below `root`, by their seeds."""
    found = [config.parent for config in sorted(root.rglob("config.json"))]
    runs = {agents.read_settings(run).run.seed: run for run in found}
    assert len(runs) == len(found)
    return runs


def test_killed_and_called_again_each_seed_ends_like_a_run_of_its_own(whole, tmp_path, here):
    root = tmp_path / "several"
    arguments = series(root, "--jobs", "2")
    killed = begun("train.py", *arguments)
    while not list(root.glob("*/*/*-s*/step_*")):  # the other one may have come less far, or nowhere
        assert killed.poll() is None, killed.communicate()
        time.sleep(0.01)
    kill(killed)
    call("train.py", *arguments)
    assert "train.py --resume" in here
    assert here.count("evaluate.py") == 2
    runs = runs_of(root)
    assert runs.keys() == {3, 4}
    call("train.py", *small(tmp_path / "s4", seed=4), *UNSCORED)
    assert difference(whole, runs[3]) == []
    assert difference(only_run(tmp_path / "s4"), runs[4]) == []


def test_an_interrupt_names_the_command_that_goes_on(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(Work, "do", lambda work: False)
    with pytest.raises(SystemExit) as stopped:
        train.main(series(tmp_path))
    assert stopped.value.code == 130
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "dqn (control) on CartPole-v1, 900 steps, seeds 3 to 4"
    assert lines[-1] == f"go on with: {shlex.join(['python', 'scripts/train.py', *series(tmp_path)])}"


def test_what_is_finished_is_not_repeated_and_the_seeds_are_seen_together(tmp_path, here):
    arguments = [*small(tmp_path, steps=300), "--seeds", "2", "--score-episodes", "2"]
    call("train.py", *arguments)
    assert here == ["train.py", "evaluate.py"] * 2
    runs = runs_of(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    here.clear()
    lines = call("train.py", *arguments, "--jobs", "2")  # threads are not what is asked for
    assert here == []
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()} == before
    # What has changed in the repository since would stand behind a semicolon.
    assert [line.split(";")[0] for line in lines if line.startswith("seed ")] == [
        f"seed {seed} is there already: {run}" for seed, run in sorted(runs.items())
    ]
    (together,) = [line for line in lines if line.startswith("see them together: ")]
    _, script, *words = shlex.split(together.removeprefix("see them together: "))
    assert script == "scripts/compare.py"
    assert "2 (3, 4)" in "\n".join(call("compare.py", *words))

    scored = runs[3] / "evaluation.json"
    scored.write_text(json.dumps(json.loads(scored.read_text()) | {"step": 1}))
    call("train.py", *arguments)
    assert here == ["evaluate.py"]  # the score was of another checkpoint than the best

    here.clear()
    call("train.py", *arguments, "--seeds", "1", "--gamma", "0.9")
    assert here == ["train.py", "evaluate.py"]  # other settings are other runs
    assert {run: agents.read_settings(run).config.gamma for run in runs.values()} == dict.fromkeys(runs.values(), 0.99)


def test_without_a_seed_they_begin_with_1(tmp_path, here):
    arguments = small(tmp_path, steps=100)
    at = arguments.index("--seed")
    call("train.py", *arguments[:at], *arguments[at + 2 :], "--seeds", "2", *UNSCORED)
    assert sorted(runs_of(tmp_path)) == [1, 2]


def test_one_that_fails_is_told_and_the_others_are_trained(tmp_path, here, at, capsys):
    """Seed 3 was stopped, and is gone on with elsewhere."""
    at(200, lambda: signal.raise_signal(signal.SIGINT))
    arguments = [*small(tmp_path, steps=300), *UNSCORED]
    with pytest.raises(SystemExit):
        train.main(arguments)
    run = only_run(tmp_path)
    with locked(run), pytest.raises(UserError, match=r"^1 of 2 runs failed; the same command tries them again$"):
        train.main([*arguments, "--seeds", "2"])
    (told,) = [line for line in capsys.readouterr().out.splitlines() if "(seed 3)" in line]
    assert told.startswith(f"run 1 of 2 (seed 3) ended with status 2: {run} is being trained by another process")
    assert [checkpoint.step_of(checkpoint.latest(runs_of(tmp_path)[seed])) for seed in (3, 4)] == [200, 300]
    call("train.py", *arguments, "--seeds", "2")
    assert here == ["train.py --resume", "train.py", "train.py --resume"]
