"""The report of a comparison: which way it came out, and the numbers that it rests on."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rlab.report.transfer.curves import WINDOWS
from rlab.report.transfer.findings import Findings, Outcome
from rlab.report.transfer.markdown import numbers, shown, table
from rlab.report.transfer.paired import Difference, Interval
from rlab.report.transfer.plan import SCRATCH
from rlab.report.transfer.summary import name, over_tasks, shares

_PROBES_SHOWN = 12
_UNKNOWN = "unknown"
_MINUS = f"minus {SCRATCH} [95%]"


def report(tasks: Sequence[Findings]) -> str:
    """The tasks as sections, and where there are several, what they come to together."""
    lines = ["# Does what was learnt before help?", ""]
    for task in tasks:
        lines += [f"## {name(task)}", "", *_task(task), ""]
    if len(tasks) > 1:
        lines += ["## All tasks together", "", *_together(tasks), ""]
    lines += ["## How to read this", "", *(f"- {line}" for line in _reading(tasks))]
    return "\n".join(lines) + "\n"


def _task(task: Findings) -> Iterator[str]:
    options = f", options `{' '.join(task.options)}`" if task.options else ""
    yield (
        f"{task.steps:,} steps under `{task.protocol}`{options}; seeds {', '.join(map(str, task.seeds))}, the same in "
        "every arm."
    )
    if len(task.seeds) < task.planned_seeds:
        yield f"**Not finished: {len(task.seeds)} of {task.planned_seeds} seeds have all their arms.**"
    yield ""
    yield from (f"- {verdict(arm)}" for arm in task.arms[1:])
    beside = [_MINUS, "by seed", "seeds to show it"]
    yield ""
    yield from table(
        ["arm", "area under the curve [95%]", *beside],
        [[arm.name, numbers(arm.area), *_difference(arm, "area")] for arm in task.arms],
    )
    if task.threshold is not None:
        yield ""
        reached = f"reached {task.threshold:g} (mean of {task.threshold_games} games)"
        yield from table(
            ["arm", reached, "median steps of those", "restricted mean of steps [95%]", *beside],
            [[*_reached(arm), *_difference(arm, "restricted_steps")] for arm in task.arms],
        )
    if task.arms[0].score is not None:
        yield ""
        yield from table(
            ["arm", "score of the best checkpoint [95%]", *beside],
            [[arm.name, numbers(arm.score), *_difference(arm, "score")] for arm in task.arms],
        )
    yield ""
    yield from table(
        ["arm", "pretrained on", "recorded steps", "pretraining, s", "one run, s", "together, s"],
        [_cost(arm) for arm in task.arms],
    )
    yield ""
    yield from (f"- {line}" for line in [*_files(task), *task.notes])


def verdict(arm: Outcome) -> str:
    """Which way it came out, in words that claim no more than the interval does."""
    found = arm.differences["area"]
    seeds = len(found.values)
    measured = f"{numbers(found.interval)} points of area against {SCRATCH}"
    needed = found.seeds_needed
    more = f"; were the true difference this one, about {needed:,} seeds would show it" if needed else ""
    return _said(arm.name, found.interval, f"{measured}, {seeds} seed{'s' * (seeds > 1)}", more)


def _said(arm: str, interval: Interval, measured: str, more: str = "") -> str:
    if interval.low is None:
        return f"**{arm}: nothing can be said from one seed** ({measured})."
    if interval.sign == 0:
        return f"**{arm}: no difference is shown** ({measured}; the interval contains 0{more})."
    return f"**{arm}: it {'helped' if interval.sign > 0 else 'harmed'}** ({measured}; the interval excludes 0)."


def _difference(arm: Outcome, what: str) -> list[str]:
    """The difference to scratch, by seed, and the seeds that would show it."""
    found: Difference | None = arm.differences.get(what)
    if found is None:
        return ["", "", ""]
    needed = "" if found.seeds_needed is None else f"{found.seeds_needed:,}"
    return [shown(found.interval), ", ".join(f"{value:+,.4g}" for value in found.values), needed]


def _reached(arm: Outcome) -> list[str]:
    median = "never" if arm.median_steps is None else f"{arm.median_steps:,.0f}"
    return [arm.name, f"{arm.reached} of {len(arm.runs)}", median, numbers(arm.restricted_steps)]


def _cost(arm: Outcome) -> list[str]:
    run, before = f"{arm.seconds:,.0f}", arm.pretraining
    if before is None:
        return [arm.name, "", "0", "0", run, run]
    known = (before.recorded_steps, before.seconds, arm.all_seconds)
    steps, fit, together = (_UNKNOWN if value is None else f"{value:,.0f}" for value in known)
    return [arm.name, before.environment, steps, fit, run, together]


def _files(task: Findings) -> Iterator[str]:
    """What was taken over, and what can be read from its features where that was measured; each file once."""
    told = set()
    for arm in task.arms:
        before = arm.pretraining
        if before is not None and before.digest not in told:
            told.add(before.digest)
            leaves = list(_leaves(before.probes))
            more = f" and {len(leaves) - _PROBES_SHOWN} more" if len(leaves) > _PROBES_SHOWN else ""
            probes = ", ".join(f"{path} {value:.3g}" for path, value in leaves[:_PROBES_SHOWN])
            yield f"{arm.name}: `{before.file}`, {before.method}; probes: {probes + more or 'none made'}"


def _leaves(values: Any, path: str = "") -> Iterator[tuple[str, float]]:
    """The numbers in nested mappings, under dotted names."""
    if isinstance(values, Mapping):
        for key, value in values.items():
            yield from _leaves(value, f"{path}.{key}" if path else str(key))
    elif isinstance(values, int | float) and not isinstance(values, bool):
        yield path, float(values)


def _together(tasks: Sequence[Findings]) -> Iterator[str]:
    found = over_tasks(tasks)
    for share in found:
        measured = f"{numbers(share.percent, '%')} of {SCRATCH}'s area, mean of {len(share.tasks)} tasks"
        yield f"- {_said(share.arm, share.percent, measured)}"
    if not found:
        yield "No arm stands in two tasks, so there is nothing to put together."
    yield ""
    rows = [[share.arm, *share.tasks, shown(share.percent, "%")] for task in tasks for share in shares(task)]
    rows += [[share.arm, f"mean of {len(share.tasks)}", shown(share.percent, "%")] for share in found]
    yield from table(["arm", "task", f"difference of area, % of {SCRATCH}'s [95%]"], rows)


def _reading(tasks: Sequence[Findings]) -> Iterator[str]:
    seeds = min(len(task.seeds) for task in tasks)
    yield (
        f"Area: the mean of {WINDOWS} windows of training, each the mean score of the games that ended in it "
        "(exploration included; games under way at the end do not count). It decides the verdicts."
    )
    empty = sum(run.curve.count(None) for task in tasks for arm in task.arms for run in arm.runs)
    if empty:
        windows = WINDOWS * sum(len(arm.runs) for task in tasks for arm in task.arms)
        yield f"In {empty} of {windows} windows no game ended; there the curve goes straight from neighbour to neighbour."
    yield (
        "[95%]: Student's t over seeds, of differences seed by seed; bold where it excludes 0. It is exact from two "
        "seeds on if what differs is normal, and far too sure of itself if one seed in several is the exception; with "
        "fewer than five it is so wide that only large differences show"
        + (f" (here {seeds}: {_width(seeds)} standard errors to each side)." if seeds > 1 else ".")
    )
    compared = sum(len(task.arms) - 1 for task in tasks)
    if compared > 1:
        yield (
            f"{compared} arms were compared, each at 95%: if nothing helped or harmed at all, one of them would still "
            f"seem to in up to {1 - 0.95**compared:.0%} of such reports."
        )
    yield (
        "Seeds to show it: pairs with which a t-test at 5% finds a true difference of this size in 80% of cases; a "
        "guide to the next comparison, as rough as the two numbers it is made of."
    )
    if any(task.threshold is not None for task in tasks):
        yield (
            "Steps to a threshold: the median is of the seeds that got there. The restricted mean counts no run beyond "
            "the budget of steps, those that never got there with the whole budget: a mean up to then, not a mean "
            "of the times. Fewer steps are better, so there a difference below 0 is a gain."
        )
    yield (
        "Seconds are those of training as it ran, perhaps beside other runs: without the start of the program, the "
        "last evaluation and the recording of the games that were learnt from. Pretraining is counted whole for one "
        "run, though its file serves many."
    )
    if len(tasks) > 1:
        yield (
            f"Shares: the difference of area divided by the size of {SCRATCH}'s mean area, which is taken as exact. "
            "Their mean is over these tasks as they are, with the seeds within each as what varies "
            "(Satterthwaite): it says nothing about other tasks."
        )


def _width(seeds: int) -> str:
    from scipy import stats

    return f"{stats.t.ppf(0.975, seeds - 1):.1f}"
