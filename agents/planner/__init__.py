"""Planning by dynamic programming: value iteration, Q-value iteration and policy iteration on a known table."""

from agents.planner.agent import make
from agents.planner.config import PRESETS, Config

__all__ = ["PRESETS", "Config", "make"]
