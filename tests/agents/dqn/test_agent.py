"""What is special about DQN: when it learns, from what, towards which goal, and how it explores meanwhile."""

import numpy as np
import pytest
import tensorflow as tf

from rlab.loop import Loop
from rlab.nets.following import moved
from tests.agents.dqn.small import dqn, first_metrics, let_value, step
from tests.rlab.scripted import FIRST_SEED, Scripted


@pytest.mark.parametrize(
    ("num_envs", "warmup", "period", "updates"),
    [
        (1, 5, 1, [0, 0, 0, 0, 1, 2, 3, 4, 5, 6]),  # from step 5 on
        (1, 4, 3, [0, 0, 0, 1, 1, 1, 2, 2, 2, 3]),  # at steps 4, 7 and 10
        (8, 20, 4, [0, 0, 2, 4, 6, 8]),  # at steps 24 (for 20 and 24), 32 (28, 32), 40
        (8, 16, 16, [0, 1, 1, 2, 2, 3]),  # at steps 16, 32 and 48
        (8, 30, 5, [0, 0, 0, 1, 3, 4]),  # at steps 32 (for 30), 40 (35, 40), 48 (45)
    ],
)
def test_updates_are_due_from_the_warm_up_on_once_a_period(num_envs, warmup, period, updates):
    agent = dqn(warmup_steps=warmup, update_period_steps=period)
    made = []
    for before in [0, *updates[:-1]]:
        agent.observe(step(num_envs))
        metrics = agent.learn()
        assert (metrics is not None) == (agent.updates > max(before, 1))  # the first one has not taken effect yet
        made.append(agent.updates)
    assert made == updates


@pytest.mark.parametrize(
    ("num_envs", "period", "at_a_time", "updates"),
    [
        (1, 1, 3, [0, 0, 0, 0, 3, 6, 9]),  # from step 5 on
        (1, 2, 3, [0, 0, 0, 0, 3, 3, 6]),  # at steps 5 and 7
        (4, 2, 2, [0, 4, 8, 12]),  # at steps 8 (for 5, 7), 12 (9, 11), 16 (13, 15)
    ],
)
def test_a_period_may_have_several_updates(num_envs, period, at_a_time, updates):
    agent = dqn(warmup_steps=5, update_period_steps=period, updates_per_period=at_a_time)
    made = []
    for _ in updates:
        agent.observe(step(num_envs))
        agent.learn()
        made.append(agent.updates)
    assert made == updates


@pytest.mark.parametrize("average_rate", [1, 0.5])
def test_each_of_several_updates_learns_from_where_the_one_before_has_led(average_rate):
    """Three at a time, in the steps 2 and 3, come to what six in the steps 2 to 7 do: all transitions are the same."""
    learnt = []
    for at_a_time, turns in ((3, 3), (1, 7)):
        agent = dqn(updates_per_period=at_a_time, learning_rate=0.1, average_rate=average_rate)
        for _ in range(turns):
            agent.observe(step(reward=1))
            agent.learn()
        assert agent.updates == 6
        learnt.append(agent.network.get_weights())
    for left, right in zip(*learnt, strict=True):
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("num_envs", [1, 8])
def test_a_warm_up_that_is_over_before_there_is_anything_to_sample_waits_for_it(num_envs):
    agent = dqn(warmup_steps=1, n_steps=3)
    for turn in range(6):
        agent.observe(step(num_envs))
        assert (agent.learn() is not None) == (turn >= 3)
    assert agent.updates == 6 * num_envs


def test_the_target_network_is_a_copy_once_a_period():
    agent = dqn(target_period_updates=3, learning_rate=0.1)
    for _ in range(2):
        agent.observe(step(reward=1))
        agent.learn()
    copied = agent.network.get_weights()
    for update in range(1, 8):
        agent.observe(step(reward=1))
        agent.learn()
        assert agent.updates == update + 1  # the latest has not taken effect yet
        if update % 3 == 0:
            copied = agent.network.get_weights()
        else:
            assert not np.array_equal(copied[-1], agent.network.get_weights()[-1])
        for left, right in zip(copied, agent._target.get_weights(), strict=True):
            np.testing.assert_array_equal(left, right)


