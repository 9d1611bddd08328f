"""What loading a file says that is not to be loaded."""

from pathlib import Path

import pytest

from rlab.nets.saving import load_model
from rlab.types import UserError


def refusal(path: Path) -> str:
    """The one line that says why a file is not loaded."""
    with pytest.raises(UserError) as refused:
        load_model(path)
    message = str(refused.value)
    assert str(path) in message
    assert "\n" not in message
    return message
