"""Targets of temporal-difference learning in numbers that can be checked by hand."""

import pytest
import tensorflow as tf

from rlab.ops.temporal_differences import bellman_target, taken

REWARD = [1.0, -1.0, 3.0]
DISCOUNT = [0.5, 0.25, 0.0]
VALUES = [[2.0, 6.0], [8.0, 4.0], [9.0, 7.0]]
RANKS = (tf.errors.InvalidArgumentError, ValueError)


def test_returns_should_be_the_reward_and_what_follows_discounted():
    # 1 + 0.5 * 2, 1 + 0.5 * 6; -1 + 0.25 * 8, -1 + 0.25 * 4; 3 + 0 * 9, 3 + 0 * 7
    target = bellman_target(*map(tf.constant, (REWARD, DISCOUNT, VALUES)))
    assert target.numpy().tolist() == [[2, 4], [1, 0], [3, 3]]


def test_no_gradient_flows_through_the_target():
    variables = [tf.Variable(column) for column in (REWARD, DISCOUNT, VALUES)]
    with tf.GradientTape() as tape:
        target = tf.reduce_sum(bellman_target(*variables))
    assert tape.gradient(target, variables) == [None] * 3


@pytest.mark.parametrize("position", range(3))
@pytest.mark.parametrize("graph", [False, True])
def test_an_argument_of_another_rank_is_refused(position, graph):
    """A column [B, 1] in place of [B] would be broadcast to [B, B] without a word."""
    arguments = [tf.constant(column) for column in (REWARD, DISCOUNT, VALUES)]
    arguments[position] = arguments[position][:, None]
    with pytest.raises(RANKS):
        (tf.function(bellman_target) if graph else bellman_target)(*arguments)


def test_taken_are_the_values_of_the_actions():
    assert taken(tf.constant(VALUES), tf.constant([1, 0, 1], tf.int64)).numpy().tolist() == [6, 8, 7]


def test_taken_are_the_distributions_of_the_actions():
    distributions = [[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], [[7.0, 8.0, 9.0], [10.0, 11.0, 12.0]]]
    assert taken(tf.constant(distributions), tf.constant([1, 0])).numpy().tolist() == [[4, 5, 6], [7, 8, 9]]


def test_the_gradient_of_taken_reaches_the_taken_actions_alone():
    values = tf.Variable(VALUES)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(taken(values, tf.constant([1, 0, 0])))
    gradient = tf.convert_to_tensor(tape.gradient(total, values))
    assert gradient.numpy().tolist() == [[0, 1], [1, 0], [1, 0]]


@pytest.mark.parametrize(("values", "action"), [(VALUES, [[0], [0], [0]]), (VALUES[0], [0, 1]), ([[[VALUES]]], [0])])
@pytest.mark.parametrize("graph", [False, True])
def test_values_or_actions_of_another_rank_are_refused(values, action, graph):
    with pytest.raises(RANKS):
        (tf.function(taken) if graph else taken)(tf.constant(values), tf.constant(action))


@pytest.mark.parametrize("action", [-1, 2])
def test_an_action_that_is_none_is_refused(action):
    with pytest.raises(tf.errors.InvalidArgumentError):
        taken(tf.constant(VALUES), tf.constant([0, 1, action]))
