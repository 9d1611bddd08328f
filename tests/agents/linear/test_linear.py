"""What is special about linear learning: what it sees, how traces spread an error, and when they end."""

import dataclasses

import numpy as np
import pytest
from gymnasium import spaces

from agents.linear import PRESETS, Config, make
from agents.linear.agent import LEARNER, SAVED
from agents.linear.features import Features, tiles
from rlab.seeding import Seeds
from rlab.statefile import read_arrays, write_arrays
from rlab.types import Transitions, UserError
from tests.agents.test_learning import IDENTITY, SUFFICIENT, score, train
from tests.agents.test_learning import make as make_for

# One tiling of two tiles, and a third for shifts that there are none of: what lies below 0 is feature 0, else 1.
OBSERVED, ACTED = spaces.Box(-1, 1, (1,), np.float32), spaces.Discrete(2)
PLAIN = Config(
    tilings=1,
    tiles_per_dimension=2,
    gamma=0.5,
    trace_decay=0.5,
    learning_rate=0.5,
    learning_rate_decay_steps=0,
    epsilon_start=0,
)
LEFT, RIGHT = -0.5, 0.5


def linear(**changes):
    return make(dataclasses.replace(PLAIN, **changes), OBSERVED, ACTED, Seeds(0))


def step(observation, action, reward, next_observation, *, discount=1, first=False, last=False):
    numbers = (np.array([value], np.float32) for value in (reward, discount))
    before, after = (np.array([[value]], np.float32) for value in (observation, next_observation))
    return Transitions(before, np.array([action]), *numbers, after, np.array([first]), np.array([last]), {})


def learned(agent, *steps):
    for transitions in steps:
        agent.observe(transitions)
        agent.learn()
    return agent.weights[:, :2]  # [A, F]


def test_tiles_are_shifted_by_odd_numbers_of_their_fractions():
    # Two tilings of 2 x 2 tiles and one more a side; the second is shifted by 1/2 and 3/2, modulo 1, of a tile. In
    # tiles (-0.6, 0.2) is at (0.4, 1.2): boxes (0, 1) and, shifted, (0.9, 1.7): the same. (-0.4, 0.6) is at (0.6, 1.6):
    # (0, 1) and (1.1, 2.1): (1, 2). A box (x, y) of grid k is feature 9 k + x + 3 y.
    found = tiles(2, 2, 2)(np.array([[-0.6, 0.2], [-0.4, 0.6]]))
    assert [list(np.flatnonzero(row)) for row in found] == [[3, 12], [3, 16]]
    assert found.shape == (2, 18)


def test_every_point_is_in_one_tile_of_each_tiling():
    points = np.random.default_rng(0).uniform(-1, 1, (200, 3))
    points[:2] = [[-1] * 3, [1] * 3]
    found = tiles(16, 4, 3)(points).reshape(200, 16, -1)
    assert (found.sum(axis=2) == 1).all()


def test_observations_are_brought_to_their_bounds_and_cut():
    space = spaces.Box(np.array([0, -np.inf], np.float32), np.array([4, np.inf], np.float32))
    config = Config(features="polynomial", polynomial_degree=1, trace="accumulating", unbounded_range=10)
    features = Features(config, space, Seeds(0))
    # 3 of 0 to 4 is 0.5, 5 of +-10 as well; 99 is cut to 1
    np.testing.assert_allclose(features(np.array([[3, 5], [0, 99]], np.float32)), [[1, 0.5, 0.5], [1, -1, 1]])


def test_polynomials_and_waves():
    space = spaces.Box(-1, 1, (2,), np.float32)
    points = np.array([[0.5, -1], [0, 0.25], [0.5, -0.9]], np.float32)
    squares = Features(Config(features="polynomial", trace="accumulating"), space, Seeds(0))
    np.testing.assert_allclose(squares(points)[0], [1, 0.5, -1, 0.25, -0.5, 1])  # 1, x, y, x x, x y, y y
    waves = Features(Config(features="rbf", rbf_components=20_000, trace="accumulating"), space, Seeds(0))
    near = waves(points) @ waves(points).T
    # exp(-(0.5^2 + 1.25^2)) = 0.163 and exp(-0.1^2) = 0.990
    np.testing.assert_allclose(near[0], [1, 0.163, 0.990], atol=0.03)


def test_sarsa_learns_when_it_knows_the_next_action():
    agent = linear()
    agent.weights[:, 1] = [4, 8]
    assert learned(agent, step(LEFT, 0, 2, RIGHT))[0, 0] == 0
    assert learned(agent, step(RIGHT, 0, 0, RIGHT))[0, 0] == 2  # 0.5 * (2 + 0.5 * 4)


@pytest.mark.parametrize("following", [(), (step(LEFT, 1, 0, LEFT, first=True),)], ids=["a time limit", "a restart"])
def test_where_no_next_action_will_be_taken_sarsa_draws_one_from_its_policy(following):
    agent = linear()  # it does not explore: the best action
    agent.weights[:, 1] = [4, 8]
    assert learned(agent, step(LEFT, 0, 2, RIGHT, last=not following), *following)[0, 0] == 3  # 0.5 * (2 + 0.5 * 8)


def test_an_error_goes_back_along_the_trace():
    # Nothing is valued yet, so the first error is 0; the second, 8, moves the last value by 0.5 * 8 and the one before
    # by 0.25 of that.
    steps = step(LEFT, 0, 0, RIGHT, first=True), step(RIGHT, 1, 8, LEFT, discount=0, last=True)
    np.testing.assert_array_equal(learned(linear(), *steps), [[1, 0], [0, 4]])
    np.testing.assert_array_equal(learned(linear(trace_decay=0), *steps), [[0, 0], [0, 4]])


