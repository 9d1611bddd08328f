"""Gymnasium environments side by side: reset by mask, each episode a function of its own seed and actions."""

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces

import envs
import tests.envs.own_environments  # noqa: F401  registers them
from rlab.loop import Loop
from rlab.protocol import PROTOCOLS
from rlab.tapes import disagreement
from tests.playing import RandomActor, play

pytestmark = pytest.mark.filterwarnings("ignore:.*The obs returned by")


@pytest.fixture
def make():
    """A function that makes environments, which are closed after the test."""
    made = []

    def make_one(name, num_envs):
        made.append(envs.make(name, num_envs, PROTOCOLS["gymnasium"]))
        return made[-1]

    yield make_one
    for environment in made:
        environment.close()


def all_of(environment):
    return np.ones(environment.num_envs, np.bool_)


@pytest.mark.parametrize("name", ["CartPole-v1", "Taxi-v4"])
def test_resetting_by_mask_begins_the_episode_of_its_seed_and_leaves_the_others(make, name):
    environment = make(name, 3)
    alone = {row: gymnasium.make(name) for row in range(3)}
    start = environment.reset(all_of(environment), [11, 12, 13])
    expected = np.array([alone[row].reset(seed=11 + row)[0] for row in range(3)])
    np.testing.assert_array_equal(start.observation, expected)
    for step, action in enumerate([0, 1, 1, 0, 1, 0]):
        if step == 3:
            start = environment.reset(np.array([True, False, True]), [21, 22])
            expected[0], expected[2] = alone[0].reset(seed=21)[0], alone[2].reset(seed=22)[0]
            np.testing.assert_array_equal(start.observation, expected)
        outcome = environment.step(np.full(3, action))
        stepped = [alone[row].step(action) for row in range(3)]
        expected = np.array([observation for observation, *_ in stepped])
        np.testing.assert_array_equal(outcome.observation, expected)
        np.testing.assert_array_equal(outcome.reward, np.array([reward for _, reward, *_ in stepped], np.float32))


def test_what_a_reset_and_a_step_answer(make):
    environment = make("CartPole-v1", 2)
    start = environment.reset(all_of(environment), [1, 2])
    assert (start.observation.shape, start.observation.dtype) == ((2, 4), np.float32)
    assert (start.frames.tolist(), start.frames.dtype) == ([0, 0], np.int64)
    outcome = environment.step(np.array([0, 1]))
    assert (outcome.observation.shape, outcome.observation.dtype) == ((2, 4), np.float32)
    assert (outcome.reward.tolist(), outcome.reward.dtype) == ([1, 1], np.float32)
    for ends in (outcome.terminated, outcome.truncated, outcome.life_lost):
        assert (ends.tolist(), ends.dtype) == ([False, False], np.bool_)
    assert (outcome.frames.tolist(), outcome.frames.dtype) == ([1, 1], np.int64)


def test_earlier_answers_stay_as_they_were(make):
    environment = make("CartPole-v1", 2)
    start = environment.reset(all_of(environment), [1, 2])
    outcome = environment.step(np.array([0, 1]))
    before = [start.observation.copy(), outcome.observation.copy(), outcome.terminated.copy()]
    environment.step(np.array([1, 1]))
    environment.reset(np.array([False, True]), [3])
    np.testing.assert_equal([start.observation, outcome.observation, outcome.terminated], before)


def test_the_mask_and_the_seeds_of_the_caller_stay_as_they_are(make):
    environment = make("CartPole-v1", 2)
    environment.reset(all_of(environment), [1, 2])
    mask, seeds = np.array([False, True]), [5]
    environment.reset(mask, seeds)
    assert (mask.tolist(), seeds) == ([False, True], [5])


@pytest.mark.parametrize("seeds", [[1], [1, 2, 3]])
def test_there_must_be_one_seed_for_each_reset(make, seeds):
    environment = make("CartPole-v1", 2)
    with pytest.raises(ValueError, match="zip"):
        environment.reset(all_of(environment), seeds)


def test_terminated_and_truncated_are_told_apart(make):
    environment = make("CartPole-v1", 1)
    environment.reset(all_of(environment), [1])
    while not (outcome := environment.step(np.array([0]))).terminated[0]:
        assert not outcome.truncated[0]
    identity = make("Identity-v0", 1)
    identity.reset(all_of(identity), [1])
    ends = [identity.step(np.array([0])) for _ in range(20)]
    assert [outcome.truncated[0] for outcome in ends] == [False] * 19 + [True]
    assert not any(outcome.terminated[0] for outcome in ends)


def test_discrete_spaces_come_out_as_int64_starting_at_0(make):
    environment = make("Shifted-v0", 3)
    assert environment.observation_space == spaces.Discrete(5)
    assert environment.action_space == spaces.Discrete(3)
    start = environment.reset(all_of(environment), [0, 1, 2])
    expected = [gymnasium.make("Shifted-v0").reset(seed=seed)[0] - 10 for seed in range(3)]
    assert start.observation.tolist() == expected
    moved = environment.step(np.array([0, 1, 2])).observation  # -1, 0 and 1 inside
    assert start.observation.dtype == moved.dtype == np.int64
    assert moved.tolist() == [max(expected[0] - 1, 0), expected[1], expected[2] + 1]


def test_a_lost_life_is_told_of_the_row_that_lost_it(make):
    environment = make("Lives-v0", 2)
    environment.reset(all_of(environment), [1, 2])
    told = [environment.step(np.array(actions)) for actions in ([0, 0], [1, 0], [0, 1], [1, 0], [1, 0])]
    assert [outcome.life_lost.tolist() for outcome in told] == [
        [False, False],
        [True, False],
        [False, True],
        [True, False],
        [True, False],
    ]
    assert told[-1].terminated.tolist() == [True, False]
    environment.reset(np.array([True, False]), [3])
    again = [environment.step(np.array(actions)).life_lost.tolist() for actions in ([1, 0], [0, 1])]
    assert again == [[True, False], [False, True]]  # the new game began with all its lives


def test_a_life_won_is_no_life_lost(make):
    environment = make("Lives-v0", 1)
    environment.reset(all_of(environment), [1])
    told = [environment.step(np.array([action])).life_lost[0] for action in (1, 2, 1)]
    assert told == [True, False, True]


@pytest.mark.parametrize(
    "name", ["CartPole-v1", "Acrobot-v1", "Taxi-v4", "Pendulum-v1", "Catch-v0", "Shifted-v0", "Lives-v0"]
)
def test_episodes_play_again_as_they_were(make, name):
    environment = make(name, 3)
    loop = Loop(environment, RandomActor(environment), lambda number: 50 + number, stream="demo")
    tapes = []
    while len(tapes) < 4:
        tapes += next(loop).tapes
    for tape in tapes:
        assert disagreement(tape, environment.observation_space, envs.emulate(tape)) is None


def test_a_tape_is_played_again_with_its_screens_on_request(make):
    environment = make("Catch-v0", 1)
    tape = play(environment, seed=7).tape
    moments = list(envs.emulate(tape, screens=True))
    assert len(moments) == tape.length + 1
    for moment in moments:
        (screen,) = moment.screens
        np.testing.assert_array_equal(screen, np.repeat(moment.observation, 3, axis=2))
    assert [moment.screens for moment in envs.emulate(tape)] == [[]] * len(moments)
    assert (moments[0].reward, moments[0].terminated, moments[0].truncated) == (0, False, False)
