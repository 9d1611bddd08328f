"""The value of a setting as it is written: for a search, for train.py, and for people."""

import math
import re
from collections.abc import Mapping
from typing import Any, Literal, get_args, get_origin


def read_value(text: str, kind: Any) -> Any:
    """What is written, as a setting of this type takes it; None if it is nothing of the kind."""
    if kind is bool:
        return {"true": True, "false": False}.get(text.lower())
    if get_origin(kind) is Literal:
        return text if text in get_args(kind) else None
    if get_origin(kind) is tuple:
        inner = re.fullmatch(r"\[(.*)\]", text)
        if inner is None:
            return None
        values = tuple(read_value(part.strip(), get_args(kind)[0]) for part in inner[1].split(",") if part.strip())
        return None if None in values else values
    try:
        value = kind(text)
    except ValueError:
        return None
    return value if kind is str or math.isfinite(value) else None


def allowed(kind: Any) -> str:
    """What a setting of this type takes, in words."""
    if kind is bool:
        return "true or false"
    if get_origin(kind) is Literal:
        return f"one of {', '.join(get_args(kind))}"
    if get_origin(kind) is tuple:
        return "a list in brackets, as [64,64]"
    return {int: "whole numbers", float: "numbers"}.get(kind, "text")


def words(values: Mapping[str, Any]) -> list[str]:
    """Settings as options of train.py."""
    found = []
    for name, value in values.items():
        option = name.replace("_", "-")
        if isinstance(value, bool):
            found.append(f"--{option}" if value else f"--no-{option}")
        else:
            found += [f"--{option}", *(str(one) for one in (value if isinstance(value, tuple) else (value,)))]
    return found


def written(value: Any) -> str:
    """A value as it is written in a space."""
    if isinstance(value, tuple | list):
        return f"[{','.join(written(one) for one in value)}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def shown(value: Any) -> str:
    """A value for people."""
    return f"{value:.4g}" if isinstance(value, float) else written(value)
