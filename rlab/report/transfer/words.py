"""The report of a comparison: which way it came out, and the numbers that it rests on."""

from collections.abc import Iterator, Sequence

from rlab.report.markdown import numbers, shown, table
from rlab.report.paired import Difference, Interval
from rlab.report.scores import CONFIDENCE
from rlab.report.transfer.findings import Findings
from rlab.report.transfer.outcomes import Outcome
from rlab.report.transfer.plan import SCRATCH
from rlab.report.transfer.probed import in_words
from rlab.report.transfer.reading import reading
from rlab.report.transfer.summary import name, over_tasks, shares

_UNKNOWN = "unknown"
_MINUS = f"minus {SCRATCH} [95%]"


def report(tasks: Sequence[Findings]) -> str:
    """The tasks as sections, and where there are several, what they come to together."""
    lines = ["# Does what was learnt before help?" if _learnt_before(tasks) else "# What do other settings change?", ""]
    for task in tasks:
        lines += [f"## {name(task)}", "", *_task(task), ""]
    if len(tasks) > 1:
        lines += ["## All tasks together", "", *_together(tasks), ""]
    lines += ["## How to read this", "", *(f"- {line}" for line in reading(tasks))]
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
    if _learnt_before([task]):
        yield from table(
            ["arm", "pretrained on", "recorded steps", "pretraining, s", "one run, s", "together, s"],
            [_cost(arm) for arm in task.arms],
        )
    else:
        yield from table(["arm", "one run, s"], [[arm.name, f"{arm.seconds:,.0f}"] for arm in task.arms])
    yield ""
    yield from (f"- {line}" for line in [*_files(task), *_settings(task), *task.notes])


def _learnt_before(tasks: Sequence[Findings]) -> bool:
    """Whether any arm takes over something."""
    return any(arm.pretraining is not None for task in tasks for arm in task.arms)


def verdict(arm: Outcome) -> str:
    """Which way it came out, in words that claim no more than the interval does."""
    found = arm.differences["area"]
    seeds = len(found.values)
    measured = f"{numbers(found.interval)} points of area against {SCRATCH}, {seeds} seed{'s' * (seeds > 1)}"
    needed = found.seeds_needed or 0
    more = f"; were the true difference this one, about {needed:,} seeds would show it" if needed > seeds else ""
    return _said(arm.name, found.interval, arm.p, measured, more)


def _said(arm: str, interval: Interval, p: float | None, measured: str, more: str = "") -> str:
    if interval.low is None:
        return f"**{arm}: nothing can be said from one seed** ({measured})."
    if interval.sign == 0:
        level = interval.low == interval.high and interval.mean != 0
        why = (
            "all seeds differ by the same, so there is no spread to judge it by" if level else "the interval contains 0"
        )
        return f"**{arm}: no difference is shown** ({measured}; {why}{more})."
    way = "helped" if interval.sign > 0 else "harmed"
    if p is not None and p >= 1 - CONFIDENCE:
        return (
            f"**{arm}: perhaps it {way}, which is not shown** ({measured}; the interval excludes 0, but among so many "
            f"arms one may by chance: p {p:.2f} by Holm{more})."
        )
    return f"**{arm}: it {way}** ({measured}; the interval excludes 0)."


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
            yield f"{arm.name}: `{before.file}`, {before.method}; probes: {in_words(before.probes)}"


def _settings(task: Findings) -> Iterator[str]:
    """By which settings an arm differs from scratch that takes over nothing."""
    for arm in task.arms[1:]:
        if arm.pretraining is None:
            yield f"{arm.name}: `{' '.join(arm.options)}`"


def _together(tasks: Sequence[Findings]) -> Iterator[str]:
    found = over_tasks(tasks)
    for share in found:
        measured = f"{numbers(share.percent, '%')} of {SCRATCH}'s area, mean of {len(share.tasks)} tasks"
        yield f"- {_said(share.arm, share.percent, share.p, measured)}"
    if not found:
        yield "No arm has shares in two tasks, so there is nothing to put together."
    for task in tasks:
        if task.scale is None:
            yield f"- {name(task)} has no shares: its scores lie on both sides of 0, or {SCRATCH} scored 0."
    yield ""
    rows = [[share.arm, *share.tasks, shown(share.percent, "%")] for task in tasks for share in shares(task)]
    rows += [[share.arm, f"mean of {len(share.tasks)}", shown(share.percent, "%")] for share in found]
    yield from table(["arm", "task", f"difference of area, % of {SCRATCH}'s [95%]"], rows)
