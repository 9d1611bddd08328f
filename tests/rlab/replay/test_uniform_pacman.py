"""The replay with the screens of a real game."""

import numpy as np
import pytest

import agents.random
import envs
from rlab.loop import Loop
from rlab.protocol import PROTOCOLS
from rlab.replay.uniform import expected_memory
from rlab.seeding import Seeds
from tests.rlab.replay.plain import Plain, assert_equal, make


class Pacman:
    """600 random steps of Ms. Pac-Man, as an agent gets them."""

    def __init__(self):
        self.environment = envs.make("ALE/MsPacman-v5", 1, PROTOCOLS["ale_v5"])
        observation_space, self.action_space = self.environment.observation_space, self.environment.action_space
        self.random = agents.random.make(agents.random.Config(), observation_space, self.action_space, Seeds(0))
        loop = Loop(self.environment, self.random.actor(1, 0, explore=True), lambda number: number, stream="train")
        self.turns = [
            transitions._replace(
                observation=transitions.observation.copy(), next_observation=transitions.next_observation.copy()
            )
            for transitions in (next(loop).transitions for _ in range(600))
        ]
        self.environment.close()


@pytest.fixture(scope="module")
def pacman():
    return Pacman()


@pytest.mark.parametrize("compressed", [False, True])
def test_screens_of_ms_pacman_come_back_as_they_were(pacman, compressed):
    replay, plain = make(pacman.environment.observation_space, 500, steps=3, compressed=compressed), Plain(3)
    for transitions in pacman.turns:
        replay.add(transitions)
        plain.add(transitions)
    assert any(transitions.last[0] for transitions in pacman.turns[110:-3])
    for turns in np.split(np.arange(103, 597), 13):  # 600 - 500 + 3 frames before, 3 steps ahead
        assert_equal(replay.gather(turns, turns * 0), plain.gather(turns, turns * 0))


def test_screens_of_ms_pacman_compressed_take_a_tenth(pacman):
    sizes = {}
    for compressed in (False, True):
        replay = make(pacman.environment.observation_space, 600, compressed=compressed)
        for transitions in pacman.turns:
            replay.add(transitions)
        sizes[compressed] = replay.nbytes / 600
    assert sizes[False] > 84 * 84
    assert sizes[True] < 1000
    assert sizes[True] == pytest.approx(
        expected_memory(1, pacman.environment.observation_space, pacman.action_space, compressed=True), rel=0.4
    )
