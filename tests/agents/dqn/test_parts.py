"""What can be added to DQN, part by part, in numbers that can be checked by hand."""

import dataclasses
import math

import keras
import numpy as np
import pytest
from gymnasium import spaces

from agents.dqn import make
from agents.dqn.update import PASSES
from rlab.seeding import Seeds
from rlab.types import UserError
from tests.agents.dqn.small import ACTED, OBSERVED, PLAIN, dqn, first_metrics, inputs_of, let_value, step

LN2 = math.log(2)
NOTHING = np.zeros((2, 2), np.float32), np.zeros(2, np.bool_)


def let_tell(network: keras.Model, *numbers: float) -> None:
    """Let a network tell the same numbers of the returns of each action."""
    let_value(network, *numbers * 3)


def test_categorical_returns_are_compared_with_the_projected_target():
    agent = dqn(returns="categorical", return_numbers=3, return_limit=2.0)
    let_tell(agent._target, 0, 0, 0)  # -2, 0 and 2 are all as probable
    let_tell(agent.network, 0, LN2, 0)  # 1/4, 1/2, 1/4
    # 2 + 0.5 * (-2, 0, 2) = 1, 2, 3: a third of the mass is halfway between 0 and 2, the rest at the upper end
    # 1/6 ln (1/6 / 1/2) + 5/6 ln (5/6 / 1/4); the mean of the target is 2, and that of what is told 0
    metrics = first_metrics(agent, *[step(reward=2)] * 2)
    assert metrics["loss/value"] == pytest.approx(math.log(1 / 3) / 6 + 5 / 6 * math.log(10 / 3), rel=1e-5)
    assert metrics["loss/td_error"] == pytest.approx(2)
    assert metrics["value/mean"] == pytest.approx(0, abs=1e-6)


def test_the_mean_of_categorical_returns_is_over_numbers_up_to_the_limit():
    agent = dqn(returns="categorical", return_numbers=3, return_limit=5.0)
    let_tell(agent.network, 0, 0, LN2)  # 1/4, 1/4, 1/2 of -5, 0, 5
    np.testing.assert_allclose(agent.values(NOTHING[0]), np.full((2, 3), 1.25), rtol=1e-6)


def test_quantiles_are_compared_with_each_of_the_target():
    agent = dqn(returns="quantile", return_numbers=2)
    let_tell(agent._target, 0, 4)
    let_tell(agent.network, 1, 1)
    # 2 + 0.5 * (0, 4) = 2, 4; errors 1 and 3, of Huber's 0.5 and 2.5, for the fractions 1/4 and 3/4: their sum is 1
    metrics = first_metrics(agent, *[step(reward=2)] * 2)
    assert metrics["loss/value"] == pytest.approx(1.5)
    assert metrics["loss/td_error"] == pytest.approx(2)
    assert metrics["value/mean"] == pytest.approx(1)


def let_cosine(network: keras.Model, factor: float, *offsets: float) -> None:
    """Let the quantile of each action at a fraction f be factor * max(cos(pi f), 0) + its offset, whatever is seen."""
    values = {
        "hidden_1/bias": np.ones(4),
        "embedding/kernel": np.eye(64)[:, 1:2] * np.ones(4),  # of 64 cosines the second one
        "values/kernel": np.full((4, 3), factor / 4),
        "values/bias": np.array(offsets),
    }
    network.set_weights([values.get(one.path, np.zeros(one.shape)).astype(np.float32) for one in network.weights])


def test_implicit_returns_are_means_over_32_even_fractions_when_acting():
    agent = dqn(returns="implicit", epsilon_start=0.0, epsilon_end=0.0)
    let_cosine(agent.network, 1, 0, 0.5, -1)
    # The sum of cos(pi (k + 1/2) / 32) for k = 0 to 15 is 1 / (2 sin(pi / 64)); the other 16 are cut off.
    mean = 1 / (64 * math.sin(math.pi / 64))
    np.testing.assert_allclose(agent.values(NOTHING[0]), [[mean, mean + 0.5, mean - 1]] * 2, rtol=1e-6)
    for explore in (True, False):
        actor = agent.actor(2, 0, explore=explore)
        assert {tuple(actor.act(*NOTHING)[0]) for _ in range(5)} == {(1, 1)}


