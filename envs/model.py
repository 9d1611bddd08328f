"""The transition table of a finite environment, out of the dictionary `P` in which Gymnasium's toys keep it."""

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

from rlab.types import Model


def read_model(env: gymnasium.Env[Any, Any]) -> Model | None:
    """What `env.unwrapped.P` and `env.unwrapped.initial_state_distrib` say; None if the environment has no such table.

    `P[state][action]` is a list of outcomes (probability, successor, reward, terminated), empty where the action is
    illegal, as in Gymnasium's FrozenLake, Taxi and CliffWalking. States and actions count from 0 in the model, whatever
    their spaces start at.
    """
    states, actions = env.observation_space, env.action_space
    if not isinstance(states, spaces.Discrete) or not isinstance(actions, spaces.Discrete):
        return None
    try:
        table, start = env.unwrapped.P, env.unwrapped.initial_state_distrib  # type: ignore[attr-defined]
        outcomes = {
            (state, action, k): outcome
            for state in range(int(states.n))
            for action in range(int(actions.n))
            for k, outcome in enumerate(table[states.start + state][actions.start + action])
        }
        shape = int(states.n), int(actions.n), 1 + max(k for _, _, k in outcomes)
        probability, reward, discount = np.zeros((3, *shape))
        successor = np.zeros(shape, np.int64)
        for place, (chance, following, paid, terminated) in outcomes.items():
            probability[place], reward[place], discount[place] = chance, paid, not terminated
            successor[place] = following - states.start
        time_limit = (env.spec.max_episode_steps if env.spec is not None else None) or 0
        model = Model(probability, successor, reward, discount, np.asarray(start, np.float64), time_limit)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return None  # what it calls P is something else
    return model if _is_sound(model) else None


def _is_sound(model: Model) -> bool:
    """Whether probabilities add up, successors are states and every state has a legal action."""
    num_states = len(model.probability)
    chances = model.probability.sum(axis=2)
    return bool(
        model.start.shape == (num_states,)
        and np.isclose(model.start.sum(), 1)
        and model.legal.any(axis=1).all()
        and np.isclose(chances[model.legal], 1).all()
        and (model.probability >= 0).all()
        and ((model.successor >= 0) & (model.successor < num_states)).all()
    )
