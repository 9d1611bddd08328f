"""The charts of a comparison, as data: the same ones are drawn into pictures and into the page.

Lines of reference that lie far from everything else would press it flat; they are named under the chart instead.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from rlab.report.comparison.findings import Findings
from rlab.report.comparison.groups import FLOOR
from rlab.report.comparison.learning import Curve
from rlab.report.comparison.standings import Scale
from rlab.report.references import Reference
from rlab.report.robust import Estimate

_NEAR = 0.5  # heights of the chart's own lines that a reference may lie beyond them
_BAND = "Interquartile mean over runs{}; bands: 95%, stratified bootstrap over seeds, expanded percentiles."
FLOOR_LINE = f"{FLOOR} (these runs)"
_HOUR, _MINUTE = 3600, 60


@dataclass(frozen=True)
class Line:
    """A line of a chart, with a band if it has ends."""

    name: str
    x: list[float]
    y: list[float]
    low: list[float | None] = field(default_factory=list)
    high: list[float | None] = field(default_factory=list)
    rank: int | None = None  # of its group, by which it has its colour; None: a reference


@dataclass(frozen=True)
class Chart:
    """Lines over two axes."""

    name: str
    title: str
    x: str
    y: str
    lines: list[Line]
    note: str
    steps: bool = False  # from one point to the next the lines stay level


@dataclass(frozen=True)
class Dot:
    """A figure with its interval."""

    name: str
    estimate: Estimate
    rank: int


@dataclass(frozen=True)
class Dots:
    """Figures with intervals, one below the other."""

    name: str
    title: str
    x: str
    dots: list[Dot]
    marks: list[tuple[str, float]]  # what stands at some values of x
    note: str
    span: tuple[float, float] | None = None  # of the x axis; None: what the dots need


def charts(findings: Findings) -> list[Chart | Dots]:
    """Everything there is to draw."""
    found: list[Chart | Dots] = [_scores(findings)]
    learnt = (
        ("training", "sample_efficiency", "Sample efficiency", "agent steps", 1),
        ("evaluation", "evaluation", "Evaluations during training", "agent steps", 1),
        ("time", "wall_clock", "Wall-clock time", *_time(findings.curves.get("time", []))),
    )
    for kind, name, title, x, unit in learnt:
        if kind in findings.curves:
            found.append(_learning(findings, kind, name, title, x, unit))
    if len(findings.standings) > 1:
        found.append(_profiles(findings))
    if findings.pairs:
        found.append(_probabilities(findings))
    return found


def reference_lines(findings: Findings, scale: Scale, end: float, *, published: bool) -> Iterator[Line]:
    """The references up to `end` on the x axis, of `published` curves what lies before it.

    The random agent of these runs takes the place of one of another protocol.
    """
    floor = [one.estimate.value for one in findings.standings if one.name == FLOOR and scale == findings.scale]
    for value in floor:
        yield Line(FLOOR_LINE, [0.0, end], [value] * 2)
    for reference in _on_scale(findings, scale):
        inside = [(float(step), score) for step, score in reference.curve if step <= end]
        if reference.score is not None and not (floor and reference.name == FLOOR):
            yield Line(reference.label, [0.0, end], [reference.score] * 2)
        elif inside and published:
            yield Line(reference.label, [step for step, _ in inside], [score for _, score in inside])


def _on_scale(findings: Findings, scale: Scale) -> Iterator[Reference]:
    if len(findings.environments) > 1:
        for reference in next(iter(findings.references.values())):
            if reference.name in ("random", "human"):  # which are the same on every game, on this scale
                yield replace(reference, score=float(reference.name == "human"))
        return
    (environment,) = findings.environments
    for reference in findings.references[environment]:
        score = None if reference.score is None else float(scale.of(environment, reference.score))
        curve = tuple((step, float(scale.of(environment, points))) for step, points in reference.curve)
        yield replace(reference, score=score, curve=curve)


def ranks(findings: Findings) -> dict[str, int]:
    """The place of each group, by which it has the same colour in every chart."""
    return {one.name: rank for rank, one in enumerate(findings.standings)}


def _learning(findings: Findings, kind: str, name: str, title: str, x: str, unit: float) -> Chart:
    rank = ranks(findings)
    lines = [
        Line(curve.group, [at / unit for at in curve.at], curve.value, curve.low, curve.high, rank[curve.group])
        for curve in findings.curves[kind]
    ]
    end = max(line.x[-1] for line in lines)
    known = reference_lines(findings, findings.scale, end, published=kind == "training")
    near, far = near_and_far(lines, list(known))
    what = {
        "training": "training games that ended in each window (exploration included)",
        "evaluation": "games without exploration, which choose the checkpoint",
        "time": "training games, by the time of training as it ran, perhaps beside other programs",
    }[kind]
    y = {"evaluation": f"{findings.scale.name}, evaluation"}.get(kind, f"{findings.scale.name}, training")
    windows = {one.window_steps for its in findings.references.values() for one in its if one.curve}
    published = [f"Published points are means over the {steps:,} steps before them." for steps in windows]
    notes = [_BAND.format(f", {what}"), *(published if kind == "training" else []), *_beyond(far)]
    return Chart(name, title, x, y, [*lines, *near], " ".join(notes))


def near_and_far(lines: Sequence[Line], known: Sequence[Line]) -> tuple[list[Line], list[Line]]:
    """The references that lie where the lines do, give or take half their height, and the others."""
    own = [value for line in lines for values in (line.y, line.low, line.high) for value in values if value is not None]
    margin = _NEAR * (max(own) - min(own) or abs(own[0]) or 1.0)
    inside = [any(min(own) - margin <= value <= max(own) + margin for value in line.y) for line in known]
    return (
        [line for line, near in zip(known, inside, strict=True) if near],
        [line for line, near in zip(known, inside, strict=True) if not near],
    )


def _beyond(far: Sequence[Line]) -> list[str]:
    return [f"Beyond the chart: {', '.join(f'{line.name} {line.y[-1]:,.4g}' for line in far)}."] if far else []


def _time(curves: Sequence[Curve]) -> tuple[str, int]:
    longest = max((curve.at[-1] for curve in curves), default=0.0)
    return ("hours of training", _HOUR) if longest > 2 * _HOUR else ("minutes of training", _MINUTE)


def _scores(findings: Findings) -> Dots:
    dots = [Dot(one.name, one.estimate, rank) for rank, one in enumerate(findings.standings)]
    lines = [Line(dot.name, [], [dot.estimate.value], [dot.estimate.low], [dot.estimate.high]) for dot in dots]
    known = reference_lines(findings, findings.scale, 0.0, published=False)
    near, far = near_and_far(lines, [line for line in known if line.name != FLOOR_LINE])  # a dot of its own
    note = "Interquartile mean over runs of each one's mean over its games; 95% intervals over seeds."
    return Dots(
        "scores",
        "Final scores",
        findings.scale.name,
        dots,
        [(line.name, line.y[0]) for line in near],
        " ".join([note, *_beyond(far)]),
    )


def _profiles(findings: Findings) -> Chart:
    lines = [
        Line(profile.group, profile.threshold, profile.value, profile.low, profile.high, rank)
        for rank, profile in enumerate(findings.profiles)
    ]
    note = "How many of a group's runs scored more than x. Further right is better; bands: 95% at each x, over seeds."
    return Chart(
        "profile", "Performance profile", findings.scale.name, "share of runs above it", lines, note, steps=True
    )


def _probabilities(findings: Findings) -> Dots:
    rank = ranks(findings)
    dots = [Dot(f"{pair.better} over {pair.worse}", pair.probability, rank[pair.better]) for pair in findings.pairs]
    note = "How probably a run of the one beats a run of the other, a tie counting half; 95% intervals over seeds."
    return Dots(
        "improvement", "Probability of improvement", "probability", dots, [("no difference", 0.5)], note, (0.0, 1.0)
    )
