"""What is special about prediction: whose values these are, and how traces begin and end."""

import dataclasses

import numpy as np
import pytest
from gymnasium import spaces

import agents
import envs
from agents.td import PRESETS, Config, make
from rlab.config import RunConfig, Settings
from rlab.loop import Loop
from rlab.protocol import PROTOCOLS
from rlab.seeding import Seeds
from rlab.types import Transitions

HALF = Config(gamma=0.5, trace_decay=0.5, learning_rate=0.5, learning_rate_decay=0)


def td(model=None, **changes):
    """An agent of 4 states and 2 actions."""
    return make(dataclasses.replace(HALF, **changes), spaces.Discrete(4), spaces.Discrete(2), Seeds(0), model=model)


def learned(agent, *steps):
    """The values after steps (state, reward, next state, discount, first), one environment."""
    for state, reward, following, discount, first in steps:
        numbers = (np.array([number], np.float32) for number in (reward, discount))
        no = np.array([False])
        agent.observe(Transitions(np.array([state]), no, *numbers, np.array([following]), np.array([first]), no, {}))
        agent.learn()
    return agent.values.tolist()


def test_an_error_goes_to_the_states_before_by_their_traces():
    # Errors 4 - 0 and 8 - 0; the trace of state 0 is 1, then 0.5 * 0.5.
    assert learned(td(), (0, 4, 1, 1, True), (1, 8, 2, 1, False)) == [3, 4, 0, 0]


def test_traces_end_with_an_episode_also_with_one_that_was_cut_off():
    assert learned(td(), (0, 4, 1, 1, True), (1, 8, 2, 1, True)) == [2, 4, 0, 0]


def test_each_environment_has_traces_of_its_own():
    agent = td()
    for states, rewards, first in (([0, 1], [4, 0], True), ([2, 3], [0, 8], False)):
        numbers = np.array(rewards, np.float32), np.ones(2, np.float32)
        firsts, no = np.full(2, first), np.zeros(2, np.bool_)
        agent.observe(Transitions(np.array(states), no, *numbers, np.full(2, 3), firsts, no, {}))
        agent.learn()
    # State 0 has 2 by its own error, state 1 a trace of 0.25 when the error of 8 comes; state 0 has none of that.
    assert agent.values.tolist() == [2, 1, 0, 4]


def test_what_follows_counts_unless_the_episode_terminated():
    agent = td()
    agent.values[1] = 8
    assert learned(agent, (0, 0, 1, 1, True))[0] == 2  # 0.5 * (0.5 * 8)
    assert learned(agent, (2, 0, 1, 0, True))[2] == 0


def test_it_acts_uniformly_on_what_is_legal_also_in_evaluation():
    model = envs.model_of("BookMDP-v0")
    agent = make(HALF, spaces.Discrete(3), spaces.Discrete(3), Seeds(0), model=model)
    actor = agent.actor(3, 0, explore=False)
    counts = np.zeros((3, 3))
    for _ in range(600):
        np.add.at(counts, (np.arange(3), actor.act(np.arange(3), np.zeros(3, np.bool_))[0]), 1)
    np.testing.assert_allclose(counts / 600, model.legal / model.legal.sum(axis=1, keepdims=True), atol=0.07)


@pytest.mark.parametrize("preset", PRESETS)
def test_it_predicts_the_lengths_of_the_books_walks(preset):
    """16, 19 and 20 steps are left on average, were it not for gamma; see `envs.book_mdps`."""
    model = envs.model_of("MarkovChain-v0")
    config = dataclasses.replace(PRESETS[preset].config, gamma=0.999)
    environment = envs.make("MarkovChain-v0", 1, PROTOCOLS["gymnasium"])
    settings = Settings(
        "td", preset, RunConfig("MarkovChain-v0"), config, environment.observation_space, environment.action_space
    )
    agent = agents.make(settings, model=model)
    loop = Loop(environment, agent.actor(1, 0, explore=True), lambda number: number, stream="train", agent=agent)
    errors = [turn.metrics["value/error"] for turn, _ in zip(loop, range(8000), strict=False) if turn.metrics]
    np.testing.assert_allclose(agent.exact[:3], [15.7, 18.7, 19.6], atol=0.1)
    assert errors[0] > 15
    assert errors[-1] < 3


def test_loaded_without_a_model_it_still_knows_what_is_legal(tmp_path):
    spaces_ = spaces.Discrete(3), spaces.Discrete(3), Seeds(0)
    saved = make(HALF, *spaces_, model=envs.model_of("BookMDP-v0"))
    saved.save(tmp_path)
    agent = make(HALF, *spaces_)
    agent.load(tmp_path)
    states, first = np.arange(3).repeat(50), np.zeros(150, np.bool_)
    actions = [one.actor(150, 0, explore=False).act(states, first)[0] for one in (saved, agent)]
    np.testing.assert_array_equal(*actions)
