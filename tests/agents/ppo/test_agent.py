"""What PPO gathers, when it learns, and what it scales."""

import dataclasses
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces

from agents.ppo import Config, make
from rlab.ops.distributions import Categorical
from rlab.seeding import Seeds
from rlab.types import Transitions, UserError

SEEN, ACTED = spaces.Box(-9, 9, (2,), np.float32), spaces.Discrete(3)
PLAIN = Config(hidden_sizes=(8,), rollout_steps=4, epochs=1, minibatches=1, gamma=0.5, trace_decay=1.0)


def ppo(acted: spaces.Space[Any] = ACTED, **changes: Any) -> Any:
    return make(dataclasses.replace(PLAIN, **changes), SEEN, acted, Seeds(0))


def play(agent: Any, turns: int, reward: float = 1.0, ends: dict[int, float] | None = None) -> Any:
    """Show the agent `turns` steps of its own actor in 2 environments; `ends` gives discounts to steps that end one.

    Returns what the last `learn` brought.
    """
    actor = agent.actor(2, 1, explore=True)
    metrics = None
    for turn in range(turns):
        seen = np.full((2, 2), turn, np.float32)
        first = np.zeros(2, np.bool_)
        actions, extras = actor.act(seen, first)
        discount = np.array([(ends or {}).get(turn, 1.0), 1.0], np.float32)
        last = np.array([turn in (ends or {}), False])
        rewards = np.full(2, reward, np.float32)
        agent.observe(Transitions(seen, actions, rewards, discount, seen + 0.5, first, last, extras))
        metrics = agent.learn()
    return metrics


def test_an_update_is_due_when_the_rollout_is_full() -> None:
    agent = ppo()
    assert play(agent, 3) is None
    assert play(agent, 1) is not None
    assert play(agent, 3) is None


def test_the_value_after_a_step_is_that_of_the_next_unless_an_episode_ends() -> None:
    agent = ppo(rollout_steps=8)
    play(agent, 4, ends={1: 1.0, 2: 0.0})  # cut off after step 1, terminated after step 2
    rollout = agent._rollout
    seen = rollout["observation"]
    for turn in (0, 1, 2):
        following = seen[turn + 1].copy()
        if turn == 1:
            following[0] = seen[1][0] + 0.5  # the true successor, not the first observation of the next episode
        values = agent.values(following)
        held = rollout["next_value"][turn]
        assert held[1] == pytest.approx(values[1], rel=1e-5)
        if turn != 2:  # what follows a termination counts nothing
            assert held[0] == pytest.approx(values[0], rel=1e-5)
    assert rollout["discount"][:3, 0].tolist() == [1, 1, 0]


def test_an_episode_that_was_broken_off_ends_in_what_it_was_worth() -> None:
    """As by a resume, where the environment does not repeat itself: the next row is of another episode."""
    agent = ppo(rollout_steps=8)
    play(agent, 2)
    actor, seen, no = agent.actor(2, 1, explore=True), np.ones((2, 2), np.float32), np.zeros(2, np.bool_)
    actions, extras = actor.act(seen, no)
    ones = np.ones(2, np.float32)
    agent.observe(Transitions(seen, actions, ones, ones, seen, np.array([True, False]), no, extras))
    rollout = agent._rollout
    assert rollout["last"][1].tolist() == [True, False]
    assert rollout["next_value"][1].tolist() == [rollout["value"][1][0], extras["value"][1]]


def test_the_last_row_is_followed_by_its_successor() -> None:
    agent = ppo()
    held: dict[str, Any] = {}

    def look(columns: list[Any]) -> list[list[float]]:
        held["goal"] = columns[4].reshape(4, 2)
        return [[0.0] * 5]

    agent._learn_from = look
    play(agent, 4)
    final = agent.values(np.full((2, 2), 3.5, np.float32))
    # Rewards of 1 at gamma 0.5: 1 + 0.5 (1 + 0.5 (1 + 0.5 (1 + 0.5 v))) = 1.875 + v / 16
    np.testing.assert_allclose(held["goal"][0], 1.875 + final / 16, rtol=1e-5)


def learnt_from(agent: Any) -> list[Any]:
    """The observations, values and returns [4, 2, ...] of a rollout of four steps that each pay 1."""
    held: list[Any] = []

    def look(columns: list[Any]) -> list[list[float]]:
        held.extend(columns[place].reshape(4, 2, -1) for place in (0, 3, 4))
        return [[0.0] * 5]

    agent._learn_from = look
    play(agent, 4)
    return held


def test_returns_trust_values_as_far_as_the_trace_decays() -> None:
    agent = ppo(trace_decay=0.25)
    _, values, returns = learnt_from(agent)
    following = [*values[1:, :, 0], agent.values(np.full((2, 2), 3.5, np.float32))]
    expected = following[-1]
    for turn in (3, 2, 1, 0):
        expected = 1 + 0.5 * (0.75 * following[turn] + 0.25 * expected)
        np.testing.assert_allclose(returns[turn, :, 0], expected, rtol=1e-5)


