"""The replay against the plainest one: a list of every transition, from which n steps are added up one by one."""

import numpy as np
import pytest
from gymnasium import spaces
from hypothesis import given, settings
from hypothesis import strategies as st

from rlab.replay.uniform import UniformReplay, expected_memory
from rlab.types import FrameStack, Transitions, UserError
from tests.rlab.replay.plain import ACTIONS, GAMMA, SPACES, Plain, World, assert_equal, everything, make


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("kind", SPACES)
@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_it_holds_what_a_list_of_transitions_holds(kind, compressed, data):
    space, steps, num_envs = SPACES[kind], data.draw(st.integers(1, 5), "steps"), data.draw(st.integers(1, 3), "envs")
    stack = space.size if isinstance(space, FrameStack) else 1
    rows = stack + steps + 1 + data.draw(st.integers(0, 8), "more rows than needed")
    turns = data.draw(st.integers(0, 3 * rows), "turns")
    events = data.draw(st.text("...Ttl", min_size=turns * num_envs, max_size=turns * num_envs), "events")
    replay = make(space, rows * num_envs, num_envs, steps, compressed=compressed)
    plain, world = Plain(steps), World(space, num_envs)
    for turn in range(turns):
        transitions = world.turn(events[turn * num_envs : (turn + 1) * num_envs])
        replay.add(transitions)
        plain.add(transitions)
    places = everything(replay, stack, steps)
    assert len(replay) == len(places[0])
    if len(replay):
        assert_equal(replay.gather(*places), plain.gather(*places))


@pytest.mark.parametrize("kind", SPACES)
def test_a_batch_has_the_shapes_and_types_of_its_spaces(kind):
    space = SPACES[kind]
    actions = spaces.Box(-1, 1, (2,), np.float32)
    replay = UniformReplay(20, 2, space, actions, steps=2, gamma=GAMMA, compressed=True)
    world = World(space, 2)
    for events in ["..", ".T", "..", ".."]:
        replay.add(world.turn(events)._replace(action=np.ones((2, 2), np.float32)))
    batch = replay.sample(7, np.random.default_rng(0))
    for observation in (batch.observation, batch.next_observation):
        assert (observation.shape, observation.dtype) == ((7, *space.shape), space.dtype)
    assert (batch.action.shape, batch.action.dtype) == ((7, 2), np.float32)
    for number in (batch.reward, batch.discount):
        assert (number.shape, number.dtype) == ((7,), np.float32)


@pytest.mark.parametrize("compressed", [False, True])
def test_nothing_is_seen_before_the_first_frame_of_an_episode(compressed):
    replay = make(FrameStack(1, 1, 3), 6, compressed=compressed)

    def add(stack, following, *, first=False, last=False):
        observation, next_observation = (np.array(seen, np.uint8).reshape(1, 1, 1, 3) for seen in (stack, following))
        ends = np.array([first]), np.array([last])
        replay.add(Transitions(observation, np.zeros(1, int), np.zeros(1), np.ones(1), next_observation, *ends, {}))

    add([0, 0, 1], [0, 1, 2], first=True)
    add([0, 1, 2], [1, 2, 3])
    add([1, 2, 3], [2, 3, 4], last=True)
    add([0, 0, 5], [0, 5, 6], first=True, last=True)
    add([0, 0, 7], [0, 7, 8], first=True)
    add([0, 7, 8], [7, 8, 9])
    batch = replay.gather(np.arange(5), np.zeros(5, int))
    assert batch.observation.reshape(5, 3).tolist() == [[0, 0, 1], [0, 1, 2], [1, 2, 3], [0, 0, 5], [0, 0, 7]]
    assert batch.next_observation.reshape(5, 3).tolist() == [[0, 1, 2], [1, 2, 3], [2, 3, 4], [0, 5, 6], [0, 7, 8]]


NUMBERED = spaces.Box(-np.inf, np.inf, (2,), np.float32)


def numbered(turn, num_envs):
    """A turn whose observations say which one it is, and of which environment."""
    here, next_ = (np.array([[t, env] for env in range(num_envs)], np.float32) for t in (turn, turn + 1))
    no, ones = np.zeros(num_envs, np.bool_), np.ones(num_envs, np.float32)
    return Transitions(here, no.astype(int), ones, ones, next_, no | (turn == 0), no, {})


