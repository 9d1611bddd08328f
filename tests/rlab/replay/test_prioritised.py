"""The prioritised replay against the plainest one: a priority for every transition that can be sampled, in a dict."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from rlab.replay.prioritised import PrioritisedReplay
from rlab.types import FrameStack, UserError
from tests.rlab.replay.plain import SPACES, Plain, World, assert_equal, everything, make

QUARTER = 0.25  # with an alpha of 1, errors in quarters and few of them, every priority and sum is exact


def prioritised(space, capacity, num_envs=1, steps=1, alpha=1.0, epsilon=QUARTER):
    return PrioritisedReplay(make(space, capacity, num_envs, steps), alpha=alpha, epsilon=epsilon)


def played(turns, capacity=10, num_envs=1, **settings_):
    """A replay of vectors and what it was shown."""
    replay = prioritised(SPACES["vector"], capacity, num_envs, **settings_)
    world = World(SPACES["vector"], num_envs)
    for _ in range(turns):
        replay.add(world.turn("." * num_envs))
    return replay, world


class Slow:
    """Priorities by (turn, env), for all that can be sampled by the definition."""

    def __init__(self, replay, stack, steps):
        self.replay, self.stack, self.steps = replay._replay, stack, steps
        self.priorities, self.highest = {}, 1.0

    def added(self):
        sampled = zip(*(column.tolist() for column in everything(self.replay, self.stack, self.steps)), strict=True)
        self.priorities = {place: self.priorities.get(place, self.highest) for place in sampled}

    def update(self, places, errors):
        for place, error in zip(places, errors, strict=True):
            if place in self.priorities:
                self.priorities[place] = abs(error) + QUARTER
                self.highest = max(self.highest, self.priorities[place])

    def leaves(self):
        """The priorities row by row, as they stand in the ring."""
        leaves = np.zeros((self.replay.rows, self.replay.num_envs))
        for (turn, env), priority in self.priorities.items():
            leaves[turn % self.replay.rows, env] = priority
        return leaves.reshape(-1)

    def sample(self, batch_size, random):
        """Turns, envs and priorities, one from each of `batch_size` equal parts."""
        running = self.leaves().cumsum()
        numbers = (np.arange(batch_size) + random.random(batch_size)) * (running[-1] / batch_size)
        rows, envs = np.divmod(np.searchsorted(running, numbers, side="right"), self.replay.num_envs)
        held = {(turn % self.replay.rows, env): (turn, env) for turn, env in self.priorities}
        places = [held[place] for place in zip(rows.tolist(), envs.tolist(), strict=True)]
        return places, np.array([self.priorities[place] for place in places])


@pytest.mark.parametrize("kind", ["stacked", "vector"])
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_it_does_what_a_dict_of_priorities_does(kind, data):
    space, steps, num_envs = SPACES[kind], data.draw(st.integers(1, 4), "steps"), data.draw(st.integers(1, 3), "envs")
    stack = space.size if isinstance(space, FrameStack) else 1
    rows = stack + steps + 1 + data.draw(st.integers(0, 8), "more rows than needed")
    turns = data.draw(st.integers(0, 4 * rows), "turns")
    random = np.random.default_rng(data.draw(st.integers(0, 1000), "seed"))
    delay = data.draw(st.integers(0, 2 * rows), "turns from drawing to updating")
    replay, plain, world = prioritised(space, rows * num_envs, num_envs, steps), Plain(steps), World(space, num_envs)
    slow, waiting = Slow(replay, stack, steps), []
    for turn in range(turns):
        transitions = world.turn(random.choice(list("....Ttl"), size=num_envs))
        replay.add(transitions)
        plain.add(transitions)
        slow.added()
        np.testing.assert_array_equal(replay._tree.priorities, slow.leaves())
        assert len(replay) == len(slow.priorities)
        if len(replay):
            seed = int(random.integers(1000))
            drawn = replay.sample(4, np.random.default_rng(seed), 0.5)
            places, priorities = slow.sample(4, np.random.default_rng(seed))
            assert_equal(drawn.batch, plain.gather(*np.transpose(places)))
            np.testing.assert_allclose(drawn.weights, np.sqrt(priorities.min() / priorities), rtol=1e-6)
            waiting.append((turn + delay, drawn.places, places, random.integers(-8, 9, size=4) / 4))
        while waiting and waiting[0][0] <= turn:
            _, numbers, places, errors = waiting.pop(0)
            replay.update(numbers, errors.astype(np.float32))
            slow.update(places, errors)


def test_a_new_transition_has_the_highest_priority_there_ever_was():
    replay, world = played(3)
    assert replay._tree.priorities[:4].tolist() == [1, 1, 0, 0]  # the third waits for its successor
    replay.update(np.array([0, 1]), np.array([-2.5, 0.5]))  # 2.5 + 0.25, 0.5 + 0.25
    replay.add(world.turn("."))
    assert replay._tree.priorities[:4].tolist() == [2.75, 0.75, 2.75, 0]
    replay.update(np.array([0, 2]), np.array([0, 0]))
    replay.add(world.turn("."))
    assert replay._tree.priorities[:5].tolist() == [0.25, 0.75, 0.25, 2.75, 0]


def test_alpha_is_the_power_of_the_priorities_and_0_makes_them_equal():
    errors = np.array([0.75, 3.75, 15.75], np.float32)
    for alpha, expected in ((0.5, [1, 2, 4]), (0, [1, 1, 1])):  # the roots of 1, 4, 16
        replay, _ = played(4, alpha=alpha)
        replay.update(np.array([0, 1, 2]), errors)
        assert replay._tree.priorities[:3].tolist() == expected


@pytest.mark.parametrize(
    ("beta", "expected"),
    [
        (0, [1, 1, 1]),
        (0.5, [1, 0.5, 0.25]),  # the root of 1 / 1, 1 / 4, 1 / 16
        (1, [1, 0.25, 0.0625]),
    ],
)
def test_what_is_drawn_more_often_weighs_less(beta, expected):
    replay, _ = played(4)
    replay.update(np.array([0, 1, 2]), np.array([0.75, 3.75, 15.75]))  # priorities 1, 4, 16
    drawn = replay.sample(42, np.random.default_rng(0), beta)  # two draws for each 1 of their sum, which is 21
    assert np.bincount(drawn.places).tolist() == [2, 8, 32]
    assert [set(drawn.weights[drawn.places == place].tolist()) for place in range(3)] == [{w} for w in expected]
    assert drawn.weights.dtype == np.float32
    # As the paper puts it: N = 3, probabilities of 1, 4 and 16 in 21.
    weights = (3 * np.array([1, 4, 16]) / 21) ** -beta
    np.testing.assert_allclose(expected, weights / weights.max(), rtol=1e-12)


def test_the_greatest_weight_is_that_of_the_batch():
    replay, _ = played(4)
    replay.update(np.array([0, 1, 2]), np.array([0, 0.75, 1023.75]))  # priorities 0.25, 1 and 1024
    drawn = replay.sample(4, np.random.default_rng(0), 1)
    assert drawn.places.tolist() == [2, 2, 2, 2]
    assert drawn.weights.tolist() == [1, 1, 1, 1]


def test_an_error_that_comes_after_its_transition_went_changes_nothing():
    replay, world = played(6, capacity=6)
    replay.add(world.turn("."))  # in the place of the first, and waits for its successor
    replay.update(np.array([0, 3]), np.array([100, 0.25]))
    assert replay._tree.priorities.tolist() == [0, 1, 1, 0.5, 1, 1]
    replay.add(world.turn("."))
    assert replay._tree.priorities.tolist() == [1, 0, 1, 0.5, 1, 1]  # not 100.25
    replay.update(np.array([0, 1]), np.array([100, 100]))
    assert replay._tree.priorities.tolist() == [1, 0, 1, 0.5, 1, 1]


def test_of_a_transition_drawn_twice_the_last_error_counts():
    replay, _ = played(4)
    replay.update(np.array([1, 1]), np.array([2.0, 0.5]))
    assert replay._tree.priorities[1] == 0.75


def test_a_stack_that_lacks_a_frame_is_not_drawn_again():
    replay, world = prioritised(SPACES["stacked"], 6), World(SPACES["stacked"], 1)
    for _ in range(6):
        replay.add(world.turn("."))
    assert replay._tree.priorities.tolist() == [1, 1, 1, 1, 1, 0]
    replay.add(world.turn("."))  # in the place of turn 0, a frame in the stacks of turns 1 and 2
    assert replay._tree.priorities.tolist() == [0, 0, 0, 1, 1, 1]
    replay.update(np.arange(6), np.full(6, 1.75))
    assert replay._tree.priorities.tolist() == [0, 0, 0, 2, 2, 2]


def test_transitions_are_drawn_as_often_as_their_priorities_say():
    """Two environments, gone round twice, so that places are not those of the tree."""
    replay, _ = played(57, capacity=40, num_envs=2)
    places = np.arange(37 * 2, 56 * 2)  # 20 turns are held, of which the latest waits for its successor
    priorities = np.random.default_rng(0).exponential(size=len(places)) + QUARTER
    replay.update(places, priorities - QUARTER)
    random, draws = np.random.default_rng(1), 500
    drawn = np.concatenate([replay.sample(32, random, 0.4).places for _ in range(draws)])
    counts = np.bincount(drawn - places[0], minlength=len(places))
    assert len(replay) == len(places) == len(counts)
    assert stats.chisquare(counts, draws * 32 * priorities / priorities.sum()).pvalue > 0.01
    assert stats.chisquare(counts).pvalue < 1e-6  # nor are they drawn evenly


def assert_same(left, right):
    assert_equal(left.batch, right.batch)
    np.testing.assert_array_equal(left.places, right.places)
    np.testing.assert_array_equal(left.weights, right.weights)


@pytest.mark.parametrize("kind", ["stacked", "vector"])
@pytest.mark.parametrize("total", [0, 2, 4, 11, 12, 13, 15, 40])
def test_loaded_and_shown_the_latest_turns_it_goes_on_with_the_same_bits(total, kind, tmp_path):
    """An update that was drawn before the end comes back after it, as does that of an agent which computes beside."""
    space, num_envs, steps = SPACES[kind], 2, 3
    random = np.random.default_rng(total)
    world = World(space, num_envs)
    turns = [world.turn(row) for row in random.choice(list("....Ttl"), size=(total + 20, num_envs))]
    whole, loaded = (prioritised(space, 12 * num_envs, num_envs, steps, alpha=0.6, epsilon=0.01) for _ in range(2))
    waiting = None

    def learn(replays, seed):
        """Draw from the replays, which shall give the same, and tell them the errors of the draw before."""
        nonlocal waiting
        drawn = [replay.sample(16, np.random.default_rng(seed), 0.4) for replay in replays]
        assert_same(drawn[0], drawn[-1])
        if waiting is not None:
            errors = np.random.default_rng(seed).standard_cauchy(16).astype(np.float32)
            for replay in replays:
                replay.update(waiting, errors)
        waiting = drawn[0].places

    for turn, transitions in enumerate(turns[:total]):
        whole.add(transitions)
        if len(whole):
            learn([whole], turn)
    whole.save(tmp_path / "priorities.npz")
    held = loaded.load(tmp_path / "priorities.npz")
    assert held == min(total, 12)
    for transitions in turns[total - held : total]:
        loaded.add(transitions)
    assert (loaded.added, len(loaded), loaded.num_envs) == (whole.added, len(whole), 2)
    for turn, transitions in enumerate(turns[total:], total):
        for replay in (whole, loaded):
            replay.add(transitions)
        if len(whole):
            learn([whole, loaded], turn)
    for name in ("added", "turns", "highest", "priorities"):
        np.testing.assert_array_equal(whole._state()[name], loaded._state()[name])
    assert whole._highest > 1


def test_priorities_of_a_replay_of_another_size_are_refused(tmp_path):
    replay, _ = played(5)
    replay.save(tmp_path / "priorities.npz")
    with pytest.raises(UserError, match="does not fit the settings: received priorities"):
        played(0, capacity=11)[0].load(tmp_path / "priorities.npz")


def test_an_error_that_is_no_number_is_refused():
    replay, _ = played(5)
    with pytest.raises(UserError, match="received nan"):
        replay.update(np.array([0, 1]), np.array([1, np.nan]))
    assert replay._highest == 1
