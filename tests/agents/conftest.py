"""The number formats that agents compute in."""

import keras
import pytest


@pytest.fixture
def bfloat16():
    """Networks compute in bfloat16."""
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    yield
    keras.mixed_precision.set_global_policy("float32")
