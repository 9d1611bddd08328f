"""The small network: every row by its own weights, with the arithmetic done by hand."""

import numpy as np
import pytest
from gymnasium import spaces

from agents.search.policy import Policy

SEEN = spaces.Box(-np.inf, np.inf, (2,), np.float32)


def test_a_linear_policy_takes_the_action_of_the_highest_output():
    policy = Policy(SEEN, spaces.Discrete(3), ())
    assert policy.num_weights == 9  # a matrix [2, 3] and 3 biases
    weights = np.array(
        [
            [1, 0, 0, 0, 1, 0, 0, 0, 0],  # outputs x, y, 0
            [1, 0, 0, 0, 1, 0, 0, 0, 9],  # x, y, 9
            [-1, 0, 0, 0, 1, 0, 0, 0, 0],  # -x, y, 0
        ],
        np.float64,
    )
    seen = np.array([[2, 3], [2, 3], [-4, 3]], np.float32)
    assert policy.act(weights, seen).tolist() == [1, 2, 0]


def test_hidden_layers_are_tanh():
    policy = Policy(SEEN, spaces.Box(-1, 1, (1,), np.float64), (1,))
    assert policy.num_weights == 5  # [2, 1], 1, [1, 1], 1
    weights = np.array([[1, -1, 0.5, 2, -0.1], [0, 0, 0, 7, 0]], np.float64)
    actions = policy.act(weights, np.array([[3, 3.2], [5, 5]], np.float64))
    # tanh(2 tanh(3 - 3.2 + 0.5) - 0.1) = tanh(2 * 0.2913126 - 0.1) = tanh(0.4826252) = 0.4483436; tanh(7 * 0) = 0
    np.testing.assert_allclose(actions, [[0.4483436], [0]], atol=1e-6)


def test_numbers_to_act_fill_their_bounds():
    space = spaces.Box(np.array([-2, 0], np.float32), np.array([2, 1], np.float32))
    policy = Policy(SEEN, space, ())
    biases = np.array([[0, 0], [50, -50], [-50, 50]], np.float64)
    actions = policy.act(np.concatenate([np.zeros((3, 4)), biases], axis=1), np.zeros((3, 2), np.float32))
    assert actions.tolist() == [[0, 0.5], [2, 0], [-2, 1]]
    assert actions.dtype == np.float32


def test_symbols_are_seen_as_one_hot_vectors():
    policy = Policy(spaces.Discrete(3), spaces.Discrete(2), ())
    weights = np.array([[0, 1, 1, 0, 0, 1, 0, 0]] * 3, np.float64)  # symbols 0 and 2: action 1; symbol 1: action 0
    assert policy.act(weights, np.array([0, 1, 2])).tolist() == [1, 0, 1]


@pytest.mark.parametrize("shape", [(), (6,), (3, 2)])
def test_observations_of_any_shape_are_flattened(shape):
    space = spaces.Box(0, 255, shape, np.uint8)
    policy = Policy(space, spaces.Discrete(2), (4,))
    weights = policy.draw(np.random.default_rng(0), 5)
    assert policy.act(weights, np.zeros((5, *shape), np.uint8)).shape == (5,)


def test_weights_are_drawn_with_a_variance_of_one_over_a_layers_inputs():
    policy = Policy(SEEN, spaces.Discrete(3), (8,))  # 2 inputs: 2 * 8 + 8 weights; then 8: 8 * 3 + 3
    drawn = policy.draw(np.random.default_rng(0), 4000)
    assert drawn.shape == (4000, 24 + 27)
    assert drawn[:, :24].std() == pytest.approx(2**-0.5, rel=0.02)
    assert drawn[:, 24:].std() == pytest.approx(8**-0.5, rel=0.02)
