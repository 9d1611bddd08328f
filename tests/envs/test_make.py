"""Which environments can be made, and what is said of those that cannot."""

from dataclasses import replace

import numpy as np
import pytest

import envs
import tests.envs.own_environments  # noqa: F401  registers them
from rlab.protocol import PROTOCOLS, Protocol
from rlab.types import FrameStack, Tape, UserError
from tests.playing import play

MODULE = """
import gymnasium, numpy as np
from gymnasium import spaces

class Maze(gymnasium.Env):
    observation_space = spaces.Box(0, 1, (2,), np.float32)
    action_space = spaces.Discrete(2)

    def __init__(self, render_mode=None):
        self.render_mode = render_mode

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.zeros(2, np.float32), {}

    def step(self, action):
        return np.ones(2, np.float32), 1.0, True, False, {}

gymnasium.register("Maze-v0", entry_point="maze_of_mine:Maze")
"""


def refusal(name, protocol="gymnasium"):
    """What is said of an environment that cannot be made, which must be one line that names it."""
    with pytest.raises(UserError) as raised:
        envs.make(name, 1, PROTOCOLS[protocol])
    message = str(raised.value)
    assert "\n" not in message
    assert name in message
    return message


@pytest.fixture
def maze(tmp_path, monkeypatch):
    """The id of an environment in a module that was not imported yet."""
    (tmp_path / "maze_of_mine.py").write_text(MODULE)
    monkeypatch.syspath_prepend(tmp_path)
    return "maze_of_mine:Maze-v0"


@pytest.mark.parametrize(
    ("name", "protocol", "match"),
    [
        ("ALE/MsPackman-v5", "ale_v5", "ALE/MsPacman-v5"),
        ("ale/mspacman-v5", "ale_v5", "ALE/MsPacman-v5"),
        ("ALE/MsPacman", "ale_v5", "ALE/MsPacman-v5"),
        ("CartPol-v1", "gymnasium", "CartPole-v1"),
        ("cartpole", "gymnasium", "CartPole-v1"),
        ("CartPole-v9", "gymnasium", "CartPole-v1"),
    ],
)
def test_an_unknown_environment_is_refused_with_close_matches(name, protocol, match):
    message = refusal(name, protocol)
    assert message.startswith(f"unknown environment: received {name!r}; did you mean ")
    assert match in message


@pytest.mark.parametrize("name", ["qqqqqqqqqqqq", "", "Two Words"])
def test_an_environment_like_no_other_is_refused(name):
    assert refusal(name).startswith(f"unknown environment: received {name!r}")


def test_an_environment_in_a_module_that_is_not_there_is_refused():
    assert "No module named 'no_such_module'" in refusal("no_such_module:Maze-v0")


def test_an_environment_that_its_module_does_not_register_is_refused(maze):
    refusal("maze_of_mine:Garden-v0")


def test_an_environment_of_a_module_of_ones_own_is_made(maze):
    environment = envs.make(maze, 2, PROTOCOLS["gymnasium"])
    assert environment.name == maze
    start = environment.reset(np.ones(2, np.bool_), [1, 2])
    outcome = environment.step(np.array([0, 1]))
    environment.close()
    np.testing.assert_array_equal(start.observation, np.zeros((2, 2)))
    np.testing.assert_array_equal(outcome.observation, np.ones((2, 2)))


def test_where_an_environment_of_ones_own_comes_from_is_told_before_it_was_made(tmp_path, monkeypatch):
    (tmp_path / "garden_of_mine.py").write_text(MODULE.replace("maze", "garden").replace("Maze", "Garden"))
    monkeypatch.syspath_prepend(tmp_path)
    assert envs.origin("garden_of_mine:Garden-v0")["environment"]


def test_the_actions_of_an_environment_that_is_not_known_are_refused():
    with pytest.raises(UserError, match="unknown environment: received 'ALE/Foo-v5'"):
        envs.action_names("ALE/Foo-v5", PROTOCOLS["ale_v5"])


def test_an_environment_that_knows_no_render_mode_is_made():
    environment = envs.make("NeverShown-v0", 1, PROTOCOLS["gymnasium"])
    tape = play(environment, seed=0).tape
    environment.close()
    assert [moment.observation for moment in envs.emulate(tape)] == [0, 1]


@pytest.mark.parametrize(
    ("name", "space"),
    [("Blackjack-v1", "Tuple("), ("PairOfNumbers-v0", "Tuple("), ("ManySwitches-v0", "MultiBinary(4)")],
)
def test_spaces_other_than_box_and_discrete_are_refused(name, space):
    with pytest.raises(UserError) as raised:
        envs.make(name, 1, PROTOCOLS["gymnasium"])
    message = str(raised.value)
    assert space in message
    assert "allowed are Box and Discrete" in message
    assert "\n" not in message


def test_the_book_s_protocols_are_for_one_game_each():
    assert "'book' is for ALE/MsPacman-v5 alone" in refusal("ALE/Pong-v5", "book")
    assert "'book_pong' is for ALE/Pong-v5 alone" in refusal("ALE/MsPacman-v5", "book_pong")


@pytest.mark.parametrize(
    ("name", "protocol", "observation", "actions"),
    [
        ("ALE/MsPacman-v5", "ale_v5", FrameStack(84, 84, 4), 9),
        ("ALE/Breakout-v5", "ale_v5", FrameStack(84, 84, 4), 4),
        ("ALE/Breakout-v5", "ale_v5_full", FrameStack(84, 84, 4), 18),
        ("ALE/Pong-v5", "classic", FrameStack(84, 84, 4), 6),
    ],
)
def test_the_spaces_of_an_atari_game(name, protocol, observation, actions):
    observation_space, action_space = envs.spaces_of(name, PROTOCOLS[protocol])
    assert observation_space == observation
    assert isinstance(observation_space, FrameStack)
    assert action_space.n == actions


def test_an_environment_tells_what_it_is():
    environment = envs.make("CartPole-v1", 3, PROTOCOLS["gymnasium"])
    environment.close()
    assert (environment.name, environment.num_envs) == ("CartPole-v1", 3)
    assert environment.protocol == PROTOCOLS["gymnasium"].identity
    assert environment.version.startswith("gymnasium 1.")


def tape_of_taxi(**changes):
    tape = Tape(
        stream="demo",
        number=0,
        environment="Taxi-v4",
        protocol=PROTOCOLS["gymnasium"].identity,
        version="",
        seed=0,
        start_frames=0,
        actions=np.zeros(3, np.int64),
        rewards=np.full(3, -1, np.float32),
        frames=3,
        terminated=False,
        digest="",
        step=0,
    )
    return replace(tape, **changes)


@pytest.mark.parametrize("protocol", [Protocol("gymnasium", "sampled", 0.0).identity, "gone:12345678", ""])
def test_a_tape_of_an_unknown_protocol_is_not_played(protocol):
    with pytest.raises(UserError, match="protocol"):
        list(envs.emulate(tape_of_taxi(protocol=protocol)))


def test_a_tape_of_an_unknown_environment_is_not_played():
    with pytest.raises(UserError, match="Taxi-v4"):
        list(envs.emulate(tape_of_taxi(environment="Taxii-v4")))


@pytest.mark.parametrize("action", [-1, 6])
def test_an_action_that_the_environment_does_not_have_is_refused(action):
    with pytest.raises(UserError):
        list(envs.emulate(tape_of_taxi(actions=np.array([0, action, 0]))))