@pytest.mark.parametrize("noise", [0.0, 0.5])
@pytest.mark.parametrize(("double", "followed"), [(False, 1), (True, 2)])
def test_implicit_returns_are_compared_at_fractions_drawn_for_each_pass(double, followed, noise):
    agent = dqn(returns="implicit", return_numbers=3, double=double, noise=noise)
    let_cosine(agent._target, 2, 0, 4, 3)  # which prefers action 1
    let_cosine(agent.network, 1, 0, 0, 1)  # action 2
    random = Seeds(0).generator("noise")
    random.standard_normal((PASSES, agent._noise_size), np.float32)  # which weights without deviation do not feel
    drawn = random.random((PASSES, 2, 3), np.float32)  # [PASSES, B, N]: of the target, of who chooses, of what learns
    told = np.maximum(np.cos(np.pi * drawn), 0)
    fractions, quantiles = (each[2 if double else 1] for each in (drawn, told))
    goals = 1 + 0.5 * (2 * told[0] + {1: 4, 2: 3}[followed])
    error = goals[:, None, :] - quantiles[:, :, None]
    huber = np.where(abs(error) <= 1, error**2 / 2, abs(error) - 0.5)
    losses = (abs(fractions[:, :, None] - (error < 0)) * huber).mean(axis=2).sum(axis=1)
    metrics = first_metrics(agent, *[step(reward=1)] * 2)
    assert metrics["loss/value"] == pytest.approx(losses.mean(), rel=1e-5)
    assert metrics["loss/td_error"] == pytest.approx(np.abs(goals.mean(axis=1) - quantiles.mean(axis=1)).mean())
    assert metrics["value/mean"] == pytest.approx(quantiles.mean())


def test_fractions_are_drawn_anew_for_each_update_and_as_the_seed_says():
    losses = []
    for _ in range(2):
        agent = dqn(returns="implicit", return_numbers=3, learning_rate=1e-12)
        losses.append([first_metrics(agent, *[step(reward=1)] * 2)["loss/value"]])
        for _ in range(3):
            agent.observe(step(reward=1))
            losses[-1].append(agent.learn()["loss/value"])
    assert losses[0] == losses[1]
    assert len(set(losses[0])) == 4


def test_with_distributions_the_action_of_the_best_mean_is_followed():
    agent = dqn(returns="quantile", return_numbers=2)
    let_value(agent._target, 0, 4, 3, 3, -9, 9)  # the means are 2, 3, 0
    let_tell(agent.network, 0, 0)
    assert first_metrics(agent, *[step()] * 2)["loss/td_error"] == pytest.approx(0.5 * 3)


def let_tell_apart(network: keras.Model, here: np.ndarray, there: np.ndarray) -> None:
    """Let a network tell the numbers `here` [3, N] of observations (0, .) and those `there` [3, N] of (1, .)."""
    values = {
        "hidden_1/kernel": np.eye(2, 4),
        "values/kernel": np.outer(np.eye(4)[0], there - here),
        "values/bias": here.reshape(-1),
    }
    network.set_weights([values.get(one.path, np.zeros(one.shape)).astype(np.float32) for one in network.weights])


def softmax(values: np.ndarray) -> np.ndarray:
    powers = np.exp(values)
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


