"""How a script ends: every mistake of the user as one line with exit status 2."""

import errno
import os
import subprocess
import sys
from dataclasses import dataclass

import pytest

from rlab import command_line
from rlab.types import UserError


@pytest.fixture
def run(monkeypatch, capsys):
    """Run a `main` as a script does: its exit status, and what it wrote to the error stream."""
    monkeypatch.setattr(sys, "argv", ["try.py", "one", "two"])
    monkeypatch.setattr(sys, "path", list(sys.path))

    def run(main):
        with pytest.raises(SystemExit) as stopped:
            command_line.run(main)
        return stopped.value.code, capsys.readouterr().err

    return run


def raising(error):
    def main(arguments):
        raise error

    return main


def test_main_gets_the_arguments(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["try.py", "one", "two"])
    monkeypatch.setattr(sys, "path", list(sys.path))
    given = []
    command_line.run(given.append)
    assert given == [["one", "two"]]


def test_a_mistake_of_the_user_is_one_line_and_status_2(run):
    assert run(raising(UserError("so it\nis  not"))) == (2, "error: so it is not\n")


def test_a_mistake_on_the_command_line_is_one_line_and_status_2(run):
    @dataclass(frozen=True)
    class Options:
        learning_rate: float = 0.5

    words = {"program": "try.py", "description": "Try something."}
    status, error = run(lambda arguments: command_line.parse(Options, ["--learning-rte", "1"], **words))
    assert status == 2
    assert error.startswith("error: Unrecognized options: --learning-rte")
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "no space left on device"),
        (errno.EROFS, "read-only file system"),
        (errno.EACCES, "permission denied"),
        (errno.EDQUOT, "disk quota exceeded"),
    ],
)
def test_a_disk_that_takes_nothing_is_one_line_and_status_2(run, number, words):
    assert run(raising(OSError(number, "words of the system", "runs/tapes"))) == (
        2,
        f"error: cannot write, {words}: runs/tapes\n",
    )
    assert run(raising(OSError(number, "words of the system"))) == (2, f"error: cannot write, {words}\n")


def test_a_file_that_cannot_be_read_is_told_as_such(run, tmp_path, monkeypatch):
    (path := tmp_path / "config.json").touch()
    refused = raising(OSError(errno.EACCES, "words of the system", str(path)))
    assert run(refused) == (2, f"error: cannot write, permission denied: {path}\n")
    monkeypatch.setattr(os, "access", lambda asked, mode: asked != str(path) or mode != os.R_OK)
    assert run(refused) == (2, f"error: cannot read, permission denied: {path}\n")


PRINTS = """
from rlab import command_line

def main(arguments):
    input()
    for number in range({count}):
        print(number)
    {end}

command_line.run(main)
"""


@pytest.mark.parametrize(("count", "end"), [(1, ""), (1, "raise SystemExit(0)"), (100_000, "")])
def test_whoever_has_read_enough_ends_it_without_a_word(count, end):
    """As by `| head`; also where all that is printed is still to be written in the end."""
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", PRINTS.format(count=count, end=end)]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as program:
        program.stdout.close()
        program.stdin.write("\n")
        program.stdin.close()
        assert program.stderr.read() == ""
    assert program.returncode == 2


def test_tensors_that_do_not_fit_are_one_line(run):
    class ResourceExhaustedError(Exception):
        """As TensorFlow raises it, which these tests do without."""

    refused = run(raising(ResourceExhaustedError("OOM when allocating\ntensor")))
    assert refused == (2, "error: not enough memory for these settings: OOM when allocating tensor\n")


def test_a_second_interrupt_is_one_line(run):
    assert run(raising(KeyboardInterrupt())) == (2, "error: interrupted\n")


def test_what_ends_by_itself_keeps_its_status(run):
    assert run(raising(SystemExit(130))) == (130, "")


@pytest.mark.parametrize(
    "error", [OSError(errno.EIO, "input/output error"), RuntimeError("a bug"), ValueError("a bug")]
)
def test_a_mistake_of_the_program_is_shown_whole(monkeypatch, error):
    monkeypatch.setattr(sys, "argv", ["try.py"])
    monkeypatch.setattr(sys, "path", list(sys.path))
    with pytest.raises(type(error)) as raised:
        command_line.run(raising(error))
    assert raised.value is error
