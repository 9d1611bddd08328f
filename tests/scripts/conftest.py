"""Runs that several tests look at; none of them changes them."""

import signal
from dataclasses import dataclass
from pathlib import Path

import pytest

from rlab.report.progress import ProgressBar
from tests.scripts.running import UNSCORED, Started, call, only_run, shell, small


@dataclass
class Story:
    """A run, and what was printed on the way."""

    run: Path
    interrupted: tuple[int, list[str], list[str]]  # exit status, output, errors
    resume: str  # the command that was named then
    lines: list[str]  # that it printed


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """A small run that was never interrupted."""
    root = tmp_path_factory.mktemp("whole")
    call("train.py", *small(root), *UNSCORED)
    return only_run(root)


@pytest.fixture(scope="session")
def story(tmp_path_factory):
    """The same run as a user makes it: interrupted by Ctrl-C, gone on with by the command that was named, scored."""
    root = tmp_path_factory.mktemp("a user's runs")
    started = Started(*small(root))
    started.signal_at(root, 100, signal.SIGINT)
    interrupted = started.end()
    (resume,) = [line.removeprefix("go on with: ") for line in interrupted[1] if line.startswith("go on with: ")]
    done = shell(resume)
    assert (done.returncode, done.stderr) == (0, "")
    return Story(only_run(root), interrupted, resume, done.stdout.splitlines())


@pytest.fixture(scope="session")
def pacman(tmp_path_factory):
    """A small run of dqn on Ms. Pac-Man: its folder, and the lines that training printed."""
    root = tmp_path_factory.mktemp("pacman")
    settings = "--steps 1400 --num-envs 2 --warmup-steps 50 --batch-size 8 --replay-capacity 300 --hidden-sizes 32 "
    settings += "--log-period-steps 100 --checkpoint-period-steps 700 --evaluation-period-steps 1400 "
    settings += "--evaluation-episodes 1 --precision float32"
    lines = call("train.py", "dqn", "--env", "ALE/MsPacman-v5", "--root", root, *settings.split(), *UNSCORED)
    return only_run(root), lines


@pytest.fixture
def at(monkeypatch):
    """Do something when the trainings of this process come to a step for the first time."""

    def at(step, act):
        show = ProgressBar.show
        acted = []

        def shown(bar, progress):
            show(bar, progress)
            if progress.step == step and not acted:
                acted.append(step)
                act()

        monkeypatch.setattr(ProgressBar, "show", shown)

    return at
