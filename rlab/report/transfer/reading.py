"""What the numbers of a report mean, and what they do not show."""

from collections.abc import Iterator, Sequence

from rlab.report.curves import WINDOWS
from rlab.report.paired import critical
from rlab.report.scores import CONFIDENCE
from rlab.report.transfer.findings import Findings
from rlab.report.transfer.plan import SCRATCH


def reading(tasks: Sequence[Findings]) -> Iterator[str]:
    """What a reader is to bear in mind, a line each; only what belongs to these tasks."""
    seeds = min(len(task.seeds) for task in tasks)
    yield (
        f"Area: the mean of {WINDOWS} windows of training, each the mean score of the games that ended in it "
        "(exploration included; games under way at the end do not count). It decides the verdicts."
    )
    empty = sum(run.curve.count(None) for task in tasks for arm in task.arms for run in arm.runs)
    if empty:
        windows = WINDOWS * sum(len(arm.runs) for task in tasks for arm in task.arms)
        yield f"In {empty} of {windows} windows no game ended; there the curve goes straight between its neighbours."
    yield (
        "[95%]: Student's t over seeds, of differences seed by seed; bold where it excludes 0. It is exact from two "
        "seeds on if what differs is normal, and far too sure of itself if one seed in several is the exception; with "
        "fewer than five it is so wide that only large differences show"
        + (f" (here {seeds}: {critical(seeds - 1):.1f} standard errors to each side)." if seeds > 1 else ".")
    )
    compared = max(len(task.arms) - 1 for task in tasks)
    if compared > 1:
        yield (
            f"{compared} arms were compared, each at 95%: if nothing helped or harmed at all, one interval or more "
            f"would still exclude 0 in up to {1 - CONFIDENCE**compared:.0%} of such studies. So the verdicts say that "
            "an arm helped or harmed only where that holds for all arms together (Holm's correction), else: perhaps."
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
        "Seconds are those of training as it ran, perhaps beside other runs: without the start of the program and the "
        "last evaluation."
    )
    before = [arm.pretraining for task in tasks for arm in task.arms if arm.pretraining is not None]
    if before:
        yield (
            "Pretraining is counted whole for one run, though its file serves many, and without the recording of the "
            "games that were learnt from."
        )
    if any(one.method == "untrained" for one in before):
        yield (
            "Untrained: a network of an encoder's shape with weights as they begin, other ones for every seed. What it "
            "changes comes of the shape, of how weights begin and of their standing still; only what an encoder "
            "changes beyond that comes of what was learnt."
        )
    if len(tasks) > 1:
        yield (
            f"Shares: the difference of area divided by the size of {SCRATCH}'s mean area, which is taken as exact. "
            "Their mean is over these tasks as they are, with the seeds within each as what varies "
            "(Satterthwaite): it says nothing about other tasks."
        )
