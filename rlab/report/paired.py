"""Means and differences over few seeds, with intervals that hold for so few."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from rlab.report.scores import CONFIDENCE
from rlab.types import Array

POWER = 0.8
_MOST_SEEDS = 10_000
_ROUNDING = 1e-9  # of the largest value
_LARGEST_EFFECT = 30.0  # standard deviations; two seeds show it, and beyond it SciPy's distribution is inexact


@dataclass(frozen=True)
class Interval:
    """A mean, and from where to where it lies with 95% confidence; one seed has no interval.

    Where all seeds have the same value, the interval has no width, and shows nothing: there is no spread to judge by.
    """

    mean: float
    low: float | None
    high: float | None
    freedom: float | None = None  # degrees of freedom of Student's t
    sign: int = field(init=False)  # 1 where all of it lies above 0, -1 below; 0 where it contains 0 or shows nothing

    def __post_init__(self) -> None:
        sign = 0
        if self.low is not None and self.high is not None and self.low < self.high:
            sign = int(self.low > 0) - int(self.high < 0)
        object.__setattr__(self, "sign", sign)

    def divided(self, by: float) -> "Interval":
        """The same in units of `by`, which is above 0 and taken as exact."""
        low, high = (None if end is None else end / by for end in (self.low, self.high))
        return Interval(self.mean / by, low, high, self.freedom)

    @property
    def p(self) -> float:
        """How often a mean so far from 0 or further comes of nothing: below 0.05 where the interval excludes 0."""
        if self.freedom is None or self.low is None or self.high is None or self.low == self.high:
            return 1.0
        from scipy import stats

        error = (self.high - self.low) / 2 / critical(self.freedom)
        return float(2 * stats.t.sf(abs(self.mean) / error, self.freedom))


@dataclass(frozen=True)
class Difference:
    """One of two arms or groups minus the other, seed by seed or where seeds do not pair, by their means."""

    values: list[float]  # by seed; empty where seeds do not pair
    interval: Interval
    deviation: float | None  # of the values over seeds; where seeds do not pair, of the difference of two at random
    seeds_needed: int | None  # see `seeds_needed`; None as well from one seed


def student_interval(values: Sequence[float]) -> Interval:
    """The mean over seeds with its 95% interval by Student's t: mean ± t(0.975, n - 1) s / sqrt(n).

    Why t and no bootstrap: from three seeds a bootstrap can draw ten different samples only, and its percentiles cover
    the true mean in 75% of cases (from two 51%, five 83%, ten 89%; normal values). The t interval is exact for normal
    values from two seeds on, where it is very wide (t = 12.7; three: 4.3, five: 2.8, ten: 2.3). Differences of pairs
    are symmetric if nothing differs, and then it holds well without normality: 95 to 97% for t-distributed and for
    all-or-nothing values, from three seeds on. Where they are skewed it covers too little: exponential values 89% from
    three or five seeds; a success in one run of five 75% from three, 70% from five, 89% from ten. (40,000 simulated
    samples each; 4,000 for the bootstrap.)

    Source: Student (1908), The probable error of a mean, Biometrika 6, where the example is one of paired differences.
    """
    mean = float(np.mean(values))
    seeds = len(values)
    if seeds < 2:
        return Interval(mean, None, None)
    half = critical(seeds - 1) * math.sqrt(_variance(values) / seeds)
    return Interval(mean, mean - half, mean + half, seeds - 1)


def _variance(values: Sequence[float]) -> float:
    """The variance, two values or more; 0 where they differ by the rounding of floats alone, which is no spread."""
    if np.ptp(values) <= _ROUNDING * np.max(np.abs(values)):
        return 0.0
    return float(np.var(values, ddof=1))


def critical(freedom: float) -> float:
    """How many standard errors an interval reaches to each side: the 97.5% point of Student's t."""
    from scipy import stats  # here: it takes longer to load than all else that a command line needs to be checked

    return float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom))


def paired(values: Sequence[float], others: Sequence[float]) -> Difference:
    """`values` minus `others`, each of the same seeds in the same order, with the interval of their mean."""
    differences = [value - other for value, other in zip(values, others, strict=True)]
    interval = student_interval(differences)
    if len(differences) < 2:
        return Difference(differences, interval, None, None)
    deviation = math.sqrt(_variance(differences))
    return Difference(differences, interval, deviation, seeds_needed(interval.mean, deviation))


