"""Learning a table of action values: Q-learning, SARSA, expected SARSA and double Q-learning."""

from agents.tabular.agent import make
from agents.tabular.config import PRESETS, Config

__all__ = ["PRESETS", "Config", "make"]