@pytest.mark.parametrize("returns", ["mean", "quantile", "categorical"])
def test_munchausen_adds_to_the_reward_and_follows_a_soft_policy(returns):
    """By the target network: the reward of the policy where the action was taken, what follows of the next one's."""
    count, share, temperature, action = 1 if returns == "mean" else 2, 0.5, 0.5, 2
    settings = {"munchausen": share, "munchausen_temperature": temperature}
    agent = dqn(returns=returns, return_numbers=2, return_limit=2.0, **settings)
    here, there, believed = np.random.default_rng(1).normal(size=(3, 3, count))
    let_tell_apart(agent._target, here, there)
    let_tell_apart(agent.network, believed, believed + 3)
    support = np.array([-2.0, 2.0])

    def means(told: np.ndarray) -> np.ndarray:
        return np.asarray(softmax(told) @ support if returns == "categorical" else told.mean(axis=1))

    before, after = (softmax(means(told) / temperature) for told in (here, there))
    bonus = share * np.clip(temperature * np.log(before[action]), -1, 0)
    places = (support if returns == "categorical" else there) - temperature * np.log(after)[:, None]  # [3, N]
    if returns == "categorical":
        weights = (after[:, None] * softmax(there)).reshape(-1)  # of each place of each action
        goal = 1 + bonus + 0.5 * places.reshape(-1)
    else:
        weights, goal = np.full(count, 1 / count), 1 + bonus + 0.5 * after @ places
    error = abs(weights @ goal - means(believed)[action])
    first, second = step(reward=1, action=action), step(reward=1, action=action)
    metrics = first_metrics(agent, first, second._replace(observation=np.array([[1, 0]], np.float32)))
    assert metrics["loss/td_error"] == pytest.approx(error, rel=1e-4)
    assert metrics["value/mean"] == pytest.approx(means(believed)[action], rel=1e-4)
    if returns == "categorical":
        upper = weights @ (np.clip(goal, -2, 2) + 2) / 4  # of the mass at each place
        projected = np.array([1 - upper, upper])
        told = softmax(believed)[action]
        assert metrics["loss/value"] == pytest.approx(projected @ np.log(projected / told), rel=1e-4)


def test_munchausen_goes_with_implicit_returns():
    agent = dqn(returns="implicit", munchausen=0.5, munchausen_temperature=0.5)
    let_cosine(agent._target, 0, 0, 1, 2)  # at all fractions alike
    let_cosine(agent.network, 0, 0, 0, 0)
    policy = softmax(np.array([0.0, 2, 4]))
    follows = policy @ (np.arange(3) - 0.5 * np.log(policy))
    expected = 2 + 0.5 * max(0.5 * np.log(policy[0]), -1) + 0.5 * follows
    assert first_metrics(agent, *[step(reward=2)] * 2)["loss/td_error"] == pytest.approx(expected, rel=1e-5)


def test_what_munchausen_adds_is_cut_in_the_reward_and_not_in_what_follows():
    agent = dqn(munchausen=0.5, munchausen_temperature=2.0)
    let_value(agent.network, 0, 0, 0)
    let_value(agent._target, 0, 0, 0)
    # each of three actions has probability 1/3, and 2 ln 1/3 is cut to -1
    metrics = first_metrics(agent, *[step(reward=2)] * 2)
    assert metrics["loss/td_error"] == pytest.approx(2 - 0.5 + 0.5 * 2 * math.log(3), rel=1e-5)


def test_a_duel_is_the_state_s_worth_and_what_actions_differ_by():
    agent = dqn(dueling=True)
    names = [weight.path for weight in agent.network.weights]
    values = {"value/bias": [5.0], "advantage/bias": [1.0, 2.0, 6.0]}  # whose mean is 3
    agent.network.set_weights(
        [
            np.array(values[name], np.float32) if name in values else np.zeros(weight.shape, np.float32)
            for name, weight in zip(names, agent.network.weights, strict=True)
        ]
    )
    assert agent.values(NOTHING[0]).tolist() == [[3, 4, 8]] * 2


def test_a_duel_of_distributions_is_one_of_each_of_their_numbers():
    agent = dqn(dueling=True, returns="quantile", return_numbers=2)
    told = {"value/bias": [5.0, 10.0], "advantage/bias": [1.0, 0.0, 2.0, 3.0, 6.0, 9.0]}  # means 3 and 4
    agent.network.set_weights(
        [np.array(told.get(one.path, np.zeros(one.shape)), np.float32) for one in agent.network.weights]
    )
    distributions = np.asarray(agent.network(NOTHING[0])[1])
    assert distributions.tolist() == [[[3, 6], [4, 9], [8, 15]]] * 2