@pytest.mark.parametrize(("trace", "weight"), [("replacing", 4), ("accumulating", 5)])
def test_what_is_seen_again_has_a_trace_of_one_or_one_more(trace, weight):
    steps = step(LEFT, 0, 0, LEFT, first=True), step(LEFT, 0, 8, LEFT, discount=0, last=True)
    assert learned(linear(trace=trace), *steps)[0, 0] == weight  # 0.5 * 8 times 1, or 1 + 0.25


@pytest.mark.parametrize("method", ["sarsa", "q_learning"])
@pytest.mark.parametrize("ending", [{"last": True}, {"discount": 0}], ids=["a time limit", "a lost life"])
def test_a_trace_ends_with_its_episode(ending, method):
    # Each of them by itself: at a time limit a future counts, and after a lost life the game goes on.
    steps = step(LEFT, 0, 0, RIGHT, **ending), step(RIGHT, 1, 8, LEFT, first="last" in ending, discount=0, last=True)
    np.testing.assert_array_equal(learned(linear(method=method), *steps), [[0, 0], [0, 4]])


def test_the_step_size_falls_to_nothing():
    chances = [(LEFT, 0), (LEFT, 1), (RIGHT, 0), (RIGHT, 1)]  # each is taken once, and pays 8
    steps = (step(*chance, 8, LEFT, first=True, discount=0, last=True) for chance in chances)
    # Of 0.5 are left, after 1 to 4 of 4 steps: 0.375, 0.25, 0.125 and 0
    np.testing.assert_array_equal(learned(linear(learning_rate_decay_steps=4), *steps), [[3, 1], [2, 0]])


@pytest.mark.parametrize(("action", "before"), [(1, 1), (0, 0)], ids=["best", "explored"])
def test_watkins_trace_ends_where_another_than_the_best_action_is_taken(action, before):
    agent = linear(method="q_learning")
    agent.weights[1, 1] = 0.5  # in RIGHT action 1 is the best
    weights = learned(agent, step(LEFT, 0, -0.25, RIGHT, first=True), step(RIGHT, action, 8, LEFT, discount=0))
    # The first error is -0.25 + 0.5 * 0.5 = 0; the second 8 - 0.5 or 8, of which the first step gets 0.5 * 0.25
    assert weights[0, 0] == before * 0.125 * 7.5


def test_each_environment_has_a_trace_of_its_own():
    agent = linear()
    rows = [step(LEFT, 0, 0, RIGHT, first=True), step(LEFT, 1, 0, RIGHT, first=True)]
    ends = [step(RIGHT, 0, 8, LEFT, discount=0, last=True), step(RIGHT, 0, 0, LEFT, discount=0, last=True)]
    weights = learned(agent, beside(*rows), beside(*ends))
    # The first moves along its trace, by 4 and 1. The second finds 4 where its first step led to, which moves that by
    # 0.5 * 0.5 * 4 = 1, and then too much, as it ends with 0: by 0.5 * -4 = -2 and, along its trace, -0.5.
    np.testing.assert_array_equal(weights, [[1, 2], [0.5, 0]])


def beside(one, other):
    """Steps of two environments as one."""
    arrays = (np.concatenate(pair) for pair in zip(one[:-1], other[:-1], strict=True))
    return Transitions(*arrays, {})


def test_replacing_traces_are_for_tiles():
    with pytest.raises(UserError, match="received --features rbf, allowed is tiles"):
        Config(features="rbf")


def test_too_many_tiles_are_refused():
    with pytest.raises(UserError, match="no more than 200,000"):
        Config().check_fit(spaces.Box(-1, 1, (8,), np.float32), ACTED, 1)


@pytest.mark.parametrize("name", ["traces", *SAVED])
def test_a_learner_without_all_of_its_arrays_is_refused(name, tmp_path):
    arrays = saved(tmp_path)
    del arrays[name]
    assert refusal(tmp_path, arrays).endswith(f"{LEARNER} is the state of something else: {name} is missing")


@pytest.mark.parametrize("shape", [(1, 2, 4), (1, 3, 3), (1, 6), (6,)], ids=str)
def test_traces_of_other_settings_are_refused(shape, tmp_path):
    arrays = saved(tmp_path)
    arrays["traces"] = np.zeros(shape)
    expected = [shape[0], 2, 3]  # as many environments as there are, actions and features
    told = f"{LEARNER} does not fit the settings: received traces float64{list(shape)}, expected float64{expected}"
    assert refusal(tmp_path, arrays).endswith(told)


def saved(folder):
    """What an agent saves whose step waits."""
    agent = linear()
    learned(agent, step(LEFT, 0, 2, RIGHT, first=True))
    agent.save(folder)
    return read_arrays(folder / LEARNER)


def refusal(folder, arrays):
    write_arrays(folder / LEARNER, arrays)
    with pytest.raises(UserError) as refused:
        linear().load(folder)
    assert len(str(refused.value).splitlines()) == 1
    return str(refused.value)


@pytest.mark.parametrize("preset", [name for name in PRESETS if name != "mountain_car"])
def test_it_learns_to_do_what_it_sees(preset):
    config = dataclasses.replace(PRESETS[preset].config, gamma=0.5, rbf_components=50, learning_rate_decay_steps=0)
    agent = make_for("linear", config, IDENTITY.environment)
    assert score(agent, IDENTITY.environment) < SUFFICIENT * IDENTITY.optimum
    train(agent, IDENTITY)
    assert score(agent, IDENTITY.environment) >= SUFFICIENT * IDENTITY.optimum
