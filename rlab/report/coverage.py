"""How often the intervals of few seeds cover the truth: measured, and told beside an interval that is too narrow.

Of what is said to be 95%, with 1,000 samples of made-up runs each (a figure is right to about 1.4 points), on
25 November 2026 by

    python scripts/benchmark.py coverage

| interval of | runs drawn from | 2 seeds | 3 | 5 | 10 | 20 |
|---|---|---|---|---|---|---|
| interquartile mean, one task | normal | 51.1% | 75.5% | 94.3% | 97.9% | 96.5% |
| | uniform | 50.6% | 75.2% | 93.3% | 96.3% | 95.3% |
| | exponential | 48.6% | 76.6% | 92.5% | 97.0% | 94.4% |
| | log-normal | 49.9% | 74.4% | 94.4% | 97.6% | 96.5% |
| | Student's t, 3 degrees of freedom | 48.1% | 74.7% | 93.9% | 97.3% | 96.1% |
| | normal, one in five fails | 51.1% | 76.8% | 93.6% | 96.4% | 96.3% |
| | normal, a third at the ceiling | 51.7% | 76.3% | 94.3% | 96.5% | 95.6% |
| interquartile mean, two tasks | normal | 67.1% | 91.1% | 95.8% | 96.4% | 95.1% |
| | exponential | 65.5% | 89.3% | 95.8% | 93.2% | 94.9% |
| interquartile mean, five tasks | normal | 84.8% | 95.2% | 95.9% | 95.7% | 94.8% |
| | exponential | 83.1% | 94.4% | 94.1% | 94.4% | 95.7% |
| probability of improvement | normal, none better | 68.8% | 89.1% | 98.3% | 98.0% | 96.6% |
| | normal, one a standard deviation better | 50.9% | 73.5% | 91.3% | 96.9% | 95.8% |
| performance profile at a threshold | half above | 50.6% | 75.2% | 93.4% | 98.0% | 95.9% |
| | four in five above | 32.8% | 46.9% | 68.9% | 88.7% | 96.1% |

Plain percentiles came to 73 to 78% with three seeds on one task, 89 to 91% with five, 93 to 95% with ten and 93 to 96%
with twenty, so intervals are expanded, see `robust.py`. No interval between the lowest and the highest of two or three
runs can do much better: that is where all of the runs lie on one side of the truth in a half and a quarter of cases.

The interval of the mean over all games of runs (`scores.runs_interval`) covers it in 50 to 62% of cases from two seeds,
72 to 77% from three, 85 to 87% from five, 91 to 92% from ten and 93.5% from twenty (normal scores, 30 games a run, runs
that differ as much as games or much more; 400 to 1,000 samples).
"""

from collections.abc import Mapping, Sequence

Coverage = Mapping[int, tuple[float, float]]  # by the number of seeds: the least and the most over distributions
ONE_TASK: Coverage = {2: (0.48, 0.52), 3: (0.74, 0.77), 5: (0.92, 0.94), 10: (0.96, 0.98), 20: (0.94, 0.97)}
TWO_TASKS: Coverage = {2: (0.65, 0.67), 3: (0.89, 0.91), 5: (0.96, 0.96), 10: (0.93, 0.96), 20: (0.95, 0.95)}
FIVE_TASKS: Coverage = {2: (0.83, 0.85), 3: (0.94, 0.95), 5: (0.94, 0.96), 10: (0.94, 0.96), 20: (0.95, 0.96)}
MEANS: Coverage = {2: (0.50, 0.62), 3: (0.72, 0.77), 5: (0.85, 0.87), 10: (0.91, 0.92), 20: (0.93, 0.94)}
_LEAST = 0.92  # what passes for 95%


def too_narrow(seeds: Sequence[int], tasks: int) -> list[str]:
    """What to say beside the intervals of groups with so many seeds each, two or more: a line for each kind too narrow.

    A number that was not measured, of seeds or tasks, is told the coverage of the next lower one.
    """
    found = []
    middle = ONE_TASK if tasks == 1 else TWO_TASKS if tasks < 5 else FIVE_TASKS
    for what, coverage in (
        ("interquartile means (of probabilities much alike, of profiles less)", middle),
        ("means over all games" if tasks == 1 else "means over all games on one environment", MEANS),
    ):
        few = sorted({max(known for known in coverage if known <= count) for count in seeds})
        narrow = [f"from {count} seeds {_percent(*coverage[count])}" for count in few if coverage[count][0] < _LEAST]
        if narrow:
            found.append(
                f"95% intervals of {what} are too narrow with so few seeds: as measured, they cover the truth "
                f"{', '.join(narrow)}"
            )
    return found


def _percent(low: float, high: float) -> str:
    return f"{low:.0%}" if low == high else f"{low:.0%} to {high:.0%}"
