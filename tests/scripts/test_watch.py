"""Games recorded by the watching script: runs of the training script, and the videos of their games decoded again."""

import sys
from dataclasses import replace

import gymnasium
import imageio_ffmpeg
import numpy as np
import pytest
from ale_py import ALEInterface, roms

import agents
import envs
from envs.meanings import MEANINGS
from rlab.evaluation import record as record_evaluation
from rlab.protocol import PROTOCOLS
from rlab.report.panel import WIDTH
from rlab.report.video import animation
from rlab.tapes import TapeStore
from rlab.types import UserError
from scripts import watch
from tests.playing import play
from tests.scripts.running import REPOSITORY
from tests.scripts.watched import random_run

BAR = (91, 127, 181)


def decoded(path):
    """What the file says of itself, and its frames one by one, each [H, W, 3]."""
    reader = imageio_ffmpeg.read_frames(path)
    facts = next(reader)
    width, height = facts["size"]
    return facts, (np.frombuffer(frame, np.uint8).reshape(height, width, 3) for frame in reader)


def assert_shows(frame, screen, scale):
    """The picture of a frame is a screen, enlarged."""
    expected = np.kron(screen, np.ones((scale, scale, 1), np.uint8)).astype(int)
    height, width = expected.shape[:2]
    assert np.abs(frame[:height, :width] - expected).mean() < 4


@pytest.fixture(scope="module")
def catch(tmp_path_factory):
    """A run with games of all streams but `eval`; with seed 4 or 16 the ball is caught, with others missed."""
    games = [("train", 0, 0, 0), ("train", 1, 4, 9), ("demo", 5, 1, 0)]
    games += [("validation", 0, 4, 100), ("validation", 1, 2, 200), ("validation", 2, 16, 200)]
    return random_run(tmp_path_factory.mktemp("runs") / "catch", "Catch-v0", games)


def test_a_game_of_atari_becomes_a_video(tmp_path, capsys):
    run = random_run(tmp_path / "run", "ALE/Breakout-v5", [("validation", 0, 6, 0)])  # a short game
    video = run / "videos" / "game.mp4"
    watch.main([str(run), "--out", str(video)])
    tape = TapeStore(run / "tapes.sqlite").read("validation", 0)
    assert capsys.readouterr().out.splitlines() == [
        f"validation game 0: {tape.score:,.10g} in {tape.length:,} steps",
        str(video),
    ]
    assert list(video.parent.iterdir()) == [video]
    facts, frames = decoded(video)
    assert facts["codec"] == "h264"
    assert facts["pix_fmt"].startswith("yuv420p(")
    assert facts["size"] == (3 * 160 + WIDTH, 3 * 210)
    assert facts["fps"] == 60
    screens = [screen for moment in envs.emulate(tape, screens=True) for screen in moment.screens]
    assert imageio_ffmpeg.count_frames_and_secs(video)[0] == len(screens)
    assert_shows(next(frames), screens[0], 3)


def test_a_cart_pole_game_is_shown_with_its_action_values(whole, tmp_path, capsys):
    out = tmp_path / "elsewhere" / "cart.mp4"
    watch.main([str(whole), "--stream", "train", "--number", "1", "--checkpoint", "latest", "--out", str(out)])
    assert capsys.readouterr().out.splitlines()[-1] == str(out)
    tape = TapeStore(whole / "tapes.sqlite").read("train", 1)
    screens = [moment.screens[0] for moment in envs.emulate(tape, screens=True)]
    facts, frames = decoded(out)
    assert facts["fps"] == 50
    frames = list(frames)
    assert len(frames) == tape.length + 1
    for frame, screen in zip(frames, screens, strict=True):
        assert_shows(frame, screen, 1)
    drawn = [(np.abs(frame[:, 600:].astype(int) - BAR).max(axis=-1) < 30).any() for frame in frames]
    assert drawn == [True] * tape.length + [False]


@pytest.mark.parametrize("name", ["Pendulum-v1", "Corridor-v0", "BookMDP-v0"])
def test_an_agent_without_values_is_watched_too_and_so_is_an_environment_without_pictures(tmp_path, name):
    run = random_run(tmp_path / "run", name, [("demo", 0, 0, 0)])
    video = tmp_path / "game.mp4"
    watch.main([str(run), "--stream", "demo", "--out", str(video)])
    tape = TapeStore(run / "tapes.sqlite").read("demo", 0)
    frames, _ = imageio_ffmpeg.count_frames_and_secs(video)
    assert frames == tape.length + 1


def test_what_cannot_be_rendered_has_no_animation():
    game = play(envs.make("Identity-v0", 1, PROTOCOLS["gymnasium"]), 0)
    assert animation(envs.emulate(game.tape, screens=True)) is None


def test_a_missing_package_for_rendering_is_named(monkeypatch):
    game = play(envs.make("CartPole-v1", 1, PROTOCOLS["gymnasium"]), 0)
    monkeypatch.setitem(sys.modules, "pygame", None)
    with pytest.raises(UserError, match="CartPole-v1 cannot be rendered: pygame is not installed"):
        next(envs.emulate(game.tape, screens=True))


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        ([], ("validation", 2)),
        (["--stream", "train"], ("train", 1)),
        (["--stream", "demo"], ("demo", 5)),
        (["--number", "0"], ("validation", 0)),
        (["--stream", "train", "--number", "0"], ("train", 0)),
    ],
    ids=lambda value: " ".join(map(str, value)),
)
def test_which_game_is_shown(catch, tmp_path, capsys, arguments, shown):
    watch.main([str(catch), *arguments, "--out", str(tmp_path / "game.mp4")])
    assert capsys.readouterr().out.startswith("{} game {}: ".format(*shown))


