"""What policies draw actions from, against SciPy, by frequencies and by small steps."""

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf
from gymnasium import spaces

from rlab.ops.distributions import Categorical, Gaussian, distribution

RANDOM = np.random.default_rng(0)
LOGITS = RANDOM.normal(scale=2, size=(6, 4))
PROBABILITIES = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
MEANS, LOG_DEVIATIONS = RANDOM.normal(size=(2, 6, 3))
GAUSSIAN = np.concatenate([MEANS, LOG_DEVIATIONS], axis=1)


@pytest.mark.parametrize(
    ("space", "expected", "parameters"),
    [
        (spaces.Discrete(5), Categorical(5), 5),
        (spaces.Box(-1, 1, (3,)), Gaussian((3,)), 6),
        (spaces.Box(-1, 1, (2, 3)), Gaussian((2, 3)), 12),
        (spaces.Box(-1, 1, ()), Gaussian(()), 2),
    ],
)
def test_the_distribution_of_a_space(space, expected, parameters):
    assert distribution(space) == expected
    assert expected.num_parameters == parameters


def test_log_probabilities_of_actions_are_logarithms_of_shares():
    # logits 0, ln 2 and ln 5: probabilities 1/8, 2/8 and 5/8
    logits = tf.constant([[0, np.log(2), np.log(5)]] * 3)
    found = Categorical(3).log_prob(logits, tf.constant([0, 1, 2], tf.int64))
    np.testing.assert_allclose(found, np.log([1 / 8, 2 / 8, 5 / 8]), rtol=1e-6)


def test_categorical_agrees_with_scipy():
    action = np.array([0, 1, 2, 3, 0, 1])
    found = Categorical(4).log_prob(tf.constant(LOGITS), tf.constant(action))
    np.testing.assert_allclose(found, np.log(PROBABILITIES[np.arange(6), action]), rtol=1e-9)
    entropy = Categorical(4).entropy(tf.constant(LOGITS))
    np.testing.assert_allclose(entropy, [scipy.stats.entropy(row) for row in PROBABILITIES], rtol=1e-9)


def test_entropy_is_largest_where_all_is_equally_likely_and_finite_where_nothing_is_left_to_chance():
    entropy = Categorical(4).entropy(tf.constant([[3.0] * 4, [1000.0, 0, 0, 0]]))
    np.testing.assert_allclose(entropy, [np.log(4), 0], atol=1e-6)


def test_gaussian_agrees_with_scipy():
    action = RANDOM.normal(size=(6, 3))
    normal = scipy.stats.norm(MEANS, np.exp(LOG_DEVIATIONS))
    found = Gaussian((3,)).log_prob(tf.constant(GAUSSIAN), tf.constant(action))
    np.testing.assert_allclose(found, normal.logpdf(action).sum(axis=1), rtol=1e-9)
    np.testing.assert_allclose(Gaussian((3,)).entropy(tf.constant(GAUSSIAN)), normal.entropy().sum(axis=1), rtol=1e-9)


def test_the_density_of_the_mean_of_a_standard_normal_distribution():
    # 1 / sqrt(2 pi) for each of two numbers; a deviation of 2 halves it
    parameters = tf.constant([[5.0, 7.0, 0.0, 0.0], [5.0, 7.0, np.log(2), 0.0]])
    found = np.exp(Gaussian((2,)).log_prob(parameters, tf.constant([[5.0, 7.0]] * 2)))
    np.testing.assert_allclose(found, [1 / (2 * np.pi), 1 / (4 * np.pi)], rtol=1e-6)


def test_the_likeliest_action():
    assert Categorical(3).mode(tf.constant([[1.0, 3.0, 2.0], [0.0, -1.0, -2.0]])).numpy().tolist() == [1, 0]
    assert Gaussian((2,)).mode(tf.constant([[1.0, 2.0, 8.0, 9.0]])).numpy().tolist() == [[1, 2]]


