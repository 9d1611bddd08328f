"""The playing script, with a window that shows nothing and hands that strike its keys."""

import contextlib
import shutil

import numpy as np
import pygame
import pytest

import envs
from rlab.playing.window import Window
from rlab.protocol import PROTOCOLS
from rlab.recording import Recording
from rlab.representation.dataset import load
from rlab.tapes import TapeStore
from rlab.types import UserError
from tests.scripts.running import REPOSITORY, answers, assert_refused, call

FAST = ("--speed", "1000")
ALE_V5 = PROTOCOLS["ale_v5"]


def down(key):
    return pygame.event.Event(pygame.KEYDOWN, key=key)


def up(key):
    return pygame.event.Event(pygame.KEYUP, key=key)


class Shown:
    """What a window shows: the words beside the picture, and the picture."""

    def __init__(self, picture, lines):
        self.picture = picture
        self.lines = dict(lines)
        self.step = int(self.lines["step"])
        self.words = [text for _, text in lines]


@pytest.fixture
def hands(monkeypatch):
    """Let a generator play: it is given what is shown, each time, and gives the events that shall come of it."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    show = Window.show

    def hands(player):
        next(player)

        def shown(window, picture, lines, pictures_per_second):
            show(window, picture, lines, pictures_per_second)
            with contextlib.suppress(StopIteration):  # the hands have done what they wanted
                for event in player.send(Shown(picture, lines)) or ():
                    pygame.event.post(event)

        monkeypatch.setattr(Window, "show", shown)

    return hands


def tapes_of(folder):
    store = TapeStore(folder / "tapes.sqlite")
    tapes = list(store.all("demo"))
    store.close()
    return tapes


def left_then_right():
    shown = yield
    while True:
        shown = yield
        assert shown.picture.shape == (400, 600, 3)
        if "press a key" in shown.words:
            break
    for key, following in ((pygame.K_LEFT, pygame.K_r), (pygame.K_RIGHT, pygame.K_ESCAPE)):
        shown = yield [down(key)]
        while "game over" not in shown.words:
            shown = yield
        shown = yield [up(key), down(following), up(following)]
        while True:
            if "press a key" in shown.words:
                break
            shown = yield


def test_two_games_are_played_recorded_and_confirmed(hands, tmp_path):
    hands(left_then_right())
    lines = call("play.py", "--env", "CartPole-v1", "--out", tmp_path / "games", *FAST)
    first, second = tapes_of(tmp_path / "games")
    assert (first.actions.tolist(), second.actions.tolist()) == ([0] * first.length, [1] * second.length)
    assert (first.number, second.number, first.step, first.terminated) == (0, 1, 0, True)
    assert lines[:2] == [f"game {tape.number}: {tape.score:g} in {tape.length} steps" for tape in (first, second)]
    assert lines[2].startswith(f"2 games, {first.length + second.length} steps, mean ")
    (part,) = Recording.read(tmp_path / "games").parts
    assert (part.policy, part.agent, part.games) == ("a person", "person", [0, 1])
    assert part.mean == pytest.approx(np.mean([first.score, second.score]))
    assert call("verify.py", tmp_path / "games")[-1] == "all 2 games confirmed"
    games = load([tmp_path / "games"], envs.emulate, parts=[])
    assert [game.policy for game in games.tapes] == ["a person"] * 2


def held(*keys, following=pygame.K_ESCAPE):
    """Hold keys until a game is over, then strike another one."""
    yield
    shown = yield [down(key) for key in keys]
    while not {"game over", "time is up"} & set(shown.words):
        shown = yield
    yield [down(following)]
    while True:
        yield


def test_a_game_of_atari_is_seen_at_its_full_size_and_confirmed(hands, tmp_path):
    seen = []

    def player():
        hand = held(pygame.K_LEFT, pygame.K_SPACE)
        next(hand)
        events = None
        while True:
            shown = yield events
            seen.append(shown)
            events = hand.send(shown)

    hands(player())
    call("play.py", "--env", "ALE/Breakout-v5", "--out", tmp_path / "games", *FAST)
    (tape,) = tapes_of(tmp_path / "games")
    assert (tape.protocol, tape.observations) == (ALE_V5.identity, None)
    assert set(tape.actions[5:]) == {envs.action_names("ALE/Breakout-v5", ALE_V5).index("FIRE")}  # pressed last
    assert call("verify.py", tmp_path / "games")[-1] == "all 1 games confirmed"
    screens = [screen for moment in envs.emulate(tape, screens=True) for screen in moment.screens]
    assert len(seen) >= len(screens)
    assert all(np.array_equal(shown.picture, screen) for shown, screen in zip(seen, screens, strict=False))
    assert seen[0].lines["lives"] == "5"
    assert seen[len(screens) - 1].words[0:3] == ["", f"{tape.score:g}", str(tape.length)]
    assert "lives" not in seen[-1].lines  # it is over
    assert "game over" in seen[-1].words


def test_a_protocol_can_be_named(hands, tmp_path):
    hands(held(pygame.K_SPACE))
    call("play.py", "--env", "ALE/Breakout-v5", "--protocol", "classic", "--out", tmp_path / "games", *FAST)
    (tape,) = tapes_of(tmp_path / "games")
    assert tape.protocol == PROTOCOLS["classic"].identity
    assert call("verify.py", tmp_path / "games")[-1] == "all 1 games confirmed"


def test_what_is_broken_off_is_not_recorded(hands, tmp_path):
    """The first game for another one, the third for the end."""

    def player():
        shown = yield
        shown = yield [down(pygame.K_RIGHT)]
        while shown.step < 3:
            shown = yield
        shown = yield [down(pygame.K_r), up(pygame.K_r)]
        while shown.step != 0:
            shown = yield
        while "game over" not in shown.words:
            shown = yield
        shown = yield [down(pygame.K_r), up(pygame.K_r)]
        while shown.step != 2:
            shown = yield
        yield [down(pygame.K_ESCAPE)]

    hands(player())
    lines = call("play.py", "--env", "CartPole-v1", "--out", tmp_path / "games", *FAST)
    (tape,) = tapes_of(tmp_path / "games")
    assert tape.number == 1
    assert Recording.read(tmp_path / "games").parts[0].games == [1]
    assert lines[0].startswith("game 1: ")
    assert call("verify.py", tmp_path / "games")[-1] == "all 1 games confirmed"


def test_without_a_finished_game_nothing_is_kept(hands, tmp_path):
    def player():
        yield
        yield [down(pygame.K_RIGHT)]
        yield [pygame.event.Event(pygame.QUIT)]  # the window is closed

    hands(player())
    lines = call("play.py", "--env", "CartPole-v1", "--out", tmp_path / "games", *FAST)
    assert lines == ["no game was played to its end: nothing is kept"]
    assert list(tmp_path.iterdir()) == []


def test_a_pause_stops_the_game_and_a_short_stroke_is_one_step(hands, tmp_path):
    steps = []

    def player():
        shown = yield
        shown = yield [down(pygame.K_LEFT), up(pygame.K_LEFT)]  # into the wall, where the walk begins
        while "press a key" not in shown.words:
            shown = yield
        steps.append(shown.step)
        shown = yield [down(pygame.K_p), up(pygame.K_p), down(pygame.K_LEFT)]
        for _ in range(4):
            shown = yield
        assert "paused" in shown.words
        steps.append(shown.step)
        shown = yield [down(pygame.K_p)]  # held, which is one stroke
        for _ in range(4):
            shown = yield
        steps.append(shown.step)
        yield [down(pygame.K_ESCAPE)]

    hands(player())
    call("play.py", "--env", "FrozenLake-v1", "--out", tmp_path / "games", *FAST)
    assert steps[:2] == [1, 1]
    assert steps[2] > 1


def test_a_box_is_played_in_pairs_of_keys_and_time_can_be_up(hands, tmp_path):
    hands(held(pygame.K_RIGHT))
    call("play.py", "--env", "Pendulum-v1", "--out", tmp_path / "games", *FAST)
    (tape,) = tapes_of(tmp_path / "games")
    assert (tape.length, tape.terminated, tape.actions.shape, tape.actions.dtype) == (200, False, (200, 1), np.float32)
    assert set(tape.actions.ravel()) == {2.0}
    assert call("verify.py", tmp_path / "games")[-1] == "all 1 games confirmed"


def test_an_idle_action_lets_the_game_go_on(hands, tmp_path):
    hands(held())
    call("play.py", "--env", "CartPole-v1", "--idle", "1", "--out", tmp_path / "games", *FAST)
    assert set(tapes_of(tmp_path / "games")[0].actions) == {1}


def test_what_draws_nothing_is_told_in_numbers(hands, tmp_path):
    told = []

    def player():
        shown = yield
        assert shown.picture is None
        while "game over" not in shown.words and "time is up" not in shown.words:
            told.append(shown.lines["seen"])
            shown = yield [down(pygame.K_1), up(pygame.K_1)]
        yield [down(pygame.K_ESCAPE)]

    hands(player())
    call("play.py", "--env", "Corridor-v0", "--out", tmp_path / "games", *FAST)
    assert told[-1] == "6"  # a cell before the end
    assert len(tapes_of(tmp_path / "games")) == 1


def test_games_that_do_not_repeat_keep_their_observations(hands, tmp_path, monkeypatch):
    shutil.copy(REPOSITORY / "tests" / "scripts" / "own_games.py", tmp_path / "games_of_chance.py")
    monkeypatch.syspath_prepend(tmp_path)
    hands(held(pygame.K_0))
    lines = call("play.py", "--env", "games_of_chance:Unseeded-v0", "--out", tmp_path / "games", *FAST)
    assert lines[0].startswith("note: game 0 cannot be played again (")
    (tape,) = tapes_of(tmp_path / "games")
    assert tape.observations.shape == (tape.length + 1, 3)


def test_a_folder_that_is_there_is_not_touched(hands, tmp_path):
    hands(held())
    with pytest.raises(UserError, match="--out is to be a new folder"):
        call("play.py", "--env", "CartPole-v1", "--out", tmp_path)
    assert list(tmp_path.iterdir()) == []


MISTAKES = {
    "play.py": ["--env", "required"],
    "play.py --env CartPol-v1": ["unknown environment: received 'CartPol-v1'; did you mean CartPole-v1"],
    "play.py --env CartPole-v1 --speed 0": ["--speed is out of range: received 0"],
    "play.py --env CartPole-v1 --seed -1": ["--seed is out of range: received -1"],
    "play.py --env CartPole-v1 --idle 2": ["--idle is no action: received 2, allowed is 0 to 1"],
    "play.py --env Pendulum-v1 --idle 0": ["--idle is for Discrete actions: received 0 and actions Box("],
    "play.py --env CartPole-v1 --protocol classic": ["protocol 'classic' does not fit CartPole-v1"],
    "play.py --env Blackjack-v1": ["does not take a space of this kind: received Tuple("],
    "play.py --env CartPole-v1": ["there is no screen to play on: DISPLAY or WAYLAND_DISPLAY has to name one"],
    "play.py --env ALE/MsPacman-v5 --sped 2": ["Unrecognized options: --sped, 2; perhaps you meant --speed"],
}


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What the script answers to all of the above where there is no screen."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER"):
            patch.delenv(name, raising=False)
        return answers(tmp_path_factory.mktemp("here"), [*MISTAKES, "play.py --help"])


@pytest.mark.parametrize("line", MISTAKES)
def test_a_mistake_is_one_line(told, line):
    assert_refused(told[line], MISTAKES[line])


def test_help_is_shown_without_tensorflow(told):
    assert "--speed" in told["play.py --help"]["out"]
    assert not told["play.py --help"]["tensorflow"]
