"""The state of an actor or an agent as a JSON file."""

import json
from pathlib import Path
from typing import Any

from rlab.types import UserError


def write_state(path: Path, state: dict[str, Any]) -> None:
    """Write a state of numbers, strings, lists and dictionaries."""
    path.write_text(json.dumps(state, indent=2) + "\n")


def read_state(path: Path, *names: str) -> dict[str, Any]:
    """What `write_state` wrote. Raises UserError if it is not there, or has not all of `names`."""
    try:
        state: dict[str, Any] = json.loads(path.read_text())
        missing = [name for name in names if name not in state]
    except (OSError, ValueError, TypeError) as error:
        raise UserError(f"no state can be read from {path}: {error}") from error
    if missing:
        raise UserError(f"{path} is the state of something else: {', '.join(missing)} is missing")
    return state
