"""The scripts, called as a user calls them: in a process of their own, or in this one where their end is not the point.

A script called in this process saves the four seconds that TensorFlow takes to start.
"""

import contextlib
import importlib
import io
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from unittest import mock

import keras

from rlab import checkpoint
from scripts import train

REPOSITORY = Path(train.__file__).parents[1]
# Small enough for a second, long enough for checkpoints, evaluations and a replay that goes round.
SMALL = {
    "steps": 900,
    "num-envs": 2,
    "seed": 3,
    "warmup-steps": 50,
    "batch-size": 8,
    "update-period-steps": 8,
    "replay-capacity": 300,
    "target-period-updates": 20,
    "encoder-sizes": 16,
    "hidden-sizes": 16,
    "checkpoint-period-steps": 100,
    "evaluation-period-steps": 300,
    "evaluation-episodes": 1,
    "log-period-steps": 10,
}
UNSCORED = ("--score-episodes", "0")


def small(root, **changes):
    """The arguments of a small training of dqn on CartPole; its seed is always the same."""
    settings = {**SMALL, **{name.replace("_", "-"): value for name, value in changes.items()}}
    options = [word for name, value in settings.items() for word in (f"--{name}", str(value))]
    return ["dqn", "--env", "CartPole-v1", "--root", str(root), *options]


def call(name, *arguments):
    """Call the main function of scripts/`name` in this process; the lines that it printed."""
    words = [str(argument) for argument in arguments]
    if name == "train.py":
        keras.utils.clear_session()  # layers are numbered by process, and the graph that is logged names them
    with contextlib.redirect_stdout(io.StringIO()) as out, mock.patch.object(sys, "argv", [f"scripts/{name}", *words]):
        importlib.import_module(f"scripts.{name.removesuffix('.py')}").main(words)
    return out.getvalue().splitlines()


def script(name, *arguments, **options):
    """Run scripts/`name` in a process of its own, to its end."""
    command = [sys.executable, REPOSITORY / "scripts" / name, *map(str, arguments)]
    return subprocess.run(command, **{"cwd": REPOSITORY, "capture_output": True, "text": True, **options})


def answers(folder, lines):
    """What the scripts answer to command lines, called one after another in one process; by line, see `calls`."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1"}
    program = [sys.executable, "-m", "tests.scripts.calls"]
    calls = json.dumps([line.split() for line in lines])
    done = subprocess.run(program, cwd=folder, env=environment, input=calls, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return dict(zip(lines, json.loads(done.stdout), strict=True))


def assert_refused(answer, parts):
    """One of `answers` refuses a mistake in one line with all of `parts`, without TensorFlow, and writes nothing."""
    assert answer["status"] == 2, answer["errors"]
    assert answer["out"] == ""
    (error,) = answer["errors"].splitlines()
    assert error.startswith("error: ")
    assert [part for part in parts if part not in error] == []
    assert (answer["tensorflow"], answer["written"]) == (False, [])


def kill(process):
    """End a process and those that it started, at once and without a word, as when the machine stops."""
    os.kill(process.pid, signal.SIGSTOP)  # so that it starts no other
    started = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    for pid in [process.pid, *map(int, started)]:
        os.kill(pid, signal.SIGKILL)
    process.communicate()


def shell(line):
    """Run a line that a script printed, word for word, as a user in an activated environment does."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        line, shell=True, cwd=REPOSITORY, env={**os.environ, "PATH": path}, capture_output=True, text=True
    )


def only_run(root):
    """The only run below `root`."""
    (config,) = root.rglob("config.json")
    return config.parent


def begun(name, *arguments):
    """Scripts/`name` under way in a process of its own."""
    command = [sys.executable, "-u", REPOSITORY / "scripts" / name, *map(str, arguments)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=REPOSITORY, stdout=pipe, stderr=pipe, text=True)


class Started:
    """The training script under way in a process of its own."""

    def __init__(self, *arguments):
        self._process = begun("train.py", *arguments)

    def signal_at(self, root, step, number, wait=0.0):
        """Send a signal `wait` seconds after the checkpoint of `step` or a later one was there."""
        while not any(checkpoint.step_of(place) >= step for place in root.glob("*/*/*/step_*")):
            assert self._process.poll() is None, self._process.communicate()[1]
            time.sleep(0.002)
        time.sleep(wait)
        self._process.send_signal(number)

    def end(self):
        """Wait for the end: its exit status, and the lines that it printed and wrote to the error stream."""
        out, error = self._process.communicate()
        return self._process.returncode, out.splitlines(), error.splitlines()


@contextlib.contextmanager
def serving(line):
    """A line that was printed, run word for word, and the address that it serves a page at; killed in the end."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    pipe = subprocess.PIPE
    environment = {**os.environ, "PATH": path}
    with subprocess.Popen(
        shlex.split(line), cwd=REPOSITORY, env=environment, stdout=pipe, stderr=pipe, text=True
    ) as server:
        try:
            address = re.search(r"http://127\.0\.0\.1:\d+/", server.stdout.readline())
            assert address, server.stderr.read()
            yield server, address[0]
        finally:
            server.kill()
