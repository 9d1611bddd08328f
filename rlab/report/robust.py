"""Robust statistics of few runs on one task or several, each with an interval by stratified bootstrap.

A stratum is the runs of one group on one task, an environment. A resample draws as many runs of each stratum as there
are, with replacement, and tasks stay as they are: what varies is the seeds, so nothing is said about other tasks. Every
task counts alike, also where one has more runs than another.

The plain percentile interval is too narrow for few runs, as a resample varies less than a sample by (n - 1) / n and
knows its own spread no better than Student's t does. So the tails that are cut off are smaller here by both factors.

Source: Agarwal et al. (2021), Deep Reinforcement Learning at the Edge of the Statistical Precipice, sections 4.1 to
4.3; Hesterberg (2015), What Teachers Should Know About the Bootstrap, section 5.3 (expanded percentile interval).

Departs:
1. Agarwal et al. take plain percentiles; how often either interval covers the truth is in `coverage.py`.
2. They have as many runs of every task. Where there are not, a run counts less the more there are of its task.
"""

import math
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from rlab.report.paired import critical
from rlab.report.scores import RESAMPLES
from rlab.types import Array

_TRIM = 0.25


class Estimate(NamedTuple):
    """A figure, and from where to where it lies with 95% confidence; None where a task has one run only."""

    value: float
    low: float | None
    high: float | None


def interquartile_mean(values: Array, shares: Array | None = None) -> Array:
    """The mean [...] of the middle half of values [..., N]: a quarter, rounded down, is left out at either end.

    With `shares` [N], which add up to 1, values count for as much as these and not for 1 / N each; as much of them is
    left out as would be of equal ones.
    """
    size = values.shape[-1]
    cut = int(_TRIM * size)
    if shares is None:
        return np.asarray(np.sort(values, axis=-1)[..., cut : size - cut].mean(axis=-1))
    order = np.argsort(values, axis=-1)
    ends = np.cumsum(shares[order], axis=-1)
    low, high = cut / size, 1 - cut / size
    kept = np.clip(ends, low, high) - np.clip(ends - shares[order], low, high)
    return np.asarray((kept * np.take_along_axis(values, order, axis=-1)).sum(axis=-1) / kept.sum(axis=-1))


def interquartile_band(strata: Sequence[Array]) -> Array:
    """The interquartile mean over all runs at W points, from where it lies, and to where, [3, W].

    Each of the strata is [runs, W]. The ends are NaN if one of them has a single run.
    """
    sizes = [len(stratum) for stratum in strata]
    values = np.concatenate(strata)  # [N, W]
    shares = None if len(set(sizes)) == 1 else np.concatenate([np.full(size, 1 / size / len(sizes)) for size in sizes])
    if len(strata) == 1:
        resampled = _middle(*sizes) @ np.sort(values, axis=0)  # [R, W]
    else:
        drawn = _resamples(tuple(sizes))  # [R, N]
        resampled = np.stack([interquartile_mean(column[drawn], shares) for column in values.T], axis=1)
    return np.stack([interquartile_mean(values.T, shares), *_ends(resampled, sizes)])


def interquartile_estimate(strata: Sequence[Sequence[float]]) -> Estimate:
    """The interquartile mean over all runs of all strata."""
    return _estimate(interquartile_band([np.asarray(stratum, np.float64)[:, None] for stratum in strata])[:, 0])


def performance_profile(strata: Sequence[Sequence[float]], thresholds: Array) -> Array:
    """Which part of the runs scored more than each of K thresholds, from where it lies, and to where, [3, K]."""
    above = [np.asarray(stratum, np.float64)[:, None] > thresholds for stratum in strata]  # of each [runs, K]
    sizes = [len(stratum) for stratum in strata]
    counts = np.split(_counts(tuple(sizes)), np.cumsum(sizes)[:-1], axis=1)
    resampled = np.mean([times @ its / len(its) for times, its in zip(counts, above, strict=True)], axis=0)
    return np.stack([np.mean([its.mean(axis=0) for its in above], axis=0), *_ends(resampled, sizes)])


def probability_of_improvement(strata: Sequence[Sequence[float]], others: Sequence[Sequence[float]]) -> Estimate:
    """How probably a run of one group beats a run of the other on the same task, a tie counting half; mean over tasks.

    `strata` and `others` are of the same tasks in the same order. 0.5 says that neither is better.

    Source: Agarwal et al. (2021), section 4.3; the statistic of Mann and Whitney (1947), divided by its pairs.
    """
    values, resampled = [], []
    for number, (one, other) in enumerate(zip(strata, others, strict=True)):
        difference = np.subtract.outer(np.asarray(one, np.float64), np.asarray(other, np.float64))
        wins = (np.sign(difference) + 1) / 2  # [runs, runs]
        times, other_times = _counts((len(one),), 2 * number), _counts((len(other),), 2 * number + 1)
        values.append(wins.mean())
        resampled.append((times @ wins * other_times).sum(axis=1) / wins.size)
    fewer = min(strata, others, key=lambda group: min(map(len, group)))
    low, high = _ends(np.mean(resampled, axis=0), [len(stratum) for stratum in fewer])
    return _estimate(np.array([np.mean(values), low, high]))


@cache
def _resamples(sizes: tuple[int, ...], stream: int = 0) -> Array:
    """Places [R, N] in strata of these sizes, one after the other, drawn within each."""
    random = np.random.default_rng(stream)
    starts = np.cumsum([0, *sizes[:-1]])
    return np.concatenate(
        [start + random.integers(size, size=(RESAMPLES, size)) for start, size in zip(starts, sizes, strict=True)],
        axis=1,
    )


@cache
def _counts(sizes: tuple[int, ...], stream: int = 0) -> Array:
    """How often each run is drawn in each resample, [R, N]."""
    drawn = _resamples(sizes, stream)
    counts = np.zeros(drawn.shape)
    np.add.at(counts, (np.arange(len(drawn))[:, None], drawn), 1)
    return counts


@cache
def _middle(runs: int) -> Array:
    """What each run, the lowest first, counts in the interquartile mean of a single stratum's resamples, [R, N]."""
    drawn = np.sort(_resamples((runs,)), axis=1)
    cut = int(_TRIM * runs)
    weights = np.zeros(drawn.shape)
    np.add.at(weights, (np.arange(len(drawn))[:, None], drawn[:, cut : runs - cut]), 1 / (runs - 2 * cut))
    return weights


def _ends(resampled: Array, sizes: Sequence[int]) -> Array:
    """Where intervals end, [2, ...], by the values [R, ...] of statistics on resamples of strata of these sizes."""
    if min(sizes) < 2:
        return np.full((2, *resampled.shape[1:]), np.nan)
    tail = _tail(sum(sizes), len(sizes))
    return np.quantile(resampled, [tail, 1 - tail], axis=0)


@cache
def _tail(runs: int, tasks: int) -> float:
    """The part of the resamples that is cut off at either end, for so many runs in all."""
    freedom = runs - tasks
    reach = critical(freedom) * math.sqrt(runs / freedom)  # in standard deviations of the resampled statistic
    return math.erfc(reach / math.sqrt(2)) / 2


def _estimate(numbers: Array) -> Estimate:
    value, low, high = (float(number) for number in numbers)
    return Estimate(value, *(None if math.isnan(end) else end for end in (low, high)))


def finite(numbers: Sequence[float]) -> Iterator[float | None]:
    """Numbers as JSON can hold them: None in place of NaN."""
    return (None if math.isnan(number) else float(number) for number in numbers)
