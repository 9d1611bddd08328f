"""What Munchausen reinforcement learning adds, in numbers that can be checked by hand."""

import math

import numpy as np
import tensorflow as tf

from rlab.ops.munchausen import munchausen_bonus, soft_policy


def test_a_soft_policy_and_its_scaled_logarithms():
    # exp(0.5 ln 3 / 0.5) = 3: three times as probable as the other
    probabilities, scaled = soft_policy(tf.constant([[0.5 * math.log(3), 0.0]]), 0.5)
    np.testing.assert_allclose(probabilities, [[0.75, 0.25]], rtol=1e-6)
    np.testing.assert_allclose(scaled, [[0.5 * math.log(0.75), 0.5 * math.log(0.25)]], rtol=1e-6)


def test_it_stays_finite_where_one_action_is_far_better():
    probabilities, scaled = soft_policy(tf.constant([[1000.0, 0.0]]), 0.03)
    assert probabilities.numpy().tolist() == [[1, 0]]
    np.testing.assert_allclose(scaled, [[0, -1000]], rtol=1e-5)  # temperature times -1000 / temperature


def test_the_bonus_is_a_share_of_what_is_left_of_the_logarithm():
    bonus = munchausen_bonus(tf.constant([-0.5, -3.0, 0.0]), 0.5)
    assert bonus.numpy().tolist() == [-0.25, -0.5, 0]  # -3 is cut to -1
