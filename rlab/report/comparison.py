"""Runs side by side: their evaluations in groups, with intervals, and only where the scores mean the same."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from rlab.evaluation import RESULT, Evaluation
from rlab.protocol import PROTOCOLS
from rlab.report.scores import runs_interval
from rlab.rundir import CONFIG, is_run
from rlab.types import UserError

Key = Literal["agent", "preset", "seed", "run"]
FLOOR = "random"  # the agent that every score is to be seen beside
_FEWEST_SEEDS = 3


@dataclass(frozen=True)
class Group:
    """Some runs, and the scores of all their games."""

    name: str
    runs: Mapping[Path, Evaluation]
    mean: float
    low: float  # the interval of the mean, see `scores.runs_interval`
    high: float
    median: float
    best: float

    @property
    def games(self) -> int:
        return sum(len(evaluation.scores) for evaluation in self.runs.values())

    @property
    def seeds(self) -> list[int]:
        """The seeds of the runs, each once."""
        return sorted({evaluation.seed for evaluation in self.runs.values()})

    def values(self) -> dict[str, Any]:
        """The group as JSON can hold it, with the evaluations of its runs."""
        runs = [{"run": str(run), **asdict(evaluation)} for run, evaluation in self.runs.items()]
        return {**vars(self), "games": self.games, "seeds": self.seeds, "runs": runs}


def find_runs(places: Sequence[Path]) -> tuple[dict[Path, Evaluation], list[Path]]:
    """The evaluations of runs, each run once, and the runs that are left out for want of one.

    A place is a run's folder or one above several. Raises UserError for a run that is named by itself and has no
    evaluation, and for a folder that has no evaluated run below it.
    """
    evaluated: dict[Path, Path] = {}  # by the real path: a run that is named twice is not two seeds
    left_out = []
    for place in places:
        if is_run(place):
            evaluated.setdefault(place.resolve(), place)
            continue
        runs = sorted(path.parent for path in place.rglob(CONFIG))
        found = [run for run in runs if (run / RESULT).is_file()]
        if not found:
            raise UserError(
                f"no run with an evaluation in {place}: give a run's folder or one above several; "
                "an evaluation is made with python scripts/evaluate.py RUN"
            )
        for run in found:
            evaluated.setdefault(run.resolve(), run)
        left_out += [run for run in runs if run not in found]
    evaluations: dict[Path, Evaluation] = {}
    for run in evaluated.values():
        evaluation = Evaluation.read(run)
        if evaluation not in evaluations.values():  # a release and its run, or a copy, are not two seeds either
            evaluations[run] = evaluation
    return evaluations, left_out


def check_comparable(evaluations: Mapping[Path, Evaluation]) -> None:
    """Raise UserError, naming the difference, unless all scores are of one environment under one protocol."""
    (first, one), *others = evaluations.items()
    for run, other in others:
        if other.environment != one.environment:
            raise UserError(
                "scores on different environments cannot be compared: "
                f"{first} is on {one.environment}, {run} on {other.environment}"
            )
        if other.protocol != one.protocol:
            raise UserError(
                f"scores under different protocols cannot be compared: {first} is under {one.protocol}, "
                f"{run} under {other.protocol}{_difference(one.protocol, other.protocol)}"
            )


def _difference(one: str, other: str) -> str:
    """In which fields two protocols differ, or nothing where one is not known here by its name and hash."""
    known = {protocol.identity: protocol for protocol in PROTOCOLS.values()}
    if one not in known or other not in known:
        return ""
    fields, others = _fields(asdict(known[one])), _fields(asdict(known[other]))
    differing = [name for name in {**fields, **others} if name != "name" and fields.get(name) != others.get(name)]
    return "; they differ in " + ", ".join(f"{name} ({fields.get(name)}, {others.get(name)})" for name in differing)


def _fields(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested fields under dotted names."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= _fields(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return flat


def group_runs(evaluations: Mapping[Path, Evaluation], by: Key) -> list[Group]:
    """The runs in groups of one agent, one preset of an agent or one seed, or each by itself; the best mean first.

    Runs of the random agent are a group of their own, whatever the key.
    """
    members: dict[str, dict[Path, Evaluation]] = {}
    for run, evaluation in evaluations.items():
        names = {
            "agent": evaluation.agent,
            "preset": f"{evaluation.agent} {evaluation.preset}",
            "seed": str(evaluation.seed),
            "run": str(run),
        }
        members.setdefault(FLOOR if evaluation.agent == FLOOR else names[by], {})[run] = evaluation
    return sorted((_group(name, runs) for name, runs in members.items()), key=lambda group: group.mean, reverse=True)


def _group(name: str, runs: Mapping[Path, Evaluation]) -> Group:
    scores = [evaluation.scores for evaluation in runs.values()]
    games = np.concatenate(scores)
    return Group(name, runs, *runs_interval(scores), float(np.median(games)), float(np.max(games)))


def notes_on(groups: Sequence[Group]) -> list[str]:
    """What a reader of the groups is to bear in mind, a line each: departures, few seeds, no floor."""
    notes = [f"{group.name}: departed from the protocol by {by}" for group in groups if (by := _departures(group))]
    few = [group.name for group in groups if group.name != FLOOR and len(group.seeds) < _FEWEST_SEEDS]
    if few:
        notes.append(f"fewer than {_FEWEST_SEEDS} seeds: {', '.join(few)}; one run says nothing about other seeds")
    if FLOOR not in [group.name for group in groups]:
        evaluation = next(iter(groups[0].runs.values()))
        protocol = evaluation.protocol.split(":")[0]
        notes.append(
            f"no floor: add the random agent with python scripts/train.py {FLOOR} --env {evaluation.environment} "
            f"--protocol {protocol} --steps 1, which also plays its games"
        )
    return notes


def _departures(group: Group) -> str:
    """The settings, and in how many runs if not in all."""
    counts = Counter(
        name.replace("_", " ") + ("" if value is True else f" {value}")
        for evaluation in group.runs.values()
        for name, value in evaluation.departures.items()
    )
    runs = len(group.runs)
    return ", ".join(
        words if count == runs else f"{words} (in {count} of {runs} runs)" for words, count in counts.items()
    )
