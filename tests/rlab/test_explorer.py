"""The actor that explores by action values: what it plays, and that it goes on as if it had never been stopped."""

import numpy as np
import pytest
from gymnasium import spaces

from rlab.exploration import GREEDY, Exploration
from rlab.explorer import Explorer
from rlab.schedules import Linear
from rlab.types import UserError

SPACE = spaces.Discrete(5)
VALUES = np.array([[1.0, 0.5, 0.75], [0, 0, 0], [0, 1, -np.inf], [2, 1.5, 1.75], [0.1, 0.3, 0.2]])
STRATEGIES = ("epsilon_greedy", "boltzmann", "count_bonus", "ucb")


def explorer(strategy, num_envs=1, seed=0, **settings):
    exploration = Exploration(strategy, settings.pop("epsilon", Linear(0.5, 0.5, 0)), **settings)
    return Explorer(
        exploration, VALUES.__getitem__, SPACE, 3, num_envs, seed, legal=lambda seen: VALUES[seen] > -np.inf
    )


def played(actor, state, turns):
    """The actions that one environment plays when it sees the same state for so many turns."""
    return [int(actor.act(np.array([state]), np.zeros(1, np.bool_))[0][0]) for _ in range(turns)]


def test_the_books_bonus_is_worn_off_by_trying():
    # Values 1, 0.5, 0.75 with bonus 1 / (1 + n): 2, 1.5, 1.75 -> 0; 1.5, 1.5, 1.75 -> 2; 1.5, 1.5, 1.25 -> 0;
    # 1.333, 1.5, 1.25 -> 1; 1.333, 1, 1.25 -> 0; 1.25, 1, 1.25 -> 0; 1.2, 1, 1.25 -> 2
    assert played(explorer("count_bonus"), 0, 7) == [0, 2, 0, 1, 0, 0, 2]


def test_a_bonus_belongs_to_one_state():
    actor = explorer("count_bonus", bonus=10)
    assert played(actor, 1, 3) == [0, 1, 2]
    assert played(actor, 0, 3) == [0, 2, 1]  # nothing was tried here yet


def test_the_upper_confidence_bound_tries_all_once_and_then_what_is_uncertain():
    # Then with t = 3 all have the bonus sqrt(ln 3 / 1), and 0 is the best; with t = 4 it has 1 + sqrt(ln 4 / 2) = 1.83,
    # and 2 has 0.75 + sqrt(ln 4) = 1.93
    assert played(explorer("ucb"), 0, 5) == [0, 1, 2, 0, 2]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_no_strategy_plays_what_is_illegal_and_all_play_the_rest(strategy):
    assert set(played(explorer(strategy, epsilon=Linear(1, 1, 0), bonus=5), 2, 60)) == {0, 1}


def test_random_actions_are_uniform_over_what_is_legal():
    actions = explorer("epsilon_greedy", 8000, epsilon=Linear(1, 1, 0)).act(np.full(8000, 2), np.zeros(8000, bool))[0]
    np.testing.assert_allclose(np.bincount(actions, minlength=3) / 8000, [0.5, 0.5, 0], atol=0.02)


def test_boltzmann_plays_by_its_temperature():
    actions = explorer("boltzmann", 8000, temperature=0.5).act(np.zeros(8000, int), np.zeros(8000, bool))[0]
    weights = np.exp(np.array([1, 0.5, 0.75]) / 0.5)
    np.testing.assert_allclose(np.bincount(actions) / 8000, weights / weights.sum(), atol=0.02)


def test_playing_its_best_is_greedy():
    actor = Explorer(GREEDY, VALUES.__getitem__, SPACE, 3, 5, 0)
    assert list(actor.act(np.arange(5), np.zeros(5, bool))[0]) == [0, 0, 1, 0, 1]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_it_tells_what_the_best_action_was_worth_whatever_it_played(strategy):
    exploration = Exploration(strategy, Linear(1, 1, 0))
    actor, quiet = (Explorer(exploration, VALUES.__getitem__, SPACE, 3, 5, 0, tells=tells) for tells in (True, False))
    for _ in range(3):
        actions, extras = actor.act(np.arange(5), np.zeros(5, bool))
        assert extras["value"].tolist() == [1, 0, 1, 2, 0.3]
        others, nothing = quiet.act(np.arange(5), np.zeros(5, bool))
        assert (nothing, others.tolist()) == ({}, actions.tolist())


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_it_goes_on_where_it_was_saved(strategy, tmp_path):
    settings = {"epsilon": Linear(1, 0, 100), "temperature": 0.7}
    actor, again = explorer(strategy, seed=1, **settings), explorer(strategy, seed=2, **settings)
    for state in (0, 1, 3, 4):
        played(actor, state, 5)
    actor.save(tmp_path)
    again.load(tmp_path)
    for state in (0, 4, 1, 3, 2):
        assert played(again, state, 20) == played(actor, state, 20)


def test_counts_that_are_missing_are_refused(tmp_path):
    explorer("boltzmann").save(tmp_path)
    with pytest.raises(UserError, match="no arrays can be read"):
        explorer("ucb").load(tmp_path)
