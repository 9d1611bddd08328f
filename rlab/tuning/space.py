"""What is searched: settings of an agent, each with a range or with values.

    learning_rate=log:1e-5:1e-2     between the two, every order of magnitude as likely as the others
    trace_decay=0.8:1               between the two
    rollout_steps=32:256:32         between the two in steps
    gamma=0.9,0.95,0.99             one of these
    hidden_sizes=[32],[64,64]       lists stand in brackets

In a TOML file the same stands as a string, or values as a list: `gamma = [0.9, 0.95]`.
"""

import difflib
import itertools
import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rlab.tuning.values import allowed, read_value, written
from rlab.types import UserError

_FORMS = "allowed are low:high, low:high:step, log:low:high and values with commas between them"
_MOST_POINTS = 10_000  # of a grid


@dataclass(frozen=True)
class Range:
    """All numbers from `low` to `high`, or those that are some steps above `low`."""

    low: float
    high: float
    step: float | None
    log: bool
    whole: bool  # integers only

    @property
    def text(self) -> str:
        ends = ":".join(str(number) for number in (self.low, self.high, self.step) if number is not None)
        return f"log:{ends}" if self.log else ends

    @property
    def ends(self) -> list[float]:
        return [self.low, self.high]

    @property
    def count(self) -> int | None:
        """How many numbers these are; None: without end."""
        step = self._step
        return None if step is None else _steps(self.low, self.high, step) + 1

    @property
    def all(self) -> list[float]:
        """The numbers, where there is an end of them."""
        return [_step_above(self.low, number, self._step or 1) for number in range(self.count or 0)]

    @property
    def _step(self) -> float | None:
        return self.step or (1 if self.whole and not self.log else None)

    def has(self, value: float) -> bool:
        step = self._step
        stepped = step is None or _step_above(self.low, round((value - self.low) / step), step) == value
        return self.low <= value <= self.high and stepped


@dataclass(frozen=True)
class Choice:
    """Some values, by how they are written."""

    values: Mapping[str, Any]

    @property
    def text(self) -> str:
        return ",".join(self.values)

    @property
    def ends(self) -> list[Any]:
        return list(self.values.values())

    def has(self, value: Any) -> bool:
        return value in self.ends

    @property
    def count(self) -> int:
        return len(self.values)

    @property
    def all(self) -> list[Any]:
        return self.ends


Space = Mapping[str, Range | Choice]  # by the name of the setting


def read_space(items: Sequence[str], settings: Mapping[str, Any]) -> Space:
    """The space that a command line gives: `name=...`, or the path of a TOML file, any number of each.

    `settings` are the types of those that there are. Raises UserError if one is none of them, or comes twice, or if
    what is given for it is nothing that it can be.
    """
    if not items:
        raise UserError(f"nothing to search: received no --search NAME=VALUES, allowed are {', '.join(settings)}")
    space: dict[str, Range | Choice] = {}
    for name, text in itertools.chain.from_iterable(_pairs(item) for item in items):
        name = name.replace("-", "_")
        if name not in settings:
            close = difflib.get_close_matches(name, settings, n=1)
            hint = f"did you mean {close[0]}? " if close else ""
            raise UserError(f"unknown setting to search: received {name!r}; {hint}allowed are {', '.join(settings)}")
        if name in space:
            raise UserError(f"the same setting twice: received {name} again in --search, allowed is once")
        space[name] = _read(name, text, settings[name])
    return space


def grid(space: Space) -> list[dict[str, Any]]:
    """Every combination, the setting that was named last changing fastest.

    Raises UserError if a setting has a range without steps, or if there are too many.
    """
    for name, one in space.items():
        if one.count is None:
            raise UserError(
                f"a grid has no end without steps: received {name}={one.text}, allowed are low:high:step and values "
                "with commas between them"
            )
    points = math.prod(one.count or 0 for one in space.values())
    if points > _MOST_POINTS:
        raise UserError(f"a grid is too large: received {points:,} combinations, allowed are {_MOST_POINTS:,}")
    return [dict(zip(space, point, strict=True)) for point in itertools.product(*(one.all for one in space.values()))]


def _pairs(item: str) -> list[tuple[str, str]]:
    """The settings that one item of a command line names, each with what is given for it."""
    name, equals, text = item.partition("=")
    if equals:
        return [(name, text)]
    if not item.endswith(".toml"):
        raise UserError(
            f"--search is no setting: received {item!r}, allowed are NAME=VALUES and a path to a .toml file"
        )
    try:
        values = tomllib.loads(Path(item).read_text())
    except OSError as error:
        raise UserError(f"no such file to search by: received {item}, {(error.strerror or '').lower()}") from error
    except ValueError as error:
        raise UserError(f"{item} is not TOML: {error}") from error
    return [(name, _of_toml(value)) for name, value in values.items()]


def _of_toml(value: Any) -> str:
    if isinstance(value, str):
        return value
    return ",".join(written(one) for one in value) if isinstance(value, list) else written(value)


def _read(name: str, text: str, kind: Any) -> Range | Choice:
    given = f"received {name}={text}"
    if ":" in text:
        if kind not in (int, float):
            raise UserError(f"{name} has no range: {given}, allowed are values with commas between them")
        return _read_range(text, kind, given)
    parts = [part.strip() for part in re.split(r"[,|](?![^\[]*\])", text)]
    values: dict[str, Any] = {}
    for part in parts:
        value = read_value(part, kind)
        if value is None:
            raise UserError(f"--search {name} does not take {part!r}: {given}, allowed is {allowed(kind)}; {_FORMS}")
        if value in values.values():
            raise UserError(f"the same value twice: {given}, allowed is {part} once")
        values[written(value)] = value
    return Choice(values)


def _read_range(text: str, kind: type, given: str) -> Range:
    log = text.startswith("log:")
    ends = [read_value(part, kind) for part in text.removeprefix("log:").split(":")]
    if None in ends or len(ends) not in ((2,) if log else (2, 3)):
        raise UserError(f"not a range of {allowed(kind)}: {given}; {_FORMS}")
    low, high, *steps = ends
    if low >= high:
        raise UserError(f"an empty range: {given}, allowed is low:high with low below high")
    if log and low <= 0:
        raise UserError(f"no order of magnitude: {given}, allowed is log:low:high with low above 0")
    if steps and not (steps[0] > 0 and _steps(low, high, steps[0])):
        raise UserError(f"no step of its range: {given}, allowed is low:high:step with steps that fit between the two")
    step = steps[0] if steps else None
    if step is not None:
        high = _step_above(low, _steps(low, high, step), step)
    return Range(low, high, step, log, kind is int)


def _steps(low: float, high: float, step: float) -> int:
    return math.floor((high - low) / step + 1e-9)


def _step_above(low: float, number: int, step: float) -> float:
    """Some steps above `low`, without what sums of decimal fractions have too much."""
    return type(low)(round(low + number * step, 12))
