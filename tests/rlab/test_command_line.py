"""Command lines: what they mean, and every mistake as one line with exit status 2."""

import io
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
