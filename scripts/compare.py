"""Compare runs in groups over seeds: a table, and a folder of charts for TensorBoard and for a browser."""

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from rich import box
from rich.table import Table

from rlab import command_line
from rlab.report.comparison import words
from rlab.report.comparison.findings import Findings, compare
from rlab.report.comparison.groups import Group, Key
from rlab.report.terminal import Terminal
from rlab.types import UserError

_INTERVAL = (
    "[ ] of means: where they lie with 95% confidence, by bootstrap over runs, then over the games of each "
    "(2,000 resamples); of a single run, over its games alone"
)


@dataclass(frozen=True)
class Options:
    """Compare runs in groups over seeds: a table, and a folder of charts for TensorBoard and for a browser.

    Protocols are never mixed. Runs on several Atari games are compared over these, on the human-normalised scale.
    """

    runs: Annotated[tuple[Path, ...], tyro.conf.Positional]
    """Folders of runs, or folders above several."""
    by: Key = "agent"
    """What the runs of a row have in common; run: a row for each. Random agents have one of their own."""
    json: bool = False
    """End with one JSON object in place of the table."""
    out: Path | None = None
    """The folder of charts, which is made anew each time. None: ROOT/ENV/compare/by-KEY, without ENV for several."""
    root: Path = Path("checkpoints")
    """Where that folder is, unless --out says so."""


def main(arguments: Sequence[str]) -> None:
    options = command_line.parse(Options, arguments, program="compare.py", description=__doc__)
    if not options.runs:
        raise UserError("which runs? compare.py RUN RUN ..., each a run's folder or one above several")
    findings = compare(options.runs, options.by)
    from rlab.report.comparison import derived  # here: what draws takes longer to load than mistakes may take

    folder = derived.folder_for(options.out, options.root, findings)
    derived.write(folder, findings)
    if options.json:
        print(json.dumps(findings.values() | {"folder": str(folder)}, allow_nan=False))
        return
    show(findings)
    print(f"charts: {folder / derived.PAGE}")
    print(f"see them in TensorBoard: tensorboard --logdir {shlex.quote(str(folder))}")


def show(findings: Findings) -> None:
    """Print the tables, and what is to be known beside them."""
    terminal = Terminal()
    for environment, groups in findings.tables.items():
        print(f"{environment} under {findings.protocol}")
        terminal.print(table(groups, findings, environment))
    over = f", over {len(findings.environments)} games" if len(findings.environments) > 1 else ""
    print(f"{findings.scale.name}s of runs{over}")
    found = Table(*words.STANDINGS, box=box.SIMPLE_HEAD)
    for row in words.standing_rows(findings):
        found.add_row(*row)
    terminal.print(found)
    print("\n".join([*words.lines(findings), _INTERVAL, *words.notes(findings)]))


def table(groups: Sequence[Group], findings: Findings, environment: str) -> Table:
    """The groups as rows, and among them the known scores, the best mean first."""
    found = Table(box=box.SIMPLE_HEAD)
    found.add_column(findings.by, overflow="fold")
    for title in ("runs (seeds)", "games", "mean [95%]", "median", "best", "steps"):
        found.add_column(title, justify="right", no_wrap=title != "runs (seeds)")
    decimals = 1 if max(abs(group.mean) for group in groups) >= 10 else 3
    rows = [(group.mean, _cells(group, decimals)) for group in groups]
    rows += [
        (one.score, (f"({'; '.join(filter(None, (one.name, one.differs)))})", "", "", f"{one.score:,.{decimals}f}"))
        for one in findings.references[environment]
        if one.score is not None
    ]
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
