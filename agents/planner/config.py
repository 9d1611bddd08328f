"""The settings of the planner and their presets."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from gymnasium import spaces

from rlab.config import Preset, check_range
from rlab.types import UserError


@dataclass(frozen=True)
class Config:
    """Dynamic programming, a sweep at each turn until the values stand."""

    needs_model: ClassVar[bool] = True
    method: Literal["value_iteration", "q_value_iteration", "policy_iteration"] = "value_iteration"
    """What a sweep is: a backup of all state values or of all action values (the book, equations 16-2 and 16-3), or the
    exact values of the policy that is greedy so far (Sutton and Barto, section 4.3), which takes the fewest sweeps."""
    gamma: float = 0.99
    """Discount per step. Higher: looks further ahead, takes more sweeps, and the value comes nearer to the score."""
    tolerance: float = 1e-8
    """The planner has finished when no value changes by more in a sweep, in points, or, in policy iteration, when no
    action would gain more. Higher: fewer sweeps; the policy found by value iteration is worse than the best by less
    than 2 gamma / (1 - gamma) times this."""

    def __post_init__(self) -> None:
        check_range("gamma", self.gamma, 0, 0.999999)
        check_range("tolerance", self.tolerance, 0)

    def check_fit(self, observation_space: spaces.Space[Any], action_space: spaces.Space[Any], num_envs: int) -> None:
        for space, kind in ((observation_space, "observations"), (action_space, "actions")):
            if not isinstance(space, spaces.Discrete):
                raise UserError(f"planner counts states and actions: received {kind} {space}, allowed is Discrete")


_SWEEPS = {"steps": 5_000, "log_period_steps": 100}
PRESETS = {
    "value_iteration": Preset(Config("value_iteration"), run=_SWEEPS),
    "q_value_iteration": Preset(Config("q_value_iteration"), run=_SWEEPS),
    "policy_iteration": Preset(Config("policy_iteration"), run={"steps": 100, "log_period_steps": 1}),
}
