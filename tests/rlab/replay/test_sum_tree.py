"""The sum tree against a plain list of priorities and their running sum."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from rlab.replay.sum_tree import SumTree
from rlab.types import UserError

SIZES = st.sampled_from([1, 2, 31, 32, 33, 100, 1024, 1025, 3000])  # one level to three


def filled(priorities):
    tree = SumTree(len(priorities))
    tree.set(np.arange(len(priorities)), np.array(priorities, np.float64))
    return tree


def test_a_place_is_found_by_the_running_sum():
    tree = SumTree(5)
    assert tree.total == 0
    tree.set(np.array([3, 0, 1]), np.array([3.0, 1.0, 2.0]))
    assert tree.priorities.tolist() == [1, 2, 0, 3, 0]
    assert tree.total == 6  # 1 + 2 + 3
    # Running sums 1, 3, 3, 6, 6: a place begins where the one before ends, and those of priority 0 are nowhere.
    assert tree.find(np.array([0, 0.9, 1, 2.9, 3, 5.9])).tolist() == [0, 0, 1, 1, 3, 3]


def test_of_a_place_that_comes_twice_the_last_counts():
    tree = filled([1, 1, 1])
    tree.set(np.array([1, 2, 1, 1]), np.array([5.0, 4.0, 6.0, 2.0]))
    assert tree.priorities.tolist() == [1, 2, 4]
    assert tree.total == 7


def test_nothing_is_set_where_there_is_nothing_to_set():
    tree = filled([1, 2])
    tree.set(np.array([], np.int64), np.array([]))
    assert tree.priorities.tolist() == [1, 2]


@given(size=SIZES, seed=st.integers(0, 10_000), times=st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_it_finds_what_a_list_finds(size, seed, times):
    """Whole numbers, of which every sum is exact."""
    random = np.random.default_rng(seed)
    tree, plain = SumTree(size), np.zeros(size)
    for _ in range(times):
        places = random.integers(size, size=random.integers(1, 2 * size + 1))
        priorities = random.integers(4, size=len(places)).astype(np.float64)
        tree.set(places, priorities)
        for place, priority in zip(places, priorities, strict=True):
            plain[place] = priority
        np.testing.assert_array_equal(tree.priorities, plain)
        assert tree.total == plain.sum()
        if tree.total:
            sums = random.integers(8 * tree.total, size=50) / 8
            np.testing.assert_array_equal(tree.find(sums), np.searchsorted(plain.cumsum(), sums, side="right"))


def random_priorities(random, size):
    """Of every magnitude, a third of them 0."""
    return random.random(size) * 10.0 ** random.integers(-12, 12, size) * (random.random(size) > 1 / 3)


@given(size=SIZES, seed=st.integers(0, 10_000), times=st.integers(1, 30), most=st.integers(1, 50))
@settings(max_examples=60, deadline=None)
def test_it_has_the_bits_of_a_tree_that_was_filled_at_once(size, seed, times, most):
    random = np.random.default_rng(seed)
    tree = SumTree(size)
    for _ in range(times):
        places = random.integers(size, size=random.integers(1, most + 1))
        tree.set(places, random_priorities(random, len(places)))
    again = filled(tree.priorities)
    for level, other in zip(tree._levels, again._levels, strict=True):
        np.testing.assert_array_equal(level, other)
    assert tree.total == again.total == pytest.approx(tree.priorities.sum(), rel=1e-14)


@given(size=SIZES, seed=st.integers(0, 10_000))
@settings(max_examples=100, deadline=None)
def test_no_place_of_priority_0_is_found_however_sums_are_rounded(size, seed):
    random = np.random.default_rng(seed)
    priorities = random_priorities(random, size)
    if not priorities.any():
        priorities[random.integers(size)] = 1e-9
    tree = filled(priorities)
    borders = np.concatenate([[0], priorities.cumsum(), tree._levels[-1].cumsum(), [tree.total]])
    found = tree.find(np.concatenate([borders, np.nextafter(borders, 0), np.nextafter(borders, np.inf)]))
    assert (tree.priorities[found] > 0).all()
    wide = np.flatnonzero(priorities > 1e-9 * tree.total)
    np.testing.assert_array_equal(tree.find((priorities.cumsum() - priorities / 2)[wide]), wide)


@given(size=SIZES, seed=st.integers(0, 10_000), count=st.integers(1, 300))
@settings(max_examples=60, deadline=None)
def test_each_of_equal_parts_of_the_total_gives_a_place(size, seed, count):
    random = np.random.default_rng(seed)
    priorities = random.integers(1, 10, size=size).astype(np.float64)
    tree = filled(priorities)
    drawn = tree.sample(count, random)
    # A place as wide as w parts has all of w - 1 or more of them for itself, and touches w + 1 or fewer.
    counts, width = np.bincount(drawn, minlength=size), count * priorities / tree.total
    assert (np.abs(counts - width) < 2 + 1e-9).all()
    assert (np.diff(drawn) >= 0).all()


@pytest.mark.parametrize("at_once", [1, 32])
def test_places_are_drawn_as_often_as_their_priorities_say(at_once):
    priorities = np.random.default_rng(0).random(40) ** 2
    tree, random, draws = filled(priorities), np.random.default_rng(1), 16_000
    drawn = np.concatenate([tree.sample(at_once, random) for _ in range(draws // at_once)])
    counts = np.bincount(drawn, minlength=40)
    found = stats.chisquare(counts, draws * priorities / priorities.sum())
    assert found.pvalue > 0.01
    assert stats.chisquare(counts, np.full(40, draws / 40)).pvalue < 1e-6  # nor would any other priorities do


def test_the_same_generator_draws_the_same_places():
    tree = filled(np.random.default_rng(0).random(2000))
    drawn = [tree.sample(32, np.random.default_rng(5)).tolist() for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert drawn[0] != tree.sample(32, np.random.default_rng(6)).tolist()


@pytest.mark.parametrize("wrong", [-0.5, np.nan, np.inf])
def test_a_priority_that_is_none_is_refused_and_nothing_changed(wrong):
    tree = filled([1, 2, 3])
    with pytest.raises(UserError, match=f"received {wrong}, allowed is a finite number from 0"):
        tree.set(np.array([0, 1]), np.array([7, wrong]))
    assert tree.priorities.tolist() == [1, 2, 3]
    assert tree.total == 6