def unpaired(values: Sequence[float], others: Sequence[float]) -> Difference:
    """The mean of `values` minus that of `others`, each of its own seeds, with Welch's interval.

    Source: Welch (1947), The generalization of "Student's" problem when several different population variances are
    involved, Biometrika 34.
    """
    mean = float(np.mean(values) - np.mean(others))
    if min(len(values), len(others)) < 2:
        return Difference([], Interval(mean, None, None), None, None)
    variances = np.array([_variance(values), _variance(others)])
    interval = _welch(mean, variances / [len(values), len(others)], [len(values) - 1, len(others) - 1])
    deviation = math.sqrt(variances.sum())
    return Difference([], interval, deviation, seeds_needed(mean, deviation))


def _welch(mean: float, variances: Array, freedoms: Sequence[int]) -> Interval:
    """The interval of a sum or difference of means, from the variance of each mean and its degrees of freedom.

    Source: Satterthwaite (1946), An approximate distribution of estimates of variance components, Biometrics
    Bulletin 2.
    """
    if not variances.any():
        return Interval(mean, mean, mean)
    freedom = float(variances.sum() ** 2 / np.sum(variances**2 / freedoms))
    half = critical(freedom) * math.sqrt(variances.sum())
    return Interval(mean, mean - half, mean + half, freedom)


def seeds_needed(difference: float, deviation: float) -> int | None:
    """The fewest pairs of seeds with which a t-test at 5% shows such a true `difference` in 80% of cases.

    `deviation` is the standard deviation of the paired differences; of pairs made at random, if seeds do not pair.
    None: no difference, or more than 10,000. Both numbers come from the few seeds there are, so this is a rough guide
    to the next study, and says nothing about this.

    Source: Cohen (1988), Statistical Power Analysis for the Behavioral Sciences, chapter 2; by the noncentral t.
    """
    if difference == 0:
        return None
    effect = _LARGEST_EFFECT if deviation == 0 else min(abs(difference) / deviation, _LARGEST_EFFECT)
    few, many = 1, 2
    while _power(effect, many) < POWER:
        few, many = many, 2 * many
        if few > _MOST_SEEDS:
            return None
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if _power(effect, middle) >= POWER else (middle, many)
    return many if many <= _MOST_SEEDS else None


def _power(effect: float, seeds: int) -> float:
    from scipy import stats

    end, centre = critical(seeds - 1), effect * math.sqrt(seeds)
    return float(stats.nct.sf(end, seeds - 1, centre) + stats.nct.cdf(-end, seeds - 1, centre))


def mean_over_tasks(differences: Sequence[Sequence[float]]) -> Interval:
    """The mean over tasks of each one's mean over its seeds, and from where to where it lies with 95% confidence.

    The tasks are taken as they are, so it says nothing about others: what varies is the seeds within each. A task with
    one seed leaves no interval. The degrees of freedom are Satterthwaite's.

    Source: for fixed tasks with runs drawn within each, Agarwal et al. (2021), Deep Reinforcement Learning at the Edge
    of the Statistical Precipice, section 4.
    """
    mean = float(np.mean([np.mean(values) for values in differences]))
    if min(map(len, differences)) < 2:
        return Interval(mean, None, None)
    tasks = len(differences)
    variances = np.array([_variance(values) / len(values) for values in differences]) / tasks**2
    return _welch(mean, variances, [len(values) - 1 for values in differences])


def holm(intervals: Sequence[Interval]) -> list[float]:
    """The p of each interval, raised so that among all of them together 5% is still 5%; one seed tests nothing.

    Of m arms of which none differs from scratch, one interval or more excludes 0 in up to 1 - 0.95 ** m of studies.
    With these p it is at most 5%. Source: Holm (1979), A simple sequentially rejective multiple test procedure,
    Scandinavian Journal of Statistics 6.
    """
    tested = [index for index, interval in enumerate(intervals) if interval.freedom is not None]
    order = sorted(tested, key=lambda index: intervals[index].p)
    found, highest = [1.0] * len(intervals), 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - rank) * intervals[index].p))
        found[index] = highest
    return found
