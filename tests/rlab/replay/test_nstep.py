"""Returns over several steps, in numbers that can be checked by hand; gamma is 0.5 throughout."""

import numpy as np
import pytest

from rlab.replay.nstep import n_step

GO_ON = [1, 1, 1]
NOT_LAST = [False, False, False]


@pytest.mark.parametrize(
    ("discount", "last", "total", "weight", "taken"),
    [
        # 8 + 0.5 * 4 + 0.25 * 2; 0.5 ** 3
        pytest.param(GO_ON, NOT_LAST, 10.5, 0.125, 3, id="goes on"),
        # 8 + 0.5 * 4, and nothing follows
        pytest.param([1, 0, 1], [False, True, False], 10, 0, 2, id="terminated"),
        # 8 + 0.5 * 4; the value where the time limit struck counts 0.5 ** 2
        pytest.param(GO_ON, [False, True, False], 10, 0.25, 2, id="truncated"),
        # 8 alone; what comes after belongs to another episode
        pytest.param(GO_ON, [True, False, True], 8, 0.5, 1, id="truncated at once"),
        pytest.param([0, 1, 1], [True, False, False], 8, 0, 1, id="terminated at once"),
        # 8 + 0.5 * 4 + 0.25 * 2, the end comes with the last step of the window
        pytest.param([1, 1, 0], [False, False, True], 10.5, 0, 3, id="terminated at the end of the window"),
        pytest.param(GO_ON, [False, False, True], 10.5, 0.125, 3, id="truncated at the end of the window"),
        # 8 + 0.5 * 4 + 0 * 2: the game goes on after a lost life, but what it brings does not count
        pytest.param([1, 0, 1], NOT_LAST, 10, 0, 3, id="life lost"),
        # 8 + 0.5 * 4 + 0 * 2
        pytest.param([1, 0, 1], [False, False, True], 10, 0, 3, id="life lost, then truncated"),
    ],
)
def test_three_steps(discount, last, total, weight, taken):
    reward = np.array([[8, 4, 2]], np.float32)
    result = n_step(reward, np.array([discount], np.float32), np.array([last]), 0.5)
    assert [column.tolist() for column in result] == [[total], [weight], [taken]]


@pytest.mark.parametrize(("discount", "last", "weight"), [(1, False, 0.5), (1, True, 0.5), (0, True, 0), (0, False, 0)])
def test_one_step_is_the_reward_and_the_discount(discount, last, weight):
    result = n_step(np.array([[-3]], np.float32), np.array([[discount]], np.float32), np.array([[last]]), 0.5)
    assert [column.tolist() for column in result] == [[-3], [weight], [1]]


def test_rows_do_not_touch_each_other():
    reward = np.array([[1, 1], [2, 2], [4, 4]], np.float32)
    discount = np.array([[1, 1], [0, 1], [1, 1]], np.float32)
    last = np.array([[False, False], [True, False], [True, False]])
    total, weight, taken = n_step(reward, discount, last, 0.5)
    assert total.tolist() == [1.5, 2, 4]  # 1 + 0.5 * 1; 2; 4
    assert weight.tolist() == [0.25, 0, 0.5]
    assert taken.tolist() == [2, 1, 1]


def test_numbers_are_float32_and_steps_are_whole():
    result = n_step(np.ones((2, 3), np.float32), np.ones((2, 3), np.float32), np.zeros((2, 3), np.bool_), 0.99)
    assert [column.dtype for column in result] == [np.float32, np.float32, np.int64]


def test_what_it_is_given_stays_as_it_was():
    given = np.ones((1, 3), np.float32), np.zeros((1, 3), np.float32), np.array([[False, True, False]])
    before = [array.copy() for array in given]
    n_step(*given, 0.5)
    assert all(np.array_equal(*pair) for pair in zip(given, before, strict=True))
