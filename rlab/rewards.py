"""What agents learn from in place of raw game points. Importing this loads no TensorFlow."""

from dataclasses import dataclass

import numpy as np

from rlab.config import check_range
from rlab.types import Array


@dataclass(frozen=True)
class RewardConfig:
    """What an agent with a value network makes of rewards; scores are of raw ones, whatever it makes of them."""

    reward_clipping: bool = True
    """Whether learning sees rewards cut to [-1, 1]; scores never do."""
    reward_log: bool = False
    """Whether it sees sign(r) log(1 + |r|) of a reward r (Hester et al., 2018): large ones count more, but by less than
    they are larger. They are cut afterwards, so --no-reward-clipping goes with it."""
    reward_scale: float = 1.0
    """What rewards are multiplied by before either. Without clipping: such that values stay between 1 and 10 or so."""

    def __post_init__(self) -> None:
        check_range("reward_scale", self.reward_scale, 1e-12, 1e12)

    def learnt(self, reward: Array) -> Array:
        """Rewards of any shape, float32, as learning sees them."""
        seen = np.asarray(reward, np.float32) * np.float32(self.reward_scale)
        if self.reward_log:
            seen = np.sign(seen) * np.log1p(np.abs(seen))
        return np.clip(seen, -1, 1) if self.reward_clipping else seen
