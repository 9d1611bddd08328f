"""Predicting the values of states by temporal differences: TD(0) and TD(lambda)."""

from agents.td.agent import make
from agents.td.config import PRESETS, Config

__all__ = ["PRESETS", "Config", "make"]
