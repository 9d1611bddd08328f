"""What does not fit when somebody brings an environment of their own."""

import re
import warnings
from collections.abc import Iterator
from typing import Any

import gymnasium
import numpy as np
from gymnasium.utils.env_checker import check_env

from envs.vector import from_zero
from rlab.types import UserError

_STEPS = 200
_COLOUR = re.compile(r"\x1b\[\d*m")


def check(env: gymnasium.Env[Any, Any]) -> Iterator[str]:
    """One line for each thing that the lab or Gymnasium's own checker finds wrong with an environment."""
    for name, space in (("observations", env.observation_space), ("actions", env.action_space)):
        try:
            from_zero(space)
        except UserError as error:
            yield f"{name}: {error}"
            return
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            check_env(env.unwrapped, skip_render_check=True)
        except Exception as error:  # the user's code may raise anything
            yield f"Gymnasium's checker: {' '.join(str(error).split())}"
            return
    for warning in caught:
        yield f"Gymnasium's checker: {_COLOUR.sub('', str(warning.message)).removeprefix('WARN: ')}"
    if _rollout(env, seed=1) != _rollout(env, seed=1):
        yield (
            "repetition: the same seed and actions gave another episode; the lab will keep observations on its tapes, "
            "and a run that is interrupted goes on with new episodes"
        )
    if env.spec is None or env.spec.max_episode_steps is None:
        yield "length: there is no time limit (max_episode_steps), so an agent may play one game for ever"
    if "rgb_array" not in env.metadata.get("render_modes", []):
        yield "video: there is no render mode rgb_array, so games cannot be watched"


def _rollout(env: gymnasium.Env[Any, Any], seed: int) -> list[bytes]:
    """What an episode of random actions showed and paid."""
    observation, _ = env.reset(seed=seed)
    env.action_space.seed(seed)
    seen = [np.asarray(observation).tobytes()]
    for _ in range(_STEPS):
        observation, reward, terminated, truncated, _ = env.step(env.action_space.sample())
        seen += [np.asarray(observation).tobytes(), np.float64(reward).tobytes()]
        if terminated or truncated:
            break
    return seen
