"""Losses of policies in numbers that can be checked by hand, and by their slopes."""

import numpy as np
import pytest
import tensorflow as tf

from rlab.ops.policy_gradients import approximate_kl, clipped_surrogate_loss, policy_gradient_loss

HALF, DOUBLE = np.log(0.5), np.log(2.0)


def gradients(function, *arguments):
    """The gradient of a function's sum by each argument, zeros where none flows."""
    variables = [tf.Variable(argument, dtype=tf.float64) for argument in arguments]
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(function(*variables))
    return [g.numpy() for g in tape.gradient(total, variables, unconnected_gradients="zero")]


def small_steps(function, arguments, place, step=1e-6):
    """What central differences find for the argument at `place` (the book, appendix D)."""
    found = np.zeros(len(arguments[place]))
    for n in range(len(found)):
        above, below = ([np.array(argument, np.float64) for argument in arguments] for _ in range(2))
        above[place][n] += step
        below[place][n] -= step
        found[n] = (np.sum(function(*map(tf.constant, above))) - np.sum(function(*map(tf.constant, below)))) / 2 / step
    return found


def test_the_loss_is_the_log_probability_weighed_by_the_advantage():
    # -(-2 * 3), -(-1 * -4), -(-5 * 0)
    loss = policy_gradient_loss(tf.constant([-2.0, -1.0, -5.0]), tf.constant([3.0, -4.0, 0.0]))
    assert loss.numpy().tolist() == [6, -4, 0]


def test_its_gradient_is_minus_the_advantage_which_gets_none():
    by_log_prob, by_advantage = gradients(policy_gradient_loss, [-2.0, -1.0], [3.0, -4.0])
    assert by_log_prob.tolist() == [-3, 4]
    assert by_advantage.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("ratio", "advantage", "loss", "slope"),
    [
        (1.0, 2.0, -2.0, -2.0),  # the policy that acted: the slope is that of the plain policy gradient
        (1.25, 2.0, -2.4, 0.0),  # -1.2 * 2: cut, nothing more to gain
        (1.25, -2.0, 2.5, 2.5),  # -1.25 * -2: a bad action that became likelier is not cut
        (0.5, 2.0, -1.0, -1.0),  # -0.5 * 2: a good one that became less likely is not cut
        (0.5, -2.0, 1.6, 0.0),  # -0.8 * -2: cut
    ],
)
def test_the_surrogate_gains_nothing_beyond_the_clip_range(ratio, advantage, loss, slope):
    def surrogate(log_prob, old_log_prob, advantage):
        return clipped_surrogate_loss(log_prob, old_log_prob, advantage, 0.2)

    arguments = [np.log(ratio) - 0.7], [-0.7], [advantage]
    found = surrogate(*(tf.constant(argument, tf.float64) for argument in arguments))
    assert found.numpy() == pytest.approx(loss, rel=1e-6)
    by_log_prob, *others = gradients(surrogate, *arguments)
    assert by_log_prob == pytest.approx(slope, rel=1e-6)  # of exp(x) * advantage it is the value itself
    assert by_log_prob == pytest.approx(small_steps(surrogate, arguments, 0), abs=1e-7)
    assert [other.tolist() for other in others] == [[0], [0]]


def test_the_divergence_is_that_of_the_estimator():
    # the same: 0; twice as likely: 2 - 1 - ln 2; half as likely: 0.5 - 1 + ln 2
    old = tf.constant([-1.0] * 3, tf.float64)
    divergence = approximate_kl(tf.constant([-1.0, DOUBLE - 1, HALF - 1], tf.float64), old)
    np.testing.assert_allclose(divergence, [0, 1 - DOUBLE, DOUBLE - 0.5], atol=1e-12)


def test_the_mean_divergence_over_actions_of_the_old_policy_is_the_exact_one():
    old, new = np.array([0.5, 0.3, 0.2]), np.array([0.4, 0.4, 0.2])
    exact = np.sum(old * np.log(old / new))
    estimates = approximate_kl(tf.constant(np.log(new)), tf.constant(np.log(old)))
    assert np.sum(old * estimates) == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize("place", [0, 1, 2])
def test_an_argument_of_another_rank_is_refused(place):
    """A column beside a row would make a matrix of both, unseen."""
    arguments = [tf.zeros(4)] * 3
    arguments[place] = tf.zeros((4, 1))
    with pytest.raises(ValueError, match="must have rank 1"):
        clipped_surrogate_loss(*arguments, 0.2)
    for loss in (policy_gradient_loss, approximate_kl) if place < 2 else ():
        with pytest.raises(ValueError, match="must have rank 1"):
            loss(*arguments[:2])


def test_the_gradient_of_the_loss_is_what_small_steps_find():
    random = np.random.default_rng(0)
    arguments = [random.normal(size=8), random.normal(size=8)]
    by_log_prob, _ = gradients(policy_gradient_loss, *arguments)
    np.testing.assert_allclose(by_log_prob, small_steps(policy_gradient_loss, arguments, 0), rtol=1e-6)
