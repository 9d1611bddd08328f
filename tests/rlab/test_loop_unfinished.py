"""The loop between two steps: its unfinished episodes, and how a new loop goes on from them."""

from dataclasses import asdict, replace

import numpy as np
import pytest

from rlab.loop import Loop
from rlab.tapes import TapeStore
from rlab.types import UserError
from tests.rlab.scripted import FIRST_SEED, FRAMES_A_STEP, START_FRAMES, Scripted

EPISODES = ("....T", ".t", "..l.L", "T", "......t")


class SeedAndTime:
    """An actor whose actions tell the episode and the step."""

    def act(self, observations, first):
        return observations.sum(axis=1).astype(np.int64) % 3, {}


def loop_over(num_envs, *episodes):
    environment = Scripted(num_envs, *episodes)
    return Loop(environment, SeedAndTime(), lambda number: FIRST_SEED + number, stream="train")


def turns(loop, count):
    return [next(loop) for _ in range(count)]


def assert_same(turn, other):
    np.testing.assert_equal(turn.transitions._asdict(), other.transitions._asdict())
    np.testing.assert_equal([asdict(tape) for tape in turn.tapes], [asdict(tape) for tape in other.tapes])
    assert turn.frames == other.frames


def test_unfinished_episodes_are_tapes_that_end_before_their_time():
    loop = loop_over(2, "....T", ".T", "..T")
    turns(loop, 3)
    first, second = loop.unfinished()
    assert (first.number, first.seed, first.step, first.rewards.tolist()) == (0, 100, 0, [1, 2, 3])
    assert (second.number, second.seed, second.step, second.rewards.tolist()) == (2, 102, 5, [1])
    assert (first.actions.tolist(), second.actions.tolist()) == ([1, 2, 0], [0])  # (seed + time) % 3
    assert (first.terminated, second.terminated) == (False, False)
    assert second.frames == START_FRAMES + FRAMES_A_STEP


def test_an_episode_that_has_just_begun_is_unfinished_without_actions():
    loop = loop_over(1, ".T")
    turns(loop, 2)
    (tape,) = loop.unfinished()
    assert (tape.number, tape.length, tape.score, tape.frames) == (1, 0, 0, START_FRAMES)


def test_looking_at_the_unfinished_changes_nothing():
    plain, looked_at = loop_over(3, *EPISODES), loop_over(3, *EPISODES)
    for _ in range(12):
        looked_at.unfinished()
        assert_same(next(plain), next(looked_at))


@pytest.mark.parametrize("num_envs", [1, 3])
@pytest.mark.parametrize("stop", range(12))
def test_a_restored_loop_goes_on_as_if_it_had_never_stopped(num_envs, stop, tmp_path):
    whole, restored = loop_over(num_envs, *EPISODES), loop_over(num_envs, *EPISODES)
    turns(whole, stop)
    store = TapeStore(tmp_path / "tapes.sqlite", create=True)
    for tape in whole.unfinished():
        store.write(tape)
    unfinished = sorted(store.all("train"), key=lambda tape: tape.step % num_envs)
    restored.restore(unfinished, whole.turn, whole.begun, whole.frames)
    for turn, again in zip(turns(whole, 15), turns(restored, 15), strict=True):
        assert_same(turn, again)
    assert (restored.turn, restored.begun, restored.frames) == (whole.turn, whole.begun, whole.frames)


@pytest.mark.parametrize("change", [{"seed": 104}, {"digest": "0" * 32}, {"rewards": np.array([1, 2, 9], np.float32)}])
def test_an_unfinished_episode_that_plays_otherwise_is_refused(change):
    loop = loop_over(2, *EPISODES)
    turns(loop, 3)
    unfinished = [replace(loop.unfinished()[0], **change), loop.unfinished()[1]]
    with pytest.raises(UserError, match="another when played again"):
        loop_over(2, *EPISODES).restore(unfinished, loop.turn, loop.begun, loop.frames)


def test_an_unfinished_episode_that_ends_when_played_again_is_refused():
    loop = loop_over(1, "....T")
    turns(loop, 3)
    with pytest.raises(UserError, match="another when played again"):
        loop_over(1, "..T").restore(loop.unfinished(), loop.turn, loop.begun, loop.frames)


def test_a_restarted_episode_leaves_no_tape_and_no_other_episode_notices():
    loop = loop_over(2, "....T", "....T", ".T")
    turns(loop, 3)
    loop.restart(np.array([False, True]))
    following = turns(loop, 2)
    np.testing.assert_array_equal(following[0].transitions.first, [False, True])
    np.testing.assert_array_equal(following[0].transitions.observation, [[100, 3], [102, 0]])
    assert [(tape.number, tape.length) for turn in following for tape in turn.tapes] == [(0, 5), (2, 2)]


def test_tapes_hold_their_observations_where_that_was_asked_for():
    loop = loop_over(2, "..T", ".t", "T")
    loop.keep_observations(True)
    kept = [tape for turn in turns(loop, 3) for tape in turn.tapes]
    assert len(kept) == 3
    for tape in kept:
        times = np.arange(tape.length + 1)
        np.testing.assert_array_equal(tape.observations, np.stack([np.full_like(times, tape.seed), times], axis=1))
    loop.keep_observations(False)
    assert [tape.observations for turn in turns(loop, 3) for tape in turn.tapes] == [None] * 3
