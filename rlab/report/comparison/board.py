"""A comparison as TensorBoard shows it: a run for each group and each reference, and one of charts and pictures.

TensorBoard draws a band only in the margin charts of its custom scalars, between three tags of a run. So each group is
a run there, with the same tags as every other, and a reference is one whose band has no width. The pictures, a summary
as text and the layout of the charts belong to no group and are a run of their own.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from tensorboard.plugins.custom_scalar.layout_pb2 import Category, Chart, Layout, MarginChartContent

from rlab.report.comparison.charts import FLOOR_LINE, Line, near_and_far, reference_lines
from rlab.report.comparison.findings import Findings
from rlab.report.comparison.groups import FLOOR
from rlab.report.comparison.learning import Curve
from rlab.report.comparison.standings import Scale, Standing, human_normalised
from rlab.tensorboard import EventFile

_CURVES = ("training", "evaluation")  # of those there are: the ones against agent steps
_OWN = "charts"  # the run of what belongs to no group
_LONGEST = 200  # bytes of the name of a folder, of which disks take 255


def write_board(folder: Path, findings: Findings, pictures: Mapping[str, tuple[bytes, int, int]], summary: str) -> None:
    """Write the event files below `folder`; `pictures` are PNGs by name, with height and width."""
    lines = _lines(findings)
    names = _file_names([*(one.name for one in findings.standings), *lines, _OWN])
    for name, its in lines.items():
        events = _open(folder / names[name])
        for tag, line in its:
            for step, value, low, high in zip(line.x, line.y, line.low or line.y, line.high or line.y, strict=True):
                for end, number in (("", value), ("_low", low), ("_high", high)):
                    events.scalar(f"compare/{tag}{end}", value if number is None else number, round(step))
        for one in findings.standings:
            if one.name == name:
                _write_final(events, one, findings)
        events.close()
    events = _open(folder / names[_OWN])
    events.custom_charts(_layout(findings, list(dict.fromkeys(tag for its in lines.values() for tag, _ in its))))
    events.text("compare/summary", summary, 0)
    for name, (png, height, width) in pictures.items():
        events.image(f"compare/{name}", png, height, width, 0)
    events.close()


def _lines(findings: Findings) -> dict[str, list[tuple[str, Line]]]:
    """What is drawn, by the name of the group or reference: a tag, and agent steps with scores."""
    found: dict[str, list[tuple[str, Line]]] = {one.name: [] for one in findings.standings}
    human = human_normalised(findings.environments)
    for kind in _CURVES:
        for tag, scale, curves in (
            (kind, findings.scale, findings.curves.get(kind, [])),
            (f"{kind}_human_normalised", human, findings.human_curves.get(kind, [])),
        ):
            if curves and scale is not None:
                for name, line in _with_references(findings, scale, curves, kind):
                    found.setdefault(name, []).append((tag, line))
    return found


def _with_references(findings: Findings, scale: Scale, curves: Sequence[Curve], kind: str) -> list[tuple[str, Line]]:
    """The curves and what they are seen beside: in points what is near them, human-normalised everything."""
    own = [Line(curve.group, curve.at, curve.value, curve.low, curve.high) for curve in curves]
    end = max(line.x[-1] for line in own)
    known = list(reference_lines(findings, scale, end, published=kind == "training"))
    near = near_and_far(own, known)[0] if scale == findings.scale else known
    return [
        *((line.name, line) for line in own),
        *((FLOOR if line.name == FLOOR_LINE else f"reference {line.name}", line) for line in near),
    ]


def _write_final(events: EventFile, one: Standing, findings: Findings) -> None:
    """The row of a group: its settings, and its figures at the last step of its checkpoints."""
    seeds = ", ".join(map(str, sorted(set().union(*one.seeds.values()))))
    events.hyperparameters(findings.settings[one.name] | {"group": one.name, "seeds": seeds})
    groups = [group for table in findings.tables.values() for group in table if group.name == one.name]
    step = max(evaluation.step for group in groups for evaluation in group.runs.values())
    value, low, high = one.estimate
    figures = {
        "iqm": value,
        "iqm_low": low,
        "iqm_high": high,
        "mean": float(np.mean(list(map(np.mean, one.scores.values())))),
    }
    for name, figure in figures.items():
        if figure is not None:
            events.scalar(f"compare/final_{name}", figure, step)


def _layout(findings: Findings, tags: Sequence[str]) -> Layout:
    """A margin chart for each tag."""
    title = f"{', '.join(findings.environments)} by {findings.by}: interquartile mean, 95% band, {findings.protocol}"
    charts = [
        Chart(
            title=f"{tag.replace('_', ' ', 1).replace('_', '-')} score",
            margin=MarginChartContent(
                series=[
                    MarginChartContent.Series(
                        value=f"compare/{tag}", lower=f"compare/{tag}_low", upper=f"compare/{tag}_high"
                    )
                ]
            ),
        )
        for tag in tags
    ]
    return Layout(category=[Category(title=title, chart=charts)])


def _open(folder: Path) -> EventFile:
    folder.mkdir()
    return EventFile(folder)


def _file_names(names: Sequence[str]) -> dict[str, str]:
    """Names as folders can have them, no two the same; of long ones, as of runs, the end tells most."""
    found: dict[str, str] = {}
    for name in dict.fromkeys(names):
        plain = (
            re.sub(r"[^\w.,=+() -]+", "-", name).encode()[-_LONGEST:].decode(errors="ignore").strip(". -") or "group"
        )
        taken = {other.lower() for other in found.values()}
        choices = (plain if number == 1 else f"{plain} {number}" for number in range(1, len(names) + 2))
        found[name] = next(choice for choice in choices if choice.lower() not in taken)
    return found
