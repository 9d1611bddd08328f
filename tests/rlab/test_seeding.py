"""Random streams: named, reproducible, independent of each other, and restored in the middle."""

import json

import numpy as np
import pytest

from rlab.seeding import SEED_LIMIT, Seeds, generator_state, restore_generator


def test_a_stream_is_the_same_for_ever():
    assert Seeds(1).integer("actor") == 6614691
    assert Seeds(0).generator("replay").integers(100, size=5).tolist() == [7, 69, 27, 66, 49]


def test_another_seed_or_name_gives_another_stream():
    drawn = {
        (seed, name): Seeds(seed).integer(name) for seed in range(10) for name in ("actor", "agent", "environment")
    }
    assert len(set(drawn.values())) == len(drawn)


def test_integers_are_seeds_that_every_environment_takes():
    integers = [Seeds(seed).integer("environment") for seed in range(200)]
    assert all(type(integer) is int and 0 <= integer < SEED_LIMIT for integer in integers)
    assert max(integers) > SEED_LIMIT / 2


def test_each_call_begins_the_stream_anew():
    seeds = Seeds(3)
    seeds.generator("actor").random(100)
    np.testing.assert_array_equal(seeds.generator("actor").random(5), Seeds(3).generator("actor").random(5))


@pytest.mark.parametrize("drawn", [0, 1, 2, 7])
def test_a_generator_goes_on_from_its_state(drawn):
    generator = Seeds(5).generator("actor")
    generator.integers(9, size=drawn)  # an odd number leaves half of a 64-bit word in the generator
    state = json.loads(json.dumps(generator_state(generator)))
    restored = Seeds(6).generator("other")
    restore_generator(restored, state)
    np.testing.assert_array_equal(restored.integers(9, size=21), generator.integers(9, size=21))
    np.testing.assert_array_equal(restored.random(3), generator.random(3))


def test_a_state_stays_as_it_was_while_its_generator_goes_on():
    generator = Seeds(5).generator("actor")
    state = generator_state(generator)
    drawn = generator.integers(9, size=10)
    restore_generator(generator, state)
    np.testing.assert_array_equal(generator.integers(9, size=10), drawn)
