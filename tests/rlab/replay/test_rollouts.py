"""Rollouts: rows of named arrays that fill up, and come back from a file."""

from pathlib import Path

import numpy as np

from rlab.replay.rollouts import Rollout


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
