"""The book's Ms. Pac-Man: its picture, its frame skip, and games that play again bit for bit."""

import gymnasium
import numpy as np
import pytest

import envs
from rlab.protocol import PROTOCOLS
from rlab.tapes import disagreement
from tests.playing import play

PACMAN = "ALE/MsPacman-v5"


def book_picture(screen):
    """The picture of the book's notebook, before it subtracts 128."""
    picture = screen[1:176:2, ::2].sum(axis=2)
    picture[picture == 210 + 164 + 74] = 0
    return picture // 3


def test_the_book_s_game_plays_again_bit_for_bit():
    environment = envs.make(PACMAN, 1, PROTOCOLS["book"])
    game = play(environment, seed=4)
    environment.close()
    moments = list(envs.emulate(game.tape, screens=True))
    assert (game.observations.shape[1:], game.observations.dtype) == ((88, 80, 1), np.uint8)
    assert environment.observation_space.shape == (88, 80, 1)
    frames = np.array([len(moment.screens) for moment in moments])
    assert (frames == 1).all()
    for step, (moment, observation) in enumerate(zip(moments, game.observations, strict=True)):
        assert np.array_equal(moment.observation, observation), f"observation {step}"
        assert np.array_equal(observation[..., 0], book_picture(moment.screens[-1]))
    assert [moment.reward for moment in moments[1:]] == game.tape.rewards.tolist()
    assert moments[-1].terminated
    assert all(moment.ram.shape == (128,) for moment in moments)
    assert disagreement(game.tape, environment.observation_space, moments) is None


@pytest.mark.filterwarnings("ignore:.*is out of date")
def test_the_book_s_game_is_what_gymnasium_registers_after_90_noops():
    environment = envs.make(PACMAN, 2, PROTOCOLS["book"])
    start = environment.reset(np.ones(2, np.bool_), [1, 2])
    plain = gymnasium.make("MsPacman-v0")
    plain.reset(seed=2)
    for _ in range(90):
        screen, *_, info = plain.step(0)
    assert start.frames[1] == info["episode_frame_number"]
    assert start.frames[0] != start.frames[1]
    lasted = []
    for step in range(60):
        outcome = environment.step(np.full(2, step % 9))
        screen, reward, *_, info = plain.step(step % 9)
        lasted.append(outcome.frames[1])
        assert np.array_equal(outcome.observation[1, ..., 0], book_picture(screen))
        assert outcome.reward[1] == reward
    assert set(lasted) == {2, 3, 4}
    assert start.frames[1] + sum(lasted) == info["episode_frame_number"]
    environment.close()
