"""Atari: whole games play again bit for bit, and a game depends on its seed and its actions alone."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest

import envs
from envs import atari
from rlab.loop import Loop
from rlab.protocol import PROTOCOLS
from rlab.tapes import disagreement
from rlab.types import FrameStack, UserError
from tests.playing import RandomActor, play

PACMAN = "ALE/MsPacman-v5"
GAMES = ["MsPacman", "Pong", "Breakout", "SpaceInvaders", "Seaquest", "Qbert"]


def make(name, num_envs=1, protocol="ale_v5", **settings):
    """Games under a protocol, some settings of its emulator changed."""
    emulator = replace(PROTOCOLS[protocol].emulator, **settings)
    return atari.AtariEnvironment(name, PROTOCOLS[protocol].identity, emulator, num_envs)


def played(name, seed, protocol="ale_v5", **settings):
    environment = make(name, 1, protocol, **settings)
    game = play(environment, seed)
    environment.close()
    return game


def assert_plays_again(game, moments):
    """Moments of a re-emulation equal the game: every observation, reward, ending, life and frame."""
    tape, observations, transitions = game
    assert len(moments) == tape.length + 1
    for step, (moment, observation) in enumerate(zip(moments, observations, strict=True)):
        assert np.array_equal(moment.observation, observation), f"observation {step} of {tape.length}"
    assert [moment.reward for moment in moments[1:]] == tape.rewards.tolist()
    assert not any(moment.terminated or moment.truncated for moment in moments[:-1])
    assert (moments[-1].terminated, moments[-1].truncated) == (tape.terminated, not tape.terminated)
    lives = np.array([moment.lives for moment in moments])
    life_lost = np.diff(lives) < 0
    assert [step.discount[0] == 0 for step in transitions] == [
        lost or moment.terminated for lost, moment in zip(life_lost, moments[1:], strict=True)
    ]
    assert sum(len(moment.screens) for moment in moments[1:]) + tape.start_frames == tape.frames


@pytest.mark.parametrize("protocol", ["ale_v5", "classic"])
@pytest.mark.parametrize("name", GAMES)
def test_a_whole_game_plays_again_bit_for_bit(name, protocol):
    game = played(f"ALE/{name}-v5", seed=3, protocol=protocol)
    moments = list(envs.emulate(game.tape, screens=True))
    assert moments[-1].terminated
    assert_plays_again(game, moments)
    assert all(screen.shape == (210, 160, 3) for moment in moments for screen in moment.screens)
    assert all(screen.dtype == np.uint8 for moment in moments for screen in moment.screens)
    assert all((moment.ram.shape, moment.ram.dtype) == ((128,), np.uint8) for moment in moments)
    assert len({moment.ram.tobytes() for moment in moments}) > len(moments) / 2
    assert disagreement(game.tape, FrameStack(84, 84, 4), moments) is None


@pytest.mark.parametrize("protocol", ["ale_v5", "classic"])
@pytest.mark.parametrize("max_frames", [400, 401, 403])
def test_a_game_that_was_cut_off_plays_again_bit_for_bit(protocol, max_frames):
    game = played(PACMAN, 3, protocol, max_frames=max_frames)
    emulator = replace(PROTOCOLS[protocol].emulator, max_frames=max_frames)
    moments = list(atari.emulate(game.tape, emulator, screens=True))
    assert moments[-1].truncated
    assert game.tape.frames - game.tape.start_frames == max_frames
    assert_plays_again(game, moments)


def test_a_game_with_all_actions_plays_again_bit_for_bit():
    game = played("ALE/Breakout-v5", 5, "ale_v5_full")
    assert set(game.tape.actions.tolist()) == set(range(18))
    assert_plays_again(game, list(envs.emulate(game.tape, screens=True)))


def test_classic_games_begin_after_up_to_noop_max_noops():
    environment = make(PACMAN, 6, "classic", noop_max=1)
    start = environment.reset(np.ones(6, np.bool_), list(range(6)))
    environment.close()
    assert set(start.frames.tolist()) == {0, 1}


def test_the_picture_of_ms_pacman_stays_as_it_is():
    environment = make(PACMAN)
    digest = hashlib.sha256(environment.reset(np.array([True]), [2024]).observation.tobytes())
    for step in range(200):
        digest.update(environment.step(np.array([step * 7 // 5 % 9])).observation.tobytes())
    environment.close()
    assert digest.hexdigest() == "fc6e977404c8aec949c4ba8c43894410e767ed3c560ffd41c8ad699592f9ecbd"


def test_there_is_nothing_before_the_first_frame():
    environment = make("ALE/Breakout-v5", 2)
    observations = [environment.reset(np.array([True, True]), [1, 2]).observation]
    observations += [environment.step(np.array([1, 1])).observation for _ in range(4)]
    again = environment.reset(np.array([False, True]), [3]).observation
    environment.close()
    seen = [[observation[0, ..., plane].any() for plane in range(4)] for observation in observations]
    assert seen == [
        [False, False, False, True],
        [False, False, True, True],
        [False, True, True, True],
        [True, True, True, True],
        [True, True, True, True],
    ]
    np.testing.assert_array_equal(observations[2][..., :3], observations[1][..., 1:])  # the newest comes last
    assert [again[1, ..., plane].any() for plane in range(4)] == [False, False, False, True]


def test_a_game_is_the_same_alone_and_beside_others():
    environment = make(PACMAN, 3)
    loop = Loop(environment, RandomActor(environment), lambda number: 30 + number, stream="demo")
    beside, tapes = [], []
    while not any(tape.number == 1 for tape in tapes):
        turn = next(loop)
        beside.append(turn.transitions.next_observation[1])
        tapes += turn.tapes
    environment.close()
    tape = next(tape for tape in tapes if tape.number == 1)
    alone = make(PACMAN)
    alone.reset(np.array([True]), [tape.seed])
    for action, reward, observation in zip(tape.actions, tape.rewards, beside, strict=True):
        outcome = alone.step(np.array([action]))
        assert outcome.reward[0] == reward
        assert np.array_equal(outcome.observation[0], observation)
    alone.close()
    assert outcome.terminated[0] == tape.terminated


def test_resetting_by_mask_leaves_the_other_games_as_they_were():
    disturbed, alone = make(PACMAN, 3), make(PACMAN, 3)
    everyone = np.ones(3, np.bool_)
    for environment in (disturbed, alone):
        environment.reset(everyone, [1, 2, 3])
    random = np.random.default_rng(0)
    for step in range(120):
        actions = random.integers(9, size=3)
        outcome, other = disturbed.step(actions), alone.step(actions)
        for row in (0, 2):
            assert np.array_equal(outcome.observation[row], other.observation[row]), f"game {row}, step {step}"
        assert outcome.reward[[0, 2]].tolist() == other.reward[[0, 2]].tolist()
        assert outcome.frames.tolist() == [4, 4, 4]
        if step % 40 == 20:
            start = disturbed.reset(np.array([False, True, False]), [50 + step])
            assert np.array_equal(start.observation[[0, 2]], outcome.observation[[0, 2]])
            assert not start.observation[1, ..., :3].any()
    for environment in (disturbed, alone):
        environment.close()


def test_a_seed_gives_its_game_whatever_was_played_before():
    environment = make(PACMAN, 1)
    game, other, again = (play(environment, seed) for seed in (0, 2**31 - 1, 0))
    assert game.tape.digest != other.tape.digest
    environment.close()
    assert game.tape.digest == again.tape.digest
    np.testing.assert_array_equal(game.tape.rewards, again.tape.rewards)


def test_earlier_answers_stay_as_they_were():
    environment = make("ALE/Breakout-v5", 2)
    environment.reset(np.ones(2, np.bool_), [1, 2])
    outcome = environment.step(np.array([1, 1]))
    before = [np.copy(field) for field in outcome]
    for _ in range(5):
        environment.step(np.array([2, 3]))
    environment.close()
    np.testing.assert_equal(list(outcome), before)


@pytest.fixture(scope="module")
def tape():
    """A short game of Ms. Pac-Man."""
    return played(PACMAN, 3).tape


@pytest.mark.parametrize("step", [0, 40, -1])
def test_a_flipped_action_is_found_even_where_it_changes_nothing_on_the_screen(tape, step):
    actions = tape.actions.copy()
    actions[step] = (actions[step] + 1) % 9
    changed = replace(tape, actions=actions)
    assert disagreement(changed, FrameStack(84, 84, 4), envs.emulate(changed))


@pytest.mark.parametrize("action", [-1, 9, 1000])
def test_an_action_that_the_game_does_not_have_is_refused(tape, action):
    actions = tape.actions.copy()
    actions[5] = action
    with pytest.raises(UserError):
        list(envs.emulate(replace(tape, actions=actions)))
