"""Whether runs that are killed at random moments and resumed end with the bits of one that never was."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import envs
from rlab import checkpoint, command_line
from rlab.config import check_range
from rlab.types import UserError

_TRAIN = Path(__file__).parents[1] / "train.py"
_POLL_S = 0.01
# Small enough for the replay to go round, and for checkpoints and evaluations to lie between two kills.
_SETTINGS = {
    "warmup-steps": 500,
    "batch-size": 16,
    "update-period-steps": 4,
    "target-period-updates": 100,
    "epsilon-decay-steps": 1000,
    "replay-capacity": 1000,
    "checkpoint-period-steps": 300,
    "log-period-steps": 100,
    "evaluation-period-steps": 1000,
    "evaluation-episodes": 2,
}


@dataclass(frozen=True)
class Options:
    """Kill runs of dqn by SIGKILL and resume them until there were enough kills; compare them with a whole run."""

    env: str = "ALE/MsPacman-v5"
    """The Gymnasium id of the environment."""
    num_envs: int = 1
    """Environments side by side."""
    steps: int = 3_000
    """Agent steps of each run."""
    kills: int = 20
    """Kills in all. A run that ends before they are made is compared, and another one begins."""
    seed: int = 0
    """Of the runs, and of the moments at which they are killed."""


def main(arguments: Sequence[str]) -> None:
    options = command_line.parse(Options, arguments, program="benchmark.py resume", description=__doc__ or "")
    for name in ("num_envs", "steps", "kills"):
        check_range(name, getattr(options, name), 1)
    envs.check_name(options.env)
    folder = Path(tempfile.mkdtemp(prefix="rlab-resume-"))
    identical = False
    try:
        identical = kill_and_resume(options, folder)
    finally:
        if identical:
            shutil.rmtree(folder)
        else:
            print(f"the runs are kept in {folder}")
    print(json.dumps({"kills": options.kills, "identical": identical}))
    if not identical:
        raise SystemExit(1)


def kill_and_resume(options: Options, folder: Path) -> bool:
    """Make the runs in `folder`, and tell of each kill; whether all runs are identical."""
    common = ["--score-episodes", "0"]
    command = ["dqn", "--env", options.env, "--num-envs", str(options.num_envs), "--steps", str(options.steps)]
    command += ["--seed", str(options.seed), "--root", str(folder), *common]
    command += [word for name, value in _SETTINGS.items() for word in (f"--{name}", str(value))]
    whole = Trainer(command)
    seconds = whole.finish()
    print(f"a run that is never killed trains for {seconds:.1f} s", flush=True)
    random = Random(options.seed)
    verdicts = []
    trainer = Trainer(command)
    for kill in range(1, options.kills + 1):
        moment = random.uniform(0, seconds)
        while not trainer.kill_after(moment):
            verdicts.append(same(whole.run, trainer.run))
            trainer = Trainer(command)
            moment = random.uniform(0, seconds)
        print(f"kill {kill} after {moment:.1f} s: ", end="")
        if any(checkpoint.damage(place) is None for place in checkpoint.all_of(trainer.run)):
            print(f"goes on from step {checkpoint.step_of(checkpoint.latest(trainer.run))}", flush=True)
            trainer = Trainer(["--resume", str(trainer.run), *common])
        else:
            print("there is no checkpoint yet, begins anew", flush=True)
            trainer = Trainer(command)
    trainer.finish()
    return all([*verdicts, same(whole.run, trainer.run)])


def same(whole: Path, killed: Path) -> bool:
    """Whether two finished runs are the same, times aside; what differs is printed."""
    from rlab import devices  # noqa: F401 - first of all that brings TensorFlow, which it keeps quiet
    from rlab.report.difference import difference

    found = difference(whole, killed)
    print(f"{killed.name} ended; " + (f"it differs: {'; '.join(found)}" if found else "identical"), flush=True)
    return not found


class Trainer:
    """The training script in a process of its own; raises UserError if that fails."""

    def __init__(self, arguments: Sequence[str]) -> None:
        command = [sys.executable, "-u", str(_TRAIN), *arguments]
        # A pipe that nobody empties would stop it once it is full.
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed with the object
        self._process = subprocess.Popen(command, stdout=self._output, stderr=subprocess.STDOUT)
        self.run = self._wait_for_folder()
        self._started = time.monotonic()

    def finish(self) -> float:
        """Wait for the end; how many seconds it took from when the run had its folder."""
        self.kill_after(None)
        return time.monotonic() - self._started

    def kill_after(self, seconds: float | None) -> bool:
        """Kill the process in so many seconds, or never; whether it was killed before its end."""
        try:
            self._process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
        status = self._process.wait()
        if status not in (0, -signal.SIGKILL):
            raise _failed(self._said())
        return status != 0

    def _said(self) -> str:
        """All that it has printed so far. It writes where its file stands, so that is not moved by reading."""
        place = self._output.fileno()
        return os.pread(place, os.fstat(place).st_size, 0).decode(errors="replace")  # a letter may be half there

    def _wait_for_folder(self) -> Path:
        """The run's folder, which the script names when TensorFlow has started: only from then on is there a run."""
        while True:
            ended = self._process.poll() is not None
            named = re.search(r"^run: (.*)\n|^resuming (.*) from step_\d+\n", self._said(), re.MULTILINE)
            if named:
                return Path(named[1] or named[2])
            if ended:
                raise _failed(self._said())
            time.sleep(_POLL_S)


def _failed(said: str) -> UserError:
    return UserError(f"train.py failed: {(said.strip().splitlines() or ['it said nothing'])[-1]}")
