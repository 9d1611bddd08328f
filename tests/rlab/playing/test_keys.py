"""What keys do: alone, together, against each other, and where there are none for an action."""

import numpy as np
import pytest
from gymnasium import spaces

from rlab.playing.keys import keys_of
from rlab.types import UserError

PACMAN = ["NOOP", "UP", "RIGHT", "LEFT", "DOWN", "UPRIGHT", "UPLEFT", "DOWNRIGHT", "DOWNLEFT"]
BREAKOUT = ["NOOP", "FIRE", "RIGHT", "LEFT"]
FULL = [
    *("NOOP", "FIRE", "UP", "RIGHT", "LEFT", "DOWN", "UPRIGHT", "UPLEFT", "DOWNRIGHT", "DOWNLEFT"),
    *("UPFIRE", "RIGHTFIRE", "LEFTFIRE", "DOWNFIRE"),
    *("UPRIGHTFIRE", "UPLEFTFIRE", "DOWNRIGHTFIRE", "DOWNLEFTFIRE"),
]


def discrete(names, idle=None):
    return keys_of(spaces.Discrete(len(names)), names, idle)


def named(names, *pressed):
    """The name of the action of some keys."""
    return names[int(discrete(names).action(pressed))]


@pytest.mark.parametrize(
    ("pressed", "action"),
    [
        ([], "NOOP"),
        (["up"], "UP"),
        (["w"], "UP"),
        (["a"], "LEFT"),
        (["s"], "DOWN"),
        (["d"], "RIGHT"),
        (["up", "left"], "UPLEFT"),
        (["left", "w"], "UPLEFT"),
        (["right", "down"], "DOWNRIGHT"),
        (["left", "right"], "RIGHT"),  # the later one
        (["right", "left"], "LEFT"),
        (["up", "right", "left"], "UPLEFT"),
        (["left", "a"], "LEFT"),
        (["x", "f1"], "NOOP"),
    ],
)
def test_arrows_are_directions_also_together(pressed, action):
    assert named(PACMAN, *pressed) == action
    assert named(FULL, *pressed) == action


def test_space_fires_with_or_without_a_direction():
    assert named(FULL, "space") == "FIRE"
    assert named(FULL, "space", "left") == "LEFTFIRE"
    assert named(FULL, "down", "space", "right") == "DOWNRIGHTFIRE"


def test_what_a_game_has_not_is_passed_over():
    assert named(PACMAN, "space", "up") == "UP"
    assert named(BREAKOUT, "up") == "NOOP"
    assert named(["NOOP", "UP", "DOWN"], "left", "down") == "DOWN"


def test_of_keys_that_do_not_go_together_the_latest_counts():
    assert named(BREAKOUT, "space", "right") == "RIGHT"
    assert named(BREAKOUT, "right", "space") == "FIRE"


def test_every_action_of_the_full_set_has_its_keys():
    keys = {"UP": "up", "DOWN": "down", "LEFT": "left", "RIGHT": "right", "FIRE": "space"}
    for action in FULL[1:]:
        pressed = [key for word, key in keys.items() if word in action]
        assert named(FULL, *pressed) == action


def test_other_actions_have_numbered_keys():
    keys = discrete([f"action {number}" for number in range(12)])
    assert [int(keys.action([key])) for key in ("0", "7", "9", "b", "c")] == [0, 7, 9, 10, 11]
    assert keys.action([]) is None
    assert keys.action(["left", "p", "r"]) is None
    assert keys.legend[0] == ("0", "action 0")
    assert int(keys.action(["3", "1"])) == 1


def test_the_two_kinds_go_together():
    taxi = discrete(["DOWN", "UP", "RIGHT", "LEFT", "PICK UP", "DROP OFF"])
    assert [int(taxi.action([key])) for key in ("down", "up", "right", "left", "4", "5")] == [0, 1, 2, 3, 4, 5]
    assert taxi.legend == [
        *(("up or w", "UP"), ("down or s", "DOWN"), ("left or a", "LEFT"), ("right or d", "RIGHT")),
        *(("4", "PICK UP"), ("5", "DROP OFF")),
    ]


def test_without_a_key_the_idle_action_is_played_or_the_game_waits():
    assert discrete(["LEFT", "RIGHT"]).action([]) is None
    assert int(discrete(["LEFT", "RIGHT"], idle=1).action([])) == 1
    assert int(discrete(PACMAN, idle=3).action([])) == 3
    with pytest.raises(UserError, match="--idle is no action: received 2, allowed is 0 to 1"):
        discrete(["LEFT", "RIGHT"], idle=2)


def test_more_actions_than_keys_are_refused():
    with pytest.raises(UserError, match=r"a keyboard has keys for .* actions: received 100 of them"):
        discrete([f"action {number}" for number in range(100)])


def box(low, high, shape, dtype=np.float32, idle=None):
    space = spaces.Box(np.broadcast_to(low, shape).astype(dtype), np.broadcast_to(high, shape).astype(dtype))
    return keys_of(space, [f"action {number}" for number in range(int(np.prod(shape)))], idle)


def test_each_number_of_a_box_has_a_pair_of_keys():
    keys = box(-2, 3, (4,))
    assert keys.action([]).tolist() == [0, 0, 0, 0]
    assert keys.action(["left"]).tolist() == [-2, 0, 0, 0]
    assert keys.action(["right", "up", "a", "w"]).tolist() == [3, 3, -2, 3]
    assert keys.action(["down", "s", "d"]).tolist() == [0, -2, 3, -2]
    assert keys.action(["left", "right"]).tolist() == [3, 0, 0, 0]
    assert keys.action([]).dtype == np.float32
    assert keys.legend[:2] == [("left / right", "action 0"), ("down / up", "action 1")]


def test_without_bounds_a_key_is_one_and_idle_is_what_is_nearest_to_nothing():
    assert box(-np.inf, np.inf, (1,)).action(["left"]).tolist() == [-1]
    assert box(0.5, 2, (1,)).action([]).tolist() == [0.5]
    assert box(-1, 1, (2, 1)).action(["up"]).tolist() == [[0], [1]]


def test_boxes_that_a_keyboard_cannot_play_are_refused():
    with pytest.raises(UserError, match=r"for actions of up to 4 numbers: received actions Box\(.*, of 5"):
        box(-1, 1, (5,))
    with pytest.raises(UserError, match="--idle is for Discrete actions: received 0 and actions Box"):
        box(-1, 1, (1,), idle=0)
