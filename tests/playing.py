"""Games played at random, for tests of environments and tapes."""

from typing import NamedTuple

import numpy as np

from rlab.loop import Loop
from rlab.types import Array, Bools, Environment, Tape, Transitions


class RandomActor:
    """Actions drawn from the environment's action space."""

    def __init__(self, environment: Environment, seed: int = 0) -> None:
        self._space = environment.action_space
        self._space.seed(seed)

    def act(self, observations: Array, first: Bools) -> tuple[Array, dict[str, Array]]:
        return np.array([self._space.sample() for _ in first]), {}


class Game(NamedTuple):
    """A whole game in an environment of one."""

    tape: Tape
    observations: Array  # [T + 1, *O], the last included
    transitions: list[Transitions]  # T


def play(environment: Environment, seed: int) -> Game:
    """One game with random actions, to its end; a life lost ends the value."""
    loop = Loop(
        environment, RandomActor(environment, seed), lambda number: seed, stream="demo", life_loss_ends_value=True
    )
    transitions = []
    for turn in loop:
        transitions.append(turn.transitions)
        if turn.tapes:
            break
    first = transitions[0].observation
    return Game(turn.tapes[0], np.concatenate([first, *(step.next_observation for step in transitions)]), transitions)
