"""Uniformly random actions: the floor that every table shows."""

from agents.random.agent import PRESETS, Config, make

__all__ = ["PRESETS", "Config", "make"]
