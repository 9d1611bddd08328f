"""Disks that are full or read-only: what is said is one line, and the last checkpoint stays good."""

import shutil
import subprocess
import sys

import pytest

from rlab import checkpoint, command_line
from rlab.report.difference import difference
from rlab.types import UserError
from scripts import evaluate, train
from tests.scripts.disk import LimitedDisk, MountedDisk
from tests.scripts.running import REPOSITORY, UNSCORED, call, only_run, script, small

REMEDY = "free some space or make it writable, then "


@pytest.fixture
def disk(request, tmp_path):
    """A disk of the kind that is asked for, by default a mounted one; where that is not permitted, a limited one."""
    try:
        made = getattr(request, "param", MountedDisk)(tmp_path)
    except PermissionError:
        made = LimitedDisk(tmp_path)
    yield made
    made.close()


def refusal(*arguments):
    """The one line by which a training ends."""
    with pytest.raises(UserError) as refused:
        call("train.py", *arguments, *UNSCORED)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def assert_goes_on(message, whole, run):
    """The message names the last checkpoint and a command, which goes on to the end that a whole run has."""
    trouble, _, rest = message.partition("; ")
    assert trouble.startswith("cannot write, ")
    good, command = rest.split(" python scripts/train.py ")
    assert good == f"the last checkpoint, {checkpoint.latest(run).name}, is good: {REMEDY}go on with:"
    assert command == f"--resume {run}"
    call("train.py", *command.split(), *UNSCORED)
    assert difference(whole, run) == []


def test_a_disk_that_fills_up_ends_a_training_in_one_line(whole, disk):
    """In a process of its own, which has nothing else to say as it ends."""
    disk.leave(disk.little)
    done = script("train.py", *small(disk.folder), *UNSCORED)
    disk.mend()
    assert done.returncode == 2
    assert done.stdout.splitlines()[-1] == f"run: {only_run(disk.folder)}"
    (line,) = done.stderr.splitlines()
    assert_goes_on(line.removeprefix("error: "), whole, only_run(disk.folder))


@pytest.mark.parametrize(
    ("disk", "space"),
    [(MountedDisk, 0), (MountedDisk, 20_000), (LimitedDisk, 50_000)],
    indirect=["disk"],
)
def test_whatever_finds_the_disk_full_the_last_checkpoint_is_good(whole, disk, at, space):
    """A log, the network or what else is in a checkpoint."""
    at(198, lambda: disk.leave(space))
    message = refusal(*small(disk.folder))
    disk.mend()
    run = only_run(disk.folder)
    assert checkpoint.step_of(checkpoint.latest(run)) == 100
    assert not list(run.glob(".*"))
    assert_goes_on(message, whole, run)


def test_a_disk_that_turns_read_only_is_told_and_so_it_is_as_long_as_it_stays_so(whole, disk, at):
    at(150, lambda: disk.forbid(only_run(disk.folder)))
    message = refusal(*small(disk.folder))
    run = only_run(disk.folder)
    assert refusal("--resume", run).endswith(message.partition("; ")[2])
    disk.mend()
    assert_goes_on(message, whole, run)


def test_a_disk_that_is_full_before_the_first_checkpoint_is_told(disk, at):
    at(10, lambda: disk.leave(0))
    message = refusal(*small(disk.folder))
    assert message.startswith("cannot write, ")
    assert message.endswith(f"; {only_run(disk.folder)} has no checkpoint yet: {REMEDY}begin again")


@pytest.fixture
def ended(monkeypatch, capsys):
    """Call a script as it is called from a shell: its exit status, and what it wrote to the error stream."""

    def ended(script, *arguments):
        monkeypatch.setattr(sys, "argv", [script.__name__, *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            command_line.run(script.main)
        return stopped.value.code, capsys.readouterr().err

    monkeypatch.setattr(sys, "path", list(sys.path))
    return ended


RANDOM = ("random", "--env", "Identity-v0", "--root")


def test_a_full_disk_is_told_before_there_is_a_run(disk, ended):
    disk.leave(0)
    status, error = ended(train, *RANDOM, disk.folder)
    disk.mend()
    assert status == 2
    assert error.startswith("error: cannot write, ")
    assert error.endswith(f" has no checkpoint yet: {REMEDY}begin again\n")


def test_what_belongs_to_the_system_is_not_written(ended):
    status, error = ended(train, *RANDOM, "/proc/runs")
    assert status == 2
    assert error.startswith("error: --root cannot be written: ") or error.startswith("error: no folder can be made at ")
    assert error.count("\n") == 1


def test_an_evaluation_on_a_full_disk_leaves_the_one_that_is_there(story, disk, ended):
    run = shutil.copytree(story.run, disk.folder / "run", symlinks=True)
    disk.leave(0)
    status, error = ended(evaluate, run, "--episodes", "2")
    disk.mend()
    assert status == 2
    assert error.startswith("error: cannot write, ")
    assert error.count("\n") == 1
    assert call("verify.py", run)[-1] == "all 30 games confirmed"


def test_scripts_need_no_temporary_folder_to_tell_of_a_mistake(tmp_path):
    """Where every disk is full, there is none."""
    program = "import tempfile; tempfile._candidate_tempdir_list = lambda: []; import envs"
    done = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
