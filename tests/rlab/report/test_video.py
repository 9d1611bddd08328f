"""Games as pictures that move: what is in the files, decoded again."""

import io
import resource
from dataclasses import replace

import cv2
import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from rlab.report.panel import WIDTH, Panel
from rlab.report.video import animation, record
from rlab.types import Moment, UserError
from tests.rlab.written_tapes import a_tape

NAMES = ["NOOP", "UP", "DOWN"]
HEIGHT, PICTURE = 400, (30, 35)  # a panel's height; a screen's, which has odd sizes when it is enlarged 21 times
CHOSEN, OTHERS, PAID = (242, 163, 58), (91, 127, 181), (111, 208, 140)  # the colours of bars and rewards


def a_moment(screens=(), *, reward=0.0, terminated=False, truncated=False, lives=0):
    return Moment(np.zeros(2), reward, terminated, truncated, lives, screens, None)


def a_screen(number, size=PICTURE):
    """A picture with coarse blocks, so that 4:2:0 keeps its colours."""
    blocks = np.random.default_rng(number).integers(256, size=(3, 4, 3), dtype=np.uint8)
    return cv2.resize(blocks, size[::-1], interpolation=cv2.INTER_NEAREST)


def a_panel(values=None, **changes):
    return Panel(a_tape(length=5, **changes), NAMES, values, "action values")


def decoded(path):
    """What the file says of itself, and its frames [F, H, W, 3]."""
    reader = imageio_ffmpeg.read_frames(path)
    facts = next(reader)
    width, height = facts["size"]
    return facts, np.stack([np.frombuffer(frame, np.uint8).reshape(height, width, 3) for frame in reader])


def pixels(picture, colour):
    """Where [H, W] a picture has just this colour."""
    return (picture == colour).all(axis=-1)


def bars(picture):
    """The length in pixels of each bar, and which is the chosen one."""
    rows = [picture[y + 9] for y in range(184, 184 + 24 * len(NAMES), 24)]
    lengths = [int((pixels(row, CHOSEN) | pixels(row, OTHERS))[144:273].sum()) for row in rows]
    return lengths, [row for row in range(len(rows)) if pixels(rows[row], CHOSEN)[144:273].any()]


def test_every_screen_is_a_frame_of_a_video_that_browsers_play(tmp_path):
    path = tmp_path / "videos" / "game.mp4"
    screens = [a_screen(number) for number in range(9)]
    moments = [a_moment(screens[:1]), a_moment(screens[1:5]), a_moment(screens[5:], terminated=True)]
    assert record(path, moments, a_panel(), 60) == 9
    facts, frames = decoded(path)
    assert facts["codec"] == "h264"
    assert facts["pix_fmt"].startswith("yuv420p(")
    assert facts["fps"] == 60
    assert frames.shape == (9, 630, 736 + WIDTH, 3)  # 21 times as large; 735 is odd
    for frame, screen in zip(frames, screens, strict=True):
        expected = cv2.resize(screen, (735, 630), interpolation=cv2.INTER_NEAREST)
        assert np.abs(frame[:, :735].astype(int) - expected).mean() < 6
    index, media = (path.read_bytes().index(box) for box in (b"moov", b"mdat"))
    assert index < media, "a browser would have to load the whole file before it plays"


def test_a_picture_lower_than_its_panel_gets_a_frame_as_high_as_that(tmp_path):
    panel = Panel(a_tape(), [f"action {number}" for number in range(18)], None, "")
    record(tmp_path / "game.mp4", [a_moment([a_screen(0, (401, 700))])], panel, 30)
    _, frames = decoded(tmp_path / "game.mp4")
    assert frames.shape == (1, panel.height, 700 + WIDTH, 3)
    assert frames[0, 405:, :700].mean() < 3  # black


def test_the_video_shows_the_score_so_far_and_a_reward_for_half_a_second(tmp_path):
    class Heard(Panel):
        """Notes what it is to draw."""

        def draw(self, height, step, moment, score, paid):
            heard.append((step, score, paid))
            return super().draw(height, step, moment, score, paid)

    heard = []
    rewards = [0, 10, 0, 0, 0, -3]
    moments = [a_moment([a_screen(0)] * 2, reward=reward) for reward in rewards]
    record(tmp_path / "game.mp4", moments, Heard(a_tape(), NAMES, None, ""), 8)
    assert heard == [(0, 0, 0), (1, 10, 10), (2, 10, 10), (3, 10, 0), (4, 10, 0), (5, 7, -3)]


def test_a_recording_that_fails_leaves_nothing_and_what_was_there(tmp_path):
    def broken():
        yield a_moment([a_screen(0)])
        raise KeyboardInterrupt

    path = tmp_path / "game.mp4"
    with pytest.raises(KeyboardInterrupt):
        record(path, broken(), a_panel(), 60)
    assert list(tmp_path.iterdir()) == []
    path.write_text("an earlier one")
    with pytest.raises(KeyboardInterrupt):
        record(path, broken(), a_panel(), 60)
    assert [file.read_text() for file in tmp_path.iterdir()] == ["an earlier one"]


def test_a_video_that_cannot_be_written_whole_is_refused(tmp_path):
    noise = np.random.default_rng(0).integers(256, size=(20, 210, 160, 3), dtype=np.uint8)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(UserError, match=r"game\.mp4 cannot be written: .+"):
            record(tmp_path / "game.mp4", [a_moment(list(noise))] * 5, a_panel(), 60)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []


