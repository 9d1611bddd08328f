"""Tapes proved by playing them again: what agrees, and what a tape that lies is caught by."""

from dataclasses import replace

import numpy as np
import pytest
from gymnasium import spaces

import envs
from rlab.protocol import PROTOCOLS
from rlab.tapes import Digest, disagreement
from rlab.types import FrameStack
from tests.playing import play


def played(environment_name):
    """The tape of one game with random actions, and the space of its observations."""
    environment = envs.make(environment_name, 1, PROTOCOLS["gymnasium"])
    tape = play(environment, seed=0).tape
    environment.close()
    return tape, environment.observation_space


def verdict(tape, space):
    return disagreement(tape, space, envs.emulate(tape))


@pytest.mark.parametrize("name", ["CartPole-v1", "Taxi-v4", "FrozenLake-v1", "Pendulum-v1", "Identity-v0", "Catch-v0"])
def test_a_true_tape_agrees(name):
    tape, space = played(name)
    assert verdict(tape, space) is None


@pytest.mark.parametrize("name", ["CartPole-v1", "Taxi-v4", "Identity-v0", "Catch-v0"])
def test_every_flipped_action_is_found(name):
    tape, space = played(name)
    for step in range(tape.length):
        actions = tape.actions.copy()
        actions[step] = (actions[step] + 1) % 2
        assert verdict(replace(tape, actions=actions), space), f"action {step + 1} of {tape.length}"


@pytest.mark.parametrize("step", [0, 57, 199])
def test_a_flipped_reward_is_found_and_named(step):
    tape, space = played("Taxi-v4")
    rewards = tape.rewards.copy()
    rewards[step] += 1
    message = verdict(replace(tape, rewards=rewards), space)
    assert message == f"reward {step + 1} is {rewards[step]:g} on the tape, {tape.rewards[step]:g} when played again"


@pytest.mark.parametrize("position", [0, 17, 31])
def test_a_flipped_byte_of_the_digest_is_found(position):
    tape, space = played("CartPole-v1")
    flipped = f"{int(tape.digest[position], 16) ^ 1:x}"
    digest = tape.digest[:position] + flipped + tape.digest[position + 1 :]
    assert verdict(replace(tape, digest=digest), space)


def test_another_seed_is_found():
    tape, space = played("CartPole-v1")
    assert verdict(replace(tape, seed=tape.seed + 1), space)


def test_a_tape_that_was_cut_short_is_found():
    tape, space = played("CartPole-v1")
    cut = replace(tape, actions=tape.actions[:-1], rewards=tape.rewards[:-1])
    assert "the episode does not when played again" in verdict(cut, space)


def test_a_tape_that_goes_on_after_the_end_is_found():
    tape, space = played("CartPole-v1")
    longer = replace(tape, actions=np.append(tape.actions, 0), rewards=np.append(tape.rewards, np.float32(1)))
    expected = f"the tape has {tape.length + 1} steps, the episode ends after {tape.length} when played again"
    assert verdict(longer, space) == expected


@pytest.mark.parametrize(("name", "terminated"), [("CartPole-v1", True), ("Identity-v0", False)])
def test_another_kind_of_ending_is_found(name, terminated):
    tape, space = played(name)
    assert tape.terminated == terminated
    assert verdict(replace(tape, terminated=not terminated), space) in (
        "truncated on the tape, terminated when played again",
        "terminated on the tape, truncated when played again",
    )


def test_a_re_emulation_that_stops_early_is_no_proof():
    tape, space = played("CartPole-v1")
    moments = list(envs.emulate(tape))
    assert disagreement(tape, space, moments) is None
    assert disagreement(tape, space, moments[:-1])


def test_the_observation_after_the_last_action_does_not_count():
    tape, space = played("CartPole-v1")
    *moments, last = envs.emulate(tape)
    assert disagreement(tape, space, [*moments, last._replace(observation=np.zeros(4, np.float32))]) is None


def test_the_digest_tells_order_and_every_value():
    space = spaces.Box(0, 255, (4, 4, 1), np.uint8)
    screens = np.random.default_rng(0).integers(256, size=(3, 4, 4, 1), dtype=np.uint8)
    changed = screens.copy()
    changed[1, 3, 3, 0] ^= 1

    def digest_of(observations):
        digest = Digest(space)
        for observation in observations:
            digest.add(observation)
        return digest.text(np.zeros(0))

    texts = [digest_of(observations) for observations in (screens, screens[::-1], screens[:2], changed)]
    assert len(set(texts)) == 4
    assert texts[0] == digest_of(screens.copy(order="F"))


def test_of_stacked_frames_the_newest_counts():
    stack = np.random.default_rng(0).integers(256, size=(8, 8, 4), dtype=np.uint8)

    def digest_of(observation):
        digest = Digest(FrameStack(8, 8, 4))
        digest.add(observation)
        return digest.text(np.zeros(0))

    older, newest = stack.copy(), stack.copy()
    older[..., 0] += 1
    newest[..., 3] += 1
    assert digest_of(older) == digest_of(stack) != digest_of(newest)
