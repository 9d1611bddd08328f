"""Rollouts: rows of named arrays that fill up, and come back from a file."""

from pathlib import Path

import numpy as np
import pytest

from rlab.replay.rollouts import Rollout, check_split, minibatches
from rlab.types import UserError


def test_it_fills_row_by_row_and_is_emptied_at_once() -> None:
    rollout = Rollout(2)
    rollout.add(reward=np.array([1, 2], np.float32), seen=np.zeros((2, 3), np.uint8))
    assert (rollout.size, rollout.full) == (1, False)
    rollout.add(reward=np.array([3, 4], np.float32), seen=np.ones((2, 3), np.uint8))
    assert rollout.full
    assert rollout["reward"].tolist() == [[1, 2], [3, 4]]
    assert (rollout["seen"].shape, rollout["seen"].dtype) == ((2, 2, 3), np.uint8)
    rollout.clear()
    assert (rollout.size, rollout["reward"].shape) == (0, (0, 2))


def test_what_is_written_into_a_row_stays() -> None:
    rollout = Rollout(2)
    rollout.add(value=np.zeros(2))
    rollout["value"][0] = 7
    assert rollout["value"].tolist() == [[7, 7]]


def test_it_comes_back_from_a_file(tmp_path: Path) -> None:
    for rows in range(4):
        rollout, again = Rollout(3), Rollout(3)
        for row in range(rows):
            rollout.add(value=np.array([row, row / 3], np.float32), last=np.array([True, False]))
        rollout.save(tmp_path / "rollout.npz")
        again.load(tmp_path / "rollout.npz")
        assert again.size == rows
        if rows:
            for name in ("value", "last"):
                np.testing.assert_array_equal(again[name], rollout[name])
                assert again[name].dtype == rollout[name].dtype


def test_each_epoch_goes_once_through_all_steps_in_an_order_of_its_own() -> None:
    parts = list(minibatches(12, 3, 2, np.random.default_rng(0)))
    assert [len(part) for part in parts] == [4] * 6
    orders = [np.concatenate(parts[start : start + 3]).tolist() for start in (0, 3)]
    assert [sorted(order) for order in orders] == [list(range(12))] * 2
    assert list(range(12)) not in orders
    assert orders[0] != orders[1]


def test_who_stops_early_has_drawn_no_order_of_a_later_epoch() -> None:
    random, other = np.random.default_rng(0), np.random.default_rng(0)
    batches = minibatches(8, 2, 3, random)
    next(batches)
    next(batches)
    other.permutation(8)
    assert random.bit_generator.state == other.bit_generator.state


def test_steps_that_do_not_split_evenly_are_refused() -> None:
    check_split(5, 4, 10)
    with pytest.raises(UserError, match=r"received --rollout-steps 5 x --num-envs 3 for --minibatches 4, allowed is a"):
        check_split(5, 3, 4)