@pytest.mark.parametrize("added", [4, 5, 6, 7, 20])
def test_every_transition_that_is_complete_is_sampled_and_no_other(added):
    num_envs, steps = 2, 3
    replay = make(NUMBERED, 6 * num_envs, num_envs, steps)
    for turn in range(added):
        replay.add(numbered(turn, num_envs))
    drawn = replay.sample(1000, np.random.default_rng(0)).observation
    turns, rows = everything(replay, 1, steps)
    assert len(set(turns)) == min(added, 6) - steps
    assert {tuple(place) for place in drawn} == set(zip(turns, rows, strict=True))


def test_a_stack_is_sampled_while_all_its_frames_are_held():
    replay, world = make(SPACES["stacked"], 6), World(SPACES["stacked"], 1)
    lengths = []
    for _ in range(9):
        replay.add(world.turn("."))
        lengths.append(len(replay))
    # A turn waits for its successor. Once rows are overwritten, the oldest two turns lack frames of their stack.
    assert lengths == [0, 1, 2, 3, 4, 5, 3, 3, 3]


def test_transitions_are_drawn_evenly():
    replay = make(NUMBERED, 20, 2)
    for turn in range(10):
        replay.add(numbered(turn, 2))
    drawn = replay.sample(18_000, np.random.default_rng(0)).observation
    counts = np.unique(drawn, axis=0, return_counts=True)[1]
    assert len(counts) == 18
    # Each is expected 1000 times, with a standard deviation of about 31.
    assert abs(counts - 1000).max() < 5 * 31


def test_the_same_generator_draws_the_same_batch():
    replay, world = make(SPACES["stacked"], 40, 2, 3), World(SPACES["stacked"], 2)
    for _ in range(15):
        replay.add(world.turn(".."))
    assert_equal(*(replay.sample(32, np.random.default_rng(5)) for _ in range(2)))


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("kind", ["stacked", "image", "vector"])
@pytest.mark.parametrize("total", [4, 11, 12, 13, 40])
def test_refilled_with_the_latest_turns_it_samples_the_same_bits_for_ever(total, kind, compressed):
    space, num_envs, steps = SPACES[kind], 2, 3
    events = np.random.default_rng(total).choice(list("....Ttl"), size=(total + 20, num_envs))
    world = World(space, num_envs)
    turns = [world.turn("".join(row)) for row in events]
    whole, refilled = (make(space, 12 * num_envs, num_envs, steps, compressed=compressed) for _ in range(2))
    for transitions in turns[:total]:
        whole.add(transitions)
    held = refilled.resume(total)
    assert held == min(total, 12)
    for transitions in turns[total - held : total]:
        refilled.add(transitions)
    for transitions in turns[total:]:
        for replay in (whole, refilled):
            replay.add(transitions)
        assert_equal(*(replay.sample(16, np.random.default_rng(total)) for replay in (whole, refilled)))
        assert len(whole) == len(refilled)


@pytest.mark.parametrize("compressed", [False, True])
def test_it_does_not_grow_once_it_is_full(compressed):
    """Episodes of three steps in ten rows, so that their last observations are kept now here, now there."""
    replay, world = make(SPACES["image"], 20, 2, compressed=compressed), World(SPACES["image"], 2)
    sizes = []
    for turn in range(100):
        replay.add(world.turn("TT" if turn % 3 == 2 else ".."))
        sizes.append(replay.nbytes)
    assert max(sizes[20:]) == max(sizes[10:20])


@pytest.mark.parametrize(("kind", "least"), [("stacked", 3 + 2), ("vector", 1 + 2)])
def test_a_capacity_that_holds_no_complete_transition_is_refused(kind, least):
    replay, world = make(SPACES[kind], least * 4, 4, 2), World(SPACES[kind], 4)
    for _ in range(3 * least):
        replay.add(world.turn("...."))
    assert len(replay) == 4
    message = (
        f"the replay is too small: received a capacity of {least * 4 - 1} for 4 environments, allowed is {least * 4}"
    )
    with pytest.raises(UserError, match=message):
        make(SPACES[kind], least * 4 - 1, 4, 2)


@pytest.mark.parametrize("kind", SPACES)
def test_the_memory_foretold_is_the_memory_used(kind):
    capacity = 10_000
    replay = make(SPACES[kind], capacity, 4)
    foretold = expected_memory(capacity, SPACES[kind], ACTIONS, compressed=False)
    assert replay.nbytes == pytest.approx(foretold, rel=0.01)
