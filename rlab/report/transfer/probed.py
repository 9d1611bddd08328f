"""What a passport says of its file's probes, in a line."""

from collections.abc import Iterator, Mapping
from typing import Any

_SHOWN = 12


def in_words(probes: Mapping[str, Any]) -> str:
    """The means that readers found, by kind of label and reader, and what a guess gets; the rest is for programs.

    A passport of another make is taken as it is: all numbers in it, under dotted names.
    """
    leaves = list(_leaves(probes.get("summary", probes)))
    for other in probes.get("beside", ()):
        if isinstance(other, Mapping) and other.get("name") == "a guess":
            leaves += _leaves(other.get("summary"))
    if not leaves:
        return "none made"
    more = f" and {len(leaves) - _SHOWN} more" if len(leaves) > _SHOWN else ""
    return ", ".join(f"{path} {value:.3g}" for path, value in leaves[:_SHOWN]) + more


def _leaves(values: Any, path: str = "") -> Iterator[tuple[str, float]]:
    """Each number, or the mean of each [mean, low, high], in nested mappings."""
    if isinstance(values, list) and len(values) == 3:
        values = values[0]
    if isinstance(values, Mapping):
        for key, value in values.items():
            yield from _leaves(value, f"{path}.{key}" if path else str(key))
    elif isinstance(values, int | float) and not isinstance(values, bool):
        yield path, float(values)
