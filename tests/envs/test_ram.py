"""Labels from RAM against the pictures: sprites are found by their colour, which RAM has no part in.

Whole screens are kept by their red channel alone, which tells the colours of each game's sprites apart.
"""

from typing import NamedTuple

import ale_py
import cv2
import numpy as np
import pytest

import envs
from envs import atari
from rlab.protocol import PROTOCOLS
from rlab.types import Array, Tape, UserError

PACMAN, PONG, BREAKOUT = "ALE/MsPacman-v5", "ALE/Pong-v5", "ALE/Breakout-v5"
GHOSTS = ["sue", "inky", "pinky", "blinky"]
UP, RIGHT, LEFT, DOWN = range(1, 5)  # of Ms. Pac-Man
HOLD = 6
SCRIPT = "DULLUDRDLDRDRDRDUUUULLLUDRDRRULUURDRRRURUDRDDLUDLUUURURRUURDRUULURDDDR"
"""Directions of Ms. Pac-Man, each held for `HOLD` steps after 64 steps of waiting, on seed 9: she eats large dots and
ghosts, passes a tunnel and sees the cherries. Found by looking ahead on copies of the emulator."""


class Sprite(NamedTuple):
    """What a sprite looks like: its colour's red, in which region of the screen to look, its size."""

    red: int
    region: tuple[slice, slice]
    height: int
    width: int


MAZE = (slice(0, 171), slice(0, 160))
FIELD = (slice(34, 194), slice(0, 160))
SPRITES = {
    PACMAN: {
        "player": Sprite(210, MAZE, 10, 8),
        "sue": Sprite(180, MAZE, 10, 8),
        "inky": Sprite(84, MAZE, 10, 8),
        "pinky": Sprite(198, MAZE, 10, 8),
        "blinky": Sprite(200, MAZE, 10, 8),
        "fruit": Sprite(184, MAZE, 10, 8),
    },
    PONG: {
        "player": Sprite(92, FIELD, 16, 4),
        "opponent": Sprite(213, FIELD, 16, 4),
        "ball": Sprite(236, FIELD, 4, 2),
    },
    BREAKOUT: {
        "player": Sprite(200, (slice(188, 194), slice(8, 152)), 4, 16),
        "ball": Sprite(200, (slice(93, 189), slice(8, 152)), 4, 2),  # below the wall, whose first row is as red
    },
}
EVERY_SPRITE = [(name, sprite) for name, sprites in SPRITES.items() for sprite in sprites]
COUNTS = {
    PACMAN: {"direction", "dots_eaten", "lives", "score", *(f"{ghost}_edible" for ghost in GHOSTS)},
    PONG: {"player_score", "opponent_score"},
    BREAKOUT: {"blocks_hit", "lives", "score"},
}


class Watched(NamedTuple):
    """A game as it was seen, and what RAM says of it."""

    ram: Array  # [T, 128]
    screens: Array  # [T, 4, 210, 160], red
    pictures: Array  # [T, 84, 84], the newest of each observation
    rewards: Array  # [T]
    lives: Array  # [T]
    labels: dict[str, Array]
    boxes: dict[str, Array]


def watch(name, seed, actions):
    """A game under `ale_v5` in which these actions are taken, until it ends or they do."""
    actions = np.array(actions)
    protocol = PROTOCOLS["ale_v5"].identity
    rewards = np.zeros(len(actions), np.float32)
    tape = Tape("demo", 0, name, protocol, atari.version(), seed, 0, actions, rewards, 0, True, "", 0)
    moments, screens = [], []
    for moment in envs.emulate(tape, screens=True):
        seen = [screen[..., 0].copy() for screen in moment.screens]
        screens.append(np.stack([seen[0]] * (4 - len(seen)) + seen))
        moments.append(moment._replace(screens=[], observation=moment.observation[..., -1].copy()))
        if moment.terminated:
            break
    ram = np.stack([moment.ram for moment in moments])
    boxes = np.moveaxis(envs.sprite_boxes(name, ram), 1, 0)
    return Watched(
        ram,
        np.stack(screens),
        np.stack([moment.observation for moment in moments]),
        np.array([moment.reward for moment in moments]),
        np.array([moment.lives for moment in moments]),
        envs.ram_labels(name, ram),
        dict(zip(SPRITES[name], boxes, strict=True)),
    )


