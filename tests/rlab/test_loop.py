"""The loop: how episodes end, what they are seeded with, what the agent is shown and what is taped."""

from itertools import pairwise

import numpy as np
import pytest
from gymnasium import spaces

from rlab.loop import Loop
from rlab.tapes import disagreement
from rlab.types import Moment, UserError
from tests.rlab.scripted import FIRST_SEED, FRAMES_A_STEP, START_FRAMES, Scripted


class Player:
    """An actor whose actions follow from what it sees, and an agent that notes what it is asked."""

    def __init__(self, environment, metrics=None):
        self.calls = environment.calls
        self.seen = []
        self._metrics = metrics

    def act(self, observations, first):
        self.calls.append(("act", observations[:, 1].tolist(), first.tolist()))
        return observations.sum(axis=1).astype(np.int64) % 3, {"probability": observations[:, 1] / 10}

    def observe(self, transitions):
        self.calls.append(("observe",))
        self.seen.append(transitions)

    def learn(self):
        self.calls.append(("learn",))
        return self._metrics


def loop_over(num_envs, *episodes, **settings):
    """A loop over written episodes, which are played in this order."""
    environment = Scripted(num_envs, *episodes)
    return Loop(environment, Player(environment), lambda number: FIRST_SEED + number, stream="train", **settings)


def turns(loop, count):
    return [next(loop) for _ in range(count)]


@pytest.mark.parametrize(
    ("event", "life_loss_ends_value", "discount", "last"),
    [
        (".", False, 1, False),
        (".", True, 1, False),
        ("T", False, 0, True),
        ("T", True, 0, True),
        ("t", False, 1, True),
        ("t", True, 1, True),
        ("l", False, 1, False),
        ("l", True, 0, False),
        ("L", False, 0, True),
        ("L", True, 0, True),
    ],
)
def test_how_an_event_reaches_the_learner(event, life_loss_ends_value, discount, last):
    loop = loop_over(1, f".{event}..T", "...T", life_loss_ends_value=life_loss_ends_value)
    before, at, after = (turn.transitions for turn in turns(loop, 3))
    assert (before.discount[0], before.last[0]) == (1, False)
    assert (at.discount[0], at.last[0]) == (discount, last)
    assert after.first[0] == last
    assert at.discount.dtype == np.float32
    np.testing.assert_array_equal(at.next_observation, [[100, 2]])  # the true successor, whatever comes next
    np.testing.assert_array_equal(after.observation, [[101, 0]] if last else [[100, 2]])


def test_a_time_limit_that_falls_on_the_end_of_the_game_does_not_lend_it_a_future():
    loop = loop_over(1, "T")
    step = loop.environment.step
    loop.environment.step = lambda actions: step(actions)._replace(truncated=np.array([True]))
    turn = next(loop)
    assert turn.transitions.discount[0] == 0
    assert turn.tapes[0].terminated


def test_transitions_carry_what_was_seen_done_and_paid():
    first, second = (turn.transitions for turn in turns(loop_over(2, "...T", "..t"), 2))
    np.testing.assert_array_equal(second.observation, [[100, 1], [101, 1]])
    np.testing.assert_array_equal(second.action, [101 % 3, 102 % 3])
    np.testing.assert_array_equal(second.reward, [2, 2])
    np.testing.assert_array_equal(second.next_observation, [[100, 2], [101, 2]])
    np.testing.assert_allclose(second.extras["probability"], [0.1, 0.1])
    np.testing.assert_array_equal(first.first, [True, True])
    np.testing.assert_array_equal(second.first, [False, False])


def test_observations_follow_each_other_within_an_episode_only():
    loop = loop_over(3, "..T", "t", ".l.L", "T", ".t")
    for earlier, later in pairwise(turn.transitions for turn in turns(loop, 40)):
        goes_on = ~earlier.last
        np.testing.assert_array_equal(later.observation[goes_on], earlier.next_observation[goes_on])
        np.testing.assert_array_equal(later.first, earlier.last)
        np.testing.assert_array_equal(earlier.next_observation[:, 0], earlier.observation[:, 0])  # of the same episode
        assert (later.observation[earlier.last, 1] == 0).all()


def test_each_turn_acts_steps_observes_and_learns_once_in_this_order():
    environment = Scripted(2, ".T", "..T")
    player = Player(environment)
    turns(Loop(environment, player, lambda number: FIRST_SEED + number, stream="train", agent=player), 4)
    assert [call[0] for call in environment.calls if call[0] != "reset"] == ["act", "step", "observe", "learn"] * 4


def test_the_agent_is_shown_the_turn_and_its_metrics_are_handed_on():
    environment = Scripted(1, "..T")
    player = Player(environment, metrics={"loss": 2.0})
    turn = next(Loop(environment, player, lambda number: FIRST_SEED, stream="train", agent=player))
    assert len(player.seen) == 1
    assert player.seen[0] is turn.transitions
    assert turn.metrics == {"loss": 2.0}


def test_without_an_agent_nothing_is_learned():
    assert next(loop_over(1, "..T")).metrics is None


def test_episodes_are_seeded_in_the_order_in_which_they_begin():
    loop = loop_over(3, "..T", ".T", "..T", ".T", "..T", "..T", ".T")
    turns(loop, 6)
    assert [call[1:] for call in loop.environment.calls if call[0] == "reset"] == [
        ([0, 1, 2], [100, 101, 102]),
        ([1], [103]),  # after 2 turns
        ([0, 2], [104, 105]),  # after 3: two episodes end at the same turn
        ([1], [106]),  # after 4
        ([0, 1, 2], [107, 108, 109]),  # after 6
    ]
    assert loop.begun == 10


