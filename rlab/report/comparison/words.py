"""A comparison in words: where each group stands, who beats whom, how many seeds it takes, and what it rests on."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rlab.report.comparison.findings import Findings
from rlab.report.comparison.standings import Pair
from rlab.report.markdown import numbers, table
from rlab.report.paired import Interval
from rlab.report.robust import Estimate
from rlab.report.scores import CONFIDENCE

STANDINGS = ("group", "seeds", "interquartile mean of runs [95%]")
_PAIRS = ("pair", "probability of improvement [95%]", "difference of means [95%]", "seeds", "verdict")
_REFERENCES = ("reference", "environment", "score", "its protocol", "source")
_EXPLAINED = (
    "[ ] of interquartile means and probabilities: 95%, stratified bootstrap over seeds (2,000 resamples, expanded "
    "percentiles); of differences: 95% by Student's t, seed by seed where seeds pair"
)


class Table(NamedTuple):
    """Rows under heads."""

    title: str
    heads: Sequence[str]
    rows: list[list[str]]


def summary(findings: Findings) -> str:
    """Everything in Markdown, without pictures."""
    where = ", ".join(findings.environments)
    lines = [f"{where} under `{findings.protocol}`, by {findings.by}; {findings.scale.name}s", ""]
    for one in (*results(findings), *known(findings)):
        lines += [f"### {one.title}", "", *table(one.heads, one.rows), ""]
    return "\n".join([*lines, *(f"- {note}" for note in notes(findings))]) + "\n"


def results(findings: Findings) -> Iterator[Table]:
    """What the runs came to."""
    yield Table("Where each group stands", STANDINGS, standing_rows(findings))
    if findings.pairs:
        yield Table("Two by two", _PAIRS, pair_rows(findings))


def known(findings: Findings) -> Iterator[Table]:
    """What they are seen beside."""
    if rows := reference_rows(findings):
        yield Table("References", _REFERENCES, rows)


def standing_rows(findings: Findings) -> list[list[str]]:
    """A row for each group."""
    rows = []
    for one in findings.standings:
        groups = [next(group for group in table if group.name == one.name) for table in findings.tables.values()]
        seeds = "; ".join(dict.fromkeys(", ".join(map(str, group.seeds)) for group in groups))
        rows.append([one.name, seeds, shown(one.estimate)])
    return rows


def pair_rows(findings: Findings) -> list[list[str]]:
    """A row for each two groups."""
    return [
        [
            f"{pair.better} over {pair.worse}",
            shown(pair.probability),
            numbers(pair.difference.interval),
            "paired" if pair.is_paired else "not paired",
            verdict(pair),
        ]
        for pair in findings.pairs
    ]


def verdict(pair: Pair) -> str:
    """Whether a difference is shown, and if it is not, why, or how many seeds would show one of its size."""
    found = pair.difference
    if found.interval.low is None:
        return "nothing can be said from one seed"
    if found.interval.sign != 0:
        if pair.p >= 1 - CONFIDENCE:
            return f"not shown: among so many pairs it may be chance (p {pair.p:.2g})"
        # Interquartile means put them in order, and leave out the extremes that means may be decided by.
        return f"{'shown' if found.interval.sign > 0 else 'the opposite is shown of means'} (p {pair.p:.2g})"
    if found.interval.low == found.interval.high and found.interval.mean != 0:
        return "not shown: the seeds agree to the last digit, so there is no spread to judge it by"
    needed = found.seeds_needed if found.interval.mean > 0 else None
    each = "pairs of seeds" if pair.is_paired else "seeds each"
    more = f"; were the true difference this one, about {needed:,} {each} would show it" if needed else ""
    return f"not shown{more}"


def reference_rows(findings: Findings) -> list[list[str]]:
    """A row for each reference, a published curve by its first and last point."""
    rows = []
    for environment, known in findings.references.items():
        for one in known:
            ends = [f"{score:,.4g} at {step:,} steps" for step, score in (one.curve[:1] + one.curve[1:][-1:])]
            score = ", ".join(ends) if one.score is None else f"{one.score:,.5g}"
            same = "the same" if one.score is not None else "the same; training games, with exploration"
            rows.append([one.name, environment, score, one.differs or same, one.source])
    return rows


def notes(findings: Findings) -> Iterator[str]:
    """What a reader is to bear in mind."""
    yield _EXPLAINED
    tested = sum(pair.difference.interval.freedom is not None for pair in findings.pairs)
    if tested > 1:
        yield f"{tested} pairs were compared: their p are raised by Holm's correction"
    if len(findings.environments) > 1:
        one = next(iter(findings.references.values()))
        differs = next((reference.differs for reference in one if reference.name == "human"), "")
        yield (
            "human-normalised: 0 is random, 1 human play, by scores that were made with another protocol "
            f"({differs}); usual, and the same for every group"
        )
    yield from findings.notes


def shown(estimate: Estimate) -> str:
    """A figure with its interval."""
    return numbers(Interval(estimate.value, estimate.low, estimate.high))


def lines(findings: Findings) -> Iterator[str]:
    """The pairs as lines for a terminal."""
    for pair, row in zip(findings.pairs, pair_rows(findings), strict=True):
        yield f"{row[0]}: probability {row[1]}, difference {row[2]} ({_seeds(pair, findings)}): {row[4]}"


def _seeds(pair: Pair, findings: Findings) -> str:
    counts = [one.fewest_seeds for one in findings.standings if one.name in (pair.better, pair.worse)]
    if pair.is_paired:
        return f"{len(pair.difference.values)} pairs of seeds"
    return f"{counts[0]} and {counts[1]} seeds, not paired"
