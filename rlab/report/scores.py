"""Scores as means with intervals."""

from collections.abc import Sequence

import numpy as np
from scipy import stats

CONFIDENCE = 0.95


def mean_interval(scores: Sequence[float]) -> tuple[float, float, float]:
    """The mean, and from where to where it lies with 95% confidence (BCa bootstrap, 2,000 resamples, fixed seed).

    Source: Efron and Tibshirani (1993), An Introduction to the Bootstrap, section 14.3. With fewer than two scores, or
    where all are equal, the interval is the mean itself.
    """
    mean = float(np.mean(scores))
    if len(scores) < 2 or np.ptp(scores) == 0:
        return mean, mean, mean
    found = stats.bootstrap(
        (np.asarray(scores, np.float64),),
        np.mean,
        n_resamples=2000,
        confidence_level=CONFIDENCE,
        method="BCa",
        rng=np.random.default_rng(0),
    )
    return mean, float(found.confidence_interval.low), float(found.confidence_interval.high)
