"""Where observations are kept: what is put is what one gets, compressed or not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rlab.replay.frames import CompressedFrames, RawFrames

SHAPE = (16, 16)
ROWS, NUM_ENVS = 5, 2
NOTHING = -1


def make(compressed, shape=SHAPE):
    return CompressedFrames(ROWS, NUM_ENVS, shape) if compressed else RawFrames(ROWS, NUM_ENVS, shape, np.uint8)


def walk(count, shape=SHAPE, seed=0):
    """Frames that change in a pixel or two, and now and then altogether."""
    random = np.random.default_rng(seed)
    frame = random.integers(256, size=shape, dtype=np.uint8)
    for _ in range(count):
        if random.random() < 0.2:
            frame = random.integers(256, size=shape, dtype=np.uint8)
        else:
            frame = frame.copy()
            frame[tuple(random.integers(shape))] ^= 255
        yield frame


@pytest.mark.parametrize("compressed", [False, True])
@given(
    seed=st.integers(0, 10_000),
    count=st.integers(0, 40),
    wanted=st.lists(st.integers(-1, ROWS * NUM_ENVS - 1), min_size=1),
)
@settings(max_examples=40, deadline=None)
def test_what_was_put_last_in_a_place_is_what_one_gets(compressed, seed, count, wanted):
    frames, expected = make(compressed), np.zeros((ROWS * NUM_ENVS + 1, *SHAPE), np.uint8)
    places = np.random.default_rng(seed).integers(ROWS * NUM_ENVS, size=count)
    for place, frame in zip(places, walk(count, seed=seed), strict=True):
        frames.put(*divmod(int(place), NUM_ENVS), frame)
        expected[place] = frame
    found = frames.get(np.array(wanted))
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, expected[wanted])


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("shape", [(7,), (9, 8), (8, 9, 3)])
def test_frames_of_any_shape(compressed, shape):
    frames, kept = make(compressed, shape), list(walk(ROWS, shape))
    for row, frame in enumerate(kept):
        frames.put(row, 1, frame)
    np.testing.assert_array_equal(frames.get(np.arange(ROWS) * NUM_ENVS + 1), kept)


@pytest.mark.parametrize("layout", [np.asfortranarray, lambda image: image[::-1], lambda image: image[:, ::-1]])
@pytest.mark.parametrize("compressed", [False, True])
def test_the_layout_of_a_frame_in_memory_does_not_matter(compressed, layout):
    frames, kept = make(compressed, (8, 9, 3)), [layout(frame) for frame in walk(ROWS, (8, 9, 3))]
    for row, frame in enumerate(kept):
        frames.put(row, 0, frame)
    np.testing.assert_array_equal(frames.get(np.arange(ROWS) * NUM_ENVS), kept)


@pytest.mark.parametrize("compressed", [False, True])
def test_the_empty_place_stays_empty_when_all_others_are_full(compressed):
    frames = make(compressed)
    for place in range(ROWS * NUM_ENVS):
        frames.put(*divmod(place, NUM_ENVS), np.full(SHAPE, 255, np.uint8))
    assert not frames.get(np.array([NOTHING, NOTHING])).any()
    assert frames.get(np.array([ROWS * NUM_ENVS - 1])).all()


@pytest.mark.parametrize("compressed", [False, True])
def test_neither_what_was_given_nor_what_was_got_is_shared(compressed):
    frames, frame = make(compressed), np.full(SHAPE, 7, np.uint8)
    frames.put(0, 0, frame)
    frames.put(1, 0, frame)  # no key
    frame[:] = 8
    got = frames.get(np.array([0, 2, NOTHING]))
    got[:] = 9
    assert np.unique(frames.get(np.array([0, 2]))).tolist() == [7]
    assert not frames.get(np.array([NOTHING])).any()


def test_numbers_that_are_no_bytes_are_kept_as_they_are():
    frames = RawFrames(ROWS, NUM_ENVS, (2,), np.float64)
    frames.put(0, 1, np.array([0.1, -np.inf]))
    np.testing.assert_array_equal(frames.get(np.array([1])), [[0.1, -np.inf]])


def test_a_frame_outlives_the_place_of_its_key():
    frames = make(compressed=True)
    key = np.random.default_rng(0).integers(256, size=SHAPE, dtype=np.uint8)
    near = key.copy()
    near[0, 0] ^= 1
    frames.put(0, 0, key)
    frames.put(1, 0, near)
    frames.put(0, 0, 255 - key)  # in the place of the key
    np.testing.assert_array_equal(frames.get(np.array([2])), [near])


def test_a_frame_like_the_one_before_takes_little_and_another_one_a_key_of_its_own():
    key, other = np.random.default_rng(0).integers(256, size=(2, *SHAPE), dtype=np.uint8)
    frames = make(compressed=True)
    empty = frames.nbytes
    frames.put(0, 0, key)
    alone = frames.nbytes
    assert alone - empty == 256  # the key itself: 16 * 16 bytes
    frames.put(1, 0, key)
    assert frames.nbytes == alone
    frames.put(2, 0, other)
    assert frames.nbytes == alone + 256
    frames.put(2, 0, key)  # which is far from the key in use
    assert frames.nbytes == alone + 256


def test_each_environment_has_a_key_of_its_own():
    pictures = np.random.default_rng(0).integers(256, size=(2, *SHAPE), dtype=np.uint8)
    frames = make(compressed=True)
    empty = frames.nbytes
    for row in range(ROWS):
        for env, picture in enumerate(pictures):
            frames.put(row, env, picture)
    assert frames.nbytes == empty + 2 * 256


def test_raw_frames_take_their_size_whatever_is_in_them():
    frames = make(compressed=False)
    before = frames.nbytes
    frames.put(0, 0, np.ones(SHAPE, np.uint8))
    assert frames.nbytes == before == (ROWS * NUM_ENVS + 1) * 256  # one more for the empty place
