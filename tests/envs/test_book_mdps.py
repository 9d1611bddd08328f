"""The book's Markov chain and decision process: exact figures, and games that bear them out."""

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import envs
from rlab.ops import dynamic_programming as dp

pytestmark = pytest.mark.filterwarnings("ignore:.*is different from the unwrapped version")

FIRE, SAFE = np.eye(3)[[0, 2, 1]], np.eye(3)[[0, 0, 1]]
AT_RANDOM = np.array([[1 / 3, 1 / 3, 1 / 3], [1 / 2, 0, 1 / 2], [0, 1, 0]])


def backup(name):
    model = envs.model_of(name)
    return dp.make_backup(model.probability, model.successor, model.reward, model.discount)


def scores(name, policy, episodes):
    """The scores of games of a policy [S, A]."""
    environment, random = gymnasium.make(name), np.random.default_rng(0)
    played = []
    for seed in range(episodes):
        state, _ = environment.reset(seed=seed)
        score, over = 0.0, False
        while not over:
            action = random.choice(len(policy[state]), p=policy[state])
            state, reward, terminated, truncated, _ = environment.step(action)
            score, over = score + reward, terminated or truncated
        played.append(score)
    return np.array(played)


def test_how_long_the_chain_takes_to_be_absorbed():
    """h2 = 1 + h1, h1 = 1 + 0.9 h2, h0 = 1 + 0.7 h0 + 0.2 h1."""
    values = dp.policy_values(backup("MarkovChain-v0"), np.ones((4, 1)))
    np.testing.assert_allclose(values, [16, 19, 20, 0], rtol=1e-12)


def test_walks_along_the_chain_are_as_long_as_calculated():
    exact = dp.limited_policy_values(backup("MarkovChain-v0"), np.ones((4, 1)), 50)[0]
    walks = scores("MarkovChain-v0", np.ones((4, 1)), 400)
    assert exact == pytest.approx(14.904, abs=1e-3)
    assert walks.mean() == pytest.approx(exact, abs=4 * walks.std() / 20)
    assert (walks.min(), walks.max()) == (1, 50)


@pytest.mark.parametrize(
    ("policy", "exact", "spread"),
    [(FIRE, 120.85, 129.3), (AT_RANDOM, -24.52, 88.2), (SAFE, 23.33, 26.2)],  # the book's spreads
    ids=["fire", "random", "safe"],
)
def test_the_three_policies_of_the_book(policy, exact, spread):
    assert dp.limited_policy_values(backup("BookMDP-v0"), policy, 100)[0] == pytest.approx(exact, abs=0.005)
    played = scores("BookMDP-v0", policy, 100)
    assert played.mean() == pytest.approx(exact, abs=4 * spread / 10)
    assert played.std() == pytest.approx(spread, rel=0.4)


def test_an_illegal_action_leads_nowhere_and_pays_nothing():
    environment = gymnasium.make("BookMDP-v0")
    state, info = environment.reset(seed=0)
    while state != 1:
        assert info["action_mask"].tolist() == [1, 1, 1]
        state, _, _, _, info = environment.step(2)
    for _ in range(5):
        assert info["action_mask"].tolist() == [1, 0, 1]
        assert info["action_mask"].dtype == np.int8
        state, reward, terminated, _, info = environment.step(1)
        assert (state, reward, terminated) == (1, 0, False)
    state, reward, _, _, info = environment.step(2)
    assert (state, reward, info["action_mask"].tolist()) == (2, -50, [0, 1, 0])


def test_an_episode_of_the_decision_process_lasts_a_hundred_steps():
    environment = gymnasium.make("BookMDP-v0")
    environment.reset(seed=0)
    ends = [environment.step(1)[2:4] for _ in range(100)]
    assert ends == [(False, False)] * 99 + [(False, True)]


@pytest.mark.parametrize("name", ["MarkovChain-v0", "BookMDP-v0"])
def test_gymnasium_finds_no_fault(name):
    check_env(gymnasium.make(name).unwrapped, skip_render_check=True)
