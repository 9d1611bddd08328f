"""Numbers and tables in Markdown that can be read in a terminal as well."""

from collections.abc import Iterator, Sequence

from rlab.report.paired import Interval


def numbers(interval: Interval | None, unit: str = "") -> str:
    """A mean with its interval, with as many decimals as its size asks for; nothing where there is none."""
    if interval is None:
        return ""
    ends = [end for end in (interval.low, interval.high) if end is not None]
    decimals = 1 if max(map(abs, (interval.mean, *ends))) >= 10 else 3
    bounds = f" [{', '.join(f'{end:,.{decimals}f}' for end in ends)}]" if ends else ""
    return f"{interval.mean:,.{decimals}f}{unit}{bounds}"


def shown(interval: Interval | None, unit: str = "") -> str:
    """The same of a difference, in bold where the interval excludes 0."""
    text = numbers(interval, unit)
    return f"**{text}**" if interval is not None and interval.sign else text


def table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The lines of a table, its columns as wide as what is in them."""
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    for row in (titles, ["-" * width for width in widths], *rows):
        yield "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
