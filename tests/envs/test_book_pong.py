"""The book's Pong: its picture of three screens, the steps of an action, and games that play again bit for bit."""

import dataclasses

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces

import envs
from envs.book_atari import BookAtari
from envs.book_pong import PONG
from rlab.protocol import PROTOCOLS
from rlab.tapes import disagreement
from tests.playing import play

NAME = "ALE/Pong-v5"
BLACK, GREEN, RED, BALL = (144, 72, 17), (92, 186, 92), (213, 130, 74), (236, 236, 236)


def book_screen(screen):
    """A screen as the book's notebook shows it, from 0 to 1."""
    return np.array([[tuple(pixel) in {GREEN, RED, BALL} for pixel in row] for row in screen[34:194:2, ::2].tolist()])


def book_picture(screens):
    return np.max([book_screen(screen) * 0.75**age for age, screen in enumerate(reversed(screens))], axis=0)


def screen_with(*pixels):
    """A screen of the background with pixels of other colours: (row, column, colour) of the picture."""
    screen = np.full((210, 160, 3), BLACK, np.uint8)
    for row, column, colour in pixels:
        screen[34 + 2 * row, 2 * column] = colour
    return screen


def test_paddles_and_ball_are_white_and_older_screens_darker():
    oldest = screen_with((0, 0, GREEN), (1, 1, BALL), (2, 2, RED))
    middle = screen_with((0, 0, GREEN), (3, 3, BALL), (4, 4, (92, 186, 93)))  # the last is no colour of the game's
    latest = screen_with((0, 0, GREEN), (79, 79, BALL))
    picture = PONG.picture([oldest, middle, latest])
    assert (picture.shape, picture.dtype) == ((80, 80, 1), np.uint8)
    seen = {(int(row), int(column)): int(picture[row, column, 0]) for row, column, _ in np.argwhere(picture)}
    # 255 * 0.75 = 191.25 and 255 * 0.75 ** 2 = 143.4
    assert seen == {(0, 0): 255, (79, 79): 255, (3, 3): 191, (1, 1): 143, (2, 2): 143}


class FakeEmulator:
    """In place of ALE's: a step shows the next screen, pays a point and lasts four frames; the last ends the game."""

    ale = None
    action_space = spaces.Discrete(6)

    def __init__(self, screens, ending):
        self._screens, self._ending, self._shown = screens, ending, 0

    def reset(self, *, seed, options):
        return screen_with(), {"lives": 0, "episode_frame_number": 0}

    def step(self, action):
        screen, self._shown = self._screens[self._shown], self._shown + 1
        over = self._shown == len(self._screens)
        ends = (over and self._ending == name for name in ("terminated", "truncated"))
        return screen, 1.0, *ends, {"lives": 0, "episode_frame_number": 4 * self._shown}


@pytest.mark.parametrize("ending", ["terminated", "truncated"])
@pytest.mark.parametrize("lasts", [1, 2, 3])
def test_the_last_screen_of_a_game_stands_for_the_steps_that_its_last_action_did_not_get(monkeypatch, lasts, ending):
    """The first action gets its three steps; the game ends after `lasts` of those of the second."""
    screens = [screen_with((0, 0, GREEN), (number, 9, BALL)) for number in range(3 + lasts)]
    monkeypatch.setattr("envs.book_atari.AtariEnv", lambda *args, **settings: FakeEmulator(screens, ending))
    given = []

    def picture(steps):
        given[:] = steps
        return PONG.picture(steps)

    emulator = dataclasses.replace(PROTOCOLS["book_pong"].emulator, noop_steps=0)
    environment = BookAtari(PONG._replace(picture=picture), emulator)
    environment.reset()
    assert environment.step(0)[1:4] == (3, False, False)
    observation, *paid_and_ended, info = environment.step(0)
    assert paid_and_ended == [lasts, ending == "terminated", ending == "truncated"]
    assert info["emulator_frames"] == 4 * lasts
    seen = [*screens[3:], screens[-1], screens[-1]][:3]
    np.testing.assert_array_equal(given, seen)
    np.testing.assert_allclose(observation[..., 0], 255 * book_picture(seen), atol=1)


def test_the_book_s_game_plays_again_bit_for_bit():
    environment = envs.make(NAME, 1, PROTOCOLS["book_pong"])
    game = play(environment, seed=4)
    environment.close()
    moments = list(envs.emulate(game.tape))
    assert (game.observations.shape[1:], game.observations.dtype) == ((80, 80, 1), np.uint8)
    assert [moment.reward for moment in moments[1:]] == game.tape.rewards.tolist()
    assert moments[-1].terminated
    assert disagreement(game.tape, environment.observation_space, moments) is None


@pytest.mark.filterwarnings("ignore:.*is out of date")
def test_an_action_is_three_steps_of_the_game_that_gymnasium_registers_after_23_noops():
    environment = envs.make(NAME, 1, PROTOCOLS["book_pong"])
    start = environment.reset(np.ones(1, np.bool_), [2])
    plain = gymnasium.make("Pong-v0")
    plain.reset(seed=2)
    screens = []
    for _ in range(23):  # 20 that the book skips, and 3 for its first picture
        screen, *_, info = plain.step(0)
        screens.append(screen)
    np.testing.assert_allclose(start.observation[0, ..., 0], 255 * book_picture(screens[-3:]), atol=1)
    assert start.frames[0] == info["episode_frame_number"]
    lasted = []
    for step in range(100):
        outcome = environment.step(np.array([step % 6]))
        screens, total = [], 0
        for _ in range(3):
            screen, reward, *_, info = plain.step(step % 6)
            screens.append(screen)
            total += reward
        assert outcome.reward[0] == total
        lasted.append(outcome.frames[0])
        if step % 10 == 0:
            assert book_screen(screens[-1]).any()
            np.testing.assert_allclose(outcome.observation[0, ..., 0], 255 * book_picture(screens), atol=1)
    assert 6 <= min(lasted) < max(lasted) <= 12
    assert start.frames[0] + sum(lasted) == info["episode_frame_number"]
    environment.close()
