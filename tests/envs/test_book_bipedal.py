"""The book's walker: 81 torques in place of four numbers, and a line for whoever has no Box2D."""

import subprocess
import sys

import gymnasium
import numpy as np
import pytest

import envs
from envs.book_bipedal import TORQUES
from rlab.protocol import PROTOCOLS

NAME = "BookBipedalWalker-v0"


def test_the_torques_are_all_combinations_of_three():
    assert TORQUES.shape == (81, 4)  # 3 ** 4
    assert len({tuple(row) for row in TORQUES.tolist()}) == 81
    assert set(TORQUES.ravel().tolist()) == {-1, 0, 1}


def test_it_walks_as_the_walker_of_gymnasium_does_with_these_torques():
    pytest.importorskip("Box2D")
    environment = envs.make(NAME, 1, PROTOCOLS["gymnasium"])
    assert (environment.observation_space.shape, environment.action_space.n) == ((24,), 81)
    plain = gymnasium.make("BipedalWalker-v3")
    start = environment.reset(np.ones(1, np.bool_), [3])
    np.testing.assert_array_equal(start.observation[0], plain.reset(seed=3)[0])
    for step in range(300):
        action = (7 * step) % 81
        outcome = environment.step(np.array([action]))
        observation, reward, terminated, *_ = plain.step(TORQUES[action])
        np.testing.assert_array_equal(outcome.observation[0], observation)
        assert outcome.reward[0] == np.float32(reward)
        assert outcome.terminated[0] == terminated
        if terminated:
            break
    environment.close()


def test_a_game_ends_after_1000_steps_as_in_the_book():
    assert gymnasium.spec(NAME).max_episode_steps == 1000


def test_without_box2d_one_line_says_how_to_install_it():
    code = f"""
import sys
sys.modules["Box2D"] = None  # as if it were not installed
import envs
from rlab.protocol import PROTOCOLS
envs.make({NAME!r}, 1, PROTOCOLS["gymnasium"])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    said = done.stderr.strip().splitlines()[-1]
    assert said.startswith("rlab.types.UserError: BookBipedalWalker-v0 cannot be made: Box2D is not installed")
    assert "pip install" in said
