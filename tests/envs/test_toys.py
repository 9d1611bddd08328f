"""The toys: the optimum and the random score that their module states."""

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import envs.toys  # noqa: F401  registers them

pytestmark = pytest.mark.filterwarnings("ignore:.*is different from the unwrapped version")


def scores(name, episodes, policy):
    """The score and the length of each of `episodes` games of `policy(environment, observation)`."""
    environment = gymnasium.make(name)
    environment.action_space.seed(0)
    played = []
    for seed in range(episodes):
        observation, _ = environment.reset(seed=seed)
        score, length, over = 0.0, 0, False
        while not over:
            observation, reward, terminated, truncated, _ = environment.step(policy(environment, observation))
            score, length, over = score + reward, length + 1, terminated or truncated
        played.append((score, length))
    return np.array(played).T


def at_random(environment, observation):
    return environment.action_space.sample()


def follow_the_ball(environment, observation):
    board = observation[2::4, 2::4, 0]  # one pixel of each cell
    ball, paddle = board[:-1].max(axis=0).argmax(), board[-1].argmax()
    return 1 + np.sign(ball - paddle)


@pytest.mark.parametrize(
    ("name", "policy", "score", "length"),
    [
        ("Identity-v0", lambda environment, observation: observation.argmax(), 20, 20),
        ("Aim-v0", lambda environment, observation: observation, 20, 20),
        ("Corridor-v0", lambda environment, observation: 1, 1, 7),
        ("Catch-v0", follow_the_ball, 1, 9),
    ],
)
def test_the_optimum(name, policy, score, length):
    reached, lengths = scores(name, 30, policy)
    assert (reached == score).all()
    assert (lengths == length).all()


@pytest.mark.parametrize(
    ("name", "episodes", "expected", "tolerance"),
    [
        ("Identity-v0", 300, 20 / 4, 0.4),  # standard error: sqrt(20 * 1/4 * 3/4 / 300) = 0.11
        (
            "Aim-v0",
            300,
            20 * (1 - 2 / 3),
            0.6,
        ),  # the mean distance of two such numbers is 2/3: sqrt(20 * 2/9 / 300) = 0.12
        ("Catch-v0", 1000, 1 / 5 - 4 / 5, 0.08),  # the ball's column is one of 5: 0.025
    ],
)
def test_the_random_score(name, episodes, expected, tolerance):
    reached, _ = scores(name, episodes, at_random)
    assert reached.mean() == pytest.approx(expected, abs=tolerance)


def test_walking_the_corridor_at_random_often_takes_too_long():
    reached, lengths = scores("Corridor-v0", 300, at_random)
    assert reached.mean() == pytest.approx(0.582, abs=0.09)  # the 50th power of the chain's transition matrix
    assert (lengths[reached == 0] == 50).all()
    assert lengths.max() == 50


def best_of_chain(steps, values):
    """What `values` makes of the worths of both actions, over so many steps from the start, exactly."""
    chain = gymnasium.make("Chain-v0").unwrapped
    worth = np.zeros(chain.length)
    for _ in range(steps):
        actions = [
            [sum(p * (reward + worth[cell]) for p, cell, reward, _ in outcomes) for outcomes in chain.P[cell].values()]
            for cell in range(chain.length)
        ]
        worth = values(np.array(actions))
    return worth[0]


@pytest.mark.parametrize(
    ("values", "policy", "expected"),
    [
        (lambda worth: worth[:, 1], lambda environment, observation: 1, 19.51),
        (lambda worth: worth[:, 0], lambda environment, observation: 0, 9.00),
        (lambda worth: worth.mean(axis=1), at_random, 5.17),
    ],
    ids=["on", "back", "random"],
)
def test_what_the_chain_pays(values, policy, expected):
    assert best_of_chain(50, values) == pytest.approx(expected, abs=0.005)
    reached, lengths = scores("Chain-v0", 1000, policy)
    assert reached.mean() == pytest.approx(expected, abs=4 * reached.std() / np.sqrt(1000))
    assert (lengths == 50).all()


def test_the_best_of_the_chain_is_more_than_going_on():
    assert best_of_chain(50, lambda worth: worth.max(axis=1)) == pytest.approx(19.94, abs=0.005)


def test_every_value_is_named_and_every_column_has_its_ball():
    catch, identity = gymnasium.make("Catch-v0"), gymnasium.make("Identity-v0")
    balls = {int(catch.reset(seed=seed)[0][0, ::4, 0].argmax()) for seed in range(40)}
    values = {int(identity.reset(seed=seed)[0].argmax()) for seed in range(40)}
    assert (balls, values) == ({0, 1, 2, 3, 4}, {0, 1, 2, 3})


@pytest.mark.parametrize("name", ["Identity-v0", "Corridor-v0", "Chain-v0", "Catch-v0"])
def test_gymnasium_finds_no_fault(name):
    check_env(gymnasium.make(name).unwrapped, skip_render_check=True)


def test_catch_shows_its_picture():
    environment = gymnasium.make("Catch-v0", render_mode="rgb_array")
    observation, _ = environment.reset(seed=0)
    picture = environment.render()
    assert picture.shape == (40, 20, 3)
    np.testing.assert_array_equal(picture, np.broadcast_to(observation, picture.shape))
    assert sorted(np.unique(observation)) == [0, 255]
    assert (observation == 255).sum() == 2 * 4 * 4  # the ball and the paddle
