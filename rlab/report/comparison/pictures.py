"""Charts as PNG pictures, drawn without a display."""

import io
import textwrap
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from rlab.report.comparison.charts import Chart, Dots

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a5195", "#1b1b1b")
"""Colours that the colour-blind can tell apart. Source: Okabe and Ito (2008), Color Universal Design."""
GREY, INK, FAINT = "#767676", "#222222", "#e6e6e6"
DASHES = ((6, 2), (2, 2), (8, 2, 2, 2), (1, 1.5), (10, 3), (4, 1, 1, 1, 1, 1))
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
_WIDTH, _LINES_HEIGHT, _DOT_HEIGHT = 9.0, 4.8, 0.42  # inches
_DPI = 110
_WRAP = 130  # letters of a line under the chart


def colour_of(rank: int) -> str:
    """The colour of a group."""
    return COLOURS[rank % len(COLOURS)]


def picture(chart: Chart | Dots) -> tuple[bytes, int, int]:
    """A chart as a PNG, with its height and width in pixels."""
    height = _LINES_HEIGHT if isinstance(chart, Chart) else 1.9 + _DOT_HEIGHT * len(chart.dots)
    figure = Figure(figsize=(_WIDTH, height), dpi=_DPI, layout="constrained", facecolor="white")
    axes = figure.add_subplot()
    if isinstance(chart, Chart):
        _draw_lines(axes, chart)
    else:
        _draw_dots(axes, chart)
    axes.set_title(chart.title, loc="left", fontsize=13, fontweight="bold", color=INK, pad=10)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(GREY)
    axes.tick_params(colors=INK, labelsize=9, color=GREY)
    axes.set_axisbelow(True)
    figure.supxlabel(textwrap.fill(chart.note, _WRAP), fontsize=7.5, color=GREY, x=0.01, ha="left")
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue(), int(figure.bbox.height), int(figure.bbox.width)


def _draw_lines(axes: Any, chart: Chart) -> None:
    dashes, markers = iter(DASHES * len(chart.lines)), iter(MARKERS * len(chart.lines))
    for line in chart.lines:
        if line.rank is None:
            point = len(line.x) == 1
            style = {"ls": "none", "marker": next(markers), "ms": 5} if point else {"dashes": next(dashes), "lw": 1.2}
            axes.plot(line.x, line.y, color=GREY, label=_label(line.name), **style)
            continue
        low, high = (np.array(end, np.float64) for end in (line.low, line.high))
        between, drawn = ("post", "steps-post") if chart.steps else (None, "default")
        colour = colour_of(line.rank)
        axes.fill_between(line.x, low, high, color=colour, alpha=0.18, lw=0, step=between)
        axes.plot(line.x, line.y, color=colour, lw=2, label=_label(line.name), zorder=3, drawstyle=drawn)
    axes.set_xlabel(chart.x, fontsize=9, color=INK)
    axes.set_ylabel(chart.y, fontsize=9, color=INK)
    axes.grid(axis="y", color=FAINT, lw=0.8)
    axes.margins(x=0.01)
    axes.xaxis.set_major_formatter("{x:,.12g}")
    axes.yaxis.set_major_formatter("{x:,.12g}")
    axes.legend(
        loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize=8.5, labelcolor=INK, handlelength=2.6
    )


def _draw_dots(axes: Any, chart: Dots) -> None:
    for place, dot in enumerate(chart.dots):
        value, low, high = dot.estimate
        if low is not None and high is not None:
            axes.plot([low, high], [place, place], color=colour_of(dot.rank), lw=5, alpha=0.35, solid_capstyle="butt")
        axes.plot([value], [place], "o", color=colour_of(dot.rank), ms=7, zorder=3)
    for number, (name, value) in enumerate(chart.marks):
        axes.axvline(value, color=GREY, lw=1.1, dashes=DASHES[number % len(DASHES)], label=_label(name), zorder=1)
    if chart.marks:
        axes.legend(
            loc="upper left", bbox_to_anchor=(1.01, 1.0), frameon=False, fontsize=8.5, labelcolor=INK, handlelength=2.6
        )
    axes.set_yticks(range(len(chart.dots)), [_label(dot.name) for dot in chart.dots])
    axes.set_ylim(len(chart.dots) - 0.4, -0.6)
    if chart.span is not None:
        axes.set_xlim(chart.span[0] - 0.02, chart.span[1] + 0.02)
    axes.set_xlabel(chart.x, fontsize=9, color=INK)
    axes.grid(axis="x", color=FAINT, lw=0.8)
    axes.xaxis.set_major_formatter("{x:,.12g}")


def _label(name: str) -> str:
    """A name in lines that fit beside a chart; a dollar would begin a formula, a line at its start hide it."""
    text = textwrap.fill(name, 30).replace("$", r"\$")
    return f" {text}" if text.startswith("_") else text
