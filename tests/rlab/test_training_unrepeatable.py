"""A run in an environment whose games cannot be played again: it is noticed, told, and gone on from."""

import numpy as np
import pytest

from rlab.rundir import TAPES
from rlab.tapes import BROKEN_OFF, TapeStore
from tests.rlab.scripted_training import Paying, Student, begin

GAME = "......T"  # 7 steps
LONG = "." * 400 + "T"
NEW_EPISODES = "this environment does not repeat itself: new episodes begin"


class Drifting(Paying):
    """What is observed depends on how many steps were taken in all environments of the process."""

    drift = 0
    drifts_from = 0  # the step of a game

    def step(self, actions):
        Drifting.drift += 1
        return super().step(actions)

    def _observe(self):
        drifted = Drifting.drift * (self._times[:, None] >= self.drifts_from)
        return super()._observe() + drifted.astype(np.float32)


class LateDrifting(Drifting):
    """The same, but the first steps of a game repeat themselves."""

    drifts_from = 5


class Leaking(Paying):
    """A game is a function of its seed and its actions only in an environment that is new."""

    def __init__(self, num_envs, *episodes):
        super().__init__(num_envs, *episodes)
        self._played = np.full(num_envs, -1)

    def reset(self, mask, seeds):
        self._played[mask] += 1
        return super().reset(mask, seeds)

    leaks_from = 0  # the step of a game

    def _observe(self):
        leaked = self._played[:, None] * (self._times[:, None] >= self.leaks_from)
        return super()._observe() + leaked.astype(np.float32)


class LateLeaking(Leaking):
    """The same, but the first steps of a game repeat themselves."""

    leaks_from = 5


def tapes_of(run, stream="train"):
    store = TapeStore(run / TAPES)
    found = list(store.all(stream))
    store.close()
    return found


def turns(training, count):
    """What a training tells in its next turns."""
    return [next(training) for _ in range(count)]


@pytest.mark.parametrize("kind", [Drifting, LateDrifting])
def test_it_is_told_once_when_the_first_game_ends(tmp_path, kind):
    training, _ = begin(tmp_path, Student(*[1] * 5), GAME, kind=kind)
    told = {progress.step: progress.note for progress in turns(training, 200) if progress.note}
    training.close()
    assert list(told) == [7]
    assert told[7].startswith("games of this environment cannot be played again (")


@pytest.mark.parametrize("saved_at", [1, 3])
@pytest.mark.parametrize("kind", [Drifting, LateDrifting])
def test_it_is_told_also_if_a_checkpoint_came_before_the_first_game_ended(tmp_path, kind, saved_at):
    training, _ = begin(tmp_path, Student(*[1] * 5), GAME, kind=kind, checkpoint_period_steps=saved_at)
    told = [progress.note for progress in turns(training, 20) if progress.note]
    training.close()
    assert len(told) == 1


@pytest.mark.parametrize("saved_at", [4, 5])
def test_an_unfinished_game_is_not_the_first_that_is_played_again(tmp_path, saved_at):
    training, _ = begin(tmp_path, Student(*[1] * 5), GAME, kind=LateDrifting, checkpoint_period_steps=saved_at)
    told = {progress.step: progress.note for progress in turns(training, 20) if progress.note}
    training.close()
    assert list(told) == [7]


def test_nothing_is_told_where_games_can_be_played_again(tmp_path):
    training, _ = begin(tmp_path, Student(*[1] * 5), GAME)
    assert {progress.note for progress in turns(training, 200)} == {""}
    training.close()


@pytest.mark.parametrize("num_envs", [1, 3])
def test_what_a_first_game_cannot_show_is_told_when_a_second_one_ends(tmp_path, num_envs):
    """And the tapes of all games hold what was observed, as in every such environment."""
    training, _ = begin(tmp_path, Student(*[1] * 5), GAME, kind=Leaking, num_envs=num_envs)
    told = {progress.step: progress.note for progress in turns(training, 60) if progress.note}
    training.checkpoint()
    training.close()
    assert list(told) == [2 * 7 * num_envs]
    tapes = tapes_of(tmp_path)
    assert len(tapes) > 2 * num_envs
    assert all(tape.observations is not None for tape in tapes)


