"""Action values linear in fixed features: Q(lambda) and SARSA(lambda) on tiles, radial bases or polynomials."""

from agents.linear.agent import make
from agents.linear.config import PRESETS, Config

__all__ = ["PRESETS", "Config", "make"]
