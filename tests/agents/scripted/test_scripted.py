"""The book's rules: what they play when, that an episode begins them anew, and what they refuse."""

from functools import partial

import numpy as np
import pytest
from gymnasium import spaces

import envs
from agents.scripted import PRESETS, Config, make
from agents.scripted.agent import DOWN_LEFT, LEFT, NOOP
from rlab import evaluation
from rlab.config import default_preset
from rlab.protocol import PROTOCOLS
from rlab.seeding import Seeds
from rlab.types import FrameStack, UserError

CART_POLE = spaces.Box(-np.inf, np.inf, (4,), np.float32)
IMAGE = FrameStack(84, 84, 4)


def actor(rule, num_envs=1, num_actions=9, seed=0):
    agent = make(Config(rule), IMAGE, spaces.Discrete(num_actions), Seeds(0))
    return agent.actor(num_envs, seed, explore=False)


def play(player, *firsts):
    """Its actions [T, N] where episodes begin as `firsts` [T, N] says."""
    seen = np.zeros((len(firsts[0]), 4), np.float32)
    return np.array([player.act(seen, np.array(first, np.bool_))[0] for first in firsts])


def test_angle_pushes_to_where_the_pole_leans():
    seen = np.array([[9, 9, -0.1, 9], [-9, -9, 0.1, -9], [0, 0, 0, 0]], np.float32)
    actions, extras = actor("angle", 3, 2).act(seen, np.ones(3, np.bool_))
    assert actions.tolist() == [0, 1, 1]
    assert extras == {}


def test_opening_goes_left_then_down_left_then_stands_and_begins_anew_with_each_episode():
    player = actor("opening", 2)
    actions = play(player, [1, 1], *[[0, 0]] * 119, [0, 1], *[[0, 0]] * 151)
    assert actions[:, 0].tolist() == [LEFT] * 110 + [DOWN_LEFT] * 40 + [NOOP] * 122
    assert actions[:, 1].tolist() == [LEFT] * 110 + [DOWN_LEFT] * 10 + [LEFT] * 110 + [DOWN_LEFT] * 40 + [NOOP] * 2


def test_its_actions_are_those_of_ms_pacman():
    names = envs.action_names("ALE/MsPacman-v5", PROTOCOLS["ale_v5"])
    assert [names[action] for action in (NOOP, LEFT, DOWN_LEFT)] == ["NOOP", "LEFT", "DOWNLEFT"]


def test_random_actions_last_ten_steps_from_the_beginning_of_an_episode_on():
    actions = play(actor("random_ten", 2, num_actions=1000), [1, 1], *[[0, 0]] * 13, [0, 1], *[[0, 0]] * 25)
    changes = [np.flatnonzero(np.diff(column)).tolist() for column in actions.T]
    assert changes == [[9, 19, 29], [9, 13, 23, 33]]  # the last action of each: in steps 10, 20, ... new ones begin


@pytest.mark.parametrize("rule", ["opening", "random_ten"])
def test_a_loaded_actor_goes_on_in_the_middle_of_a_rule(rule, tmp_path):
    one, other = actor(rule, 2), actor(rule, 2, seed=7)
    play(one, [1, 1], *[[0, 0]] * 104)
    one.save(tmp_path)
    other.load(tmp_path)
    rest = [[0, 0]] * 60
    assert play(one, *rest).tolist() == play(other, *rest).tolist()


def test_right_walks_a_corridor_to_its_end_and_left_never_gets_there():
    """Where random actions reach it in 0.582 of the games."""
    protocol = PROTOCOLS["gymnasium"]
    found = {}
    for rule in ("left", "right"):
        agent = make(Config(rule), *envs.spaces_of("Corridor-v0", protocol), Seeds(0))
        make_env = partial(envs.make, "Corridor-v0", protocol=protocol)
        tapes = evaluation.play(agent, make_env, protocol, 3, stream="eval", step=0, seed=0)
        found[rule] = [(tape.score, tape.length) for tape in tapes]
    assert found == {"left": [(0, 50)] * 3, "right": [(1, 7)] * 3}


@pytest.mark.parametrize(
    ("rule", "observed", "acted"),
    [
        ("angle", CART_POLE, spaces.Discrete(3)),
        ("angle", spaces.Box(-1, 1, (3,)), spaces.Discrete(2)),
        ("angle", spaces.Discrete(4), spaces.Discrete(2)),
        ("left", CART_POLE, spaces.Discrete(4)),
        ("right", CART_POLE, spaces.Box(-1, 1, (2,))),
        ("opening", IMAGE, spaces.Discrete(18)),  # all actions, which have other numbers
        ("opening", CART_POLE, spaces.Discrete(9)),
        ("random_ten", CART_POLE, spaces.Box(-1, 1, (2,))),
    ],
)
def test_what_a_rule_cannot_play_is_refused(rule, observed, acted):
    with pytest.raises(UserError, match=rf"rule '{rule}' .* received .* allowed is .*"):
        Config(rule).check_fit(observed, acted, 1)


def test_each_environment_has_a_rule_of_its_own():
    found = [default_preset(PRESETS, name) for name in ("CartPole-v1", "ALE/MsPacman-v5", "ALE/Pong-v5", "Corridor-v0")]
    assert found == ["angle", "opening", "random_ten", "random_ten"]