@pytest.mark.parametrize("num_envs", [1, 3])
def test_a_game_that_was_resumed_is_not_a_second_one_of_its_environment(tmp_path, num_envs):
    """As it was brought back in a new environment."""
    training, _ = begin(tmp_path, Student(*[1] * 5), GAME, kind=LateLeaking, num_envs=num_envs)
    assert not any(progress.note for progress in turns(training, 10))
    training.checkpoint()
    training.close()
    resumed, notes = begin(tmp_path, Student(*[1] * 5), GAME, kind=LateLeaking, num_envs=num_envs, resume=True)
    assert notes == []
    told = {progress.step: progress.note for progress in turns(resumed, 20) if progress.note}
    resumed.checkpoint()
    resumed.close()
    assert list(told) == [3 * 7 * num_envs]
    assert all(tape.observations is not None for tape in tapes_of(tmp_path))


@pytest.mark.parametrize("num_envs", [1, 3])
def test_where_games_can_be_played_again_no_tape_holds_observations(tmp_path, num_envs):
    training, _ = begin(tmp_path, Student(*[1] * 5), GAME, num_envs=num_envs)
    turns(training, 10)
    training.checkpoint()
    assert [tape.observations is None for tape in tapes_of(tmp_path)] == [False] * num_envs  # it is not known yet
    turns(training, 10)
    training.checkpoint()
    training.close()
    assert all(tape.observations is None for tape in tapes_of(tmp_path))


@pytest.mark.parametrize("num_envs", [1, 3])
def test_its_tapes_hold_what_was_observed(tmp_path, num_envs):
    agent = Student(*[1] * 9)
    training, _ = begin(tmp_path, agent, GAME, "..T", kind=Drifting, num_envs=num_envs)
    turns(training, 60)
    training.checkpoint()
    training.close()
    tapes = tapes_of(tmp_path)
    assert len(tapes) > 10
    for tape in tapes:
        start, env = tape.step // num_envs, tape.step % num_envs
        shown = agent.seen[start : start + tape.length]
        seen = [turn.observation[env] for turn in shown] + [shown[-1].next_observation[env]]
        np.testing.assert_array_equal(tape.observations, seen)


@pytest.mark.parametrize("num_envs", [1, 3])
@pytest.mark.parametrize(("episode", "saved_at"), [(GAME, 40), (GAME, 42), (LONG, 1), (LONG, 40)])
def test_it_is_gone_on_from_with_new_episodes_and_the_memory_that_it_had(tmp_path, num_envs, episode, saved_at):
    """Also where no game had ended yet. The latest turns are shown again as they were; then other episodes begin."""
    agent = Student(*[1] * 9, memory=25)
    training, _ = begin(tmp_path, agent, episode, kind=Drifting, num_envs=num_envs)
    turns(training, saved_at)
    training.checkpoint()
    training.close()
    known = agent.seen[-25:]

    agent = Student(*[1] * 9, memory=25)
    resumed, notes = begin(tmp_path, agent, episode, kind=Drifting, num_envs=num_envs, resume=True)
    assert notes == [NEW_EPISODES]
    assert len(agent.seen) == len(known)
    for left, right in zip(agent.seen, known, strict=True):
        for name in ("observation", "action", "reward", "discount", "next_observation", "first"):
            np.testing.assert_array_equal(getattr(left, name), getattr(right, name), err_msg=name)
    assert agent.seen[-1].last.all(), "what had not ended is broken off"

    turns(resumed, 60)
    assert agent.seen[len(known)].first.all()
    resumed.checkpoint()
    resumed.close()
    tapes = tapes_of(tmp_path)
    assert len({tape.seed for tape in tapes}) == len(tapes)
    assert all(tape.observations is not None for tape in tapes)
    assert all(tape.length == len(episode) for tape in tapes), "what was broken off is no finished game"
    broken_off = {tape.seed: tape.length for tape in tapes_of(tmp_path, BROKEN_OFF)}
    assert list(broken_off.values()) == [saved_at % len(episode)] * num_envs * (saved_at % len(episode) > 0)
    assert not broken_off.keys() & {tape.seed for tape in tapes}


def test_it_is_gone_on_from_a_second_time(tmp_path):
    """The memory reaches back over the episodes that the first interruption broke off."""
    known = []
    for resume in (False, True, True):
        agent = Student(*[1] * 9, memory=25)
        training, notes = begin(tmp_path, agent, GAME, kind=Drifting, resume=resume)
        assert notes == ([NEW_EPISODES] if resume else [])
        for left, right in zip(agent.seen, known, strict=True):
            np.testing.assert_array_equal(left.observation, right.observation)
        turns(training, 10)
        training.checkpoint()
        turns(training, 3)  # which are lost
        training.close()
        known = agent.seen[:-3][-25:]
