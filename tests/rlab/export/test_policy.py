"""How an exported policy's actions are compared with its agent's."""

import numpy as np
import pytest
from gymnasium import spaces

from rlab.export import policy

VALUES = np.array([[4.0, 3.99, 0.0], [-1.0, -8.0, -1.01], [2.0, 1.0, 0.0]])  # two near ties


@pytest.mark.parametrize(
    ("chosen", "rounding", "found"),
    [
        ([0, 0, 0], 0.0, (3, 0)),
        ([0, 0, 0], 2.0**-6, (3, 0)),
        ([1, 2, 0], 0.0, (1, 0)),
        ([1, 2, 0], 2.0**-6, (1, 2)),
        ([2, 1, 1], 2.0**-6, (0, 0)),
    ],
)
def test_an_action_that_is_as_good_but_for_rounding_is_told_apart_from_one_that_is_not(chosen, rounding, found):
    outputs = np.eye(3)[chosen]
    assert policy._alike(outputs, VALUES, np.zeros(3, np.int64), spaces.Discrete(3), rounding) == found


def test_numbers_that_are_as_good_but_for_rounding_are_told_apart_from_those_that_are_not():
    means = np.array([[0.5, 0.0], [0.5, 0.0], [0.5, 0.0]])  # and logarithms of deviations
    outputs = means + np.array([[0.0, 1], [0.005, 1], [0.05, 1]])
    box = spaces.Box(-1, 1, (1,))
    assert policy._alike(outputs, means, means[:, :1], box, 2.0**-6) == (1, 1)
    assert policy._alike(outputs, means, means[:, :1], box, 0.0) == (1, 0)