def test_the_target_network_moves_by_its_rate_once_a_period():
    agent = dqn(target_period_updates=2, target_rate=0.25, learning_rate=1e-12)
    targets = []
    for _ in range(7):
        let_value(agent.network, 0, 8, -4)
        agent.observe(step())
        agent.learn()
        if agent.updates == 1:
            let_value(agent._target, 4, 0, 8)
        targets.append(agent._target.get_weights()[-1].tolist())
    # Updates 1 to 5 take effect in the turns 2 to 6. After the second and the fourth the target goes a quarter of the
    # way: from 4 by -1, from 0 by 2, from 8 by -3; then from 3 by -0.75, from 2 by 1.5, from 5 by -2.25
    np.testing.assert_allclose(targets[1:], [[4, 0, 8]] * 2 + [[3, 2, 5]] * 2 + [[2.25, 3.5, 2.75]] * 2, atol=1e-6)


def test_what_plays_for_a_score_is_an_average_of_what_learns():
    agent, held = dqn(average_rate=0.25, epsilon_start=0, epsilon_end=0), dqn().network.get_weights()
    for turn in range(6):
        agent.observe(step(reward=turn))
        agent.learn()
        if agent.updates > 1:  # of which the latest has not taken effect
            held = [
                before + 0.25 * (now - before) for before, now in zip(held, agent._online.get_weights(), strict=True)
            ]
        for expected, weights in zip(held, agent.network.get_weights(), strict=True):
            np.testing.assert_allclose(weights, expected, rtol=1e-5, atol=1e-7)
    assert not np.allclose(agent.network.get_weights()[-1], agent._online.get_weights()[-1])
    let_value(agent.network, 0, 8, -4)
    let_value(agent._online, 4, 0, -4)
    seen = np.zeros((1, 2), np.float32)
    np.testing.assert_array_equal(agent.inspect(seen)["action_values"], [[0, 8, -4]])
    played = [agent.actor(1, 0, explore=explores).act(seen, np.ones(1, np.bool_))[0] for explores in (False, True)]
    assert played == [1, 0]


@pytest.mark.parametrize("rate", [0.3, 1.0])
def test_where_online_and_target_weights_agree_a_move_leaves_every_bit(rate):
    weights = tf.constant(np.random.default_rng(0).normal(size=1000).astype(np.float32))
    np.testing.assert_array_equal(moved(weights, weights, rate), weights)
    np.testing.assert_allclose(moved(weights, -weights, rate), (1 - 2 * rate) * weights, atol=1e-6)


def test_it_explores_as_often_as_epsilon_says_which_falls_with_the_steps_of_all_environments():
    agent = dqn(epsilon_start=0.9, epsilon_end=0.3, epsilon_decay_steps=8000)
    let_value(agent.network, 1, 0, 0)
    seen, first = np.zeros((8, 2), np.float32), np.zeros(8, np.bool_)
    explorer, player = (agent.actor(8, 0, explore=explore) for explore in (True, False))
    explored = np.array([explorer.act(seen, first)[0] != 0 for _ in range(1400)])  # [turn, N]
    shares = [explored[start : start + 200].mean() for start in (0, 400, 800, 1200)]
    # In the middle of these turns are the steps 800, 4,000, 7,200 and one beyond the decay, where epsilon is 0.84, 0.6,
    # 0.36 and 0.3; of the random actions a third are the greedy one.
    np.testing.assert_allclose(shares, np.array([0.84, 0.6, 0.36, 0.3]) * 2 / 3, atol=0.04)
    assert all((player.act(seen, first)[0] == 0).all() for _ in range(50))


def test_the_logged_epsilon_is_that_of_the_step():
    agent = dqn(epsilon_start=1.0, epsilon_end=0.5, epsilon_decay_steps=8, warmup_steps=2)
    assert first_metrics(agent, step(2))["exploration/epsilon"] == 0.75  # 1 - 0.5 * 4 / 8


def test_an_update_takes_effect_when_the_next_one_is_due():
    agent = dqn(update_period_steps=3, learning_rate=0.1)
    begun = agent.network.get_weights()
    for turn in range(2, 8):
        agent.observe(step(reward=1))
        agent.learn()
        changed = not np.array_equal(begun[-1], agent.network.get_weights()[-1])
        assert changed == (turn >= 6)