def test_a_game_without_pictures_is_its_panel_alone(tmp_path):
    panel = a_panel()
    assert record(tmp_path / "game.mp4", [a_moment()] * 6, panel, 60) == 6
    _, frames = decoded(tmp_path / "game.mp4")
    assert frames.shape == (6, panel.height, WIDTH, 3)
    assert np.abs(frames[0].astype(int) - panel.draw(panel.height, 0, a_moment(), 0, 0)).mean() < 6


def test_the_number_of_a_state_is_told():
    numbers = [a_moment()._replace(observation=np.int64(state)) for state in (0, 8)]
    drawn = [a_panel().draw(HEIGHT, 0, moment, 0, 0) for moment in (a_moment(), *numbers)]
    assert not np.array_equal(drawn[0], drawn[1])
    assert not np.array_equal(drawn[1], drawn[2])


def test_bars_have_one_scale_over_the_game_and_the_chosen_one_stands_out():
    values = np.array([[0, 1, 2], [1, 1, 1], [4, 2, 0], [0, 0, 0], [-4, 0, 0], [99, 99, 99]], np.float32)
    panel = a_panel(values)  # actions 0, 1, 2, 0, 1; nothing is chosen at the last moment, so 99 does not count
    drawn = [bars(panel.draw(HEIGHT, step, a_moment(), 0, 0)) for step in range(6)]
    full, three_quarters, half = 129, 97, 65  # of -4 to 4, in pixels from the first to the last
    assert drawn[2] == ([full, three_quarters, half], [2])
    assert drawn[3] == ([half] * 3, [0])
    assert drawn[4][0][0] == 1  # the least value of the game
    assert drawn[4][1] == [1]
    assert drawn[0][0][2] == drawn[2][0][1]  # the same value at another time
    assert drawn[5] == ([0, 0, 0], [])


def test_bars_of_equal_values_are_drawn():
    assert bars(a_panel(np.full((6, 3), 2.5)).draw(HEIGHT, 1, a_moment(), 0, 0)) == ([129] * 3, [1])


def test_an_illegal_action_has_no_bar():
    values = np.tile([-np.inf, 4.0, 0.0], (6, 1))
    assert bars(a_panel(values).draw(HEIGHT, 1, a_moment(), 0, 0)) == ([0, 129, 1], [1])


def test_without_values_the_chosen_action_is_marked_and_no_bar_drawn():
    picture = a_panel().draw(HEIGHT, 1, a_moment(), 0, 0)
    assert bars(picture) == ([0, 0, 0], [])
    marked = pixels(picture, CHOSEN).any(axis=1)
    assert marked[208:230].any()  # the row of action 1
    assert not marked[:206].any()
    assert not marked[232:].any()


def test_the_numbers_of_box_actions_are_drawn():
    actions = np.array([[0, 1, 2], [2, 2, 2]], np.float32)
    panel = Panel(replace(a_tape(length=2), actions=actions), NAMES, None, "")
    assert bars(panel.draw(HEIGHT, 0, a_moment(), 0, 0)) == ([1, 65, 129], [])
    assert bars(panel.draw(HEIGHT, 1, a_moment(), 0, 0)) == ([129] * 3, [])


@pytest.mark.parametrize("end", [{"lives": 2}, {"terminated": True}, {"truncated": True}], ids=str)
def test_lives_and_the_end_are_told_below_the_step(end):
    plain, told = (a_panel().draw(HEIGHT, 2, moment, 0, 0) for moment in (a_moment(), a_moment(**end)))
    rows = np.flatnonzero((plain != told).any(axis=(1, 2)))
    assert 100 <= rows.min() <= rows.max() <= 128


def test_a_reward_is_told_in_a_colour_of_its_own():
    shown = [pixels(a_panel().draw(HEIGHT, 2, a_moment(), 30, paid), PAID).any() for paid in (0, 10, -10)]
    assert shown == [False, True, True]


def test_a_panel_of_very_many_actions_is_no_higher_than_a_screen():
    panel = Panel(a_tape(actions=np.array([700, 1])), [str(number) for number in range(1000)], None, "")
    assert panel.height < 1200
    assert panel.draw(panel.height, 0, a_moment(), 0, 0).shape == (panel.height, WIDTH, 3)


def test_an_animation_is_the_end_of_a_game_at_half_its_steps():
    moments = (a_moment([np.full((4, 6, 3), step % 256, np.uint8)]) for step in range(600))
    data, height, width = animation(moments)
    assert (height, width) == (4, 6)
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.format == "GIF"
        assert picture.n_frames == 240
        assert picture.convert("RGB").getpixel((0, 0)) == (120, 120, 120)  # step 600 - 2 * 240
        picture.seek(239)
        assert picture.convert("RGB").getpixel((0, 0)) == (598 - 512,) * 3


def test_an_animation_shows_what_a_step_draws_on_either_of_its_last_screens():
    screens = np.zeros((4, 4, 6, 3), np.uint8)
    screens[2, 0, 0], screens[3, 1, 1], screens[1, 2, 2] = 255, 255, 255
    data, _, _ = animation([a_moment(list(screens))])
    with Image.open(io.BytesIO(data)) as picture:
        lit = np.asarray(picture.convert("RGB"))[..., 0] > 128
    assert np.argwhere(lit).tolist() == [[0, 0], [1, 1]]


def test_there_is_no_animation_without_screens():
    assert animation([a_moment()] * 3) is None