def test_noise_explores_and_evaluation_has_none():
    agent = dqn(noise=0.5, epsilon_start=0.0, epsilon_end=0.0)
    let = agent.network.get_weights()
    agent.network.set_weights([np.full_like(one, 0.5) if one.shape == (3,) else np.zeros_like(one) for one in let])
    exploring, playing = (agent.actor(2, 0, explore=explore) for explore in (True, False))
    assert len({tuple(exploring.act(*NOTHING)[0]) for _ in range(40)}) > 1
    assert {tuple(playing.act(*NOTHING)[0]) for _ in range(40)} == {(0, 0)}


def test_each_pass_of_an_update_has_noise_of_its_own():
    agent = dqn(noise=0.5, double=True)
    handed = inputs_of(agent)
    first_metrics(agent, *[step()] * 2)
    noise = handed[0][-1]
    assert noise.shape == (PASSES, agent._noise_size)
    assert len(np.unique(noise)) == noise.size


def test_noise_is_learnt_and_drawn_anew_for_each_update():
    agent = dqn(noise=0.5, learning_rate=0.1, double=True)
    before = agent.network.get_weights()
    losses = {first_metrics(agent, *[step(reward=1)] * 2)["loss/value"]}
    for _ in range(3):
        agent.observe(step(reward=1))
        losses.add(agent.learn()["loss/value"])
    changed = {
        weight.name
        for weight, old in zip(agent.network.weights, before, strict=True)
        if not np.array_equal(np.asarray(weight), old)
    }
    assert "bias_deviation" in changed
    assert len(losses) == 4


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("noise", -0.1),
        ("return_numbers", 1),
        ("return_limit", 0.0),
        ("munchausen", 1.5),
        ("munchausen_temperature", 0.0),
    ],
)
def test_settings_out_of_range_are_refused(setting, value):
    with pytest.raises(UserError, match=setting.replace("_", "-")):
        dqn(**{setting: value})
    assert getattr(PLAIN, setting) != value


IMAGES = spaces.Box(0, 255, (6, 5, 1), np.uint8)


def test_what_is_learnt_from_is_shifted_and_brightened_anew_each_time_and_what_is_remembered_is_not():
    config = dataclasses.replace(PLAIN, batch_size=64, shift_pixels=1, intensity_noise=0.05)
    agent = make(config, IMAGES, ACTED, Seeds(0))
    picture = np.zeros((1, *IMAGES.shape), np.uint8)
    picture[0, 2, 3] = 200
    for _ in range(2):
        agent.observe(step()._replace(observation=picture, next_observation=picture))
    first, second = (agent._draw(agent._replay, 0).batch for _ in range(2))
    places = {tuple(map(int, np.argwhere(image)[0])) for image in first.observation}
    assert places == {(row, column, 0) for row in (1, 2, 3) for column in (2, 3, 4)}
    brightness = first.observation.max(axis=(1, 2, 3))
    assert (brightness.min() < 195, brightness.max() > 205, brightness.min() >= 180) == (True, True, True)
    assert not np.array_equal(first.observation, first.next_observation)
    assert not np.array_equal(first.observation, second.observation)
    np.testing.assert_array_equal(agent._replay.gather(np.array([0]), np.array([0])).observation, picture)


@pytest.mark.parametrize(
    ("changes", "space", "received"),
    [
        ({"shift_pixels": 4}, OBSERVED, "--shift-pixels 4 --intensity-noise 0.0 for Box("),
        ({"intensity_noise": 0.05}, OBSERVED, "--shift-pixels 0 --intensity-noise 0.05 for Box("),
        (
            {"shift_pixels": 4, "cache_features": True, "freeze": "all", "encoder": "encoder.keras"},
            IMAGES,
            "--shift-pixels 4 --intensity-noise 0.0 for the features of --cache-features",
        ),
    ],
)
def test_what_are_no_images_cannot_be_augmented(changes, space, received):
    config = dataclasses.replace(PLAIN, **changes)
    with pytest.raises(UserError) as refused:
        config.check_fit(space, ACTED, 1)
    assert str(refused.value).startswith(f"only images can be augmented: received {received}")
    assert str(refused.value).endswith(", allowed is 0")
    dataclasses.replace(config, shift_pixels=0, intensity_noise=0.0).check_fit(space, ACTED, 1)
