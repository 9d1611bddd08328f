"""The settings of DQN. Importing this loads no TensorFlow."""

from dataclasses import dataclass
from typing import Any, Literal

from gymnasium import spaces

from rlab.config import check_range
from rlab.exploration import ExplorationConfig
from rlab.pretrained import PretrainedConfig
from rlab.replay.uniform import check_capacity
from rlab.rewards import RewardConfig
from rlab.spaces import check_encoder, is_image
from rlab.types import UserError


@dataclass(frozen=True)
class Config(ExplorationConfig, RewardConfig, PretrainedConfig):
    """Deep Q-learning. The defaults are those of Mnih et al. (2015), extended data table 1, in agent steps, but for
    Adam in place of RMSProp."""

    encoder_kind: Literal["nature", "book", "nips", "impala", "mlp"] = "nature"
    """What sees: `nature`, three convolutions for images; `book`, the same padded; `nips`, two smaller ones (Mnih et
    al., 2013), in less than half the time; `impala`, 15 with residual blocks (Espeholt et al., 2018), several times as
    slow; `mlp`, dense layers for vectors."""
    encoder_sizes: tuple[int, ...] = (64,)
    """Units of each dense layer of an `mlp` encoder."""
    hidden_sizes: tuple[int, ...] = (512,)
    """Units of each dense layer between the encoder and the action values."""
    double: bool = False
    """Double Q-learning: the online network chooses the next action, the target network values it. Less optimism."""
    dueling: bool = False
    """Whether the head has one stream for a state's worth and one for what actions differ by (Wang et al., 2016)."""
    noise: float = 0.0
    """Deviation that the noise of the head's weights begins with, times the square root of how many a unit has; it is
    learnt, and explores. 0: none; 0.5 in Fortunato et al. (2018). Higher: explores more at first. Goes with
    --epsilon-start 0 --epsilon-end 0."""
    returns: Literal["mean", "categorical", "quantile", "implicit"] = "mean"
    """What is learnt of returns: their `mean`; how probable each of some numbers is (`categorical`, C51); some of their
    quantiles (`quantile`, QR-DQN); or all, of which some are drawn for each update (`implicit`, IQN)."""
    return_numbers: int = 51
    """How many numbers stand for an action's returns, where not only their mean is learnt: 51 in C51, 200 in QR-DQN, 64
    drawn ones in IQN. Higher: finer, slower."""
    return_limit: float = 10.0
    """The largest number, and with the other sign the smallest, of `categorical` returns. Higher: nothing is cut off,
    coarser."""
    munchausen: float = 0.0
    """Share of the policy's scaled log-probability that is added to the reward; 0: none; Vieillard et al. (2020): 0.9.
    The target is then that of a softmax policy, also where --double is set."""
    munchausen_temperature: float = 0.03
    """Of that softmax policy. Higher: less sure of which action is best."""
    n_steps: int = 1
    """Steps of reward before a value is trusted. Higher: faster credit, more variance, staler behaviour."""
    gamma: float = 0.99
    """Discount per step. Higher: looks further ahead, learns more slowly."""
    optimizer: Literal["adam", "rmsprop", "nesterov"] = "adam"
    """What makes steps of gradients: Adam; centred RMSProp with decay 0.95, as the paper; Nesterov momentum 0.95."""
    learning_rate: float = 2.5e-4
    """Step size of the optimizer. Higher: faster, less stable."""
    optimizer_epsilon: float = 1e-8
    """The offset in Adam's and RMSProp's denominator. Higher: smaller steps where gradients are small."""
    batch_size: int = 32
    """Transitions in an update. Higher: less noise, more time an update."""
    update_period_steps: int = 4
    """Agent steps between two times of learning. Higher: less learning from each step, more steps a second."""
    updates_per_period: int = 1
    """Updates each time. Higher: more learning from each step, fewer steps a second. Updates per step (replay ratio)
    are this over --update-period-steps: that one makes them fewer than one, this one more. With both above 1 the same
    ratio is learnt in larger portions."""
    target_period_updates: int = 10_000
    """Updates between two moves of the target network towards the online one. Higher: more stable, slower."""
    target_rate: float = 1.0
    """How far it then moves: 1 makes it a copy, as in the paper; below it is a moving average of online networks, as in
    Lillicrap et al. (2016), who move it by 0.001 after every update (--target-period-updates 1). Lower: more stable,
    slower."""
    average_rate: float = 1.0
    """How far the network that plays for a score moves after each update towards the one that learns; 1: all the way.
    Lower: a moving average over more of its past, which lags behind at first and plays more steadily later."""
    warmup_steps: int = 50_000
    """Agent steps before the first update."""
    replay_capacity: int = 1_000_000
    """Transitions that are remembered. Higher: more varied, older experience, more memory."""
    replay_compressed: bool = True
    """Whether images in the replay are compressed about tenfold, without loss."""
    shift_pixels: int = 0
    """How far sampled images are moved at random before they are learnt from, each way; 0: not; 4 in DrQ (Kostrikov et
    al., 2020). Higher: less is learnt by heart, more is blurred."""
    intensity_noise: float = 0.0
    """Standard deviation of the factor, around 1, of their intensities; 0: none; 0.05 in SPR (Schwarzer et al., 2021)
    and DrQ(eps) (Agarwal et al., 2021). Higher: brightness matters less."""
    cache_features: bool = False
    """Whether the replay holds what a pretrained encoder that stands still makes of observations, in place of these.
    Updates leave it out, which takes most of their time; a transition takes 12.5 kB in place of 0.7 with Nature."""
    priority_exponent: float = 0.0
    """How much more often transitions with larger errors are drawn from the replay; 0: all as often; Rainbow: 0.5;
    Schaul et al. (2016): 0.6. The error is that of a mean, and of distributions the loss, as in Rainbow."""
    importance_exponent: float = 0.4
    """How far updates make up for that at first, by smaller steps for what is drawn more often; 1: fully."""
    importance_steps: int = 0
    """Agent steps over which this rises to 1; 0: it stays."""
    epsilon_end: float = 0.1
    epsilon_decay_steps: int = 1_000_000

    def __post_init__(self) -> None:
        ExplorationConfig.__post_init__(self)
        RewardConfig.__post_init__(self)
        PretrainedConfig.__post_init__(self)
        for name in ("gamma", "munchausen", "priority_exponent", "importance_exponent"):
            check_range(name, getattr(self, name), 0, 1)
        for name in ("noise", "importance_steps"):
            check_range(name, getattr(self, name), 0)
        check_range("return_numbers", self.return_numbers, 2)
        check_range("shift_pixels", self.shift_pixels, 0, 32)
        check_range("intensity_noise", self.intensity_noise, 0, 0.5)
        for name in ("return_limit", "munchausen_temperature"):
            check_range(name, getattr(self, name), 1e-12)
        for name in ("learning_rate", "target_rate", "average_rate"):
            check_range(name, getattr(self, name), 1e-12, 1)
        check_range("optimizer_epsilon", self.optimizer_epsilon, 1e-12)
        for name in ("encoder_sizes", "hidden_sizes"):
            for size in getattr(self, name):
                check_range(name, size, 1)
        for name in ("n_steps", "batch_size", "update_period_steps", "updates_per_period", "target_period_updates"):
            check_range(name, getattr(self, name), 1)
        check_range("warmup_steps", self.warmup_steps, 1)
        check_range("replay_capacity", self.replay_capacity, self.batch_size)
        if self.cache_features and not (self.taken_over and self.freeze == "all"):
            raise UserError(
                f"--cache-features is for an encoder that stands still: received --freeze {self.freeze}, "
                "allowed is all with --encoder or --policy"
            )

    def check_fit(self, observation_space: spaces.Space[Any], action_space: spaces.Space[Any], num_envs: int) -> None:
        if not isinstance(action_space, spaces.Discrete):
            raise UserError(f"dqn chooses among discrete actions: received {action_space}, allowed is Discrete")
        check_encoder(self.encoder_kind, observation_space)
        check_capacity(self.replay_capacity, num_envs, observation_space, self.n_steps)
        augments = f"--shift-pixels {self.shift_pixels} --intensity-noise {self.intensity_noise}"
        learnt = "the features of --cache-features" if self.cache_features else observation_space
        if (self.shift_pixels or self.intensity_noise) and (self.cache_features or not is_image(observation_space)):
            raise UserError(f"only images can be augmented: received {augments} for {learnt}, allowed is 0")