def test_rewards_are_divided_by_the_deviation_of_their_discounted_sums() -> None:
    agent = ppo(trace_decay=0.0, normalise_rewards=True)
    _, values, returns = learnt_from(agent)
    scaled = 1 / np.std([1, 1.5, 1.75, 1.875])
    np.testing.assert_allclose(returns[:3, :, 0], scaled + 0.5 * values[1:, :, 0], rtol=1e-5)


def test_what_it_drew_travels_with_its_probability() -> None:
    agent = ppo()
    seen = np.array([[1, 2], [3, 4]], np.float32)
    actions, extras = agent.actor(2, 0, explore=True).act(seen, np.ones(2, np.bool_))
    parameters, value = agent.network(seen)
    np.testing.assert_array_equal(actions, extras["drawn"])
    np.testing.assert_allclose(extras["log_prob"], Categorical(3).log_prob(parameters, actions), rtol=1e-5)
    np.testing.assert_allclose(extras["value"], value, rtol=1e-5)


def test_numbers_are_cut_to_the_bounds_but_learnt_from_as_they_were_drawn() -> None:
    acted = spaces.Box(-0.1, 0.1, (2,), np.float64)
    agent = ppo(acted)
    actions, extras = agent.actor(2, 0, explore=True).act(np.ones((2, 2), np.float32), np.ones(2, np.bool_))
    assert actions.dtype == np.float64
    assert all(action in acted for action in actions)
    np.testing.assert_allclose(actions, np.clip(extras["drawn"], -0.1, 0.1))
    assert np.abs(extras["drawn"]).max() > 0.1


def test_the_best_actions_are_played_when_it_does_not_explore() -> None:
    agent = ppo()
    seen = np.random.default_rng(0).normal(size=(2, 2)).astype(np.float32)
    expected = np.argmax(agent.network(seen)[0], axis=1)
    for seed in range(5):
        assert (agent.actor(2, seed, explore=False).act(seen, np.ones(2, np.bool_))[0] == expected).all()


def test_the_step_size_falls() -> None:
    agent = ppo(learning_rate=1e-3, learning_rate_decay_steps=16)
    rates = [play(agent, 4)["loss/learning_rate"] for _ in range(3)]  # 8 steps each
    assert rates == pytest.approx([0.5e-3, 0, 0])


def test_an_update_ends_early_when_the_policy_has_moved_far() -> None:
    agent, patient = ppo(epochs=5, target_kl=1e-9), ppo(epochs=5)
    counts = []
    for one in (agent, patient):
        play(one, 4)
        counts.append(int(one._optimizer.iterations.numpy()))
    assert counts == [2, 5]  # the first update cannot have moved it before


def test_observations_are_scaled_by_what_was_seen() -> None:
    agent = ppo(normalise_observations=True)
    play(agent, 4)  # 0, 1, 2, 3, twice each
    layer = agent.network.get_layer("mlp_encoder").get_layer("standardise")
    np.testing.assert_allclose(layer.mean, [1.5, 1.5])
    np.testing.assert_allclose(layer.deviation, np.sqrt([1.25, 1.25]), rtol=1e-6)


def test_rewards_are_clipped_for_learning_alone() -> None:
    agent = ppo(reward_clipping=True)
    play(agent, 2, reward=-50.0)
    assert agent._rollout["reward"].tolist() == [[-1, -1]] * 2


@pytest.mark.usefixtures("bfloat16")
@pytest.mark.parametrize("acted", [ACTED, spaces.Box(-1, 1, (2,), np.float32)], ids=["discrete", "box"])
def test_it_learns_in_half_the_bits(acted: spaces.Space[Any]) -> None:
    agent = ppo(acted)
    metrics = play(agent, 4)
    assert all(np.isfinite(number) for number in metrics.values())
    assert [output.dtype for output in agent.network.outputs] == ["float32", "float32"]


def test_steps_that_do_not_split_evenly_are_refused() -> None:
    with pytest.raises(UserError, match="received --rollout-steps 5 x --num-envs 3 for --minibatches 4"):
        dataclasses.replace(PLAIN, rollout_steps=5, minibatches=4).check_fit(SEEN, ACTED, 3)


def test_minibatches_of_one_step_have_no_advantage_but_the_raw_one() -> None:
    ones = dataclasses.replace(PLAIN, rollout_steps=4, minibatches=8, normalise_advantages=True)
    with pytest.raises(UserError, match="received minibatches of one step, by --rollout-steps 4 x --num-envs 2"):
        ones.check_fit(SEEN, ACTED, 2)
    ones.check_fit(SEEN, ACTED, 4)
    dataclasses.replace(ones, normalise_advantages=False).check_fit(SEEN, ACTED, 2)
