"""The book's Markov chain and its Markov decision process.

- `MarkovChain-v0`: four states and nothing to decide; each step pays 1, until the last state is reached or 50 steps
  are over. The score is the length of the walk, the value of a state the expected number of steps that are left of it:
  16, 19 and 20 from the first three states, were there no limit; 14.904 from the first with it.
- `BookMDP-v0`: three states, three actions, not all of them legal everywhere; 100 steps. Exact mean scores: 120.85 for
  the fire (actions 0, 2, 1 in the three states), 23.33 for safety (0, 0, 1), -24.52 for drawing among legal actions.

Source: Hands-On Machine Learning with Scikit-Learn & TensorFlow (first edition), chapter 16, "Markov Decision
Processes", and its notebook.
Departs: 1. The book's chain pays nothing, so that there would be nothing to predict.
"""

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

Outcome = tuple[float, int, float, bool]  # probability, successor, reward, terminated


class TableEnvironment(gymnasium.Env[Any, Any]):
    """An environment that draws what happens from its table; it begins in state 0.

    `P[state][action]` is a list of outcomes, as in Gymnasium's own. Where it is empty the action is illegal: it leads
    nowhere and pays nothing. `info["action_mask"]` [A] int8 tells the actions that are legal in the state.
    """

    def __init__(self, table: Sequence[Sequence[Sequence[Outcome]]]) -> None:
        self.P = {state: dict(enumerate(actions)) for state, actions in enumerate(table)}
        self.observation_space = spaces.Discrete(len(table))
        self.action_space = spaces.Discrete(len(table[0]))
        self.initial_state_distrib = np.eye(len(table))[0]
        self._state = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self._state = 0
        return np.int64(self._state), self._info()

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        outcomes = self.P[self._state][int(action)]
        reward, terminated = 0.0, False
        if outcomes:
            drawn = self.np_random.choice(len(outcomes), p=[outcome[0] for outcome in outcomes])
            _, self._state, reward, terminated = outcomes[drawn]
        return np.int64(self._state), reward, terminated, False, self._info()

    def _info(self) -> dict[str, Any]:
        return {"action_mask": np.array([bool(outcomes) for outcomes in self.P[self._state].values()], np.int8)}


def markov_chain() -> TableEnvironment:
    """The book's Markov chain; its last state ends the walk."""
    return TableEnvironment(
        [
            [[(0.7, 0, 1.0, False), (0.2, 1, 1.0, False), (0.1, 3, 1.0, True)]],
            [[(0.9, 2, 1.0, False), (0.1, 3, 1.0, True)]],
            [[(1.0, 1, 1.0, False)]],
            [[(1.0, 3, 0.0, True)]],
        ]
    )


def book_mdp() -> TableEnvironment:
    """The book's Markov decision process."""
    return TableEnvironment(
        [
            [
                [(0.7, 0, 10.0, False), (0.3, 1, 0.0, False)],
                [(1.0, 0, 0.0, False)],
                [(0.8, 0, 0.0, False), (0.2, 1, 0.0, False)],
            ],
            [[(1.0, 1, 0.0, False)], [], [(1.0, 2, -50.0, False)]],
            [[], [(0.8, 0, 40.0, False), (0.1, 1, 0.0, False), (0.1, 2, 0.0, False)], []],
        ]
    )


gymnasium.register("MarkovChain-v0", entry_point="envs.book_mdps:markov_chain", max_episode_steps=50)
gymnasium.register("BookMDP-v0", entry_point="envs.book_mdps:book_mdp", max_episode_steps=100)
