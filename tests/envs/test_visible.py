"""Environments that a person sees: the game that is shown is the game that is recorded, screen by screen."""

from types import SimpleNamespace

import numpy as np
import pytest

import envs
from envs import single
from envs.atari import Emulation
from rlab.protocol import PROTOCOLS
from rlab.types import UserError
from tests.playing import RandomActor, play


class Watching(RandomActor):
    """Random actions, and a note of all screens that were there to see before them."""

    def __init__(self, environment):
        super().__init__(environment)
        self._environment = environment
        self.seen = []

    def act(self, observations, first):
        self.seen.append(list(self._environment.screens))
        return super().act(observations, first)


@pytest.mark.parametrize(
    ("name", "protocol"),
    [
        ("ALE/Breakout-v5", "ale_v5"),
        ("ALE/Breakout-v5", "classic"),  # with no-ops before it begins
        ("ALE/MsPacman-v5", "book"),
        ("CartPole-v1", "gymnasium"),
        ("FrozenLake-v1", "gymnasium"),
        ("Corridor-v0", "gymnasium"),  # which draws nothing
    ],
)
def test_what_is_shown_is_what_the_tape_shows_when_it_is_played_again(name, protocol, monkeypatch):
    environment = envs.make_visible(name, PROTOCOLS[protocol])
    actors = []

    def watching(environment, seed):
        actors.append(Watching(environment))
        return actors[-1]

    monkeypatch.setattr("tests.playing.RandomActor", watching)
    game = play(environment, seed=3)
    (actor,) = actors
    moments = list(envs.emulate(game.tape, screens=True))
    assert len(actor.seen) == len(moments) - 1
    for seen, moment in zip(actor.seen, moments, strict=False):
        assert len(seen) == len(moment.screens)
        assert all(np.array_equal(*pair) for pair in zip(seen, moment.screens, strict=True))
    after = environment.screens  # those of the last step, then the first of the next game
    assert len(after) == len(moments[-1].screens) + len(moments[0].screens)
    assert all(np.array_equal(*pair) for pair in zip(after, moments[-1].screens, strict=False))
    assert [bool(seen) for seen in actor.seen] == [name != "Corridor-v0"] * len(actor.seen)
    environment.close()


def test_it_is_the_environment_that_agents_play():
    visible = envs.make_visible("ALE/Breakout-v5", PROTOCOLS["ale_v5"])
    plain = envs.make("ALE/Breakout-v5", 1, PROTOCOLS["ale_v5"])
    for name in ("name", "protocol", "version", "num_envs", "observation_space", "action_space"):
        assert getattr(visible, name) == getattr(plain, name)
    tapes = [play(environment, seed=5).tape for environment in (visible, plain)]
    assert tapes[0].digest == tapes[1].digest
    assert visible.lives == 5
    visible.close()
    plain.close()


def test_a_game_that_comes_apart_from_what_is_shown_is_not_played_on(monkeypatch):
    made = Emulation.__init__

    def another(self, name, emulator, seed, start_frames, *, screens):
        made(self, name, emulator, seed + 1, start_frames, screens=screens)

    monkeypatch.setattr(Emulation, "__init__", another)
    environment = envs.make_visible("ALE/Breakout-v5", PROTOCOLS["ale_v5"])
    with pytest.raises(UserError, match="ALE/Breakout-v5 shows another game than it plays"):
        play(environment, seed=3)
    environment.close()


@pytest.mark.parametrize(("name", "speed"), [("ALE/Pong-v5", 60), ("Catch-v0", 10), ("CartPole-v1", 50)])
def test_it_tells_how_fast_people_play_it(name, speed):
    environment = envs.make_visible(name, PROTOCOLS["ale_v5" if name.startswith("ALE/") else "gymnasium"])
    assert environment.screens_per_second == speed
    environment.close()


@pytest.mark.parametrize("picture", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), "a frozen lake"])
def test_what_shows_no_picture_in_colours_is_refused(picture):
    env = SimpleNamespace(render_mode="rgb_array", spec=None, render=lambda: picture)
    with pytest.raises(UserError, match=r"cannot be rendered: received .*, allowed is uint8 \[H, W, 3\]"):
        single.screens(env)


def test_what_cannot_be_made_is_refused():
    with pytest.raises(UserError, match="received 'CartPol-v1'; did you mean CartPole-v1"):
        envs.make_visible("CartPol-v1", PROTOCOLS["gymnasium"])
    with pytest.raises(UserError, match="'book' is for ALE/MsPacman-v5 alone: received ALE/Pong-v5"):
        envs.make_visible("ALE/Pong-v5", PROTOCOLS["book"])
