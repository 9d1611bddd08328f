"""A comparison as one page of HTML that needs nothing else: charts to be zoomed, tables, and what to bear in mind."""

import html
import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from plotly import io
from plotly.offline import get_plotlyjs

from rlab.report.comparison import words
from rlab.report.comparison.charts import Chart, Dots, Line
from rlab.report.comparison.findings import Findings
from rlab.report.comparison.pictures import FAINT, GREY, INK, colour_of

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #222; max-width: 1060px; margin: 2.5rem auto; padding: 0 1.5rem }
h1 { font-size: 1.6rem; margin-bottom: .2rem } h2 { font-size: 1.15rem; margin: 2.5rem 0 .4rem }
p.under { color: #666; margin-top: 0 } p.note { color: #666; font-size: .85rem; margin: .2rem 0 0 }
div.scroll { overflow-x: auto }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums }
th, td { text-align: left; padding: .35rem 1.2rem .35rem 0; border-bottom: 1px solid #e6e6e6; vertical-align: top }
th { color: #666; font-weight: 600 } li { margin: .25rem 0; overflow-wrap: anywhere }
"""
_DASHES = ("dash", "dot", "dashdot", "longdash", "longdashdot")
_SYMBOLS = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "x", "star")
_DOT_HEIGHT, _HEIGHT = 44, 430  # pixels
_WRAP = 34  # letters of a line of a legend


def page(findings: Findings, charts: Sequence[Chart | Dots]) -> str:
    """The whole page."""
    title = f"{', '.join(findings.environments)} by {findings.by}"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(title)}</title>
<style>{_STYLE}</style>
<script>{get_plotlyjs()}</script>
</head>
<body>
<h1>{html.escape(title)}</h1>
<p class="under">protocol {html.escape(findings.protocol)}; {html.escape(findings.scale.name)}s</p>
{"".join(map(_table, words.results(findings)))}
{"".join(map(_figure, charts))}
{"".join(map(_table, words.known(findings)))}
<h2>To bear in mind</h2>
<ul>{"".join(f"<li>{html.escape(note)}</li>" for note in words.notes(findings))}</ul>
</body>
</html>
"""


def _table(one: words.Table) -> str:
    head = "".join(f"<th>{html.escape(cell)}</th>" for cell in one.heads)
    body = "".join(f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in one.rows)
    title = html.escape(one.title)
    return f'<h2>{title}</h2><div class="scroll"><table><tr>{head}</tr>{body}</table></div>\n'


def _figure(chart: Chart | Dots) -> str:
    traces = [*_lines(chart)] if isinstance(chart, Chart) else [*_dots(chart)]
    height = _HEIGHT if isinstance(chart, Chart) else 150 + _DOT_HEIGHT * len(chart.dots)
    axis = {"gridcolor": FAINT, "linecolor": GREY, "zeroline": False, "tickformat": ",", "automargin": True}
    layout: dict[str, Any] = {
        "height": height,
        "margin": {"l": 60, "r": 10, "t": 20, "b": 50},
        "font": {"color": INK, "size": 12},
        "paper_bgcolor": "white",
        "plot_bgcolor": "white",
        "hovermode": "x unified" if isinstance(chart, Chart) else "closest",
        "legend": {"x": 1.02, "y": 1},
        "xaxis": {**axis, "title": {"text": html.escape(chart.x)}, "showgrid": isinstance(chart, Dots)},
        "yaxis": {**axis, "title": {"text": html.escape(chart.y)} if isinstance(chart, Chart) else None},
    }
    if isinstance(chart, Dots):
        layout["yaxis"] |= {"autorange": "reversed", "showgrid": False}
        layout["xaxis"] |= {"range": [chart.span[0] - 0.02, chart.span[1] + 0.02]} if chart.span else {}
        layout["shapes"] = [_mark(value, number) for number, (_, value) in enumerate(chart.marks)]
    drawn = io.to_html(
        {"data": traces, "layout": layout},
        include_plotlyjs=False,
        full_html=False,
        config={"displaylogo": False, "responsive": True, "showSendToCloud": False},
        validate=True,
    )
    note = f'<p class="note">{html.escape(chart.note)}</p>'
    return f"<h2>{html.escape(chart.title)}</h2>\n{drawn}\n{note}\n"


def _lines(chart: Chart) -> Iterator[dict[str, Any]]:
    """The traces of a chart: bands first, so that none lies over a line."""
    shape = {"shape": "hv" if chart.steps else "linear"}
    groups = [(line, colour_of(line.rank)) for line in chart.lines if line.rank is not None]
    for line, colour in groups:
        if None not in line.low:
            edge = {"mode": "lines", "line": {"width": 0, **shape}, "hoverinfo": "skip", "showlegend": False}
            edge |= {"legendgroup": line.name, "fillcolor": _faint(colour)}
            yield _trace(line, line.low, **edge)
            yield _trace(line, line.high, **edge, fill="tonexty")
    for line, colour in groups:
        style = {"color": colour, "width": 2.2, **shape}
        yield _trace(line, line.y, mode="lines", line=style, legendgroup=line.name)
    for number, line in enumerate(line for line in chart.lines if line.rank is None):
        style = {"color": GREY, "width": 1.3, "dash": _DASHES[number % len(_DASHES)]}
        marker = {"color": GREY, "symbol": _SYMBOLS[number % len(_SYMBOLS)], "size": 8}
        yield _trace(line, line.y, mode="markers" if len(line.x) == 1 else "lines", line=style, marker=marker)


def _trace(drawn: Line, y: Sequence[float | None], **more: Any) -> dict[str, Any]:
    return {"type": "scatter", "name": _label(drawn.name), "x": drawn.x, "y": y, **more}


def _dots(chart: Dots) -> Iterator[dict[str, Any]]:
    for dot in chart.dots:
        value, low, high = dot.estimate
        colour = colour_of(dot.rank)
        ends = {
            "type": "data",
            "symmetric": False,
            "thickness": 5,
            "width": 0,
            "color": _faint(colour, 0.4),
        }
        if low is not None and high is not None:
            ends |= {"array": [high - value], "arrayminus": [value - low]}
        yield {
            "type": "scatter", "mode": "markers", "x": [value], "y": [_label(dot.name)], "showlegend": False,
            "name": words.shown(dot.estimate), "marker": {"color": colour, "size": 11}, "error_x": ends,
        }  # fmt: skip
    for number, (name, _) in enumerate(chart.marks):  # of which only the legend shows
        style = {"color": GREY, "width": 1.3, "dash": _DASHES[number % len(_DASHES)]}
        yield {
            "type": "scatter", "mode": "lines", "x": [None], "y": [_label(chart.dots[0].name)], "name": _label(name),
            "line": style, "showlegend": True,
        }  # fmt: skip


def _mark(value: float, number: int) -> dict[str, Any]:
    style = {"color": GREY, "width": 1.3, "dash": _DASHES[number % len(_DASHES)]}
    return {
        "type": "line",
        "x0": value,
        "x1": value,
        "y0": 0,
        "y1": 1,
        "yref": "paper",
        "line": style,
        "layer": "below",
    }


def _label(name: str) -> str:
    return "<br>".join(map(html.escape, textwrap.wrap(name, _WRAP)))


def _faint(colour: str, opacity: float = 0.18) -> str:
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"
