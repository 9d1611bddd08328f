"""Kinds of spaces, and spaces that are the same after they were JSON."""

import json

import gymnasium
import numpy as np
import pytest
from gymnasium import spaces

from rlab.spaces import NATURE_LEAST, fits_nature, from_json, is_image, to_json
from rlab.types import FrameStack, UserError

INFINITE = np.inf
SPACES = {
    "stack": FrameStack(84, 84, 4),
    "stack that is not square": FrameStack(88, 80, 1),
    "image": spaces.Box(0, 255, (96, 96, 3), np.uint8),
    "image within other bounds": spaces.Box(16, 235, (4, 5, 3), np.uint8),
    "image between numbers": spaces.Box(0, 1, (4, 4, 1), np.float32),
    "vector": spaces.Box(-0.1, 0.7, (3,), np.float32),
    "vector of doubles": spaces.Box(-0.1, 0.7, (3,), np.float64),
    "vector with bounds of its own": spaces.Box(np.array([-1.2, -0.07]), np.array([0.6, 0.07]), dtype=np.float64),
    "vector without bounds": spaces.Box(-INFINITE, INFINITE, (4,), np.float64),
    "vector with some bounds": spaces.Box(
        np.array([-4.8, -INFINITE], np.float32), np.array([4.8, INFINITE], np.float32)
    ),
    "vector bounded below": spaces.Box(0, INFINITE, (3,), np.float32),
    "vector bounded above": spaces.Box(-INFINITE, np.array([0, 1], np.float32)),
    "memory of a console": spaces.Box(0, 255, (128,), np.uint8),
    "whole numbers": spaces.Box(-5, 5, (2,), np.int64),
    "all whole numbers": spaces.Box(np.iinfo(np.int64).min, np.iinfo(np.int64).max, (2,), np.int64),
    "matrix": spaces.Box(-1, 1, (2, 3), np.float32),
    "matrix without bounds": spaces.Box(-INFINITE, INFINITE, (2, 3), np.float32),
    "matrix bounded below": spaces.Box(0, INFINITE, (2, 3), np.float32),
    "matrix with bounds of its own": spaces.Box(-np.ones((2, 2), np.float32), np.array([[1, 2], [3, 4]], np.float32)),
    "number": spaces.Box(-1, 1, (), np.float32),
    "number without bounds": spaces.Box(-INFINITE, INFINITE, (), np.float32),
    "discrete": spaces.Discrete(18),
    "discrete of one": spaces.Discrete(1),
}


@pytest.mark.parametrize("kind", SPACES)
def test_a_space_is_the_same_after_it_was_json(kind):
    space = SPACES[kind]
    again = from_json(json.loads(json.dumps(to_json(space))))
    assert again == space
    assert type(again) is type(space)
    assert (again.shape, again.dtype) == (space.shape, space.dtype)
    if isinstance(space, FrameStack):
        assert again.size == space.size


@pytest.mark.parametrize("name", ["CartPole-v1", "MountainCarContinuous-v0", "Pendulum-v1", "Acrobot-v1", "Taxi-v4"])
def test_the_spaces_of_known_environments_are_the_same_after_they_were_json(name):
    env = gymnasium.make(name)
    for space in (env.observation_space, env.action_space):
        assert from_json(json.loads(json.dumps(to_json(space)))) == space


@pytest.mark.parametrize("space", [spaces.MultiBinary(3), spaces.Dict(), spaces.Text(4), spaces.MultiDiscrete([2, 2])])
def test_a_space_that_the_lab_does_not_take_is_refused(space):
    with pytest.raises(UserError, match=r"received .*, allowed are Box and Discrete") as refused:
        to_json(space)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("kind", "image"),
    [("stack", True), ("image", True), ("image between numbers", False), ("matrix", False), ("discrete", False)],
)
def test_images_have_a_height_a_width_channels_and_bytes(kind, image):
    assert is_image(SPACES[kind]) is image


@pytest.mark.parametrize(
    ("shape", "fits"),
    [((NATURE_LEAST, NATURE_LEAST, 1), True), ((NATURE_LEAST - 1, 84, 4), False), ((84, NATURE_LEAST - 1, 4), False)],
)
def test_the_nature_network_needs_enough_pixels(shape, fits):
    assert fits_nature(spaces.Box(0, 255, shape, np.uint8)) is fits


@pytest.mark.parametrize("kind", ["vector", "discrete", "matrix", "image between numbers", "number"])
def test_the_nature_network_takes_nothing_but_images(kind):
    assert not fits_nature(SPACES[kind])
