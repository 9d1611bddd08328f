"""Probes: what of a game's state can be read from frozen features of what was seen.

A reader is fitted on the games that encoders are trained on, the validation games choose its regularisation, and the
test games score it, so that nothing counts that only tells one game from another.
Source: Alain and Bengio (2017), Understanding intermediate layers using linear classifier probes; Anand et al. (2019),
Unsupervised State Representation Learning in Atari, section 4.
"""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

import numpy as np

from rlab.config import check_range
from rlab.representation.findings import MEASURES, Findings, over_games
from rlab.representation.games import PARTS, Games
from rlab.types import Array, UserError

if TYPE_CHECKING:
    from rlab.representation.readers import Read

CELL = 8.0  # pixels a side, of those that softmax regression chooses among
_CELLS = 16  # that the range of a count is cut into
_CATEGORIES = 10  # a whole number with more values than these is a count
ReaderName = Literal["ridge", "softmax", "neighbours", "forest"]


@dataclass(frozen=True)
class ProbeConfig:
    """What reads, and how much it is given."""

    readers: tuple[ReaderName, ...] = get_args(ReaderName)
    """What is fitted to the features: ridge regression, softmax regression, nearest neighbours, a random forest."""
    train_moments: int = 6_000
    """Moments of the training games that readers are fitted on, at even distances. More: better readers, slower."""
    validation_moments: int = 2_000
    """Moments of the validation games that choose a reader's regularisation."""
    test_moments: int = 2_000
    """Moments of the test games that score it. More: narrower intervals, though games count more than moments."""

    def __post_init__(self) -> None:
        if not self.readers:
            raise UserError(f"--readers names none: allowed are {', '.join(get_args(ReaderName))}")
        for part in PARTS:
            check_range(f"{part}_moments", getattr(self, f"{part}_moments"), 10)


class Label(NamedTuple):
    """Something to be read."""

    name: str
    kind: str  # place, category or count
    values: dict[str, Array]  # by part, [K] float64, NaN where unknown
    cell: float  # the width of the cells of a number; 0 for categories
    unit: float  # what errors are divided by


class Questions(NamedTuple):
    """What is asked, of which moments."""

    moments: dict[str, Array]  # by part, [K]
    game: Array  # [T] whose the test moments are
    labels: list[Label]
    left_out: dict[str, str]  # labels that cannot be asked for, and why


def prepare(games: Games, labels: Mapping[str, Array], config: ProbeConfig) -> Questions:
    """Choose moments and labels [M]: floats are places in pixels, NaN where unknown, others are -1 where unknown.

    Raises UserError if a part has no game, or if there is no label to ask for.
    """
    moments = {part: _evenly(games.steps(part), getattr(config, f"{part}_moments")) for part in PARTS}
    asked, left_out = [], {}
    for name, column in labels.items():
        values = np.where(column == -1, np.nan, column) if column.dtype.kind in "iu" else column.astype(np.float64)
        parts = {part: values[chosen] for part, chosen in moments.items()}
        unknown = [part for part in PARTS if not np.isfinite(parts[part]).any()]
        different = np.unique(parts["train"][np.isfinite(parts["train"])])
        if unknown:
            left_out[name] = f"not known in the {unknown[0]} games"
        elif len(different) < 2:
            left_out[name] = f"{different[0]:g} all through the training games"
        else:
            asked.append(_label(name, column.dtype.kind == "f", parts, different))
    if not asked:
        because = "; ".join(f"{name} is {reason}" for name, reason in left_out.items())
        raise UserError(f"there is nothing to ask for: received {len(labels)} labels, {because}")
    return Questions(moments, games.game[moments["test"]], asked, left_out)


def _evenly(steps: Array, most: int) -> Array:
    return steps[np.linspace(0, len(steps) - 1, min(most, len(steps))).astype(np.int64)]


def _label(name: str, is_place: bool, parts: dict[str, Array], different: Array) -> Label:
    if is_place:
        return Label(name, "place", parts, CELL, 1.0)
    if len(different) <= _CATEGORIES:
        return Label(name, "category", parts, 0.0, 1.0)
    deviation = np.nanmean(np.abs(parts["train"] - np.nanmedian(parts["train"])))
    return Label(name, "count", parts, float(np.ptp(different)) / _CELLS, float(deviation))


