"""The settings of PPO and their presets. Importing this loads no TensorFlow."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from gymnasium import spaces

from rlab.config import Preset, check_range
from rlab.pretrained import PretrainedConfig
from rlab.replay.rollouts import check_split
from rlab.rewards import RewardConfig
from rlab.spaces import check_encoder, is_image
from rlab.types import UserError


@dataclass(frozen=True)
class Config(RewardConfig, PretrainedConfig):
    """Proximal policy optimisation. The defaults are those of Schulman et al. (2017), table 3, for robots."""

    encoder_kind: Literal["nature", "nips", "impala", "mlp"] = "mlp"
    """What sees: `nature`, three convolutions for images; `nips`, two smaller ones (Mnih et al., 2013), in less than
    half the time; `impala`, 15 with residual blocks (Espeholt et al., 2018), several times as slow; `mlp`, dense layers
    for vectors and small observations."""
    encoder_sizes: tuple[int, ...] = ()
    """Units of each dense layer of an `mlp` encoder, which policy and value share; none: the observation itself."""
    hidden_sizes: tuple[int, ...] = (64, 64)
    """Units of each dense layer between the encoder and the heads."""
    activation: Literal["tanh", "relu"] = "tanh"
    """What follows each of these layers."""
    greedy_evaluation: bool = True
    """Whether games without exploration take the most probable action; no: they draw from the policy, as in training. A
    policy that is right to be undecided may run into a wall for ever when it may not draw."""
    shared: bool = False
    """Whether policy and value share these layers too. Shared: less time; apart: neither disturbs the other."""
    log_deviation_start: float = 0.0
    """Logarithm of the standard deviation with which actions in a Box begin. Higher: explores more widely at first."""
    rollout_steps: int = 2048
    """Steps of each environment that are gathered for an update. More: better estimates, fewer updates."""
    epochs: int = 10
    """How often each gathered step is learnt from. More: faster learning from each step, older data."""
    minibatches: int = 32
    """Parts into which the gathered steps are split for an epoch. More: more and noisier updates."""
    gamma: float = 0.99
    """Discount per step. Higher: looks further ahead, with more variance."""
    trace_decay: float = 0.95
    """Lambda of the generalised advantage estimate. Higher: trusts rewards more than values, with more variance."""
    clip_range: float = 0.2
    """How far the probability of an action may move from what it was, as a ratio. Higher: larger, riskier steps."""
    target_kl: float = 0.0
    """Divergence from the policy that played after which an update ends early; 0: never."""
    value_coefficient: float = 0.5
    """Weight of the squared error of values in the loss."""
    entropy_coefficient: float = 0.0
    """Weight of the policy's entropy in the loss. Higher: stays undecided for longer."""
    normalise_advantages: bool = True
    """Whether the advantages of a minibatch are brought to mean 0 and deviation 1."""
    normalise_observations: bool = False
    """Whether vectors are scaled by the mean and deviation of all that was seen."""
    normalise_rewards: bool = False
    """Whether learning sees rewards over the deviation of their discounted sums; scores never do."""
    reward_clipping: bool = False
    optimizer: Literal["adam", "shared_rmsprop"] = "adam"
    """What makes steps of gradients: Adam; RMSProp with decay 0.99, as Mnih et al. (2016)."""
    learning_rate: float = 3e-4
    """Step size of the optimizer. Higher: faster, less stable."""
    learning_rate_decay_steps: int = 0
    """Agent steps over which the step size falls to 0, linearly, after which nothing is learnt; 0: it does not fall."""
    optimizer_epsilon: float = 1e-5
    """The offset in the optimizer's denominator. Higher: smaller steps where gradients are small."""
    gradient_norm: float = 0.5
    """Gradients of an update that are longer than this are shortened to it."""

    def __post_init__(self) -> None:
        RewardConfig.__post_init__(self)
        PretrainedConfig.__post_init__(self)
        for name in ("gamma", "trace_decay"):
            check_range(name, getattr(self, name), 0, 1)
        check_range("learning_rate", self.learning_rate, 1e-12, 1)
        for name in ("encoder_sizes", "hidden_sizes"):
            for size in getattr(self, name):
                check_range(name, size, 1)
        for name in ("rollout_steps", "epochs", "minibatches"):
            check_range(name, getattr(self, name), 1)
        for name in ("clip_range", "optimizer_epsilon", "gradient_norm"):
            check_range(name, getattr(self, name), 1e-12)
        for name in ("target_kl", "value_coefficient", "entropy_coefficient", "learning_rate_decay_steps"):
            check_range(name, getattr(self, name), 0)
        check_range("log_deviation_start", self.log_deviation_start, -20, 2)

    def check_fit(self, observation_space: spaces.Space[Any], action_space: spaces.Space[Any], num_envs: int) -> None:
        if isinstance(action_space, spaces.Box) and not np.issubdtype(action_space.dtype, np.floating):
            raise UserError(f"ppo draws real numbers in a Box: received {action_space}, allowed is Discrete or floats")
        check_encoder(self.encoder_kind, observation_space)
        vector = isinstance(observation_space, spaces.Box) and not is_image(observation_space)
        if self.normalise_observations and (self.encoder_kind != "mlp" or not vector):
            raise UserError(
                f"--normalise-observations scales vectors: received {observation_space} for --encoder-kind "
                f"{self.encoder_kind}, allowed is a Box that is no image, for mlp"
            )
        if self.normalise_observations and self.taken_over:
            raise UserError(
                "a pretrained encoder sees observations as they are: received --normalise-observations with --encoder "
                "or --policy, allowed is one of them"
            )
        check_split(self.rollout_steps, num_envs, self.minibatches)
        if self.normalise_advantages and self.rollout_steps * num_envs == self.minibatches:
            raise UserError(
                "the advantage of one step, less its own mean, is 0, and teaches nothing: received minibatches of one "
                f"step, by --rollout-steps {self.rollout_steps} x --num-envs {num_envs} for --minibatches "
                f"{self.minibatches}; allowed are fewer of them, or --no-normalise-advantages"
            )


