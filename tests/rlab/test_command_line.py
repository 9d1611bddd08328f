"""Command lines: what they mean, and every mistake as one line with exit status 2."""

import errno
import io
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from rlab import command_line
from rlab.types import UserError


@dataclass(frozen=True)
class Learning:
    """How one learns."""

    steps: int = 10
    """Agent steps in all."""
    learning_rate: float = 0.5
    kind: Literal["wide", "deep"] = "wide"
    sizes: tuple[int, ...] = (64,)
    double: bool = False

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise UserError(f"--steps is out of range: received {self.steps}, allowed is 1 or more")


@dataclass(frozen=True)
class Options:
    learning: Learning = field(default_factory=Learning)
    root: Path = Path("checkpoints")


@dataclass(frozen=True)
class Needing:
    run: Path
    episodes: int = 30


@pytest.fixture(autouse=True)
def terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("FORCE_COLOR", raising=False)


def parse(*arguments, kind=Options, default=None):
    return command_line.parse(kind, arguments, program="try.py", description="Try something.", default=default)


def refusal(*arguments, **rest):
    with pytest.raises(UserError) as refused:
        parse(*arguments, **rest)
    message = str(refused.value)
    assert "\n" not in message
    assert not set("│╭╰─╮╯") & set(message)
    assert message.endswith(" (see try.py --help)")
    return message


def test_nested_settings_are_named_without_a_prefix():
    options = parse("--steps", "20", "--kind=deep", "--sizes", "8", "9", "--double", "--root", "runs")
    assert options == Options(Learning(20, 0.5, "deep", (8, 9), True), Path("runs"))


def test_underscores_do_as_well():
    assert parse("--learning_rate", "0.25").learning.learning_rate == 0.25


def test_what_is_not_given_is_as_it_was():
    default = Options(Learning(steps=7, learning_rate=0.1), Path("elsewhere"))
    assert parse("--learning-rate", "0.2", default=default) == Options(Learning(7, 0.2), Path("elsewhere"))


def test_an_unknown_option_is_told_with_the_one_that_was_meant():
    message = refusal("--learning-rte", "0.1")
    assert message.startswith("Unrecognized options: --learning-rte, 0.1; perhaps you meant --learning-rate (")


def test_two_unknown_options_are_told_with_those_that_were_meant():
    message = refusal("--learning-rte", "0.1", "--stepz", "3")
    assert "--learning-rte, 0.1, --stepz, 3; perhaps you meant " in message
    meant = message.split("perhaps you meant ")[1].split(" (see")[0]
    assert set(meant.split(", ")) == {"--learning-rate", "--steps"}


def test_an_unknown_option_like_no_other_is_told_alone():
    assert refusal("--nonsense") == "Unrecognized options: --nonsense (see try.py --help)"


@pytest.mark.parametrize("columns", ["20", "40", "300"])
def test_the_width_of_the_terminal_does_not_matter(monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    assert "; perhaps you meant --learning-rate (" in refusal("--learning-rte", "0.1")


@pytest.mark.parametrize("encoding", ["utf-8", "UTF-8", "ascii", "cp1252"])
def test_what_the_terminal_can_show_does_not_matter(monkeypatch, encoding):
    """Without UTF-8, boxes are drawn with hyphens."""
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding))
    assert refusal("--kind", "long").startswith("invalid choice 'long' for argument '--kind'.")
    assert refusal("--steps", "ten").endswith("base 10: 'ten' (see try.py --help)")
    message = refusal("--learning-rte", "0.1")
    assert message.startswith("Unrecognized options: --learning-rte, 0.1; perhaps you meant --learning-rate (")


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("--steps", "ten"), ["--steps", "'ten'"]),
        (("--steps", "1.5"), ["--steps", "'1.5'"]),
        (("--learning-rate", "fast"), ["--learning-rate", "float", "'fast'"]),
        (("--sizes", "8", "wide"), ["--sizes", "'wide'"]),
        (("--kind", "long"), ["--kind", "'long'", "'wide'", "'deep'"]),
        (("--double", "yes"), ["yes"]),
        (("--learning-rate",), ["Missing value", "--learning-rate"]),
        (("--kind",), ["Missing value", "--kind"]),
        (("stray",), ["stray"]),
        (("--steps=1\n2",), ["--steps"]),
    ],
)
def test_a_wrong_or_missing_value_is_told_with_its_option(arguments, parts):
    message = refusal(*arguments)
    assert [part for part in parts if part not in message] == []


def test_a_missing_option_is_told():
    assert "--run" in refusal(kind=Needing)


def test_a_value_out_of_range_is_told_as_the_settings_tell_it():
    with pytest.raises(UserError, match="--steps is out of range: received -5, allowed is 1 or more"):
        parse("--steps", "-5")


def test_options_are_left_out_with_their_values():
    arguments = [
        "dqn",
        "--seed",
        "3",
        "--sizes",
        "8",
        "16",
        "--rate=-0.5",
        "--no-double",
        "--num_envs",
        "2",
        "--shift",
        "-1",
    ]
    left = command_line.without(("--seed", "--sizes", "--double", "--num-envs"), arguments)
    assert left == ["dqn", "--rate=-0.5", "--shift", "-1"]
    assert command_line.without(("--rate", "--shift"), arguments)[-3:] == ["--no-double", "--num_envs", "2"]


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_shows_every_option_and_ends_well(capsys, flag):
    with pytest.raises(SystemExit) as stopped:
        parse(flag)
    assert stopped.value.code in (0, None)
    shown = capsys.readouterr().out
    assert "Try something." in shown
    assert "Agent steps in all." in shown
    for option in ("--steps", "--learning-rate", "--kind", "--sizes", "--double", "--root"):
        assert option in shown


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
    status, error = run(lambda arguments: parse("--learning-rte", "1"))
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
