"""What is special about tabular learning: towards which targets, when, and over which actions."""

import dataclasses

import numpy as np
import pytest
from gymnasium import spaces

import agents
import envs
from agents.tabular import PRESETS, Config, make
from agents.tabular.exact import Exact
from rlab.ops.dynamic_programming import greedy, make_backup, optimal_action_values
from rlab.seeding import Seeds
from rlab.types import Transitions
from tests.agents.test_learning import CORRIDOR, SUFFICIENT, score, train
from tests.agents.test_learning import make as make_for

HALF = Config(gamma=0.5, learning_rate=0.5, learning_rate_decay=0, epsilon_start=0, epsilon_end=0)
VALUES = np.array([[0.0, 0], [4, 8], [2, 6], [0, 0]])


def tabular(model=None, **changes):
    """An agent of 4 states and 2 actions, with known values."""
    agent = make(dataclasses.replace(HALF, **changes), spaces.Discrete(4), spaces.Discrete(2), Seeds(0), model=model)
    agent._tables[:] = VALUES
    return agent


def step(state, action, reward, next_state, *, discount=1, first=False, last=False):
    row = (np.array([value]) for value in (state, action))
    numbers = (np.array([value], np.float32) for value in (reward, discount))
    return Transitions(*row, *numbers, np.array([next_state]), np.array([first]), np.array([last]), {})


def learned(agent, *steps):
    """The metrics of each step."""
    found = []
    for transitions in steps:
        agent.observe(transitions)
        found.append(agent.learn())
    return found


@pytest.mark.parametrize(
    ("changes", "value"),
    [
        ({}, 3.0),  # 0.5 * (2 + 0.5 * 8)
        (
            {"method": "expected_sarsa", "epsilon_start": 0.5, "epsilon_end": 0.5},
            2.75,
        ),  # the mean is 0.75 * 8 + 0.25 * 4
        ({"exploration": "count_bonus", "bonus": 4.0}, 4.0),  # the book's f: 0.5 * (2 + 0.5 * (8 + 4 / 1))
    ],
)
def test_the_target_of_each_method(changes, value):
    agent = tabular(**changes)
    learned(agent, step(0, 1, 2, 1))
    np.testing.assert_array_equal(agent.action_values[0], [0, value])


def test_expected_sarsa_means_the_policy_of_the_current_epsilon():
    agent = tabular(method="expected_sarsa", epsilon_start=1.0, epsilon_end=0.0, epsilon_decay_steps=4)
    learned(agent, *(step(*place, 2, 1) for place in [(0, 0), (0, 1), (3, 0), (3, 1)]))
    # 0.5 * (2 + 0.5 * (8 - 2 * epsilon)), epsilon being 0.75, 0.5, 0.25 and 0
    np.testing.assert_array_equal(agent.action_values[[0, 3]], [[2.625, 2.75], [2.875, 3]])


def test_the_logged_epsilon_is_that_of_the_step_which_counts_all_environments():
    agent = tabular(epsilon_start=1.0, epsilon_end=0.25, epsilon_decay_steps=6)
    both = Transitions(*(np.repeat(field, 2) for field in step(0, 1, 2, 1)[:-1]), {})
    # 1 - 0.75 * step / 6 at the steps 2, 4 and 6, and what it stays at
    assert [metrics["exploration/epsilon"] for metrics in learned(agent, *[both] * 4)] == [0.75, 0.5, 0.25, 0.25]


@pytest.mark.parametrize(("discount", "last"), [(0, True), (0, False)])
@pytest.mark.parametrize("method", ["q_learning", "sarsa", "expected_sarsa", "double_q_learning"])
def test_where_no_future_counts_the_reward_is_the_target(method, discount, last):
    agent = tabular(method=method)
    learned(agent, step(0, 1, 2, 1, discount=discount, last=last))
    assert agent._tables[:, 0, 1].sum() == 1  # 0.5 * 2, in one of the tables


def test_sarsa_learns_when_it_knows_the_next_action():
    agent = tabular(method="sarsa")
    learned(agent, step(0, 1, 2, 1))
    assert agent.action_values[0, 1] == 0
    learned(agent, step(1, 0, 0, 2))  # not the best one
    assert agent.action_values[0, 1] == 2  # 0.5 * (2 + 0.5 * 4)


@pytest.mark.parametrize("following", [(), (step(3, 0, 0, 3, first=True),)], ids=["a time limit", "a restart"])
def test_where_no_next_action_will_be_taken_sarsa_draws_one_from_its_policy(following):
    agent = tabular(method="sarsa")  # it does not explore: the best action
    learned(agent, step(0, 1, 2, 1, last=not following), *following)
    assert agent.action_values[0, 1] == 3  # 0.5 * (2 + 0.5 * 8)


def test_double_q_learning_lets_one_table_choose_and_the_other_value():
    agent = tabular(method="double_q_learning")
    agent._tables[1, 1] = [5, 1]
    learned(agent, step(0, 1, 2, 1))
    # Table 0 would choose action 1, which table 1 values at 1: 0.5 * (2 + 0.5); the other way round action 0 and 4.
    changed = agent._tables[:, 0, 1]
    assert list(changed) in ([1.25, 0], [0, 2])