def follow(name, seed, steps, act):
    """Actions of a player who goes by the newest picture, one in ten of them at random."""
    random = np.random.default_rng(seed)
    environment = envs.make(name, 1, PROTOCOLS["ale_v5"])
    observation = environment.reset(np.ones(1, np.bool_), [seed]).observation
    actions = []
    for _ in range(steps):
        actions.append(random.integers(4) if random.random() < 0.1 else act(observation[0, ..., -1].astype(int)))
        outcome = environment.step(np.array(actions[-1:]))
        observation = outcome.observation
        if outcome.terminated[0]:
            break
    environment.close()
    return actions


def up_or_down(picture):
    """The paddle goes where the ball is, the brightest thing in the field of Pong."""
    ball = picture[14:77, 12:72].max(axis=1).argmax()
    paddle = np.flatnonzero(picture[14:77, 74] > 120).mean()
    return 2 if ball < paddle - 1 else 3 if ball > paddle + 1 else 0


def right_or_left(picture):
    """The paddle goes where the ball is below the wall of Breakout; where there is none, one is asked for."""
    columns = np.flatnonzero(picture[39:74, 5:79].any(axis=0))
    paddle = np.flatnonzero(picture[76, 5:79]).mean()
    if len(columns) == 0:
        return 1
    return 2 if columns[0] > paddle + 1 else 3 if columns[0] < paddle - 1 else 0


@pytest.fixture(scope="module")
def games():
    """A game of each: Ms. Pac-Man's goes on without a hand on the stick until the last life is lost."""
    script = [0] * 64 + [" URLD".index(letter) for letter in SCRIPT for _ in range(HOLD)] + [0] * 2000
    return {
        PACMAN: watch(PACMAN, 9, script),
        PONG: watch(PONG, 1, follow(PONG, 1, 900, up_or_down)),
        BREAKOUT: watch(BREAKOUT, 4, follow(BREAKOUT, 4, 900, right_or_left)),
    }


def extents(masks):
    """Top, left, bottom and right [T, 4] of what is true in masks [T, H, W]; 0 where nothing is."""
    sides = []
    for axis in (2, 1):
        line = masks.any(axis=axis)
        last = line.shape[1] - line[:, ::-1].argmax(axis=1)
        sides += [line.argmax(axis=1), np.where(line.any(axis=1), last, 0)]
    return np.stack(sides, axis=1)[:, [0, 2, 1, 3]]


def in_region(screens, sprite):
    """Where screens [T, 210, 160] show a sprite's colour in its region."""
    masks = np.zeros(screens.shape, np.bool_)
    region = (slice(None), *sprite.region)
    masks[region] = screens[region] == sprite.red
    return masks


def drawn(game, sprite, screen=-1):
    """Where one of the last four screens of each step, the very last if not told otherwise, shows a sprite."""
    return in_region(game.screens[:, screen], sprite)


def found(masks, sprite):
    """The middles (y, x) [T, 2] of a sprite in masks, NaN where it is not seen whole: smaller, joined, at a border."""
    sides = extents(masks).astype(float)
    size = sides[:, 2:] - sides[:, :2]
    whole = ((size >= 0.6 * np.array([sprite.height, sprite.width])) & (size <= [sprite.height, sprite.width])).all(1)
    rows, columns = sprite.region
    inside = (sides[:, :2] > [rows.start, columns.start]).all(axis=1)
    inside &= (sides[:, 2:] < [rows.stop, columns.stop]).all(axis=1)
    return np.where((whole & inside)[:, None], (sides[:, :2] + sides[:, 2:]) / 2, np.nan)


def on_screen(game, label):
    """The moments [T] for which a sprite has a place."""
    return np.isfinite(game.labels[f"{label}_y" if f"{label}_y" in game.labels else f"{label}_x"])


