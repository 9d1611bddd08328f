"""Fixed rules that learn nothing: the book's hard-coded policies, and what a score has to beat."""

from agents.scripted.agent import PRESETS, Config, make

__all__ = ["PRESETS", "Config", "make"]