PRESETS = {
    "atari": Preset(
        Config(
            encoder_kind="nature",
            hidden_sizes=(512,),
            activation="relu",
            greedy_evaluation=False,
            shared=True,
            rollout_steps=128,
            epochs=4,
            minibatches=4,
            entropy_coefficient=0.01,
            reward_clipping=True,
            normalise_rewards=True,
            learning_rate=5e-4,
        ),
        "ALE/*",
        {"num_envs": 8, "life_loss_ends_value": True, "precision": "auto"},
    ),
    "lunar": Preset(
        Config(
            rollout_steps=1024,
            epochs=4,
            minibatches=256,
            gamma=0.999,
            trace_decay=0.98,
            entropy_coefficient=0.01,
        ),
        "LunarLander*",
        {"num_envs": 16},
    ),
    "walker": Preset(
        Config(
            rollout_steps=1024,
            minibatches=256,
            gamma=0.999,
            clip_range=0.18,
            normalise_observations=True,
            normalise_rewards=True,
        ),
        "BipedalWalker*",
        {"num_envs": 16},
    ),
    "control": Preset(
        Config(
            rollout_steps=32,
            epochs=10,
            minibatches=2,
            gamma=0.98,
            trace_decay=0.9,
            learning_rate=1e-3,
            learning_rate_decay_steps=100_000,
        ),
        run={"steps": 100_000, "num_envs": 8},
    ),
    "paper": Preset(Config(normalise_observations=True, normalise_rewards=True)),
    "a2c": Preset(
        Config(
            rollout_steps=5,
            epochs=1,
            minibatches=1,
            trace_decay=1.0,
            normalise_advantages=False,
            optimizer="shared_rmsprop",
            learning_rate=7e-4,
        ),
        run={"num_envs": 8},
    ),
}
