"""Where each group stands: the score of every run on one scale, their interquartile mean, and who beats whom."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from rlab.report.comparison.groups import Group
from rlab.report.paired import Difference, holm, paired, unpaired
from rlab.report.references import random_and_human
from rlab.report.robust import Estimate, interquartile_estimate, probability_of_improvement
from rlab.types import Array


@dataclass(frozen=True)
class Scale:
    """What scores are counted in: points, or on several games shares of the way from random to human play."""

    name: str
    ends: Mapping[str, tuple[float, float]]  # by environment, the scores that are 0 and 1

    def of(self, environment: str, scores: ArrayLike) -> Array:
        """Scores in points, of any shape, on this scale."""
        zero, one = self.ends[environment]
        return (np.asarray(scores, np.float64) - zero) / (one - zero)


def points(environment: str) -> Scale:
    """Scores as they are."""
    return Scale("score", {environment: (0.0, 1.0)})


def human_normalised(environments: Sequence[str]) -> Scale | None:
    """The scale on which a random player has 0 and a human 1; None where their scores are not known everywhere."""
    known = {environment: random_and_human(environment) for environment in environments}
    ends = {environment: score for environment, score in known.items() if score is not None}
    return Scale("human-normalised score", ends) if len(ends) == len(known) else None


@dataclass(frozen=True)
class Standing:
    """A group on the environments of a comparison; of each, its runs in the same order."""

    name: str
    scores: Mapping[str, list[float]]  # by environment, the mean over its games of every run's evaluation, on a scale
    seeds: Mapping[str, list[int]]  # of the same runs
    estimate: Estimate  # the interquartile mean of all of them

    @property
    def fewest_seeds(self) -> int:
        """Distinct seeds on the environment with the fewest."""
        return min(len(set(seeds)) for seeds in self.seeds.values())

    def by_seed(self) -> dict[int, float]:
        """The mean score over environments of each seed that was trained on all of them."""
        shared = set.intersection(*(set(seeds) for seeds in self.seeds.values()))
        return {seed: float(np.mean([self._mean(environment, seed) for environment in self.scores])) for seed in shared}

    def _mean(self, environment: str, seed: int) -> float:
        pairs = zip(self.scores[environment], self.seeds[environment], strict=True)
        return float(np.mean([score for score, its in pairs if its == seed]))


def standing(name: str, groups: Mapping[str, Group], scale: Scale) -> Standing:
    """Where the runs of a name stand, given its group on each environment."""
    scores, seeds = {}, {}
    for environment, group in groups.items():
        runs = group.runs.values()
        scores[environment] = [float(scale.of(environment, np.mean(run.scores))) for run in runs]
        seeds[environment] = [run.seed for run in runs]
    return Standing(name, scores, seeds, interquartile_estimate(list(scores.values())))


@dataclass(frozen=True)
class Pair:
    """Two groups beside each other: the one with the higher interquartile mean first."""

    better: str
    worse: str
    difference: Difference  # of means, in the scale's unit
    is_paired: bool  # both have the same seeds on every environment
    probability: Estimate  # that a run of the first beats one of the second
    p: float  # of the difference, by Holm for all pairs


def pairs(standings: Sequence[Standing]) -> list[Pair]:
    """Every two groups, given the best first."""
    found = [_pair(one, other) for one, other in itertools.combinations(standings, 2)]
    adjusted = holm([pair.difference.interval for pair in found])
    return [replace(pair, p=p) for pair, p in zip(found, adjusted, strict=True)]


def _pair(one: Standing, other: Standing) -> Pair:
    scores, others = one.by_seed(), other.by_seed()
    is_paired = all(set(one.seeds[name]) == set(other.seeds[name]) for name in one.seeds) and bool(scores)
    if is_paired:
        seeds = sorted(scores)
        difference = paired([scores[seed] for seed in seeds], [others[seed] for seed in seeds])
    else:
        difference = unpaired(_values(one), _values(other))
    probability = probability_of_improvement(list(one.scores.values()), [other.scores[name] for name in one.scores])
    return Pair(one.name, other.name, difference, is_paired, probability, 1.0)


def _values(standing: Standing) -> list[float]:
    """One value a seed; where no seed was trained on all environments, the mean over these of the means on each."""
    return list(standing.by_seed().values()) or [float(np.mean([np.mean(its) for its in standing.scores.values()]))]