def drawn(policy, parameters, count):
    noise = policy.noise(np.random.default_rng(1), count)
    assert (noise.shape, noise.dtype) == ((count, policy.noise_size), np.float32)
    repeated = np.repeat(np.asarray([parameters], np.float32), count, axis=0)
    return policy.sample(tf.constant(repeated), tf.constant(noise)).numpy()


def test_actions_are_drawn_as_often_as_they_are_likely():
    action = drawn(Categorical(4), LOGITS[0], 100_000)
    assert action.dtype == np.int64
    # the standard error of a frequency is at most sqrt(0.25 / 100000) = 0.0016
    np.testing.assert_allclose(np.bincount(action, minlength=4) / 100_000, PROBABILITIES[0], atol=0.006)


def test_numbers_are_drawn_with_their_mean_and_deviation():
    action = drawn(Gaussian((3,)), GAUSSIAN[0], 100_000)
    deviation = np.exp(LOG_DEVIATIONS[0])
    np.testing.assert_allclose(action.mean(axis=0), MEANS[0], atol=4 * deviation.max() / 100_000**0.5)
    np.testing.assert_allclose(action.std(axis=0), deviation, rtol=0.01)
    assert np.corrcoef(action.T) == pytest.approx(np.eye(3), abs=0.015)
    assert scipy.stats.kstest((action[:, 0] - MEANS[0, 0]) / deviation[0], "norm").pvalue > 0.001


@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_noise_at_its_ends_draws_a_likely_action_all_the_same(noise):
    logits = tf.constant([[0.0, 50.0, 0.0]])
    assert Categorical(3).sample(logits, tf.fill((1, 3), noise)).numpy().tolist() == [1]


@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
def test_actions_have_the_shape_of_the_space(shape):
    policy = Gaussian(shape)
    parameters = tf.zeros((5, policy.num_parameters))
    action = policy.sample(parameters, tf.ones((5, policy.noise_size)))
    assert action.shape == policy.mode(parameters).shape == (5, *shape)
    assert policy.log_prob(parameters, action).shape == policy.entropy(parameters).shape == (5,)


def gradient_of(function, parameters):
    variable = tf.Variable(parameters)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(function(variable))
    return tape.gradient(total, variable).numpy()


def small_steps(function, parameters, step=1e-6):
    """What central differences find (the book, appendix D)."""
    found = np.zeros_like(parameters)
    for place in np.ndindex(parameters.shape):
        above, below = parameters.copy(), parameters.copy()
        above[place] += step
        below[place] -= step
        found[place] = (np.sum(function(tf.constant(above))) - np.sum(function(tf.constant(below)))) / (2 * step)
    return found


@pytest.mark.parametrize(
    ("policy", "parameters", "action"),
    [
        (Categorical(4), LOGITS, np.array([3, 2, 1, 0, 3, 2])),
        (Gaussian((3,)), GAUSSIAN, np.linspace(-2, 2, 18).reshape(6, 3)),
    ],
    ids=["categorical", "gaussian"],
)
def test_gradients_are_what_small_steps_find(policy, parameters, action):
    def log_prob(changed):
        return policy.log_prob(changed, tf.constant(action))

    for function in (log_prob, policy.entropy):
        np.testing.assert_allclose(gradient_of(function, parameters), small_steps(function, parameters), atol=1e-7)


def test_the_gradient_of_log_probability_of_a_softmax_is_what_was_done_less_the_probabilities():
    """Sutton and Barto (2018), exercise 13.3, for a softmax of the parameters themselves."""
    gradient = gradient_of(lambda changed: Categorical(4).log_prob(changed, tf.constant([2] * 6)), LOGITS)
    np.testing.assert_allclose(gradient, np.eye(4)[[2] * 6] - PROBABILITIES, atol=1e-12)


@pytest.mark.parametrize("graph", [False, True])
def test_actions_in_a_column_are_refused(graph):
    """[B, 1] in place of [B] would be broadcast to [B, B] without a word."""
    log_prob = Categorical(3).log_prob
    with pytest.raises((tf.errors.InvalidArgumentError, ValueError)):
        (tf.function(log_prob) if graph else log_prob)(tf.zeros((4, 3)), tf.zeros((4, 1), tf.int64))