def test_evaluation_games_go_before_all_others(tmp_path, catch):
    run = random_run(tmp_path / "run", "Catch-v0", [("validation", 0, 1, 0)])
    settings = agents.read_settings(run)
    tapes = [replace(tape, stream="eval") for tape in TapeStore(catch / "tapes.sqlite").all("train")]
    record_evaluation(run, tapes, settings)
    tape = watch.choose(TapeStore(run / "tapes.sqlite"), "", None)
    assert (tape.stream, tape.number, tape.score) == ("eval", 1, 1.0)


def test_a_tape_that_does_not_play_again_is_refused(tmp_path):
    run = random_run(tmp_path / "run", "Catch-v0", [("eval", 0, 0, 0)])
    store = TapeStore(run / "tapes.sqlite", create=True)
    tape = store.read("eval", 0)
    store.write(replace(tape, rewards=tape.rewards + 1))
    store.commit()
    with pytest.raises(UserError, match="not confirmed: reward 1 is 1 on the tape, 0 when played again"):
        watch.main([str(run), "--out", str(tmp_path / "game.mp4")])
    assert not (tmp_path / "game.mp4").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--number", "7"], "holds 0 to 2"),
        (["--stream", "movies"], "received 'movies', allowed are train, validation, eval, demo"),
        (["--number", str(10**20)], f"received validation {10**20}, "),
        (["--stream", "train", "--number", "7"], "holds 0 to 1"),
        (["--stream", "eval"], "holds no eval games"),
        (["--stream", "eval", "--number", "0"], "holds none"),
        (["--checkpoint", "12"], "no such checkpoint: received 12"),
        (["--out", "game.avi"], "received game.avi, allowed are no suffix and .mp4"),
        (["--out", "tests"], "--out is something else: received tests, which is not empty"),
        (["--out", "README.md/page"], "--out is no folder: received README.md/page, and README.md is a file"),
        (["--out", "README.md/game.mp4"], "--out is no folder: received README.md, and README.md is a file"),
        (["--out", "FOLDER.mp4"], "--out is a folder: received .*FOLDER.mp4, allowed is a file"),
        (["--out", "game.mp4", "--number", "0", "1"], "a video shows one game"),
        (["--port", "70000"], "--port is out of range: received 70000, allowed is 0 to 65535"),
    ],
    ids=[
        "no such number",
        "unknown stream",
        "a number beyond all",
        "not in that stream",
        "no such stream",
        "neither",
        "no such checkpoint",
        "another kind",
        "a full folder",
        "a page below a file",
        "a video below a file",
        "a video that is a folder",
        "two games",
        "no such port",
    ],
)
def test_what_is_not_there_is_refused_with_what_is(catch, tmp_path, monkeypatch, arguments, message):
    (tmp_path / "FOLDER.mp4").mkdir()
    arguments = [word.replace("FOLDER", str(tmp_path / "FOLDER")) for word in arguments]
    monkeypatch.chdir(REPOSITORY)
    with pytest.raises(UserError, match=message):
        watch.main([str(catch), *arguments])


def test_a_run_without_games_is_refused(tmp_path):
    with pytest.raises(UserError, match="holds no games yet"):
        watch.main([str(random_run(tmp_path / "run", "Catch-v0"))])


def test_actions_have_the_names_of_the_emulator():
    ale = ALEInterface()
    ale.loadROM(roms.get_rom_path("ms_pacman"))
    for protocol, actions in [
        ("ale_v5", ale.getMinimalActionSet()),
        ("book", ale.getMinimalActionSet()),
        ("ale_v5_full", ale.getLegalActionSet()),
    ]:
        assert envs.action_names("ALE/MsPacman-v5", PROTOCOLS[protocol]) == [action.name for action in actions]


@pytest.mark.parametrize("name", MEANINGS)
def test_those_of_gymnasium_have_the_names_of_its_documentation(name):
    assert len(envs.action_names(name, PROTOCOLS["gymnasium"])) == gymnasium.make(name).action_space.n


def test_other_actions_are_numbered():
    assert envs.action_names("Catch-v0", PROTOCOLS["gymnasium"]) == ["action 0", "action 1", "action 2"]
    assert envs.action_names("Pendulum-v1", PROTOCOLS["gymnasium"]) == ["action 0"]


@pytest.mark.parametrize(
    ("name", "protocol", "speed"),
    [
        ("ALE/Pong-v5", "classic", 60),
        ("ALE/MsPacman-v5", "book", 20),  # one screen of the 2, 3 or 4 that an action lasts
        ("ALE/Pong-v5", "book_pong", 60 / 9),  # one of three times as many
        ("Catch-v0", "gymnasium", 10),
        ("Corridor-v0", "gymnasium", 30),
    ],
)
def test_videos_play_at_the_speed_of_the_game(name, protocol, speed):
    assert envs.screens_per_second(name, PROTOCOLS[protocol]) == speed
