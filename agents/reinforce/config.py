"""The settings of REINFORCE and their presets. Importing this loads no TensorFlow."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from gymnasium import spaces

from rlab.config import Preset, check_range
from rlab.pretrained import PretrainedConfig
from rlab.spaces import check_encoder
from rlab.types import UserError


@dataclass(frozen=True)
class Config(PretrainedConfig):
    """REINFORCE. The defaults are those of the book, chapter 16, "Policy Gradients", for CartPole."""

    encoder_kind: Literal["nature", "nips", "impala", "mlp"] = "mlp"
    """What sees: `nature`, three convolutions for images; `nips`, two smaller ones (Mnih et al., 2013), in less than
    half the time; `impala`, 15 with residual blocks (Espeholt et al., 2018), several times as slow; `mlp`, dense layers
    for vectors and small observations."""
    encoder_sizes: tuple[int, ...] = ()
    """Units of each dense layer of an `mlp` encoder, with ReLU; none: the observation itself."""
    hidden_sizes: tuple[int, ...] = (4,)
    """Units of each dense layer between the encoder and the policy, and of as many for the baseline."""
    activation: Literal["relu", "tanh", "elu", "selu"] = "elu"
    """What follows each of these layers."""
    greedy_evaluation: bool = True
    """Whether games without exploration take the most probable action; no: they draw from the policy, as in training. A
    policy that is right to be undecided may run into a wall for ever when it may not draw."""
    log_deviation_start: float = 0.0
    """Logarithm of the standard deviation with which actions in a Box begin. Higher: explores more widely at first."""
    episodes_per_update: int = 10
    """Whole games that an update learns from. More: better estimates, fewer updates."""
    gamma: float = 0.95
    """Discount per step. Higher: credits actions for what comes later, with more variance."""
    normalise_advantages: bool = True
    """Whether returns (less the baseline, if there is one) are brought to mean 0 and deviation 1 over the steps of all
    games of an update. Then the sizes of rewards do not matter."""
    baseline: bool = False
    """Whether a second network learns the mean return of what is seen, so that an action counts by what it pays above
    it. Less variance (Sutton and Barto, 2018, section 13.4)."""
    baseline_learning_rate: float = 1e-2
    """Step size of the baseline's Adam. Higher: follows the policy sooner, less stable."""
    entropy_coefficient: float = 0.0
    """Weight of the policy's entropy in the loss. Higher: stays undecided for longer (Williams and Peng, 1991)."""
    learning_rate: float = 1e-2
    """Step size of the policy's Adam. Higher: faster, less stable."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("encoder_sizes", "hidden_sizes"):
            for size in getattr(self, name):
                check_range(name, size, 1)
        check_range("log_deviation_start", self.log_deviation_start, -20, 2)
        check_range("episodes_per_update", self.episodes_per_update, 1)
        check_range("gamma", self.gamma, 0, 1)
        check_range("entropy_coefficient", self.entropy_coefficient, 0)
        for name in ("learning_rate", "baseline_learning_rate"):
            check_range(name, getattr(self, name), 1e-12, 1)

    def check_fit(self, observation_space: spaces.Space[Any], action_space: spaces.Space[Any], num_envs: int) -> None:
        if isinstance(action_space, spaces.Box) and not np.issubdtype(action_space.dtype, np.floating):
            raise UserError(
                f"reinforce draws real numbers in a Box: received {action_space}, allowed is Discrete or floats"
            )
        check_encoder(self.encoder_kind, observation_space)


PRESETS = {
    "book_bipedal": Preset(Config(hidden_sizes=(10,), activation="selu"), "BookBipedalWalker-v0"),
    "atari": Preset(
        Config(
            encoder_kind="nature",
            hidden_sizes=(512,),
            activation="relu",
            greedy_evaluation=False,
            gamma=0.99,
            baseline=True,
            baseline_learning_rate=1e-3,
            entropy_coefficient=0.01,
            learning_rate=1e-3,
        ),
        "ALE/*",
        {"num_envs": 8, "precision": "auto"},
    ),
    "baseline": Preset(
        Config(
            hidden_sizes=(64,),
            activation="tanh",
            gamma=0.99,
            baseline=True,
        ),
    ),
    "book": Preset(Config()),
}