def test_the_step_size_falls_with_the_visits_of_a_value():
    agent = tabular(learning_rate_decay=1.0)
    learned(agent, step(3, 0, 8, 3, discount=0), step(3, 0, 8, 3, discount=0), step(3, 1, 8, 3, discount=0))
    # 0.5 * 8 = 4, then 4 + 0.25 * 4; the other action is visited for the first time
    np.testing.assert_array_equal(agent.action_values[3], [5, 4])


def test_illegal_actions_have_no_value_and_are_never_chosen():
    model = envs.model_of("BookMDP-v0")
    config = dataclasses.replace(HALF, epsilon_start=1.0, epsilon_end=1.0)
    agent = make(config, spaces.Discrete(3), spaces.Discrete(3), Seeds(0), model=model)
    np.testing.assert_array_equal(np.isneginf(agent.action_values), ~model.legal)
    actor = agent.actor(3, 0, explore=True)
    for _ in range(30):
        actions, _ = actor.act(np.arange(3), np.zeros(3, np.bool_))
        assert model.legal[np.arange(3), actions].all()


def test_the_error_is_over_what_can_be_tried():
    model = envs.model_of("FrozenLake-v1")
    found = model.reachable
    assert list(np.flatnonzero(~found)) == [5, 7, 11, 12, 15]  # holes and the goal, where episodes end
    exact = Exact(model, 0.9)
    values = exact.action_values.copy()
    values[0, 0] += 2
    values[5] += 100
    # 11 states of 4 actions
    assert exact.errors(values) == pytest.approx({"value/error": 2, "value/error_rms": np.sqrt(4 / 44)})


def sweep(model, random):
    """Ten transitions of every legal action in a random order, with just the shares of outcomes that the table says."""
    shares = np.rint(10 * model.probability).astype(np.int64)
    states, actions, outcomes = (np.repeat(index, shares[shares > 0]) for index in np.nonzero(shares))
    order = random.permutation(len(states))
    place = states[order], actions[order], outcomes[order]
    reward, discount, successor = (values[place] for values in (model.reward, model.discount, model.successor))
    no = np.zeros(len(order), np.bool_)
    return Transitions(place[0], place[1], reward, discount, successor, no, no, {})


def test_q_learning_comes_to_the_planners_policy_on_the_books_decision_process():
    """Exact values at gamma 0.95: [[21.90, 20.80, 16.87], [1.12, -, 1.18], [-, 53.87, -]]; greedy: 0, 2, 1."""
    model, random = envs.model_of("BookMDP-v0"), np.random.default_rng(1)
    config = Config(gamma=0.95, learning_rate=0.5, learning_rate_decay=0.0125)
    agent = make(config, spaces.Discrete(3), spaces.Discrete(3), Seeds(1), model=model)
    backup = make_backup(model.probability, model.successor, model.reward, 0.95 * model.discount)
    best = greedy(optimal_action_values(backup))
    errors = [learned(agent, sweep(model, random))[0]["value/error"] for _ in range(1000)]
    assert list(best.argmax(axis=1)) == [0, 2, 1]
    np.testing.assert_array_equal(greedy(agent.action_values), best)
    assert errors[-1] < 0.5 < errors[0]


@pytest.mark.parametrize("preset", [name for name in PRESETS if name != "book"])
def test_it_learns_to_walk_down_the_corridor(preset):
    config = dataclasses.replace(PRESETS[preset].config, gamma=0.9, epsilon_decay_steps=2000, epsilon_end=0.2)
    agent = make_for("tabular", config, CORRIDOR.environment)
    assert score(agent, CORRIDOR.environment) < SUFFICIENT * CORRIDOR.optimum
    train(agent, CORRIDOR)
    assert score(agent, CORRIDOR.environment) >= SUFFICIENT * CORRIDOR.optimum


@pytest.mark.parametrize("exploration", ["boltzmann", "count_bonus", "ucb"])
def test_it_learns_with_every_exploration(exploration):
    config = dataclasses.replace(PRESETS["q_learning"].config, gamma=0.9, exploration=exploration, temperature=0.1)
    agent = make_for("tabular", config, CORRIDOR.environment)
    train(agent, CORRIDOR)
    assert score(agent, CORRIDOR.environment) >= SUFFICIENT * CORRIDOR.optimum


def test_it_plays_from_what_it_saved_without_a_model(tmp_path):
    model = envs.model_of("BookMDP-v0")
    agent = make(HALF, spaces.Discrete(3), spaces.Discrete(3), Seeds(0), model=model)
    agent.save(tmp_path)
    for path in tmp_path.glob("learner.*"):
        path.unlink()  # as of a release
    again = agents.find("tabular").make(
        HALF, spaces.Discrete(3), spaces.Discrete(3), Seeds(0), encoder=None, model=None
    )
    assert again.load(tmp_path) == 0
    np.testing.assert_array_equal(again.action_values, agent.action_values)
