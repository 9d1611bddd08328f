"""Runs in groups: a row of the table each, with the interval of its mean."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from rlab.evaluation import Evaluation
from rlab.report.scores import runs_interval

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
    """What a reader of an environment's groups is to bear in mind, a line each: departures, seeds, no floor."""
    notes = [f"{group.name}: departed from the protocol by {by}" for group in groups if (by := _departures(group))]
    learners = [group for group in groups if group.name != FLOOR]
    few = [group.name for group in learners if len(group.seeds) < _FEWEST_SEEDS]
    if few:
        notes.append(f"fewer than {_FEWEST_SEEDS} seeds: {', '.join(few)}; one run says nothing about other seeds")
    notes += [
        f"{group.name}: {len(group.runs)} runs of {len(group.seeds)} seeds, with different settings; runs of the same "
        "seed are not independent, so intervals are too narrow (--by preset or --by run may tell them apart)"
        for group in learners
        if len(group.runs) > len(group.seeds)
    ]
    notes += _unpaired([group for group in learners if len(group.runs) > 1])
    if FLOOR not in [group.name for group in groups]:
        evaluation = next(iter(groups[0].runs.values()))
        protocol = evaluation.protocol.split(":")[0]
        notes.append(
            f"no floor: add the random agent with python scripts/train.py {FLOOR} --env {evaluation.environment} "
            f"--protocol {protocol} --steps 1, which also plays its games"
        )
    return notes


def _unpaired(groups: Sequence[Group]) -> list[str]:
    """That seeds differ between groups, if they do."""
    seeds = {group.name: group.seeds for group in groups}
    if len({tuple(its) for its in seeds.values()}) < 2:
        return []
    each = "; ".join(f"{name} has {', '.join(map(str, its))}" for name, its in seeds.items())
    return [f"seeds do not pair: {each}. With the same seeds in every group, a difference may take fewer to show"]


def _departures(group: Group) -> str:
    """The settings, and in how many runs if not in all."""
    counts = Counter(words for evaluation in group.runs.values() for words in evaluation.departed())
    runs = len(group.runs)
    return ", ".join(
        words if count == runs else f"{words} (in {count} of {runs} runs)" for words, count in counts.items()
    )
