"""Who plays where, which episodes count for whom, and that searching finds what a toy asks for."""

import numpy as np
import pytest
from gymnasium import spaces

from agents.search import PRESETS, Config, make
from agents.search.agent import LEARNER, NOBODY, STATE
from rlab.seeding import Seeds
from rlab.types import Transitions, UserError
from tests.agents.test_learning import AIM, CORRIDOR, IDENTITY, SUFFICIENT, Toy, score, train
from tests.agents.test_learning import make as make_for

SEEN = np.zeros((2, 4), np.float32)
OBSERVED = spaces.Box(-1, 1, (4,), np.float32)


def search(**changes):
    config = Config(**{"population_size": 3, "survivors": 1, **changes})
    return make(config, OBSERVED, spaces.Discrete(2), Seeds(0))


class Played:
    """An agent and its actor in two environments whose rewards and ends are given."""

    def __init__(self, **changes):
        self.agent = search(**changes)
        self.actor = self.agent.actor(2, 0, explore=True)
        self.first = np.ones(2, np.bool_)

    def step(self, rewards, last):
        """The numbers of those who played this step, and what was logged of it."""
        actions, extras = self.actor.act(SEEN, self.first)
        over = np.array(last, np.bool_)
        rewards, discounts = np.array(rewards, np.float32), 1 - over.astype(np.float32)
        self.agent.observe(Transitions(SEEN, actions, rewards, discounts, SEEN, self.first, over, extras))
        self.first = over
        return extras["individual"].tolist(), self.agent.learn()


def test_each_individual_plays_an_episode_and_the_best_plays_where_nobody_is_needed():
    play = Played(step_size=0.1)
    individuals = play.agent._method.population
    assert play.step([1, 5], [0, 1]) == ([0, 1], None)
    assert play.step([2, 1], [0, 1]) == ([0, 2], None)
    assert play.step([4, 1], [0, 0]) == ([0, NOBODY], None)  # all others have played
    numbers, metrics = play.step([8, 1], [1, 0])
    assert numbers == [0, NOBODY]
    # returns 1 + 2 + 4 + 8 = 15, 5 and 1; what nobody played counts for none
    assert metrics is not None
    assert (metrics["value/best_return"], metrics["value/mean_return"]) == (15, 7)
    assert metrics["exploration/spread"] == play.agent._method.population.std(axis=0).mean()
    np.testing.assert_array_equal(play.agent.best, individuals[0])
    assert play.step([0, 0], [0, 1])[0] == [3, NOBODY]  # individuals are numbered on
    assert play.step([0, 0], [0, 0])[0] == [3, 4]


def test_an_episode_does_not_count_for_a_generation_that_is_over():
    play = Played()
    play.agent._episodes[1:] = 1
    play.agent._returns[1:] = [10, 20]
    assert play.step([1, 0], [0, 0])[0] == [0, NOBODY]
    other = play.agent.actor(1, 0, explore=True)  # another one plays the same individual, and is done with it first
    assert other.act(SEEN[:1], np.ones(1, np.bool_))[1]["individual"].tolist() == [0]
    play.agent._episodes[0] = 1
    assert play.agent.learn() is not None
    assert play.step([1, 0], [1, 0]) == ([0, NOBODY], None)
    assert play.agent._episodes.tolist() == [0, 0, 0]
    assert play.step([1, 0], [1, 0])[0] == [3, NOBODY]
    assert play.agent._episodes.tolist() == [1, 0, 0]


def test_the_mean_over_several_episodes_ranks_an_individual():
    play = Played(population_size=2, episodes_per_individual=2)
    assert play.step([6, 5], [1, 1]) == ([0, 1], None)
    numbers, metrics = play.step([0, 5], [1, 1])
    assert numbers == [0, 1]
    assert metrics is not None
    assert metrics["value/best_return"] == 5  # of 1, as (5 + 5) / 2 > (6 + 0) / 2
    assert metrics["value/mean_return"] == 4


