"""What a comparison of runs came to: everything that the table, the charts and the files show."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rlab.evaluation import Evaluation
from rlab.report.comparison.groups import FLOOR, Group, Key, group_runs, notes_on
from rlab.report.comparison.learning import Curve, History, learning, read_histories
from rlab.report.comparison.runs import check_comparable, each_training_once, find_runs, settings_of
from rlab.report.comparison.standings import Pair, Scale, Standing, human_normalised, pairs, points, standing
from rlab.report.coverage import too_narrow
from rlab.report.references import Reference, references
from rlab.report.robust import finite, performance_profile
from rlab.types import UserError

_THRESHOLDS = 100  # points of a performance profile


@dataclass(frozen=True)
class Profile:
    """Which part of a group's runs scored more than each threshold."""

    group: str
    threshold: list[float]
    value: list[float]
    low: list[float | None]
    high: list[float | None]


@dataclass(frozen=True)
class Findings:
    """A comparison, in numbers."""

    by: Key
    environments: list[str]
    protocol: str  # name and hash
    scale: Scale  # of standings, pairs, profiles and curves
    tables: dict[str, list[Group]]  # by environment, in points
    standings: list[Standing]  # the best interquartile mean first
    pairs: list[Pair]  # without the random agent
    profiles: list[Profile]
    curves: dict[str, list[Curve]]  # see `learning.learning`
    human_curves: dict[str, list[Curve]]  # the same, human-normalised; empty where that is the scale or nobody knows it
    references: dict[str, list[Reference]]  # by environment
    settings: dict[str, dict[str, bool | float | str]]  # by group: those that all of its runs share
    notes: list[str]

    def values(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        return {
            **{name: getattr(self, name) for name in ("by", "environments", "protocol", "settings", "notes")},
            "scale": asdict(self.scale),
            "groups": {name: [group.values() for group in table] for name, table in self.tables.items()},
            "standings": [asdict(one) | {"estimate": one.estimate._asdict()} for one in self.standings],
            "pairs": [asdict(pair) | {"probability": pair.probability._asdict()} for pair in self.pairs],
            "profiles": [asdict(profile) for profile in self.profiles],
            "curves": _plain(self.curves),
            "human_normalised_curves": _plain(self.human_curves),
            "references": {name: [asdict(one) for one in known] for name, known in self.references.items()},
        }


def compare(places: Sequence[Path], by: Key) -> Findings:
    """Compare the runs at some places, see `runs.find_runs`, in groups.

    Raises UserError if there are none, or if they cannot be compared.
    """
    evaluations, left_out = find_runs(places)
    check_comparable(evaluations)
    evaluations, notes = each_training_once(evaluations)
    environments = sorted({evaluation.environment for evaluation in evaluations.values()})
    tables = {name: group_runs(_on(evaluations, name), by) for name in environments}
    notes = [*dict.fromkeys(note for table in tables.values() for note in notes_on(table)), *notes]
    if left_out:
        notes.append(f"left out, without an evaluation: {', '.join(map(str, left_out))}")
    one = next(iter(evaluations.values()))
    normalised = human_normalised(environments)
    scale = points(one.environment) if len(environments) == 1 or normalised is None else normalised
    whole, lacking = _on_all(tables)
    standings = [standing(name, groups, scale) for name, groups in whole.items()]
    standings.sort(key=lambda one: one.estimate.value, reverse=True)
    learners = {name: groups for name, groups in whole.items() if name != FLOOR}
    histories, unread = read_histories([group for groups in learners.values() for group in groups.values()])
    curves = _curves(learners, histories, scale)
    few = [one.fewest_seeds for one in standings if one.fewest_seeds > 1 and one.name != FLOOR]
    return Findings(
        by,
        environments,
        one.protocol,
        scale,
        tables,
        standings,
        pairs([one for one in standings if one.name != FLOOR]),
        _profiles(standings),
        curves,
        _curves(learners, histories, normalised) if normalised not in (None, scale) else {},
        {name: references(name, one.protocol) for name in environments},
        {name: _shared_settings(groups.values()) for name, groups in whole.items()},
        [*notes, *lacking, *unread, *_without_curve(learners, histories, curves), *too_narrow(few, len(environments))],
    )


def _on(evaluations: Mapping[Path, Evaluation], environment: str) -> dict[Path, Evaluation]:
    return {run: one for run, one in evaluations.items() if one.environment == environment}


def _on_all(tables: Mapping[str, Sequence[Group]]) -> tuple[dict[str, dict[str, Group]], list[str]]:
    """The groups that have runs on every environment, by name and environment, and the others in words.

    Raises UserError if there is none.
    """
    found: dict[str, dict[str, Group]] = {}
    for environment, table in tables.items():
        for group in table:
            found.setdefault(group.name, {})[environment] = group
    missing = {name: [one for one in tables if one not in groups] for name, groups in found.items()}
    notes = [
        f"left out of what is said over all games: {name}, without a run on {', '.join(where)}"
        for name, where in missing.items()
        if where
    ]
    whole = {name: groups for name, groups in found.items() if not missing[name]}
    if not whole:
        raise UserError(f"no group has runs on all of {', '.join(tables)}, so there is nothing to compare over them")
    return whole, notes


def _profiles(standings: Sequence[Standing]) -> list[Profile]:
    scores = np.concatenate([scores for one in standings for scores in one.scores.values()])
    margin = 0.05 * (np.ptp(scores) or 1.0)
    thresholds = np.linspace(scores.min() - margin, scores.max() + margin, _THRESHOLDS)
    found = []
    for one in standings:
        value, low, high = performance_profile(list(one.scores.values()), thresholds)
        found.append(
            Profile(one.name, [*map(float, thresholds)], [*map(float, value)], [*finite(low)], [*finite(high)])
        )
    return found


def _curves(
    groups: Mapping[str, Mapping[str, Group]], histories: Mapping[Path, History], scale: Scale
) -> dict[str, list[Curve]]:
    """The curves of all groups, by kind."""
    found: dict[str, list[Curve]] = {}
    for name, its in groups.items():
        for kind, curve in learning(name, its, histories, scale).items():
            found.setdefault(kind, []).append(curve)
    return found


def _plain(curves: Mapping[str, Sequence[Curve]]) -> dict[str, list[dict[str, Any]]]:
    return {kind: [asdict(curve) for curve in some] for kind, some in curves.items()}


def _without_curve(
    groups: Mapping[str, Mapping[str, Group]], histories: Mapping[Path, History], curves: Mapping[str, Sequence[Curve]]
) -> list[str]:
    """Which groups have histories everywhere and yet no curve of training, in words."""
    drawn = {curve.group for curve in curves.get("training", [])}
    told = {
        name
        for name, its in groups.items()
        if name not in drawn and all(any(run in histories for run in group.runs) for group in its.values())
    }
    return [f"without a curve of training, as one of its runs played too few games: {name}" for name in sorted(told)]


def _shared_settings(groups: Iterable[Group]) -> dict[str, bool | float | str]:
    """The settings that have one value in all runs, as TensorBoard's HParams takes them."""
    first, *others = [settings_of(run) for group in groups for run in group.runs]
    return {
        name: value if isinstance(value, bool | int | float) and math.isfinite(value) else str(value)
        for name, value in first.items()
        if all(name in other and other[name] == value for other in others)
    }
