"""Saliency of agents of which one knows where they look."""

import numpy as np
import pytest

from rlab.agent import Inspectable
from rlab.report.watch.saliency import saliency
from rlab.types import UserError

NOISE = np.random.default_rng(0).integers(256, size=(84, 84, 4), dtype=np.uint8)


class Looks(Inspectable):
    """Judges by the mean of one corner of 20 pixels."""

    def __init__(self, name="action_values", top=60, left=4):
        self.name, self.place = name, (slice(None), slice(top, top + 20), slice(left, left + 20))

    def inspect(self, observations):
        mean = observations[self.place].std(axis=(1, 2, 3))
        if self.name == "value":
            return {"value": mean}
        share = 1 / (1 + np.exp(mean / 50))
        return {self.name: np.stack([share, 1 - share], axis=1)}


@pytest.mark.parametrize("name", ["action_values", "probabilities", "value"])
def test_it_is_bright_where_the_agent_looks(name):
    found = saliency(Looks(name), NOISE)
    assert found.shape == (21, 21)
    row, column = np.unravel_index(found.argmax(), found.shape)
    assert 60 <= 4 * row + 2 < 80
    assert 4 <= 4 * column + 2 < 24
    assert found[:8].max() < found.max() / 1000  # far from there


def test_where_nothing_is_to_be_seen_nothing_is_bright():
    assert not saliency(Looks(), np.full((84, 84, 4), 90, np.uint8)).any()


def test_illegal_actions_do_not_count():
    class Masked(Looks):
        def inspect(self, observations):
            return {"action_values": np.insert(super().inspect(observations)["action_values"], 1, -np.inf, axis=1)}

    np.testing.assert_allclose(saliency(Masked(), NOISE), saliency(Looks(), NOISE))


def test_an_agent_that_tells_nothing_has_none():
    with pytest.raises(UserError, match="tells neither values nor probabilities"):
        saliency(object(), NOISE)