def test_an_individual_plays_its_own_weights_to_the_end_also_when_its_generation_is_over():
    play = Played()
    play.agent._method.population[:] = np.eye(10)[[8, 9, 8]]  # a bias for action 0, 1 and 0
    assert play.actor.act(SEEN, np.ones(2, np.bool_))[0].tolist() == [0, 1]
    play.agent._method.population[:] = np.eye(10)[[9, 9, 9]]
    assert play.actor.act(SEEN, np.zeros(2, np.bool_))[0].tolist() == [0, 1]
    assert play.actor.act(SEEN, np.array([True, False]))[0].tolist() == [1, 1]


def test_without_exploring_the_best_plays_everywhere():
    agent = search()
    agent.best = np.eye(10)[9]
    actions, extras = agent.actor(2, 0, explore=False).act(SEEN, np.ones(2, np.bool_))
    assert actions.tolist() == [1, 1]
    assert extras["individual"].tolist() == [NOBODY] * 2


@pytest.mark.parametrize("preset", PRESETS)
def test_a_released_agent_plays_without_what_it_learnt_with(preset, tmp_path):
    agent, other = (make(PRESETS[preset].config, OBSERVED, spaces.Discrete(2), Seeds(seed)) for seed in (0, 1))
    agent.best = np.arange(10.0)
    agent.save(tmp_path)
    for name in (LEARNER, STATE):
        (tmp_path / name).unlink()
    assert other.load(tmp_path) == 0
    np.testing.assert_array_equal(other.best, np.arange(10.0))
    _, extras = other.actor(2, 0, explore=True).act(SEEN, np.ones(2, np.bool_))
    assert extras["individual"].tolist() == [NOBODY] * 2  # not of a population that learnt nothing


@pytest.mark.parametrize("changes", [{"hidden_sizes": (2,)}, {"population_size": 4}])
def test_a_checkpoint_of_other_settings_is_refused(changes, tmp_path):
    search().save(tmp_path)
    with pytest.raises(UserError, match=r"does not fit the settings: received .* expected"):
        search(**changes).load(tmp_path)


@pytest.mark.parametrize(
    "changes",
    [
        {"population_size": 1, "survivors": 1},
        {"method": "cma_es", "population_size": 5},
        {"survivors": 0},
        {"survivors": 100},
        {"episodes_per_individual": 0},
        {"step_size": 0},
        {"hidden_sizes": (0,)},
    ],
)
def test_settings_out_of_range_are_refused(changes):
    with pytest.raises(UserError, match=r"is out of range: received .*, allowed is"):
        Config(**changes)


def test_more_weights_than_can_be_searched_are_refused():
    config, image = Config(method="cma_es", population_size=6), spaces.Box(0, 255, (84, 84), np.uint8)
    with pytest.raises(UserError, match=r"too many weights to search among: received 14,114 .* allowed are 3,000"):
        config.check_fit(image, spaces.Discrete(2), 1)
    Config().check_fit(image, spaces.Discrete(2), 1)


def test_cma_es_needs_no_survivors():
    assert Config(method="cma_es", population_size=6).survivors > 6


@pytest.mark.parametrize(
    ("config", "toy"),
    [
        pytest.param(PRESETS["cma_es"].config, AIM._replace(steps=6_000), id="cma_es-Aim"),
        pytest.param(PRESETS["hill_climb"].config, CORRIDOR._replace(steps=5_000), id="hill_climb-Corridor"),
        pytest.param(Config(population_size=40, survivors=8), IDENTITY._replace(steps=12_000), id="genetic-Identity"),
        pytest.param(
            Config(method="random_search", population_size=40, survivors=1),
            CORRIDOR._replace(steps=8_000),
            id="random_search-Corridor",
        ),
    ],
)
def test_it_finds_what_plays_well(config: Config, toy: Toy) -> None:
    agent = make_for("search", config, toy.environment)
    assert score(agent, toy.environment) < SUFFICIENT * toy.optimum, "nothing is left to learn"
    train(agent, toy)
    assert score(agent, toy.environment) >= SUFFICIENT * toy.optimum
