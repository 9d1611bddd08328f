"""What probes find, set of features by set of features: scores with intervals over games, and tables of them."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from rlab.report.scores import mean_interval
from rlab.types import Array

Interval = list[float]  # mean, low and high


class Measure(NamedTuple):
    """How reading labels of a kind is scored."""

    title: str
    lower_is_better: bool
    decimals: int


MEASURES = {
    "place": Measure("places: mean error in pixels", True, 1),
    "cell": Measure("places: share in which the cell of 8 pixels is right", False, 3),
    "category": Measure("categories: share that is right", False, 3),
    "count": Measure("counts: mean error, as a share of their mean deviation from the median", True, 2),
}


class Findings(NamedTuple):
    """What readers read from one set of features."""

    summary: dict[str, dict[str, Interval]]  # kind -> reader -> over all labels of the kind
    labels: dict[str, dict[str, dict[str, Any]]]  # label -> reader -> kind -> interval, and "setting"


class Row(NamedTuple):
    """A set of features beside others."""

    name: str
    size: int  # features
    findings: Findings


def over_games(scores: Array, game: Array) -> Interval:
    """The mean over games of their mean scores [L, T], and its 95% interval, given whose moments they are [T].

    NaN is left out; at least one score is none.
    """
    known = np.isfinite(scores)
    _, place = np.unique(game, return_inverse=True)
    counts = np.bincount(place, known.sum(axis=0))
    sums = np.bincount(place, np.where(known, scores, 0).sum(axis=0))
    means = sums[counts > 0] / counts[counts > 0]
    return [round(value, 5) for value in mean_interval(means.tolist())]


class Table(NamedTuple):
    """Rows of cells, in plain words."""

    title: str
    header: list[str]
    rows: list[list[str]]


def tables(guess: Findings, rows: Sequence[Row], readers: Sequence[str]) -> list[Table]:
    """A table for each kind of label: sets of features against readers, the best of each column with a star."""
    found = []
    for kind, measure in MEASURES.items():
        if kind not in guess.summary:
            continue
        columns = [reader for reader in readers if any(reader in row.findings.summary.get(kind, {}) for row in rows)]
        scores = [[guess.summary[kind]["guess"] for _ in columns]]
        scores += [[row.findings.summary[kind][reader] for reader in columns] for row in rows]
        pick = min if measure.lower_is_better else max
        best = [pick(line[column][0] for line in scores) for column in range(len(columns))]
        cells = [[_cell(score, best[column], measure.decimals) for column, score in enumerate(line)] for line in scores]
        names = [["a guess", "0"], *([row.name, f"{row.size:,}"] for row in rows)]
        if columns:
            lines = [[*name, *line] for name, line in zip(names, cells, strict=True)]
            found.append(Table(measure.title, ["read from", "features", *columns], lines))
    return found


def _cell(score: Interval, best: float, decimals: int) -> str:
    mean, low, high = (f"{value:,.{decimals}f}" for value in score)
    return f"{'*' if score[0] == best else ''}{mean} [{low}, {high}]"


def markdown(found: Sequence[Table], notes: Sequence[str]) -> str:
    """Tables and notes in Markdown."""
    lines = []
    for table in found:
        lines += [f"**{table.title}**", ""]
        lines += [f"| {' | '.join(cells)} |" for cells in (table.header, ["---"] * len(table.header), *table.rows)]
        lines.append("")
    return "\n".join([*lines, *(f"- {note}" for note in notes)])


def as_json(row: Row, guess: Findings, others: Sequence[Row]) -> Mapping[str, Any]:
    """What a passport keeps of an encoder's probes: all of its own findings, of others what they come to."""
    beside = [{"name": "a guess", "features": 0, "summary": guess.summary}]
    beside += [{"name": other.name, "features": other.size, "summary": other.findings.summary} for other in others]
    return {**row.findings._asdict(), "beside": beside}
