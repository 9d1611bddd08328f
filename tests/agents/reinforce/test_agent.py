"""What is special about REINFORCE: when it learns, from which returns, how it acts, and what it keeps."""

import dataclasses
import shutil

import numpy as np
import pytest
from gymnasium import spaces

from agents.reinforce import PRESETS, Config, make
from agents.reinforce.agent import LEARNER
from rlab.seeding import Seeds
from rlab.types import Transitions, UserError

OBSERVED, DISCRETE = spaces.Box(-1, 1, (2,), np.float32), spaces.Discrete(3)
BOX = spaces.Box(np.array([-0.1, -2], np.float32), np.array([0.1, 2], np.float32))
PLAIN = Config(episodes_per_update=2, gamma=0.5, normalise_advantages=False)


def reinforce(acted=DISCRETE, seed=0, **changes):
    return make(dataclasses.replace(PLAIN, **changes), OBSERVED, acted, Seeds(seed))


def step(reward=0.0, last=False, discount=1.0, num_envs=1, seen=0.0):
    observation = np.full((num_envs, 2), seen, np.float32)
    flags, drawn = np.full(num_envs, last), np.zeros(num_envs, np.int64)
    rewards, discounts = np.full(num_envs, reward, np.float32), np.full(num_envs, discount, np.float32)
    no = np.zeros(num_envs, np.bool_)
    return Transitions(observation, drawn, rewards, discounts, observation, no, flags, {"drawn": drawn})


def play(agent, *steps):
    """What the last of the steps brings; the others bring nothing."""
    for transitions in steps[:-1]:
        agent.observe(transitions)
        assert agent.learn() is None
    agent.observe(steps[-1])
    return agent.learn()


def let_value(agent, value):
    """Let the baseline give everything the same value."""
    *others, bias = agent.baseline.get_weights()
    agent.baseline.set_weights([*map(np.zeros_like, others), np.full_like(bias, value)])


@pytest.fixture
def learned(monkeypatch):
    """The advantages and returns that updates are given, in place of the updates."""
    given = []
    monkeypatch.setattr(
        "agents.reinforce.update.Update.__call__",
        lambda self, observation, action, advantage, goal: given.append((advantage.tolist(), goal.tolist())) or {},
    )
    return given


END = step(4, last=True, discount=0)


def test_it_learns_once_as_many_games_as_it_wants_are_over(learned):
    agent = reinforce(episodes_per_update=3)
    play(agent, *[step(1), END] * 3)
    play(agent, *[END] * 3)
    assert [len(goal) for _, goal in learned] == [6, 3]


def test_games_that_end_together_are_learned_from_together(learned):
    agent = reinforce(episodes_per_update=3)
    play(agent, step(num_envs=2, last=True), step(num_envs=2, last=True))
    assert [len(goal) for _, goal in learned] == [4]


def test_an_action_is_credited_with_what_came_after_it_in_its_game(learned):
    play(reinforce(), step(1), step(2), END, step(8), END)
    # 4; 2 + 0.5 * 4 = 4; 1 + 0.5 * 4 = 3; and in the second game 8 + 0.5 * 4 = 10
    assert learned == [([3, 4, 4, 10, 4], [3, 4, 4, 10, 4])]


def test_a_life_lost_ends_the_credit_but_not_the_game(learned):
    play(reinforce(episodes_per_update=1), step(1), step(2, discount=0), END)
    assert learned == [([2, 2, 4], [2, 2, 4])]  # 1 + 0.5 * 2


def test_with_a_baseline_an_action_counts_by_what_it_paid_above_it(learned):
    agent = reinforce(baseline=True)
    let_value(agent, 3)
    play(agent, step(1), END, END)
    assert learned == [([0, 1, 1], [3, 4, 4])]  # 1 + 0.5 * 4 - 3; 4 - 3


@pytest.mark.parametrize(("baseline", "goal"), [(True, [3.5, 5]), (False, [2.5, 3])])
def test_a_game_cut_off_by_a_time_limit_goes_on_in_the_baseline_if_there_is_one(learned, baseline, goal):
    agent = reinforce(baseline=baseline, episodes_per_update=1)
    if baseline:
        let_value(agent, 4)
    play(agent, step(1), step(3, last=True, discount=1))
    # with it 3 + 0.5 * 4 = 5 and 1 + 0.5 * 5; without it 3 and 1 + 0.5 * 3
    assert learned[0][1] == goal


def test_advantages_are_normalised_over_the_steps_of_all_games(learned):
    play(reinforce(normalise_advantages=True), step(1, last=True, discount=0), step(3, last=True, discount=0))
    assert learned == [([-1, 1], [1, 3])]  # mean 2, deviation 1


def test_the_same_pay_everywhere_changes_nothing():
    agent = reinforce(normalise_advantages=True)
    before = agent.network.get_weights()
    assert play(agent, END, END)["loss/policy"] == 0
    for left, right in zip(before, agent.network.get_weights(), strict=True):
        np.testing.assert_array_equal(left, right)


def test_what_it_logs():
    def metrics(**changes):
        return play(reinforce(**changes), step(1), END, END)

    plain, better = metrics(), metrics(baseline=True)
    assert set(plain) == {"loss/policy", "exploration/entropy", "value/return"}
    assert set(better) == set(plain) | {"loss/value", "value/mean", "value/explained_variance"}
    assert plain["value/return"] == pytest.approx((3 + 4 + 4) / 3)
    assert plain["exploration/entropy"] == pytest.approx(np.log(3), abs=1e-3)


