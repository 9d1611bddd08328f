"""Compare the evaluations of runs: one row a group, with the interval of its mean; protocols are never mixed."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import tyro
from rich import box
from rich.console import Console
from rich.table import Table

from rlab import command_line
from rlab.report.comparison import Group, Key, check_comparable, find_runs, group_runs, notes_on
from rlab.report.references import Reference, references
from rlab.types import UserError

_FILE_WIDTH = 160  # columns of the table where there is no terminal to ask
_INTERVAL = (
    "[ ]: where the mean lies with 95% confidence, by bootstrap over runs, then over the games of each "
    "(2,000 resamples); of a single run, over its games alone"
)


@dataclass(frozen=True)
class Options:
    """Compare the evaluations of runs: one row a group, with the interval of its mean; protocols are never mixed."""

    runs: Annotated[tuple[Path, ...], tyro.conf.Positional]
    """Folders of runs, or folders above several."""
    by: Key = "agent"
    """What the runs of a row have in common; run: a row for each. Random agents have one of their own."""
    json: bool = False
    """End with one JSON object in place of the table."""


def main(arguments: Sequence[str]) -> None:
    options = command_line.parse(Options, arguments, program="compare.py", description=__doc__)
    if not options.runs:
        raise UserError("which runs? compare.py RUN RUN ..., each a run's folder or one above several")
    evaluations, left_out = find_runs(options.runs)
    check_comparable(evaluations)
    groups = group_runs(evaluations, options.by)
    notes = [_INTERVAL, *notes_on(groups)]
    if left_out:
        notes.append(f"left out, without an evaluation: {', '.join(map(str, left_out))}")
    one = next(iter(evaluations.values()))
    if options.json:
        what = {"environment": one.environment, "protocol": one.protocol, "by": options.by}
        known = [asdict(reference) for reference in references(one.environment)]
        print(json.dumps(what | {"groups": [group.values() for group in groups], "references": known, "notes": notes}))
        return
    print(f"{one.environment} under {one.protocol}")
    width = None if sys.stdout.isatty() else _FILE_WIDTH
    Console(width=width, markup=False, emoji=False, highlight=False).print(
        table(groups, options.by, references(one.environment))
    )
    print("\n".join(notes))


def table(groups: Sequence[Group], by: str, known: Sequence[Reference]) -> Table:
    """The groups as rows, and among them the known scores, the best mean first."""
    found = Table(box=box.SIMPLE_HEAD)
    found.add_column(by, overflow="fold")
    for title in ("runs (seeds)", "games", "mean [95%]", "median", "best", "steps"):
        found.add_column(title, justify="right", no_wrap=title != "runs (seeds)")
    decimals = 1 if max(abs(group.mean) for group in groups) >= 10 else 3
    rows = [(group.mean, _cells(group, decimals)) for group in groups]
    rows += [(one.score, (one.name, "", "", f"{one.score:,.{decimals}f}")) for one in known]
    for _, cells in sorted(rows, key=lambda row: row[0], reverse=True):
        found.add_row(*cells)
    return found


def _cells(group: Group, decimals: int) -> tuple[str, ...]:
    mean, low, high, median, best = (
        f"{number:,.{decimals}f}" for number in (group.mean, group.low, group.high, group.median, group.best)
    )
    seeds = ", ".join(map(str, group.seeds))
    steps = sorted({evaluation.step for evaluation in group.runs.values()})
    return (
        group.name,
        f"{len(group.runs)} ({seeds})",
        f"{group.games}",
        f"{mean} [{low}, {high}]",
        median,
        best,
        " to ".join(f"{step:,}" for step in dict.fromkeys((steps[0], steps[-1]))),
    )


if __name__ == "__main__":
    command_line.run(main)