def probe(
    features: Mapping[str, Array], questions: Questions, readers: Iterable[str], *, seed: int, workers: int
) -> Findings:
    """What readers read from features [K, D] of the moments of each part.

    Up to `workers` are fitted at the same time, each on one processor core, so that their number changes nothing.
    """
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    from rlab.representation.readers import JOINT

    jobs = [(reader, labels) for reader in readers for labels in _groups(questions.labels, reader in JOINT)]
    with threadpool_limits(1), warnings.catch_warnings(), ThreadPoolExecutor(workers) as pool:
        warnings.simplefilter("ignore", ConvergenceWarning)  # softmax regression ends early on purpose
        done = list(pool.map(lambda job: _read(features, job[0], job[1], seed), jobs))
    scores: dict[str, dict[str, list[Array]]] = {}
    found: dict[str, dict[str, dict[str, Any]]] = {label.name: {} for label in questions.labels}
    for (reader, labels), answers in zip(jobs, done, strict=True):
        for label, (setting, read) in zip(labels, answers, strict=True):
            found[label.name][reader] = {"setting": setting}
            for kind, score in _judge(label, read, label.values["test"]).items():
                found[label.name][reader][kind] = over_games(score[None], questions.game)
                scores.setdefault(kind, {}).setdefault(reader, []).append(score)
    summary = {
        kind: {reader: over_games(np.stack(each), questions.game) for reader, each in scores[kind].items()}
        for kind in MEASURES
        if kind in scores
    }
    return Findings(summary, found)


def guess(questions: Questions) -> Findings:
    """What is read without any features: medians, and the most frequent classes, of the training games."""
    nothing = {part: np.zeros((len(chosen), 1), np.float32) for part, chosen in questions.moments.items()}
    return probe(nothing, questions, ["guess"], seed=0, workers=1)


def _groups(labels: Sequence[Label], joint: bool) -> list[list[Label]]:
    """Labels that are read together: if at all, those that are known at the same training moments."""
    if not joint:
        return [[label] for label in labels]
    groups: dict[bytes, list[Label]] = {}
    for label in labels:
        groups.setdefault(np.isfinite(label.values["train"]).tobytes(), []).append(label)
    return list(groups.values())


def _read(features: Mapping[str, Array], reader: str, labels: Sequence[Label], seed: int) -> list[tuple[str, "Read"]]:
    """For each label the setting that the validation games choose, and what is read with it at the test moments."""
    from rlab.representation.readers import READERS, Target

    known = np.isfinite(labels[0].values["train"])
    targets = [Target(label.values["train"][known], label.cell) for label in labels]
    asked = np.concatenate([features["validation"], features["test"]])
    border = len(features["validation"])
    best: list[tuple[float, str, Any]] = [(np.inf, "", None) for _ in labels]
    for setting, reads in READERS[reader](features["train"][known], targets, asked, seed):
        for place, (label, read) in enumerate(zip(labels, reads, strict=True)):
            loss = _loss(label, read.between(0, border))
            if loss < best[place][0]:
                best[place] = (loss, setting, read.between(border, len(asked)))
    return [(setting, read) for _, setting, read in best]


def _loss(label: Label, read: "Read") -> float:
    """What a reader is to make small at the validation moments."""
    score = float(np.nanmean(_judge(label, read, label.values["validation"])[label.kind]))
    return score if MEASURES[label.kind].lower_is_better else -score


def _judge(label: Label, read: "Read", true: Array) -> dict[str, Array]:
    """Scores [Q] of what was read, by kind, NaN where nobody knows what is true [Q]."""
    known = np.isfinite(true)
    if label.kind == "category":
        return {"category": np.where(known, read.values == true, np.nan)}
    scores = {label.kind: np.abs(read.values - true) / label.unit}
    if label.kind == "place" and read.cells is not None:
        scores["cell"] = np.where(known, read.cells == np.floor(true / label.cell), np.nan)
    return scores
