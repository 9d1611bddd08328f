"""Counts of actions by observations, exact ones and by hash."""

import numpy as np
import pytest
from gymnasium import spaces

from rlab.counts import Counts
from rlab.types import UserError

PLANE = spaces.Box(np.array([0, -4], np.float32), np.array([2, 4], np.float32))


def test_symbols_are_counted_one_by_one_and_what_comes_twice_counts_twice():
    counts = Counts(spaces.Discrete(3), 2)
    counts.add(np.array([0, 2, 2, 2]), np.array([1, 0, 0, 1]))
    np.testing.assert_array_equal(counts.of(np.array([2, 1, 0])), [[2, 1], [0, 0], [0, 1]])


def test_the_same_vector_is_counted_together_and_far_ones_apart():
    counts = Counts(PLANE, 2)
    corners = np.array([[0, -4], [0, 4], [2, -4], [2, 4]], np.float32)
    counts.add(corners, np.array([0, 1, 0, 1]))
    counts.add(corners[:1], np.array([0]))
    np.testing.assert_array_equal(counts.of(corners), [[2, 0], [0, 1], [1, 0], [0, 1]])


def test_near_vectors_share_a_cell_more_often_than_far_ones():
    counts, random = Counts(PLANE, 1), np.random.default_rng(0)
    points = PLANE.low + random.random((500, 2), np.float32) * (PLANE.high - PLANE.low)
    shares = []
    for distance in (0.001, 0.03, 1.0):
        moved = points + distance * random.standard_normal(points.shape).astype(np.float32)
        shares.append(np.mean(counts.cells(points) == counts.cells(moved)))
    assert shares[0] > 0.95
    assert shares[0] > shares[1] > shares[2]
    assert shares[2] < 0.2


def test_vectors_in_one_direction_from_the_middle_are_told_apart():
    counts = Counts(spaces.Box(-1, 1, (1,), np.float32), 1)
    assert len(set(counts.cells(np.linspace(-1, 1, 100, dtype=np.float32)[:, None]))) >= 8


def test_images_that_look_different_are_told_apart():
    seen = np.zeros((4, 8, 8, 2), np.uint8)  # black,
    seen[1] = 255  # white,
    seen[2] = 128  # grey,
    seen[3, :4] = 255  # and half white
    assert_told_apart(spaces.Box(0, 255, (8, 8, 2), np.uint8), seen)


def test_unbounded_vectors_in_different_directions_are_told_apart():
    seen = np.array([[3.0, 0, 0], [-3, 0, 0], [0, 3, 0], [0, 0, 3]])
    assert_told_apart(spaces.Box(-np.inf, np.inf, (3,), np.float64), seen)


def assert_told_apart(space, seen):
    """Four observations have a cell each, to which they come again."""
    counts = Counts(space, 3)
    counts.add(seen, np.array([0, 1, 2, 0]))
    counts.add(seen[[0, 3]], np.array([2, 0]))
    np.testing.assert_array_equal(counts.of(seen), [[1, 0, 1], [0, 1, 0], [0, 0, 1], [2, 0, 0]])


def test_counts_are_saved_and_loaded(tmp_path):
    counts, again = Counts(PLANE, 2), Counts(PLANE, 2)
    seen = np.array([[0.3, 1], [1, -2]], np.float32)
    counts.add(seen, np.array([1, 0]))
    counts.save(tmp_path / "counts.npz")
    again.load(tmp_path / "counts.npz")
    np.testing.assert_array_equal(again.of(seen), counts.of(seen))


def test_counts_of_something_else_are_refused(tmp_path):
    Counts(spaces.Discrete(3), 2).save(tmp_path / "counts.npz")
    with pytest.raises(UserError, match=r"received counts int32\[3, 2\], expected int32\[4, 2\]"):
        Counts(spaces.Discrete(4), 2).load(tmp_path / "counts.npz")