@pytest.mark.parametrize(("name", "label"), EVERY_SPRITE)
def test_a_place_is_where_the_picture_shows_the_sprite(games, name, label):
    game, sprite = games[name], SPRITES[name][label]
    middle = found(drawn(game, sprite), sprite)
    seen = np.isfinite(middle[:, 0])
    assert seen.sum() > 100
    places = {axis: game.labels[f"{label}_{axis}"] for axis in "xy" if f"{label}_{axis}" in game.labels}
    for axis, place in places.items():
        error = np.abs(place - middle[:, "yx".index(axis)])[seen]
        assert np.median(error) <= 0.5
        assert np.mean(error <= (2 if label in GHOSTS else 1)) > 0.98
        assert np.max(error) <= 3
        assert np.ptp(place[seen]) > 30
    assert set(places) == {(PONG, "player"): {"y"}, (PONG, "opponent"): {"y"}, (BREAKOUT, "player"): {"x"}}.get(
        (name, label), {"x", "y"}
    )


def test_who_leaves_through_a_tunnel_is_drawn_on_both_sides(games):
    """Turned by half a screen, the picture shows Ms. Pac-Man in one piece."""
    game, sprite = games[PACMAN], SPRITES[PACMAN]["player"]
    masks = drawn(game, sprite)
    split = masks[:, :, 0].any(axis=1) & masks[:, :, -1].any(axis=1)
    assert split.any()
    middle = found(np.roll(masks[split], 80, axis=2), sprite)[:, 1]
    error = (game.labels["player_x"][split] + 80 - middle) % 160
    assert np.all(np.minimum(error, 160 - error) <= 1)
    assert np.all((game.labels["player_x"] >= 0) & (game.labels["player_x"] < 160))


@pytest.mark.parametrize(("name", "label"), EVERY_SPRITE)
def test_what_is_drawn_has_a_place_and_what_has_a_place_is_drawn(games, name, label):
    game, sprite = games[name], SPRITES[name][label]
    has_place = on_screen(game, label)
    assert has_place[drawn(game, sprite).any(axis=(1, 2))].all()
    expected = has_place.copy()
    if f"{label}_y" in game.labels:  # well inside, where no wall hides it
        rows = sprite.region[0]
        middle = np.nan_to_num(game.labels[f"{label}_y"])
        expected &= (middle > rows.start + sprite.height) & (middle < rows.stop - sprite.height)
    if label in GHOSTS:
        expected &= game.labels[f"{label}_edible"] == 0
    seen = np.any([drawn(game, sprite, screen).any(axis=(1, 2)) for screen in range(4)], axis=0)  # ghosts take turns
    assert expected.sum() > 100
    assert np.mean(seen[expected]) > 0.98


def test_what_has_no_place_at_times_has_none_in_each_game(games):
    absent = {(name, label): int(np.sum(~on_screen(games[name], label))) > 10 for name, label in EVERY_SPRITE}
    always = {(PACMAN, "player"), (PONG, "player"), (BREAKOUT, "player")}
    assert {key for key, value in absent.items() if not value} == always


class Frames(NamedTuple):
    """A game frame by frame."""

    screens: Array  # [T, 210, 160], red
    ram: Array  # [T, 128]
    rewards: Array  # [T]


def frames(name, actions, pokes):
    """A game in which bytes of RAM are set before some frames: frame -> byte, value."""
    ale = ale_py.ALEInterface()
    ale.setInt("random_seed", 3)
    ale.setFloat("repeat_action_probability", 0.0)
    ale.loadROM(ale_py.roms.get_rom_path(atari.games()[name]))
    ale.reset_game()
    screens, ram, rewards = [], [], []
    for frame, action in enumerate(actions):
        if frame in pokes:
            ale.setRAM(*pokes[frame])
        rewards.append(ale.act(ale.getMinimalActionSet()[action]))
        screens.append(ale.getScreenRGB()[..., 0])
        ram.append(ale.getRAM())
    return Frames(np.stack(screens), np.stack(ram), np.array(rewards))


@pytest.fixture(scope="module")
def clearing():
    """Frames of Ms. Pac-Man in which all dots but four are taken away, so that she clears the maze."""
    return frames(PACMAN, [LEFT] * 900, {280: (119, 150)})


