"""Several tasks together: what an arm changes, in shares of what scratch reaches on each task."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rlab.report.paired import Interval, holm, mean_over_tasks
from rlab.report.transfer.findings import Findings


@dataclass(frozen=True)
class Share:
    """An arm on one task, or over several: its difference of area to scratch, divided by `Findings.scale`."""

    arm: str
    tasks: list[str]
    interval: Interval
    p: float | None = None  # over several tasks, by Holm for all arms

    @property
    def percent(self) -> Interval:
        return self.interval.divided(0.01)


def shares(task: Findings) -> list[Share]:
    """What each arm changes on a task; nothing where a share would mean nothing."""
    scale = task.scale
    if scale is None:
        return []
    return [Share(arm.name, [name(task)], arm.differences["area"].interval.divided(scale)) for arm in task.arms[1:]]


def over_tasks(tasks: Sequence[Findings]) -> list[Share]:
    """What each arm changes on average over the tasks that have an arm of this name, where there are two or more."""
    values: dict[str, list[list[float]]] = {}
    where: dict[str, list[str]] = {}
    for task in tasks:
        scale = task.scale
        if scale is None:
            continue
        for arm in task.arms[1:]:
            values.setdefault(arm.name, []).append([value / scale for value in arm.differences["area"].values])
            where.setdefault(arm.name, []).append(name(task))
    found = [Share(arm, where[arm], mean_over_tasks(values[arm])) for arm in values if len(where[arm]) > 1]
    adjusted = holm([share.interval for share in found])
    return [replace(share, p=p) for share, p in zip(found, adjusted, strict=True)]


def name(task: Findings) -> str:
    """A task in words."""
    return f"{task.agent} ({task.preset}) on {task.environment}"
