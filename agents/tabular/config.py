"""The settings of tabular learning and their presets."""

from dataclasses import dataclass
from typing import Any, Literal

from gymnasium import spaces

from rlab.config import Preset, check_range
from rlab.exploration import ExplorationConfig
from rlab.types import UserError


@dataclass(frozen=True)
class Config(ExplorationConfig):
    """A value for every action in every state, learned from single steps."""

    method: Literal["q_learning", "sarsa", "expected_sarsa", "double_q_learning"] = "q_learning"
    """What counts of the next state: its best value (Watkins, 1989), that of the next action (Rummery and Niranjan,
    1994), the mean over the policy (van Seijen et al., 2009), or one table's best valued by the other's (van Hasselt,
    2010)."""
    gamma: float = 0.99
    """Discount per step. Higher: looks further ahead, learns more slowly."""
    learning_rate: float = 1.0
    """The part of its error that a value takes over at its first visit. Higher: faster, noisier."""
    learning_rate_decay: float = 0.03
    """The step size at a value's visit k, from 0, is learning_rate / (1 + learning_rate_decay * k), after the book.
    Higher: averages sooner, and forgets its beginnings later; 0: a constant step size."""

    def __post_init__(self) -> None:
        super().__post_init__()
        check_range("gamma", self.gamma, 0, 1)
        check_range("learning_rate", self.learning_rate, 1e-12, 1)
        check_range("learning_rate_decay", self.learning_rate_decay, 0)

    def check_fit(self, observation_space: spaces.Space[Any], action_space: spaces.Space[Any], num_envs: int) -> None:
        for what, space in (("observations", observation_space), ("actions", action_space)):
            if not isinstance(space, spaces.Discrete):
                raise UserError(f"a table has a row for each state: received {what} {space}, allowed are Discrete")


PRESETS = {
    "book": Preset(
        Config(learning_rate=0.01, learning_rate_decay=0.0, epsilon_end=1.0, epsilon_decay_steps=0),
        "BookMDP-v0",
        {"steps": 20_000},
    ),
    "q_learning": Preset(Config(), run={"num_envs": 8}),
    "sarsa": Preset(Config(method="sarsa"), run={"num_envs": 8}),
    "expected_sarsa": Preset(Config(method="expected_sarsa"), run={"num_envs": 8}),
    "double_q_learning": Preset(Config(method="double_q_learning"), run={"num_envs": 8}),
}
