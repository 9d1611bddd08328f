"""The contract that every agent keeps while it learns: it repeats itself, logs, saves, loads and shows what it thinks.

A new folder in agents/ is tested without a line being added here, with each of its presets, made small (see `cases`).
"""

import gc
import math
import tracemalloc
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from gymnasium import spaces

from rlab.agent import Agent, Inspectable, Remembering
from rlab.loop import Turn
from rlab.spaces import is_image
from rlab.types import FrameStack, Transitions, UserError
from tests.agents.cases import NUM_ENVS, SEED, Case, Session, differing, first_fitting

TAGS = ("train/", "eval/", "loss/", "value/", "exploration/", "speed/", "representation/")
SAVED_AT = (0, 70)  # turns: before anything was seen, and after a small replay went round
TURNS = SAVED_AT[-1] + 50

assert_same = np.testing.assert_equal


@pytest.fixture(scope="module", params=first_fitting(), ids=str)
def case(request: pytest.FixtureRequest) -> Case:
    found: Case = request.param
    return found


@pytest.fixture(scope="module")
def spare(case: Case) -> Agent:
    """An agent to be maltreated."""
    return case.make()


class Played(NamedTuple):
    """What an agent did while it learned, and by turns played the checkpoints that it left and what it thought."""

    agent: Agent  # at the end
    turns: list[Turn]
    checkpoints: dict[int, Path]
    thoughts: dict[int, Any]


@pytest.fixture(scope="module")
def played(case: Case, tmp_path_factory: pytest.TempPathFactory) -> Played:
    root = tmp_path_factory.mktemp("checkpoints")
    session = Session(case)
    result = Played(session.agent, [], {}, {})
    for end in (*SAVED_AT, TURNS):
        result.turns.extend(next(session) for _ in range(end - len(result.turns)))
        result.checkpoints[end] = root / str(end)
        session.save(result.checkpoints[end])
        result.thoughts[end] = thoughts(session.agent, case)
    return result


def thoughts(agent: Agent, case: Case) -> Any:
    """What an agent shows to whoever looks, if it shows anything."""
    return dict(agent.inspect(case.observations(3))) if isinstance(agent, Inspectable) else None


def test_what_it_logs_is_finite_and_under_a_known_heading(played: Played) -> None:
    for metrics in (turn.metrics for turn in played.turns if turn.metrics is not None):
        assert all(tag.startswith(TAGS) for tag in metrics)
        assert all(math.isfinite(value) for value in metrics.values())


def test_the_same_seed_gives_the_same_learning_whoever_plays_or_looks_in_between(
    case: Case, played: Played, tmp_path: Path
) -> None:
    session = Session(case)
    for number, turn in enumerate(played.turns):
        same = next(session)
        assert_same(same.transitions, turn.transitions)
        assert same.metrics == turn.metrics
        if number % 10 == 0:
            for explore in (True, False):
                session.agent.actor(3, number, explore=explore).act(case.observations(3), np.ones(3, np.bool_))
            thoughts(session.agent, case)
    session.save(tmp_path / "again")
    assert differing(played.checkpoints[TURNS], tmp_path / "again") == []


def loaded(case: Case, played: Played, turns: int) -> Agent:
    """The agent of a checkpoint, which saw the latest turns once more if it asked for them, as in a resumed run."""
    agent = case.make()
    wanted = agent.load(played.checkpoints[turns])
    assert 0 <= wanted <= turns
    for turn in played.turns[turns - wanted : turns]:
        agent.observe(turn.transitions._replace(extras={}))  # which tapes do not hold
    return agent


@pytest.mark.parametrize("turns", SAVED_AT)
def test_saved_and_loaded_goes_on_as_if_nothing_had_been(
    case: Case, played: Played, turns: int, tmp_path: Path
) -> None:
    """The loaded agent and actor see what the saved ones saw next, and have to do the same with it."""
    agent = loaded(case, played, turns)
    actor = agent.actor(NUM_ENVS, SEED + 1, explore=True)
    actor.load(played.checkpoints[turns])
    assert_same(thoughts(agent, case), played.thoughts[turns])
    for turn in played.turns[turns:]:
        assert_same(actor.act(turn.transitions.observation, turn.transitions.first)[0], turn.transitions.action)
        agent.observe(turn.transitions)
        assert agent.learn() == turn.metrics
    agent.save(tmp_path)
    actor.save(tmp_path)
    assert differing(played.checkpoints[TURNS], tmp_path) == []


def test_playing_its_best_follows_from_what_it_learned_and_the_seed(case: Case, played: Played) -> None:
    def play(agent: Agent) -> list[Any]:
        actor = agent.actor(NUM_ENVS, SEED, explore=False)
        return [actor.act(turn.transitions.observation, turn.transitions.first)[0] for turn in played.turns]

    assert_same(play(loaded(case, played, TURNS)), play(played.agent))


@pytest.mark.parametrize("part", ["agent", "actor"])
def test_a_folder_that_is_not_its_own_is_refused_in_one_line(spare: Agent, part: str, tmp_path: Path) -> None:
    keeper: Any = spare if part == "agent" else spare.actor(NUM_ENVS, SEED, explore=True)
    own, foreign = tmp_path / "own", tmp_path / "foreign"
    for folder in (own, foreign):
        folder.mkdir()
    (foreign / "notes.txt").write_text("of somebody else")
    keeper.save(own)
    if not any(own.iterdir()):
        pytest.skip("it keeps nothing, so it can miss nothing")
    with pytest.raises(UserError) as refused:
        keeper.load(foreign)
    assert "\n" not in str(refused.value)


def test_what_it_shows_has_the_shapes_that_a_watch_page_expects(case: Case, played: Played) -> None:
    if not played.thoughts[TURNS]:  # as a policy of continuous actions without values
        pytest.skip("it shows nothing")
    shapes: dict[str, tuple[int, ...]] = {"value": (3,)}
    if isinstance(action_space := case.settings.action_space, spaces.Discrete):
        shapes |= dict.fromkeys(("action_values", "probabilities"), (3, int(action_space.n)))
    for name, values in played.thoughts[TURNS].items():
        assert values.shape == shapes[name]
        assert np.isfinite(values).all()


def test_the_memory_that_it_foretells_is_about_what_it_takes(case: Case, spare: Agent, played: Played) -> None:
    """From half of it to three times: in a memory so small, key frames and Python's objects count as well.

    Images that are no stacks of frames take less where they can be compressed, of which nothing is known before.
    """
    if not isinstance(spare, Remembering):
        pytest.skip("it remembers nothing")
    foretold = spare.expected_memory()
    tracemalloc.start()
    try:
        for turn in played.turns:
            spare.observe(copied(turn.transitions))
        gc.collect()
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    space = case.settings.observation_space
    may_take_less = is_image(space) and not isinstance(space, FrameStack)
    assert (0 if may_take_less else foretold / 2) < taken < foretold * 3
    assert spare.expected_memory() == foretold


def copied(transitions: Transitions) -> Transitions:
    """Transitions of their own memory, so that an agent which merely refers to them is found out."""
    *fields, extras = transitions
    return Transitions(*map(np.copy, fields), {name: np.copy(extra) for name, extra in extras.items()})
