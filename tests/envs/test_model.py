"""Transition tables: what environments tell of themselves, and that it is so."""

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces

import envs
from rlab.types import UserError

FINITE = ["FrozenLake-v1", "FrozenLake8x8-v1", "Taxi-v4", "CliffWalking-v1", "CliffWalkingSlippery-v1"]
OWN = ["Corridor-v0", "Chain-v0", "MarkovChain-v0", "BookMDP-v0"]


class Told(gymnasium.Env):
    """Two states called 5 and 6, one action called -1, and the table that it is handed."""

    def __init__(self, table, start=(1.0, 0.0)):
        self.observation_space = spaces.Discrete(2, start=5)
        self.action_space = spaces.Discrete(1, start=-1)
        self.P = table
        self.initial_state_distrib = np.array(start)


gymnasium.register("Told-v0", entry_point=Told)
ENDS = {-1: [(1.0, 6, 0.0, True)]}
GOES = {-1: [(0.25, 6, 2.0, True), (0.75, 5, 1.0, False)]}


def told(monkeypatch, **kwargs):
    monkeypatch.setitem(gymnasium.spec("Told-v0").kwargs, "table", None)
    for name, value in kwargs.items():
        monkeypatch.setitem(gymnasium.spec("Told-v0").kwargs, name, value)
    return envs.model_of("Told-v0")


@pytest.mark.parametrize("name", [*FINITE, *OWN])
def test_a_model_holds_the_table_of_its_environment(name):
    env, model = gymnasium.make(name), envs.model_of(name)
    table = env.unwrapped.P
    for state in range(env.observation_space.n):
        for action in range(env.action_space.n):
            columns = (column[state, action] for column in model[:4])
            outcomes = [
                (chance, following, reward, discount == 0)
                for chance, following, reward, discount in zip(*columns, strict=True)
                if chance > 0
            ]
            assert outcomes == [outcome for outcome in table[state][action] if outcome[0] > 0]
    np.testing.assert_array_equal(model.start, env.unwrapped.initial_state_distrib)
    assert model.time_limit == (env.spec.max_episode_steps or 0)


@pytest.mark.parametrize("name", [*FINITE, "Corridor-v0"])
def test_every_action_of_these_is_legal(name):
    assert envs.model_of(name).legal.all()


def test_the_book_s_decision_process_has_illegal_actions():
    assert envs.model_of("BookMDP-v0").legal.astype(int).tolist() == [[1, 1, 1], [1, 0, 1], [0, 1, 0]]


@pytest.mark.parametrize("name", [*FINITE[:3], "CliffWalkingSlippery-v1", *OWN])
def test_an_environment_does_what_its_model_says(name):
    env, model = gymnasium.make(name), envs.model_of(name)
    env.action_space.seed(1)
    state, _ = env.reset(seed=1)
    assert model.start[state] > 0
    for _ in range(300):
        action = env.action_space.sample()
        following, reward, terminated, truncated, _ = env.step(action)
        if model.legal[state, action]:
            assert (
                (model.probability[state, action] > 0)
                & (model.successor[state, action] == following)
                & (model.reward[state, action] == reward)
                & (model.discount[state, action] == (not terminated))
            ).any()
        state = env.reset()[0] if terminated or truncated else following


def test_states_and_actions_count_from_zero(monkeypatch):
    model = told(monkeypatch, table={5: GOES, 6: ENDS})
    assert model.probability.tolist() == [[[0.25, 0.75]], [[1, 0]]]
    assert model.successor.tolist() == [[[1, 0]], [[1, 0]]]
    assert model.reward.tolist() == [[[2, 1]], [[0, 0]]]
    assert model.discount.tolist() == [[[0, 1]], [[0, 0]]]
    assert model.start.tolist() == [1, 0]
    assert model.time_limit == 0


@pytest.mark.parametrize(
    "table",
    [
        None,
        0.3,
        {},
        {5: GOES},
        {5: GOES, 6: {-1: []}},
        {5: GOES, 6: {-1: [(1.0, 6)]}},
        {5: GOES, 6: {-1: [(0.5, 6, 0.0, True)]}},
        {5: GOES, 6: {-1: [(2.0, 6, 0.0, True), (-1.0, 6, 0.0, True)]}},
        {5: GOES, 6: {-1: [(1.0, 7, 0.0, True)]}},
        {5: {-1: []}, 6: {-1: []}},
    ],
)
def test_what_is_no_table_gives_no_model(monkeypatch, table):
    assert told(monkeypatch, table=table) is None


@pytest.mark.parametrize("start", [(0.5, 0.4), (1.0,), 1.0, "nowhere"])
def test_a_table_without_a_beginning_gives_no_model(monkeypatch, start):
    assert told(monkeypatch, table={5: GOES, 6: ENDS}, start=start) is None


@pytest.mark.parametrize("name", ["CartPole-v1", "Identity-v0", "ALE/MsPacman-v5", "Pendulum-v1"])
def test_an_environment_without_a_table_has_no_model(name):
    assert envs.model_of(name) is None


def test_an_unknown_environment_is_refused():
    with pytest.raises(UserError, match="FrozenLake-v1"):
        envs.model_of("FrozenLak-v1")
