"""Targets of temporal-difference learning in numbers that can be checked by hand."""

import numpy as np
import pytest
import tensorflow as tf

from rlab.ops.temporal_differences import q_target, taken

REWARD = [1.0, -1.0, 3.0]
DISCOUNT = [0.5, 0.25, 0.0]
VALUES = [[2.0, 6.0], [8.0, 4.0], [9.0, 7.0]]
RANKS = (tf.errors.InvalidArgumentError, ValueError)


def random_batch(seed=0, size=50, actions=6):
    random = np.random.default_rng(seed)
    values, choice = random.normal(size=(2, size, actions)).astype(np.float32)
    return random.normal(size=size).astype(np.float32), random.random(size).astype(np.float32), values, choice


def test_q_learning_takes_the_largest_value():
    # 1 + 0.5 * 6; -1 + 0.25 * 8; 3 + 0 * 9
    target = q_target(*map(tf.constant, (REWARD, DISCOUNT, VALUES, VALUES)))
    assert target.numpy().tolist() == [4, 1, 3]


def test_double_q_learning_values_what_the_other_network_chooses():
    choice = [[0.5, 0.25], [0.0, 0.125], [1.0, 2.0]]  # the first, the second, the second
    # 1 + 0.5 * 2; -1 + 0.25 * 4; 3 + 0 * 7
    target = q_target(*map(tf.constant, (REWARD, DISCOUNT, VALUES, choice)))
    assert target.numpy().tolist() == [2, 0, 3]


def test_q_target_is_that_of_numpy():
    reward, discount, values, choice = random_batch()
    expected = reward + discount * values[np.arange(len(reward)), choice.argmax(axis=1)]
    target = q_target(*map(tf.constant, (reward, discount, values, choice)))
    assert (target.shape, target.dtype) == ((50,), tf.float32)
    np.testing.assert_allclose(target, expected, rtol=1e-6)


def test_of_equal_values_the_first_is_chosen():
    target = q_target(tf.zeros(1), tf.ones(1), tf.constant([[1.0, 2.0, 3.0]]), tf.zeros((1, 3)))
    assert target.numpy().tolist() == [1]


def test_no_gradient_flows_through_the_target():
    variables = [tf.Variable(column) for column in random_batch()]
    with tf.GradientTape() as tape:
        target = tf.reduce_sum(q_target(*variables))
    assert tape.gradient(target, variables) == [None] * 4


@pytest.mark.parametrize("position", range(4))
@pytest.mark.parametrize("graph", [False, True])
def test_an_argument_of_another_rank_is_refused(position, graph):
    """A column [B, 1] in place of [B] would be broadcast to [B, B] without a word."""
    arguments = [tf.constant(column) for column in random_batch()]
    arguments[position] = arguments[position][:, None]
    with pytest.raises(RANKS):
        (tf.function(q_target) if graph else q_target)(*arguments)


def test_taken_are_the_values_of_the_actions():
    assert taken(tf.constant(VALUES), tf.constant([1, 0, 1], tf.int64)).numpy().tolist() == [6, 8, 7]


def test_the_gradient_of_taken_reaches_the_taken_actions_alone():
    values = tf.Variable(VALUES)
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(taken(values, tf.constant([1, 0, 0])))
    gradient = tf.convert_to_tensor(tape.gradient(total, values))
    assert gradient.numpy().tolist() == [[0, 1], [1, 0], [1, 0]]


@pytest.mark.parametrize(("values", "action"), [(VALUES, [[0], [0], [0]]), (VALUES[0], [0, 1])])
@pytest.mark.parametrize("graph", [False, True])
def test_values_or_actions_of_another_rank_are_refused(values, action, graph):
    with pytest.raises(RANKS):
        (tf.function(taken) if graph else taken)(tf.constant(values), tf.constant(action))


@pytest.mark.parametrize("action", [-1, 2])
def test_an_action_that_is_none_is_refused(action):
    with pytest.raises(tf.errors.InvalidArgumentError):
        taken(tf.constant(VALUES), tf.constant([0, 1, action]))
