"""Augmented images: where their pixels come from, how bright they get, and that nothing else of a batch changes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from rlab.replay.augmentation import augmented, multiplied, shifted
from rlab.types import Batch

PICTURE = np.array([[1, 2, 3], [4, 5, 6]], np.uint8)[..., None]  # [2, 3, 1]


@pytest.mark.parametrize(
    ("offset", "shown"),
    [
        ((0, 0), [[1, 2, 3], [4, 5, 6]]),
        ((1, 0), [[4, 5, 6], [4, 5, 6]]),  # a row further down, below which there is none
        ((0, -1), [[1, 1, 2], [4, 4, 5]]),
        ((-1, 2), [[3, 3, 3], [3, 3, 3]]),
        ((-9, -9), [[1, 1, 1], [1, 1, 1]]),
    ],
)
def test_a_shift_moves_the_window_and_repeats_the_edge(offset, shown):
    found = shifted(PICTURE[None], np.array([offset]))
    assert found[0, ..., 0].tolist() == shown
    assert found.dtype == np.uint8


@settings(deadline=None)
@given(
    arrays.arrays(np.uint8, (3, 5, 4, 2)),
    arrays.arrays(np.int64, (3, 2), elements=st.integers(-6, 6)),
)
def test_each_pixel_is_the_nearest_one_to_where_its_window_looks(images, offsets):
    found = shifted(images, offsets)
    for image, (down, right), seen in zip(images, offsets, found, strict=True):
        for row, column in np.ndindex(5, 4):
            expected = image[np.clip(row + down, 0, 4), np.clip(column + right, 0, 3)]  # the whole stack together
            np.testing.assert_array_equal(seen[row, column], expected)


def test_intensities_are_multiplied_rounded_and_end_at_white():
    images = np.array([[[[0, 100, 101, 250]]], [[[0, 100, 101, 250]]]], np.uint8)
    # 1.05: 105, 106.05, 262.5; 0.5: 50, 50.5, which is rounded to the even one, 125
    assert multiplied(images, np.array([1.05, 0.5])).tolist() == [[[[0, 105, 106, 255]]], [[[0, 50, 50, 125]]]]


@pytest.mark.parametrize("channels", [1, 3, 4, 6])
def test_images_keep_their_shape(channels):
    images = np.full((2, 5, 4, channels), 10, np.uint8)
    assert (
        multiplied(shifted(images, np.array([[1, 0], [0, -2]])), np.array([2.0, 3.0])) == [[[[20]]], [[[30]]]]
    ).all()


def drawn(seed, *, shift, intensity, size=2000):
    """What becomes of pictures, all the same, whose pixels 100 to 108 tell where they were."""
    line = np.broadcast_to(np.arange(100, 109, dtype=np.uint8)[:, None, None], (size, 9, 9, 1))
    numbers = np.arange(size, dtype=np.float32)
    batch = Batch(line, np.arange(size), numbers, numbers, line)
    return batch, augmented(batch, np.random.default_rng(seed), shift=shift, intensity=intensity)


def test_every_shift_is_drawn_as_often_and_by_itself_for_observation_and_successor():
    batch, found = drawn(0, shift=4, intensity=0.0)
    down = [images[:, 4, 4, 0].astype(int) - 104 for images in (found.observation, found.next_observation)]
    for offsets in down:
        counts = np.bincount(offsets + 4, minlength=9)
        assert len(counts) == 9
        assert counts.min() > 160  # of 2000 / 9 = 222, less 4 standard deviations of 14
    assert np.mean(down[0] == down[1]) == pytest.approx(1 / 9, abs=0.03)
    for name in ("action", "reward", "discount"):
        assert getattr(found, name) is getattr(batch, name)
    assert (batch.observation[0, :, 0, 0] == range(100, 109)).all()  # what the replay gave stands


def test_intensities_are_normal_and_cut():
    _, found = drawn(0, shift=0, intensity=0.05)
    factors = found.observation[:, 0, 0, 0] / 100
    assert (factors.min(), factors.max()) == (0.9, 1.1)
    assert np.mean(factors == 1.1) == pytest.approx(0.0287, abs=0.012)  # rounded to 110: z above 1.9
    assert np.std(factors) == pytest.approx(0.048, abs=0.002)  # that of z cut to 2 is 0.959
    assert not np.array_equal(found.observation, found.next_observation)


def test_the_same_generator_draws_the_same_and_nothing_where_nothing_is_wanted():
    first, second = (drawn(7, shift=2, intensity=0.05, size=9)[1] for _ in range(2))
    np.testing.assert_array_equal(first.observation, second.observation)
    np.testing.assert_array_equal(first.next_observation, second.next_observation)
    random = np.random.default_rng(0)
    batch = drawn(0, shift=0, intensity=0.0)[0]
    assert augmented(batch, random, shift=0, intensity=0.0).observation is batch.observation
    assert random.bit_generator.state == np.random.default_rng(0).bit_generator.state
