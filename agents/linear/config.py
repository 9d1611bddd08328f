"""The settings of linear learning and their presets."""

from dataclasses import dataclass
from math import comb, prod
from typing import Any, Literal

from gymnasium import spaces

from rlab.config import Preset, check_range
from rlab.exploration import ExplorationConfig
from rlab.spaces import is_image
from rlab.types import UserError

MOST_FEATURES = 200_000  # numbers in an action's weights, and in a trace


@dataclass(frozen=True)
class Config(ExplorationConfig):
    """Action values that are sums of weighted features, learned step by step with eligibility traces."""

    method: Literal["sarsa", "q_learning"] = "sarsa"
    """SARSA(lambda) values the policy it plays; Watkins's Q(lambda) the best one, and its traces end where it explores.
    """
    features: Literal["tiles", "rbf", "polynomial"] = "tiles"
    """What is seen of an observation: `tiles`, which of overlapping boxes it lies in; `rbf`, random waves that add up
    to Gaussian bumps (scikit-learn's RBFSampler); `polynomial`, products of its numbers (PolynomialFeatures)."""
    tilings: int = 8
    """Of `tiles`: grids, each shifted a little. Higher: finer. A power of 2, four times the dimensions or more, is best
    (Sutton and Barto, 2018, section 9.5.4)."""
    tiles_per_dimension: int = 8
    """Of `tiles`: boxes of a grid along each dimension. Higher: finer, generalises less, and weights in its power."""
    rbf_components: int = 500
    """Of `rbf`: how many waves. Higher: closer to Gaussian bumps, slower."""
    rbf_gamma: float = 1.0
    """Of `rbf`: a bump is exp(-gamma * distance^2), observations lying in [-1, 1]. Higher: narrower."""
    polynomial_degree: int = 2
    """Of `polynomial`: the most factors of a product."""
    unbounded_range: float = 3.0
    """Numbers of an observation that have no bounds are cut to plus and minus this. Higher: covers more, coarser."""
    gamma: float = 0.99
    """Discount per step. Higher: looks further ahead, learns more slowly."""
    trace_decay: float = 0.9
    """Lambda: how much of an error each earlier step gets, times gamma. Higher: faster credit, more variance."""
    trace: Literal["accumulating", "replacing"] = "replacing"
    """What a feature's trace becomes when it is seen again: one more, or 1 (Singh and Sutton, 1996; for `tiles` only).
    """
    learning_rate: float = 0.5
    """The part of its error that a single update would remove, the step size being this over the features' squared norm
    (Sutton and Barto, 2018, equation 9.19). Higher: faster, noisier."""
    learning_rate_decay_steps: int = 50_000
    """Agent steps over which the step size falls to 0, linearly; 0: it stays. Higher: learns longer, settles later."""
    epsilon_start: float = 0.1
    epsilon_end: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("gamma", "trace_decay"):
            check_range(name, getattr(self, name), 0, 1)
        for name in ("tilings", "tiles_per_dimension", "rbf_components", "polynomial_degree"):
            check_range(name, getattr(self, name), 1)
        for name in ("rbf_gamma", "unbounded_range"):
            check_range(name, getattr(self, name), 1e-6)
        check_range("learning_rate_decay_steps", self.learning_rate_decay_steps, 0)
        check_range("learning_rate", self.learning_rate, 1e-12, 2)
        if self.trace == "replacing" and self.features != "tiles":
            raise UserError(
                f"--trace replacing is for features that are 0 or 1: received --features {self.features}, allowed is "
                "tiles; or choose --trace accumulating"
            )

    def check_fit(self, observation_space: spaces.Space[Any], action_space: spaces.Space[Any], num_envs: int) -> None:
        if not isinstance(action_space, spaces.Discrete):
            raise UserError(f"linear chooses among discrete actions: received {action_space}, allowed is Discrete")
        if not isinstance(observation_space, spaces.Box) or is_image(observation_space):
            raise UserError(
                f"linear sees numbers: received observations {observation_space}, allowed is a Box that is no image"
            )
        if self.count(prod(observation_space.shape)) > MOST_FEATURES:
            raise UserError(
                f"too many features: received observations {observation_space}, allowed are such as have no more than "
                f"{MOST_FEATURES:,}; choose fewer --tilings or --tiles-per-dimension, or --preset rbf"
            )

    def count(self, dimensions: int) -> int:
        """How many features observations of so many numbers have."""
        if self.features == "tiles":
            return int(self.tilings * (self.tiles_per_dimension + 1) ** dimensions)
        return self.rbf_components if self.features == "rbf" else comb(dimensions + self.polynomial_degree, dimensions)


_BRIEFLY = {"steps": 50_000, "evaluation_period_steps": 10_000}

PRESETS = {
    "mountain_car": Preset(
        Config(gamma=1.0, tilings=16, learning_rate=0.3, learning_rate_decay_steps=100_000, epsilon_start=0.0),
        "MountainCar-v0",
        {"steps": 100_000, "evaluation_episodes": 30},
    ),
    "tiles": Preset(Config(tilings=16, tiles_per_dimension=4), run=_BRIEFLY),
    "rbf": Preset(Config(features="rbf", rbf_gamma=4.0, trace="accumulating", learning_rate=0.3), run=_BRIEFLY),
    "polynomial": Preset(
        Config(
            features="polynomial",
            polynomial_degree=4,
            unbounded_range=2.0,
            trace="accumulating",
            trace_decay=0.5,
            learning_rate=1.0,
        ),
        run=_BRIEFLY,
    ),
    "q_learning": Preset(Config(method="q_learning", tilings=16, tiles_per_dimension=4), run=_BRIEFLY),
}
