"""The settings of PQN and their presets. Importing this loads no TensorFlow."""

from dataclasses import dataclass
from typing import Any, Literal

from gymnasium import spaces

from rlab.config import Preset, check_range
from rlab.exploration import ExplorationConfig
from rlab.pretrained import PretrainedConfig
from rlab.replay.rollouts import check_split
from rlab.rewards import RewardConfig
from rlab.spaces import check_encoder
from rlab.types import UserError


@dataclass(frozen=True)
class Config(ExplorationConfig, RewardConfig, PretrainedConfig):
    """Parallelised Q-network. The defaults are those of Gallici et al. (2025) for Atari, with 128 environments."""

    encoder_kind: Literal["nature", "nips", "impala", "mlp"] = "nature"
    """What sees: `nature`, three convolutions for images; `nips`, two smaller ones (Mnih et al., 2013), in less than
    half the time; `impala`, 15 with residual blocks (Espeholt et al., 2018), several times as slow; `mlp`, dense layers
    for vectors and small observations."""
    encoder_sizes: tuple[int, ...] = (128,)
    """Units of each dense layer of an `mlp` encoder."""
    hidden_sizes: tuple[int, ...] = (512,)
    """Units of each dense layer between the encoder and the action values."""
    rollout_steps: int = 32
    """Steps of each environment that are gathered for an update. More: longer returns, fewer and staler updates."""
    epochs: int = 2
    """How often each gathered step is learnt from. More: faster learning from each step, staler returns."""
    minibatches: int = 32
    """Parts into which the gathered steps are split for an epoch. More: more and noisier updates."""
    gamma: float = 0.99
    """Discount per step. Higher: looks further ahead, learns more slowly."""
    trace_decay: float = 0.65
    """Lambda of the returns. Higher: trusts rewards more than values, with more variance; explored steps count too."""
    learning_rate: float = 2.5e-4
    """Step size of RAdam. Higher: faster, less stable."""
    learning_rate_decay_steps: int = 0
    """Agent steps over which the step size falls to 0, linearly, after which nothing is learnt; 0: it does not fall."""
    optimizer_epsilon: float = 1e-8
    """The offset in RAdam's denominator. Higher: smaller steps where gradients are small."""
    gradient_norm: float = 10.0
    """Gradients of an update that are longer than this are shortened to it."""
    average_rate: float = 1.0
    """How far the network that plays for a score moves after each rollout towards the one that learns; 1: all the way.
    Lower: a moving average over more of its past, which lags behind at first and plays more steadily later."""
    epsilon_end: float = 0.001
    epsilon_decay_steps: int = 5_000_000

    def __post_init__(self) -> None:
        ExplorationConfig.__post_init__(self)
        RewardConfig.__post_init__(self)
        PretrainedConfig.__post_init__(self)
        for name in ("gamma", "trace_decay"):
            check_range(name, getattr(self, name), 0, 1)
        for name in ("learning_rate", "average_rate"):
            check_range(name, getattr(self, name), 1e-12, 1)
        for name in ("encoder_sizes", "hidden_sizes"):
            for size in getattr(self, name):
                check_range(name, size, 1)
        for name in ("rollout_steps", "epochs", "minibatches"):
            check_range(name, getattr(self, name), 1)
        for name in ("optimizer_epsilon", "gradient_norm"):
            check_range(name, getattr(self, name), 1e-12)
        check_range("learning_rate_decay_steps", self.learning_rate_decay_steps, 0)

    def check_fit(self, observation_space: spaces.Space[Any], action_space: spaces.Space[Any], num_envs: int) -> None:
        if not isinstance(action_space, spaces.Discrete):
            raise UserError(f"pqn chooses among discrete actions: received {action_space}, allowed is Discrete")
        check_encoder(self.encoder_kind, observation_space)
        check_split(self.rollout_steps, num_envs, self.minibatches)


PRESETS = {
    "atari": Preset(
        Config(
            minibatches=8,  # of 128 steps, as the paper's 32 of its 128 environments
            epsilon_decay_steps=100_000,
        ),
        "ALE/*",
        {"num_envs": 32, "life_loss_ends_value": True, "precision": "auto"},
    ),
    "half_hour": Preset(
        Config(
            encoder_kind="nips",
            hidden_sizes=(256,),
            minibatches=8,  # of 256 steps
            learning_rate=5e-4,
            learning_rate_decay_steps=2_000_000,
            average_rate=0.05,
            reward_clipping=False,
            reward_log=True,
            reward_scale=0.1,
            epsilon_end=0.01,
            epsilon_decay_steps=150_000,
        ),
        "ALE/*",
        {"steps": 2_000_000, "minutes": 30.0, "num_envs": 64, "life_loss_ends_value": True, "precision": "auto"},
    ),
    "control": Preset(
        Config(
            encoder_kind="mlp",
            hidden_sizes=(128,),
            rollout_steps=32,
            epochs=4,
            minibatches=4,
            trace_decay=0.95,
            learning_rate=1e-3,
            learning_rate_decay_steps=100_000,
            reward_clipping=False,
            epsilon_end=0.05,
            epsilon_decay_steps=20_000,
        ),
        run={"steps": 100_000, "num_envs": 8},
    ),
}
