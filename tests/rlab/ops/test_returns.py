"""Returns in numbers that can be checked by hand: the book's two examples, ends of episodes, and traces."""

import numpy as np
import pytest

from rlab.ops.returns import lambda_return, normalised


def discounted(rewards, gamma):
    """The discounted sums of the rewards of one episode that terminates."""
    count = len(rewards)
    discount = np.full((count, 1), gamma, np.float32)
    discount[-1] = 0
    last = np.zeros((count, 1), np.bool_)
    last[-1] = True
    column = np.array(rewards, np.float32)[:, None]
    return lambda_return(column, discount, np.zeros_like(column), last, trace_decay=1.0)[:, 0]


def test_the_book_s_discounted_rewards():
    # -50; 0 + 0.8 * -50 = -40; 10 + 0.8 * -40 = -22
    assert discounted([10, 0, -50], 0.8).tolist() == [-22, -40, -50]


def test_the_book_s_normalised_pair_of_episodes():
    # [-22, -40, -50] and [10 + 0.8 * 20, 20] = [26, 20]: mean -66 / 5 = -13.2; squared distances 77.44, 718.24,
    # 1354.24, 1536.64 and 1102.24 with mean 957.76, so that the deviation is 30.948
    both = np.concatenate([discounted([10, 0, -50], 0.8), discounted([10, 20], 0.8)])
    expected = [-0.28435071, -0.86597718, -1.18910299, 1.26665318, 1.0727777]
    np.testing.assert_allclose(normalised(both), expected, rtol=1e-6)


@pytest.mark.parametrize("shape", [(5,), (3, 4)])
def test_normalised_values_have_mean_0_and_deviation_1(shape):
    values = np.random.default_rng(0).normal(3, 7, shape).astype(np.float32)
    result = normalised(values)
    assert (result.shape, result.dtype) == (shape, np.float32)
    assert result.mean() == pytest.approx(0, abs=1e-6)
    assert result.std() == pytest.approx(1, rel=1e-6)


def test_equal_values_are_0_when_normalised():
    assert normalised(np.full(3, 4, np.float32)).tolist() == [0, 0, 0]
    assert not normalised(np.full(100, 0.1, np.float32)).any()  # whose mean in float32 is not 0.1


REWARD = np.array([[1], [2], [4]], np.float32)
DISCOUNT = np.full((3, 1), 0.5, np.float32)
NEXT_VALUE = np.array([[8], [16], [32]], np.float32)


@pytest.mark.parametrize(
    ("trace_decay", "expected"),
    [
        (1.0, [7, 12, 20]),  # 4 + 0.5 * 32 = 20; 2 + 0.5 * 20 = 12; 1 + 0.5 * 12 = 7
        (0.0, [5, 10, 20]),  # 1 + 0.5 * 8; 2 + 0.5 * 16; 4 + 0.5 * 32
        (0.5, [5.75, 11, 20]),  # 2 + 0.5 * (16 + 20) / 2 = 11; 1 + 0.5 * (8 + 11) / 2 = 5.75
    ],
)
def test_lambda_mixes_the_next_value_with_the_next_return(trace_decay, expected):
    last = np.zeros((3, 1), np.bool_)
    assert lambda_return(REWARD, DISCOUNT, NEXT_VALUE, last, trace_decay)[:, 0].tolist() == expected


def test_what_follows_a_last_step_is_another_episode():
    last = np.array([[False], [True], [False]])
    terminated = np.array([[0.5], [0], [0.5]], np.float32)
    # terminated: 4 + 0.5 * 32 = 20; 2; 1 + 0.5 * 2 = 2
    assert lambda_return(REWARD, terminated, NEXT_VALUE, last, 1.0)[:, 0].tolist() == [2, 2, 20]
    # cut off by a time limit: 2 + 0.5 * 16 = 10, not 0.5 * 20; 1 + 0.5 * 10 = 6
    assert lambda_return(REWARD, DISCOUNT, NEXT_VALUE, last, 1.0)[:, 0].tolist() == [6, 10, 20]


def test_a_step_without_a_future_ends_the_return_within_an_episode():
    """As where a life was lost."""
    discount = np.array([[0.5], [0], [0.5]], np.float32)
    last = np.array([[False], [False], [True]])
    assert lambda_return(REWARD, discount, NEXT_VALUE, last, 1.0)[:, 0].tolist() == [2, 2, 20]


def test_environments_do_not_touch_each_other():
    random = np.random.default_rng(0)
    reward, next_value = random.normal(size=(2, 9, 4)).astype(np.float32)
    discount = random.choice([0, 0.9], (9, 4), p=[0.2, 0.8]).astype(np.float32)
    last = random.random((9, 4)) < 0.2
    together = lambda_return(reward, discount, next_value, last, 0.7)
    for n in range(4):
        one = [column[:, n : n + 1] for column in (reward, discount, next_value, last)]
        np.testing.assert_array_equal(together[:, n : n + 1], lambda_return(*one, 0.7))


def test_less_the_value_it_is_the_sum_of_discounted_temporal_differences():
    """Schulman et al. (2016), equation 16: the advantage is the sum of (gamma * lambda) ** k * delta."""
    random = np.random.default_rng(1)
    reward = random.normal(size=(6, 1)).astype(np.float32)
    value = random.normal(size=(7, 1)).astype(np.float32)
    gamma, trace_decay = 0.9, 0.8
    delta = reward + gamma * value[1:] - value[:-1]
    expected = [sum((gamma * trace_decay) ** k * delta[t + k, 0] for k in range(6 - t)) for t in range(6)]
    result = lambda_return(reward, np.full_like(reward, gamma), value[1:], np.zeros((6, 1), np.bool_), trace_decay)
    np.testing.assert_allclose((result - value[:-1])[:, 0], expected, rtol=1e-5)
