"""The settings of temporal-difference prediction and their presets."""

from dataclasses import dataclass
from typing import Any

from gymnasium import spaces

from rlab.config import Preset, check_range
from rlab.types import UserError


@dataclass(frozen=True)
class Config:
    """The value of every state under random actions, predicted from single steps."""

    gamma: float = 0.99
    """Discount per step. Higher: looks further ahead, learns more slowly."""
    trace_decay: float = 0.8
    """Lambda: how much of an error each earlier step gets, times gamma; 0 is TD(0). Higher: faster credit, more
    variance."""
    learning_rate: float = 0.5
    """The part of its error that a state's value takes over at its first visit. Higher: faster, noisier."""
    learning_rate_decay: float = 0.03
    """The step size at a state's visit k, from 0, is learning_rate / (1 + learning_rate_decay * k). Higher: averages
    sooner, and forgets its beginnings later; 0: a constant step size."""

    def __post_init__(self) -> None:
        check_range("gamma", self.gamma, 0, 0.999999)
        check_range("trace_decay", self.trace_decay, 0, 1)
        check_range("learning_rate", self.learning_rate, 1e-12, 1)
        check_range("learning_rate_decay", self.learning_rate_decay, 0)

    def check_fit(self, observation_space: spaces.Space[Any], action_space: spaces.Space[Any], num_envs: int) -> None:
        for what, space in (("observations", observation_space), ("actions", action_space)):
            if not isinstance(space, spaces.Discrete):
                raise UserError(f"td has a value for each state: received {what} {space}, allowed are Discrete")


_BRIEFLY = {"steps": 50_000}
PRESETS = {
    "td_lambda": Preset(Config(), run=_BRIEFLY),
    "td_0": Preset(Config(trace_decay=0.0), run=_BRIEFLY),
}