@pytest.mark.parametrize("ghost", GHOSTS)
def test_a_ghost_is_one_frame_ahead_of_the_screen(clearing, ghost):
    screens, ram, _ = clearing
    sprite = SPRITES[PACMAN][ghost]
    middle = found(in_region(screens, sprite), sprite)[1:]
    seen = np.isfinite(middle[:, 0])
    labels = envs.ram_labels(PACMAN, ram)
    place = np.stack([labels[f"{ghost}_y"], labels[f"{ghost}_x"]], axis=1)
    assert seen.sum() > 100
    assert np.mean(np.abs(place[:-1] - middle)[seen] <= 0.5) > 0.98
    assert np.mean(np.abs(place[1:] - middle)[seen] <= 0.5) < 0.95


def test_a_cleared_maze_keeps_its_ghosts_and_the_next_has_all_dots(clearing):
    screens, ram, _ = clearing
    labels = envs.ram_labels(PACMAN, ram)
    dots = labels["dots_eaten"]
    last = int(np.flatnonzero(dots == 154)[0])
    first = int(np.flatnonzero((dots == 0) & (np.arange(len(dots)) > last))[0])
    assert first - last > 100
    for ghost in GHOSTS:
        assert np.isfinite(labels[f"{ghost}_x"][last:]).all()
        shown = in_region(screens[last:first], SPRITES[PACMAN][ghost]).any(axis=(1, 2))
        assert np.mean(shown) > 0.3
    assert (labels["score"][first:] >= labels["score"][last]).all()
    walls = screens[[last, first], :171] == 228
    assert walls[1].sum() > walls[0].sum()  # dots have the colour of the walls


@pytest.mark.parametrize(
    ("name", "action", "label", "sign"),
    [
        (PACMAN, UP, "player_y", -1),
        (PACMAN, DOWN, "player_y", 1),
        (PACMAN, RIGHT, "player_x", 1),
        (PACMAN, LEFT, "player_x", -1),
        (PONG, 2, "player_y", -1),
        (PONG, 3, "player_y", 1),
        (BREAKOUT, 2, "player_x", 1),
        (BREAKOUT, 3, "player_x", -1),
    ],
)
def test_who_is_moved_has_moved_where_the_stick_was_held(name, action, label, sign):
    place = watch(name, 1, [0] * 70 + [action] * 20).labels[label]
    assert sign * (place[-1] - place[70]) > 10


@pytest.mark.parametrize("ghost", GHOSTS)
def test_a_ghost_is_edible_while_it_is_drawn_in_blue_or_white(games, ghost):
    game = games[PACMAN]
    edible = game.labels[f"{ghost}_edible"]
    assert min(np.sum(edible == 0), np.sum(edible == 1)) > 50
    sprite = SPRITES[PACMAN][ghost]
    in_colour = np.isfinite(found(drawn(game, sprite), sprite)[:, 0])  # its eyes alone are too small
    assert np.mean(edible[in_colour] == 0) > 0.98
    timid = np.isin(game.screens[:, :, :171], [66, 214]).any(axis=(1, 2, 3))
    anyone = np.any([game.labels[f"{other}_edible"] == 1 for other in GHOSTS], axis=0)
    assert np.mean(timid == anyone) > 0.98
    x, y = (game.labels[f"{ghost}_{axis}"][edible == 1].astype(int) for axis in "xy")
    there = [
        np.isin(screens[:, row - 5 : row + 5, column - 4 : column + 4], [66, 214]).sum() > 40
        for screens, row, column in zip(game.screens[edible == 1], y, x, strict=True)
    ]
    assert np.mean(there) > 0.95


def test_the_eyes_of_a_ghost_cannot_be_eaten(games):
    game = games[PACMAN]
    drawn_pixels = np.stack([drawn(game, SPRITES[PACMAN][ghost]).sum(axis=(1, 2)) for ghost in GHOSTS])
    edible = np.stack([game.labels[f"{ghost}_edible"] for ghost in GHOSTS])
    eyes = (drawn_pixels > 0) & (drawn_pixels < 20)
    assert eyes.sum() > 50
    assert np.mean(edible[eyes] == 0) > 0.95


