"""Several tasks together: what an arm changes, in shares of what scratch reaches on each task."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rlab.report.transfer.findings import Findings
from rlab.report.transfer.paired import Interval, mean_over_tasks


@dataclass(frozen=True)
class Share:
    """An arm on one task, or over several: its difference of area to scratch, divided by scratch's mean area."""

    arm: str
    tasks: list[str]
    interval: Interval

    @property
    def percent(self) -> Interval:
        return self.interval.divided(0.01)


def shares(task: Findings) -> list[Share]:
    """What each arm changes on a task.

    Scores below zero are divided by their size, so that better stays better. Scratch's mean is taken as exact. A task
    where it is 0 has no shares.
    """
    scale = abs(task.scratch_area)
    if not scale:
        return []
    return [Share(arm.name, [name(task)], arm.differences["area"].interval.divided(scale)) for arm in task.arms[1:]]


def over_tasks(tasks: Sequence[Findings]) -> list[Share]:
    """What each arm changes on average over the tasks that have an arm of this name, if there are two of them."""
    names = dict.fromkeys(arm.name for task in tasks for arm in task.arms[1:])
    found = []
    for arm_name in names:
        having = [task for task in tasks if task.scratch_area and arm_name in [arm.name for arm in task.arms]]
        if len(having) < 2:
            continue
        differences = [
            (np.array(arm.differences["area"].values) / abs(task.scratch_area)).tolist()
            for task in having
            for arm in task.arms
            if arm.name == arm_name
        ]
        found.append(Share(arm_name, [name(task) for task in having], mean_over_tasks(differences)))
    return found


def name(task: Findings) -> str:
    """A task in words."""
    return f"{task.agent} ({task.preset}) on {task.environment}"
