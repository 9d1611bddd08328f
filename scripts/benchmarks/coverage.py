"""How often the intervals of comparisons cover the truth, on made-up runs whose truth is known."""

import itertools
import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from rlab import command_line
from rlab.config import check_range
from rlab.report import robust
from rlab.report.robust import Estimate
from rlab.types import Array

Draw = Callable[[np.random.Generator, int], Array]
Interval = Callable[[np.random.Generator, int], Estimate]
SEEDS = (2, 3, 5, 10, 20)
_LARGE = 1_000_000  # draws for a truth that has no formula
_TASKS = (2, 5)  # whose truths differ by little, as those of normalised scores do


@dataclass(frozen=True)
class Options:
    """Draw samples of runs, make their intervals, and count how many hold the truth."""

    samples: int = 1_000
    """Samples of each size from each distribution. 1,000 tell the coverage to about a point."""
    seeds: tuple[int, ...] = SEEDS
    """Sizes of samples."""


DISTRIBUTIONS: dict[str, Draw] = {
    "normal": lambda random, runs: random.normal(size=runs),
    "uniform": lambda random, runs: random.random(runs),
    "exponential": lambda random, runs: random.exponential(size=runs),
    "log-normal": lambda random, runs: random.lognormal(0, 1, runs),
    "Student's t, 3": lambda random, runs: random.standard_t(3, runs),
    "one in five fails": lambda random, runs: np.where(random.random(runs) < 0.2, -5, 0) + random.normal(size=runs),
    "a third at the ceiling": lambda random, runs: np.minimum(random.normal(size=runs), 0.43),
}


def main(arguments: Sequence[str]) -> None:
    options = command_line.parse(Options, arguments, program="benchmark.py coverage", description=__doc__ or "")
    check_range("samples", options.samples, 1)
    for seeds in options.seeds:
        check_range("seeds", seeds, 2)
    start = time.perf_counter()
    print(f"{'interval of':28}{'runs drawn from':22}" + "".join(f"{f'{seeds} seeds':>10}" for seeds in options.seeds))
    found: dict[str, dict[str, list[float]]] = {}
    for what, name, interval, truth in _cases():
        random = np.random.default_rng(1)
        shares = [_share(options.samples, partial(interval, random, seeds), truth) for seeds in options.seeds]
        found.setdefault(what, {})[name] = shares
        print(f"{what:28}{name:22}" + "".join(f"{share:10.1%}" for share in shares), flush=True)
    print(f"{options.samples} samples of each in {time.perf_counter() - start:,.0f} s")
    print(json.dumps({"samples": options.samples, "seeds": options.seeds, "coverage": found}))


def _cases() -> Iterator[tuple[str, str, Interval, float]]:
    """What is estimated, of runs from which distribution, the interval of a sample of them, and the truth."""
    for name, draw in DISTRIBUTIONS.items():
        yield "interquartile mean", name, partial(_one_task, draw), _truth(draw)
    for tasks, name in itertools.product(_TASKS, ("normal", "exponential")):
        draw, means = DISTRIBUTIONS[name], np.linspace(0, 1, tasks)
        truth = _truth(partial(_mixed, draw, means))
        yield f"the same over {tasks} tasks", name, partial(_several_tasks, draw, means), truth
    for name, distance in (("equal normal", 0.0), ("normal, 1 apart", 1.0)):
        yield "probability of improvement", name, partial(_improvement, distance), 0.5 * (1 + math.erf(distance / 2))
    for name, share in (("half above", 0.5), ("four in five above", 0.8)):
        yield "performance profile", name, partial(_profile, share), share


def _one_task(draw: Draw, random: np.random.Generator, seeds: int) -> Estimate:
    return robust.interquartile_estimate([draw(random, seeds)])


def _several_tasks(draw: Draw, means: Array, random: np.random.Generator, seeds: int) -> Estimate:
    return robust.interquartile_estimate([draw(random, seeds) + task for task in means])


def _mixed(draw: Draw, means: Array, random: np.random.Generator, runs: int) -> Array:
    """Runs of all tasks."""
    return draw(random, runs) + random.choice(means, runs)


def _improvement(distance: float, random: np.random.Generator, seeds: int) -> Estimate:
    return robust.probability_of_improvement([random.normal(distance, 1, seeds)], [random.normal(0, 1, seeds)])


def _profile(share: float, random: np.random.Generator, seeds: int) -> Estimate:
    value, low, high = robust.performance_profile([random.random(seeds) < share], np.array([0.5]))[:, 0]
    return Estimate(value, low, high)


def _truth(draw: Draw) -> float:
    return float(robust.interquartile_mean(draw(np.random.default_rng(0), _LARGE)))


def _share(samples: int, interval: Callable[[], Estimate], truth: float) -> float:
    """How many of so many intervals hold the truth."""
    held = 0
    for _ in range(samples):
        _, low, high = interval()
        held += low is not None and high is not None and low <= truth <= high
    return held / samples