def test_the_direction_is_where_ms_pacman_goes(games):
    game = games[PACMAN]
    went = np.diff(found(drawn(game, SPRITES[PACMAN]["player"]), SPRITES[PACMAN]["player"]), axis=0)
    direction = game.labels["direction"][1:]
    for number, (down, right) in enumerate([(-1, 0), (0, 1), (1, 0), (0, -1)]):
        along = went @ [down, right] >= 2
        straight = np.abs(went @ [right, down]) == 0
        assert np.sum(along & straight) > 20
        assert np.mean(direction[along & straight] == number) > 0.95


def test_while_ms_pacman_dies_there_is_nobody_else(games):
    game = games[PACMAN]
    dying = np.flatnonzero(np.diff(game.lives) < 0)  # the moment before the life is gone
    assert len(dying) == 3
    for ghost in GHOSTS:
        assert not on_screen(game, ghost)[dying].any()
        assert (game.labels[f"{ghost}_edible"][dying] == -1).all()
        assert not np.isin(game.screens[dying, :, :171], SPRITES[PACMAN][ghost].red).any()
    assert (game.labels["direction"][dying] == -1).all()
    assert on_screen(game, "player").all()


@pytest.mark.parametrize("name", [PACMAN, BREAKOUT])
def test_lives_are_those_of_the_emulator(games, name):
    game = games[name]
    assert np.array_equal(game.labels["lives"], game.lives)
    assert game.lives[-1] == 0


@pytest.mark.parametrize("name", [PACMAN, BREAKOUT])
def test_the_score_is_what_was_paid(games, name):
    game = games[name]
    assert np.array_equal(game.labels["score"], np.cumsum(game.rewards))
    assert game.labels["score"][-1] > 10


@pytest.mark.parametrize(
    ("name", "action", "pokes", "limit"),
    [
        (PACMAN, LEFT, {280: (121, 0x99), 281: (120, 0x70)}, 10_000),  # 9,970 points are given to her
        (BREAKOUT, 1, {30: (101, 26)}, 100),  # the ball is put above the wall
    ],
)
def test_the_highest_digits_of_the_score_count(name, action, pokes, limit):
    game = frames(name, [action] * 400, pokes)
    score = envs.ram_labels(name, game.ram)["score"]
    start = max(pokes)
    assert np.array_equal(score[start:] - score[start], np.cumsum(game.rewards[start:]) - game.rewards[start])
    assert score[start] < limit <= score[-1]


def test_the_scores_of_pong_are_the_points_of_either_side(games):
    game = games[PONG]
    assert np.array_equal(game.labels["player_score"], np.cumsum(game.rewards > 0))
    assert np.array_equal(game.labels["opponent_score"], np.cumsum(game.rewards < 0))
    assert min(game.labels["player_score"][-1], game.labels["opponent_score"][-1]) > 0


def test_dots_are_what_pays_tens_and_large_ones_fifty(games):
    game = games[PACMAN]
    tens = game.rewards.astype(int) % 100 // 10  # ghosts and fruit pay hundreds
    dots = np.where(tens >= 5, tens - 4, tens)
    assert np.array_equal(game.labels["dots_eaten"], np.cumsum(dots))
    assert set(tens) >= {0, 1, 5}


def test_blocks_that_were_hit_are_missing_from_the_wall(games):
    game = games[BREAKOUT]
    cells = game.screens[:, -1, 57:93, 8:152].reshape(-1, 6, 6, 18, 8)
    assert np.array_equal(game.labels["blocks_hit"], 108 - cells.all(axis=(2, 4)).sum(axis=(1, 2)))
    assert game.labels["blocks_hit"][-1] > 5


@pytest.mark.parametrize(("name", "label"), EVERY_SPRITE)
def test_a_box_holds_what_the_last_screen_adds_to_the_picture(games, name, label):
    game, sprite, boxes = games[name], SPRITES[name][label], games[name].boxes[label]
    masks = drawn(game, sprite)
    inside = []
    for mask, (top, left, bottom, right) in zip(masks, boxes, strict=True):
        if mask.sum() > sprite.height * sprite.width / 4:
            picture = cv2.resize(mask.astype(np.float32), (84, 84), interpolation=cv2.INTER_AREA)
            inside.append(picture[top:bottom, left:right].sum() / picture.sum())
    assert len(inside) > 100
    assert np.mean(inside) > (0.9 if label in GHOSTS else 0.99)
    assert np.min(inside) > 0.5
    height, width = sprite.height * 84 / 210 + 2, sprite.width * 84 / 160 + 2
    present = boxes[:, 0] >= 0
    assert (boxes[present, 2] - boxes[present, 0] <= height).all()
    assert (boxes[present, 3] - boxes[present, 1] <= width).all()
    assert (boxes[present, 2:] > boxes[present, :2]).all()
    assert (boxes[present] >= 0).all()
    assert (boxes[present] <= 84).all()
    assert (boxes[~present] == -1).all()
    assert np.array_equal(present, on_screen(game, label))


