"""The update of REINFORCE: its whole gradient by small steps, and games of any length in parts of one size."""

import dataclasses

import numpy as np
import pytest
from gymnasium import spaces

import agents.reinforce.update as implementation
from agents.reinforce import Config, make
from rlab.ops.returns import normalised
from rlab.seeding import Seeds

OBSERVED = spaces.Box(-1, 1, (3,), np.float32)
DISCRETE, BOX = spaces.Discrete(4), spaces.Box(-1, 1, (2,), np.float32)
PLAIN = Config(hidden_sizes=(5,), activation="tanh", entropy_coefficient=0.3, baseline=True)


def reinforce(acted, **changes):
    return make(dataclasses.replace(PLAIN, **changes), OBSERVED, acted, Seeds(0))


def batch(acted, size, seed=0):
    """Observations, actions, advantages and returns of as many steps."""
    random = np.random.default_rng(seed)
    observation = random.uniform(-1, 1, (size, 3)).astype(np.float32)
    numbers = random.normal(size=(size, 2)).astype(np.float32)
    action = random.integers(4, size=size) if acted is DISCRETE else numbers
    advantage, goal = random.normal(size=(2, size)).astype(np.float32)
    return observation, action, advantage, goal


def whole_loss(weights, acted, observation, action, advantage, goal):
    """The loss in NumPy, from the weights of policy and baseline."""
    kernel, bias, means_kernel, means_bias, *rest = weights
    means = np.tanh(observation @ kernel + bias) @ means_kernel + means_bias
    if acted is DISCRETE:
        logarithms = means - np.log(np.exp(means).sum(axis=1, keepdims=True))
        log_prob = logarithms[np.arange(len(action)), action]
        entropy = -(np.exp(logarithms) * logarithms).sum(axis=1)
    else:
        log_deviation, *rest = rest
        distance = (action - means) / np.exp(log_deviation)
        log_prob = -(0.5 * distance**2 + log_deviation + 0.5 * np.log(2 * np.pi)).sum(axis=1)
        entropy = (log_deviation + 0.5 * np.log(2 * np.pi * np.e)).sum() * np.ones(len(action))
    kernel, bias, value_kernel, value_bias = rest
    value = (np.tanh(observation @ kernel + bias) @ value_kernel + value_bias)[:, 0]
    return np.mean(-log_prob * advantage - 0.3 * entropy + 0.5 * (goal - value) ** 2)


@pytest.mark.parametrize("acted", [DISCRETE, BOX], ids=["discrete", "box"])
def test_the_gradient_of_the_whole_loss_is_what_small_steps_find(acted):
    """Central differences in float64 (the book, appendix D), over policy, entropy and baseline."""
    agent = reinforce(acted)
    random = np.random.default_rng(1)
    for variable in agent._update._variables:  # away from the beginning, where the policy's last layer is almost 0
        variable.assign(random.normal(scale=0.5, size=variable.shape))
    given = batch(acted, 9)
    weight = np.full(9, 1 / 9, np.float32)
    *found, _ = agent._update._gradients(*(implementation._parts(column)[0] for column in (*given, weight)))
    weights = [np.asarray(variable, np.float64) for variable in agent._update._variables]
    for gradient, changed in zip(found, weights, strict=True):
        expected = np.zeros_like(changed)
        for place in np.ndindex(changed.shape):
            kept, losses = changed[place], []
            for step in (1e-6, -1e-6):
                changed[place] = kept + step
                losses.append(whole_loss(weights, acted, *given))
            changed[place] = kept
            expected[place] = (losses[0] - losses[1]) / 2e-6
        np.testing.assert_allclose(gradient, expected, atol=2e-6)


def test_an_update_in_several_parts_is_the_one_in_a_single_part(monkeypatch):
    given = batch(DISCRETE, 25)
    weights = []
    for size in (implementation.PART, 8, 25):
        monkeypatch.setattr(implementation, "PART", size)
        agent = reinforce(DISCRETE)
        metrics = agent._update(*given)
        weights.append([*agent.network.get_weights(), *agent.baseline.get_weights(), metrics])
    for other in weights[1:]:
        for left, right in zip(weights[0][:-1], other[:-1], strict=True):
            np.testing.assert_allclose(left, right, atol=1e-6)
        assert other[-1] == pytest.approx(weights[0][-1], rel=1e-5)


def test_games_of_any_length_are_traced_once(monkeypatch):
    traced = []
    loss = implementation.policy_gradient_loss

    def noted(log_prob, advantage):
        traced.append(tuple(log_prob.shape))
        return loss(log_prob, advantage)

    monkeypatch.setattr(implementation, "policy_gradient_loss", noted)
    agent = reinforce(DISCRETE)
    for size in (3, 100, 600, 1500):
        agent._update(*batch(DISCRETE, size))
    assert traced == [(implementation.PART,)]


def test_values_are_those_of_the_baseline_in_any_number():
    agent = reinforce(DISCRETE)
    for size in (1, implementation.PART, implementation.PART + 3):
        seen = batch(DISCRETE, size)[0]
        np.testing.assert_allclose(agent._update.values(seen), agent.baseline(seen), atol=1e-6)
    assert reinforce(DISCRETE, baseline=False)._update.values(seen).tolist() == [0] * len(seen)


def test_what_paid_becomes_likelier_and_the_baseline_comes_closer():
    agent = reinforce(DISCRETE, entropy_coefficient=0.0)
    observation = np.repeat(batch(DISCRETE, 1)[0], 40, axis=0)
    action = np.arange(40) % 4
    paid = np.where(action == 2, 1.0, 0.0).astype(np.float32)
    before = agent.inspect(observation)
    metrics = [agent._update(observation, action, normalised(paid), paid) for _ in range(30)]
    after = agent.inspect(observation)
    assert (after["probabilities"][:, 2] > before["probabilities"][:, 2]).all()
    assert after["probabilities"][:, 2].mean() > 0.5
    assert metrics[-1]["loss/value"] < metrics[0]["loss/value"]
    assert metrics[-1]["exploration/entropy"] < metrics[0]["exploration/entropy"] <= np.log(4) + 1e-6


def test_entropy_keeps_a_policy_undecided():
    def entropy(coefficient):
        agent = reinforce(DISCRETE, entropy_coefficient=coefficient)
        observation, action, _, goal = batch(DISCRETE, 40)
        for _ in range(100):
            metrics = agent._update(observation, action, (action == 2).astype(np.float32), goal)
        return metrics["exploration/entropy"]

    assert entropy(0.0) < 0.8 < 1.2 < entropy(5.0)
