"""The trials of a search as a table."""

from collections.abc import Sequence

from rich import box
from rich.table import Table

from rlab.tuning.study import Outcome
from rlab.tuning.values import shown

_ORDER = ("complete", "pruned", "fail")


def table(outcomes: Sequence[Outcome]) -> Table:
    """A row each: those that came to their end, the best first, then those that were pruned, then those that failed."""
    found = Table(box=box.SIMPLE_HEAD)
    for title in ("trial", "score", "steps"):
        found.add_column(title, justify="right", no_wrap=True)
    found.add_column("", no_wrap=True)
    names = list(dict.fromkeys(name for outcome in outcomes for name in outcome.values))
    for name in names:
        found.add_column(name, justify="right", overflow="fold")
    for one in sorted(outcomes, key=_place):
        score = "" if one.score is None else f"{one.score:,.1f}"
        state = {"complete": "", "pruned": "pruned", "fail": "failed"}[one.state]
        values = [shown(one.values[name]) if name in one.values else "" for name in names]
        found.add_row(str(one.number), score, f"{one.steps:,}", state, *values)
    return found


def best(outcomes: Sequence[Outcome]) -> Outcome | None:
    """The trial that came to its end with the best score, the first of them; None if none came to its end."""
    first = min(outcomes, key=_place, default=None)
    return first if first is not None and first.state == "complete" else None


def _place(one: Outcome) -> tuple[int, float, int]:
    return _ORDER.index(one.state), -(one.score or 0.0), one.number
