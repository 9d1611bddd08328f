"""What the page draws of a map."""

from types import SimpleNamespace

import numpy as np
import pytest
from gymnasium import spaces

from rlab.agent import Inspectable
from rlab.report.watch.prepare import _grid
from rlab.types import Grid

SOURCE = SimpleNamespace(
    grid=Grid("SG", np.array([[0, 0, 0], [0, 0, 1]]), [""], "←→"),
    settings=SimpleNamespace(observation_space=spaces.Discrete(2)),
)


@pytest.mark.parametrize(
    ("answers", "value", "judgements"),
    [
        ({"action_values": [1, 4]}, [4, 5], [[1, 4], [2, 5]]),
        ({"probabilities": [0.5, 0.5], "value": 7}, [7, 8], [[0.5, 0.5], [1.5, 1.5]]),
        ({"probabilities": [0.5, 0.5]}, None, [[0.5, 0.5], [1.5, 1.5]]),
        ({"value": 7}, [7, 8], None),
    ],
    ids=["action values", "probabilities and values", "probabilities", "values"],
)
def test_a_map_has_values_where_the_agent_tells_them_and_probabilities_are_none(answers, value, judgements):
    class Tells(Inspectable):
        """Of state 0 what it is to tell, of state 1 one more."""

        def inspect(self, observations):
            return {name: np.add.outer(observations, numbers) for name, numbers in answers.items()}

    found = _grid(SOURCE, Tells())
    assert (found["value"], found["judgements"]) == (value, judgements)


def test_a_map_is_drawn_also_of_an_agent_that_tells_nothing():
    found = _grid(SOURCE, object())
    assert (found["rows"], found["value"], found["judgements"]) == (["S", "G"], None, None)
