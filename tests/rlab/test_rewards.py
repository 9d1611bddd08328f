"""What learning sees of rewards."""

import numpy as np
import pytest

from rlab.rewards import RewardConfig
from rlab.types import UserError

POINTS = np.array([0, 10, -3, 0.5], np.float32)


@pytest.mark.parametrize(
    ("config", "seen"),
    [
        (RewardConfig(), [0, 1, -1, 0.5]),
        (RewardConfig(reward_clipping=False), [0, 10, -3, 0.5]),
        (RewardConfig(reward_clipping=False, reward_scale=0.1), [0, 1, -0.3, 0.05]),
        (RewardConfig(reward_scale=0.25), [0, 1, -0.75, 0.125]),  # cut once they are scaled
    ],
)
def test_rewards_are_scaled_and_then_cut(config, seen):
    found = config.learnt(POINTS)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, seen, rtol=1e-6)


def test_a_scale_that_leaves_nothing_is_refused():
    with pytest.raises(UserError, match="--reward-scale is out of range: received 0"):
        RewardConfig(reward_scale=0.0)