@pytest.mark.parametrize(
    ("exploration", "actions"),
    [
        ("count_bonus", [0, 0, 1, 2, 0]),  # 1, 0, 0 and 2 / (1 + n): at last 1.67, 1, 1
        ("ucb", [0, 1, 2, 0]),  # each once, and then the best
    ],
)
def test_it_explores_by_counts_where_it_is_asked_to(exploration, actions):
    agent = dqn(exploration=exploration, bonus=2.0)
    let_value(agent.network, 1, 0, 0)
    actor = agent.actor(1, 0, explore=True)
    seen, first = np.zeros((1, 2), np.float32), np.zeros(1, np.bool_)
    assert [int(actor.act(seen, first)[0][0]) for _ in actions] == actions
    assert "exploration/epsilon" not in first_metrics(agent, *[step()] * 2)


def test_it_explores_by_its_values_where_it_is_asked_to():
    agent = dqn(exploration="boltzmann", temperature=0.5)
    let_value(agent.network, 1, 0, 0)
    actions = agent.actor(8000, 0, explore=True).act(np.zeros((8000, 2), np.float32), np.zeros(8000, np.bool_))[0]
    weights = np.exp([2, 0, 0])
    np.testing.assert_allclose(np.bincount(actions) / 8000, weights / weights.sum(), atol=0.02)


@pytest.mark.parametrize(("clipped", "error"), [(True, 1), (False, 10)])
def test_clipping_cuts_the_rewards_that_are_learned_from(clipped, error):
    agent = dqn(reward_clipping=clipped)
    let_value(agent.network, 0, 0, 0)
    let_value(agent._target, 0, 0, 0)
    assert first_metrics(agent, *[step(reward=-10)] * 2)["loss/td_error"] == error


def test_clipping_cuts_each_reward_before_they_are_summed_over_steps():
    """As a clipped game would pay them; see Hessel et al. (2018), who sum clipped rewards."""
    agent = dqn(reward_clipping=True, n_steps=3, warmup_steps=4)
    let_value(agent.network, 0, 0, 0)
    let_value(agent._target, 0, 0, 0)
    assert first_metrics(agent, *[step(reward=10)] * 4)["loss/td_error"] == 1.75  # 1 + 0.5 + 0.25


def test_clipping_leaves_scores_alone():
    agent = dqn(reward_clipping=True)
    actor = agent.actor(1, 0, explore=True)
    loop = Loop(Scripted(1, "...T"), actor, lambda number: FIRST_SEED, stream="train", agent=agent)
    turns = [next(loop) for _ in range(4)]
    assert turns[-1].metrics is not None
    assert turns[-1].tapes[0].score == 1 + 2 + 3 + 4


@pytest.mark.parametrize(
    ("double", "error"),
    [
        (True, 1.5),  # online prefers action 0, which target values at 5: 0.5 * 5 - 1
        (False, 3.5),  # target prefers action 1 and values it at 9: 0.5 * 9 - 1
    ],
)
def test_with_double_q_learning_the_online_network_chooses_and_the_target_network_values(double, error):
    agent = dqn(double=double)
    let_value(agent.network, 1, 0, 0)
    let_value(agent._target, 5, 9, 7)
    metrics = first_metrics(agent, step(), step())
    assert metrics["loss/td_error"] == error
    assert metrics["loss/value"] == error - 0.5
    assert metrics["value/mean"] == 1


@pytest.mark.parametrize(("discount", "error"), [(1, 4.0), (0, 1.0)])
def test_rewards_are_summed_over_n_steps_and_the_value_there_is_discounted_as_often(discount, error):
    agent = dqn(n_steps=3, warmup_steps=4)
    let_value(agent.network, 0, 0, 0)
    let_value(agent._target, 8, 0, 0)
    # 1 + 0.5 * 2 + 0.25 * 4 + 0.125 * 8 = 4; where a discount is 0, only the reward of that step is left
    steps = [step(reward=reward, discount=discount) for reward in (1, 2, 4, 100)]
    assert first_metrics(agent, *steps)["loss/td_error"] == error


def test_only_the_action_taken_learns():
    agent = dqn(learning_rate=0.1)
    let_value(agent.network, 0, 0, 0)
    first_metrics(agent, *[step(reward=5, action=2)] * 2)
    bias = agent.network.get_weights()[-1]
    assert bias[2] > 0
    assert list(bias[:2]) == [0, 0]
