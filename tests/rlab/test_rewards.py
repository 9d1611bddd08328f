"""What learning sees of rewards."""

import re

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
        (RewardConfig(reward_clipping=False, reward_log=True), [0, 2.397895, -1.386294, 0.405465]),
        (RewardConfig(reward_log=True, reward_scale=0.5), [0, 1, -0.9162907, 0.2231436]),  # 1.5 is cut
    ],
)
def test_rewards_are_scaled_and_then_cut(config, seen):
    found = config.learnt(POINTS)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, seen, rtol=1e-6)


@pytest.mark.parametrize("scale", [0.0, -1.0, 1e39])
def test_a_scale_that_leaves_no_numbers_is_refused(scale):
    with pytest.raises(UserError, match=f"--reward-scale is out of range: received {re.escape(str(scale))}"):
        RewardConfig(reward_scale=scale)