@pytest.mark.parametrize(("name", "label"), EVERY_SPRITE)
def test_in_its_box_the_observation_differs_from_what_is_always_there(games, name, label):
    game, boxes = games[name], games[name].boxes[label]
    background = np.median(game.pictures, axis=0)
    differs = [
        np.abs(picture[top:bottom, left:right] - background[top:bottom, left:right]).max() > 15
        for picture, (top, left, bottom, right) in zip(game.pictures, boxes, strict=True)
        if top >= 0
    ]
    assert len(differs) > 100
    assert np.mean(differs) > (0.9 if label in GHOSTS else 0.99)  # ghosts take turns


def test_the_paddle_of_breakout_is_as_wide_as_it_looks():
    """Once the ball, which is put above the wall, has touched the top, the paddle is smaller."""
    screens, ram, _ = frames(BREAKOUT, [1] * 30 + [2, 3, 3, 2] * 25, {30: (101, 26)})
    sprite = SPRITES[BREAKOUT]["player"]
    sides = extents(in_region(screens, sprite))[[20, -1]]
    width = sides[:, 3] - sides[:, 1]
    assert width.tolist() == [16, 12]
    assert envs.ram_labels(BREAKOUT, ram[[20, -1]])["player_x"].tolist() == ((sides[:, 1] + sides[:, 3]) / 2).tolist()
    # 160 columns become 84
    boxes = envs.sprite_boxes(BREAKOUT, ram[[20, -1]])[:, 0]
    assert boxes[:, 1].tolist() == [left * 84 // 160 for left in sides[:, 1]]
    assert boxes[:, 3].tolist() == [-(-right * 84 // 160) for right in sides[:, 3]]


@pytest.mark.parametrize("name", SPRITES)
def test_the_type_of_a_label_tells_places_from_counts(games, name):
    game = games[name]
    moments = len(game.ram)
    assert game.ram.dtype == np.uint8
    assert all(label.shape == (moments,) for label in game.labels.values())
    assert {key for key, label in game.labels.items() if label.dtype == np.int64} == COUNTS[name]
    assert all(label.dtype == np.float32 for key, label in game.labels.items() if key not in COUNTS[name])
    boxes = envs.sprite_boxes(name, game.ram)
    assert (boxes.shape, boxes.dtype) == ((moments, len(SPRITES[name]), 4), np.int64)
    order = [key.rsplit("_", 1)[0] for key in game.labels if key not in COUNTS[name]]
    assert list(dict.fromkeys(order)) == list(SPRITES[name])


@pytest.mark.parametrize("name", SPRITES)
def test_a_part_of_a_game_says_the_same_as_the_whole(games, name):
    game = games[name]
    assert envs.sprite_boxes(name, game.ram[:0]).shape == (0, len(SPRITES[name]), 4)
    assert all(len(label) == 0 for label in envs.ram_labels(name, game.ram[:0]).values())
    for key, label in envs.ram_labels(name, game.ram[100:101]).items():
        np.testing.assert_array_equal(label, game.labels[key][100:101])


@pytest.mark.parametrize("read", [envs.ram_labels, envs.sprite_boxes])
@pytest.mark.parametrize("name", ["ALE/Qbert-v5", "ALE/mspacman-v5", "CartPole-v1"])
def test_an_environment_without_labels_is_refused(read, name):
    with pytest.raises(UserError) as raised:
        read(name, np.zeros((1, 128), np.uint8))
    message = str(raised.value)
    assert "\n" not in message
    assert all(word in message for word in (name, *SPRITES))