def test_a_finished_environment_is_reset_before_the_next_step():
    loop = loop_over(2, "T", "t", "T", ".T", "T")
    turns(loop, 10)  # the scripted environment refuses to step an episode that is over
    assert [call[1:] for call in loop.environment.calls if call[0] == "act"][:4] == [
        ([0, 0], [True, True]),
        ([0, 0], [True, True]),
        ([0, 1], [True, False]),
        ([0, 0], [True, True]),
    ]


def test_a_tape_tells_its_episode():
    loop = loop_over(2, "...T", ".t", "..L")
    tapes = [tape for turn in turns(loop, 5) for tape in turn.tapes]
    assert [(tape.number, tape.seed, tape.step, tape.length) for tape in tapes] == [
        (1, 101, 0 * 2 + 1, 2),  # began in turn 0, row 1
        (0, 100, 0 * 2 + 0, 4),
        (2, 102, 2 * 2 + 1, 3),  # began in turn 2, row 1
    ]
    assert [tape.terminated for tape in tapes] == [False, True, True]
    assert [tape.actions.tolist() for tape in tapes] == [[2, 0], [1, 2, 0, 1], [0, 1, 2]]  # (seed + time) % 3
    assert [tape.rewards.tolist() for tape in tapes] == [[1, 2], [1, 2, 3, 4], [1, 2, 3]]
    assert [tape.score for tape in tapes] == [3, 10, 6]
    for tape in tapes:
        assert (tape.stream, tape.environment, tape.version) == ("train", "Scripted-v0", "scripted 1")
        assert tape.protocol == loop.environment.protocol
        assert tape.start_frames == START_FRAMES
        assert tape.frames == START_FRAMES + FRAMES_A_STEP * tape.length
        assert (tape.actions.dtype, tape.rewards.dtype) == (np.int64, np.float32)


def test_a_tape_is_handed_over_in_the_turn_that_ends_its_episode():
    assert [len(turn.tapes) for turn in turns(loop_over(2, "..T", ".T", "T"), 4)] == [0, 1, 2, 0]


def test_the_digest_is_of_all_observations_but_the_last():
    loop = loop_over(1, "..T")
    tape = turns(loop, 3)[-1].tapes[0]
    moments = [
        Moment(np.array([100, time], np.float32), float(time), time == 3, False, lives=0, screens=[], ram=None)
        for time in range(4)
    ]
    for changed in range(4):
        other = [*moments]
        other[changed] = moments[changed]._replace(observation=np.array([100, 9], np.float32))
        agrees = disagreement(tape, loop.environment.observation_space, other) is None
        assert agrees == (changed == 3)


def test_actions_that_are_vectors_are_taped_as_they_were_taken():
    environment = Scripted(2, "..T", ".T", action_space=spaces.Box(-1, 1, (2,), np.float32))
    player = Player(environment)
    player.act = lambda observations, first: (observations / 200, {})
    loop = Loop(environment, player, lambda number: FIRST_SEED + number, stream="demo")
    short, long = [tape for turn in turns(loop, 3) for tape in turn.tapes]
    assert long.actions.dtype == np.float32
    np.testing.assert_array_equal(long.actions, np.array([[100, 0], [100, 1], [100, 2]], np.float32) / 200)
    np.testing.assert_array_equal(short.actions, np.array([[101, 0], [101, 1]], np.float32) / 200)


def test_counters_count_decisions_and_frames_of_all_environments():
    loop = loop_over(2, "..T", ".T")
    assert (loop.turn, loop.step, loop.frames) == (0, 0, 0)
    assert [turn.frames for turn in turns(loop, 3)] == [2 * FRAMES_A_STEP] * 3
    assert (loop.turn, loop.step, loop.frames) == (3, 6, 6 * FRAMES_A_STEP + loop.begun * START_FRAMES)


@pytest.mark.parametrize("paid", [np.nan, np.inf])
def test_a_reward_that_is_no_finite_number_is_refused(paid):
    class Paying(Scripted):
        def step(self, actions):
            return super().step(actions)._replace(reward=np.array([1, paid], np.float32))

    environment = Paying(2, "..T")
    loop = Loop(environment, Player(environment), lambda number: FIRST_SEED + number, stream="train")
    with pytest.raises(UserError, match=r"Scripted-v0 paid a reward that is no finite number: received \[ *1"):
        next(loop)


@pytest.mark.parametrize("shown", [np.nan, -np.inf])
def test_an_observation_that_is_no_finite_number_is_refused_before_anybody_learns_from_it(shown):
    environment = Scripted(1, "..T")
    player = Player(environment)
    loop = Loop(environment, player, lambda number: FIRST_SEED + number, stream="train", agent=player)
    next(loop)
    environment._observe = lambda: np.array([[1, shown]], np.float32)
    with pytest.raises(UserError, match=r"Scripted-v0 showed an observation that is no finite number: received"):
        next(loop)
    assert len(player.seen) == 1
    with pytest.raises(UserError, match="showed an observation that is no finite number"):
        loop.restart(np.array([True]))


def test_nothing_is_stepped_before_the_first_turn():
    loop = loop_over(1, "..T")
    assert loop.environment.calls == []
    assert loop.unfinished() == []
    assert iter(loop) is loop