def test_it_learns_from_numbers_as_drawn_and_plays_them_within_the_bounds():
    agent = reinforce(BOX, episodes_per_update=1)
    actor = agent.actor(50, 0, explore=True)
    seen = np.zeros((50, 2), np.float32)
    action, extras = actor.act(seen, np.ones(50, np.bool_))
    drawn = extras["drawn"]
    assert (np.abs(drawn[:, 0]) > 0.1).any()
    np.testing.assert_array_equal(action, np.clip(drawn, BOX.low, BOX.high))
    transitions = step(1, last=True, num_envs=50)._replace(action=action, extras=extras)
    agent.observe(transitions)
    np.testing.assert_array_equal(agent._episodes.take().action, drawn)


def test_it_plays_the_likeliest_action_when_it_does_not_explore():
    agent = reinforce()
    *others, bias = agent.network.get_weights()
    agent.network.set_weights([*map(np.zeros_like, others), np.array([0, np.log(2), 0], bias.dtype)])
    seen, first = np.zeros((1000, 2), np.float32), np.ones(1000, np.bool_)
    assert (agent.actor(1000, 0, explore=False).act(seen, first)[0] == 1).all()
    shares = np.bincount(agent.actor(1000, 0, explore=True).act(seen, first)[0]) / 1000
    np.testing.assert_allclose(shares, [0.25, 0.5, 0.25], atol=0.06)  # standard errors up to 0.016


@pytest.mark.parametrize("acted", [DISCRETE, BOX], ids=["discrete", "box"])
def test_saved_in_the_middle_of_a_game_it_goes_on_with_the_same_bits(acted, tmp_path):
    """Games under way, optimizers and baseline are restored into an agent of another seed."""
    agent = reinforce(acted, baseline=True, hidden_sizes=(6,))
    actor = agent.actor(2, 0, explore=True)
    random = np.random.default_rng(0)

    def turns(count):
        for number in range(count):
            seen = random.uniform(-1, 1, (2, 2)).astype(np.float32)
            action, extras = actor.act(seen, np.zeros(2, np.bool_))
            reward, last = random.normal(size=2).astype(np.float32), np.array([number % 5 == 4, number % 7 == 6])
            yield Transitions(seen, action, reward, np.ones(2, np.float32), seen + 1, last, last, extras)

    for transitions in turns(33):
        agent.observe(transitions)
        agent.learn()
    agent.save(tmp_path)
    other = reinforce(acted, seed=1, baseline=True, hidden_sizes=(6,))
    assert other.load(tmp_path) == 0
    made = 0
    for transitions in turns(40):
        agent.observe(transitions)
        other.observe(transitions)
        metrics = agent.learn()
        assert metrics == other.learn()
        made += metrics is not None
    assert made > 3
    for network, same in ((agent.network, other.network), (agent.baseline, other.baseline)):
        for left, right in zip(network.get_weights(), same.get_weights(), strict=True):
            np.testing.assert_array_equal(left, right)


def test_a_released_agent_plays_and_shows_values(tmp_path):
    agent = reinforce(baseline=True)
    play(agent, step(1), END, END)
    agent.save(tmp_path)
    for path in tmp_path.glob("learner.*"):
        path.unlink()
    other = reinforce(seed=1, baseline=True)
    other.load(tmp_path)
    seen = np.random.default_rng(0).uniform(-1, 1, (5, 2)).astype(np.float32)
    for name, numbers in agent.inspect(seen).items():
        np.testing.assert_array_equal(other.inspect(seen)[name], numbers)


def test_the_state_of_other_optimizers_is_refused(tmp_path):
    for folder in ("own", "other"):
        (tmp_path / folder).mkdir()
    reinforce(hidden_sizes=(7,)).save(tmp_path / "other")
    reinforce().save(tmp_path / "own")
    shutil.copy(tmp_path / "other" / LEARNER, tmp_path / "own" / LEARNER)
    with pytest.raises(UserError, match=r"learner\.npz does not fit the settings"):
        reinforce().load(tmp_path / "own")


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"episodes_per_update": 0}, "--episodes-per-update"),
        ({"gamma": 1.1}, "--gamma"),
        ({"learning_rate": 0}, "--learning-rate"),
        ({"baseline_learning_rate": 2}, "--baseline-learning-rate"),
        ({"entropy_coefficient": -1}, "--entropy-coefficient"),
        ({"hidden_sizes": (0,)}, "--hidden-sizes"),
        ({"log_deviation_start": 3}, "--log-deviation-start"),
    ],
)
def test_settings_out_of_range_are_refused(changes, name):
    with pytest.raises(UserError, match=f"{name} is out of range: received"):
        Config(**changes)


def test_the_book_s_walker_and_its_cart_have_presets():
    assert PRESETS["book"].config == Config()  # 4-4(ELU), ten games an update, gamma 0.95, Adam 0.01
    walker = PRESETS["book_bipedal"]
    assert walker.environments == "BookBipedalWalker-v0"
    assert walker.config == Config(hidden_sizes=(10,), activation="selu")
