"""Recorded games as data: what the agent saw, bit for bit, in parts that never mix, and played again only once."""

import os
import shutil
from dataclasses import replace

import numpy as np
import pytest

import agents
import envs
from rlab.config import RunConfig, Settings
from rlab.protocol import PROTOCOLS
from rlab.recording import Recording
from rlab.representation import cache
from rlab.representation.dataset import Games, expected_memory, load
from rlab.representation.games import PARTS, part_of
from rlab.types import FrameStack, UserError
from tests.rlab.representation.recorded import POLICY, put, record, tell

CARTPOLE_GAMES = 60


@pytest.fixture(scope="module")
def pacman(tmp_path_factory):
    """A folder with three games of Ms. Pac-Man, and the games as they were played."""
    folder = tmp_path_factory.mktemp("pacman")
    return folder, record(folder, "ALE/MsPacman-v5", 3)


@pytest.fixture(scope="module")
def cartpole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cartpole")
    return folder, record(folder, "CartPole-v1", CARTPOLE_GAMES)


@pytest.fixture
def own(cartpole, tmp_path):
    """A copy of the games of CartPole, to change."""
    return shutil.copytree(cartpole[0], tmp_path / "own", ignore=shutil.ignore_patterns("games-*"))


def never(tape):
    raise AssertionError(f"game {tape.number} was played again")


def refusal(*folders, **options):
    """The one line that refuses to load."""
    with pytest.raises(UserError) as refused:
        load(folders, envs.emulate, **options)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def assert_same(one: Games, other: Games):
    for name in ("frames", "action", "reward", "lives", "game", "first", "last"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    assert (one.ram is None) == (other.ram is None)
    if one.ram is not None:
        np.testing.assert_array_equal(one.ram, other.ram)
    assert one.tapes == other.tapes


def assert_as_played(games, played):
    """Everything about every moment is as it was live."""
    np.testing.assert_array_equal(
        games.observations(np.arange(len(games))), np.concatenate([game.observations for game in played])
    )
    steps = np.flatnonzero(~games.last)
    for name, expected in (("action", "action"), ("reward", "reward"), ("first", "first")):
        lived = np.concatenate([getattr(step, expected) for game in played for step in game.transitions])
        np.testing.assert_array_equal(getattr(games, name)[steps], lived, err_msg=name)
    following = np.concatenate([step.next_observation for game in played for step in game.transitions])
    np.testing.assert_array_equal(games.next_observations(steps), following)
    np.testing.assert_array_equal(games.game, np.repeat(range(len(played)), [game.tape.length + 1 for game in played]))
    assert np.flatnonzero(games.last).tolist() == (np.cumsum([game.tape.length + 1 for game in played]) - 1).tolist()
    assert not games.reward[games.last].any()
    assert not games.action[games.last].any()


def test_stacks_of_pacman_are_what_the_agent_saw_bit_for_bit(pacman):
    """Zeros before the first frame of each game among them, and in any order."""
    folder, played = pacman
    games = load([folder], envs.emulate, parts=[])
    assert_as_played(games, played)
    assert games.frames.shape == (len(games), 84, 84)
    shuffled = np.random.default_rng(0).permutation(len(games))[:300]
    everything = np.concatenate([game.observations for game in played])
    np.testing.assert_array_equal(games.observations(shuffled), everything[shuffled])


def test_ram_and_lives_are_those_of_each_moment(pacman):
    folder, played = pacman
    games = load([folder], envs.emulate, parts=[])
    moments = [moment for game in played for moment in envs.emulate(game.tape)]
    np.testing.assert_array_equal(games.ram, [moment.ram for moment in moments])
    np.testing.assert_array_equal(games.lives, [moment.lives for moment in moments])


@pytest.mark.parametrize("name", ["CartPole-v1", "Taxi-v4", "Pendulum-v1", "Catch-v0"])
def test_observations_of_other_kinds_are_what_the_agent_saw(name, tmp_path):
    played = record(tmp_path, name, 4)
    games = load([tmp_path], envs.emulate, parts=[])
    assert_as_played(games, played)
    assert games.ram is None
    assert games.frames.dtype == games.observation_space.dtype
    assert_same(games, load([tmp_path], never, parts=[]))


def test_what_a_game_is_stands_beside_it(cartpole):
    folder, played = cartpole
    for told, game in zip(load([folder], envs.emulate).tapes, played, strict=True):
        tape = game.tape
        assert (told.policy, told.folder, told.stream, told.number) == (POLICY, str(folder), "demo", tape.number)
        assert (told.seed, told.length, told.score) == (tape.seed, tape.length, tape.score)
        assert (told.digest, told.terminated, told.step) == (tape.digest, tape.terminated, tape.step)


def test_what_follows_on_the_last_moment_is_not_asked_for(cartpole):
    games = load([cartpole[0]], envs.emulate)
    with pytest.raises(ValueError, match="nothing follows on the last moment"):
        games.next_observations(np.flatnonzero(games.last)[:1])


def test_returns_to_go_end_with_the_game(cartpole):
    """CartPole pays 1 a step: with t steps to go, 1 + gamma + ... + gamma^(t - 1)."""
    folder, played = cartpole
    games = load([folder], envs.emulate)
    to_go = np.concatenate([np.arange(game.tape.length, -1, -1) for game in played])
    np.testing.assert_allclose(games.returns_to_go(0.9), (1 - 0.9**to_go) / (1 - 0.9), rtol=1e-5)
    np.testing.assert_array_equal(games.returns_to_go(1.0), to_go)
    assert games.returns_to_go(1.0).dtype == np.float32


def test_the_part_of_a_game_is_decided_for_ever():
    """By crc32("ALE/MsPacman-v5 ale_v5:23089574 0 00"), ... / 2^32 = 0.376, 0.846, 0.790, 0.448, 0.935, 0.344.

    If these change, test games have been trained on.
    """
    expected = ["train", "validation", "train", "train", "test", "train"]
    assert [part_of("ALE/MsPacman-v5", "ale_v5:23089574", seed, "00") for seed in range(6)] == expected


def test_eight_games_of_ten_are_to_train_on():
    parts = [part_of("CartPole-v1", "gymnasium:f7ae130b", seed, f"{seed:032x}") for seed in range(20_000)]
    shares = [parts.count(part) / len(parts) for part in PARTS]
    np.testing.assert_allclose(shares, [0.8, 0.1, 0.1], atol=0.01)


def test_a_part_holds_whole_games_and_no_step_is_in_two(cartpole):
    games = load([cartpole[0]], envs.emulate)
    steps = [games.steps(part) for part in PARTS]
    assert sorted(np.concatenate(steps).tolist()) == np.flatnonzero(~games.last).tolist()
    owners = [set(games.game[part].tolist()) for part in steps]
    assert all(owners)
    assert not owners[0] & owners[1] | owners[0] & owners[2] | owners[1] & owners[2]


def test_games_stay_in_their_part_when_more_are_recorded(own):
    before = {game.digest: game.part for game in load([own], envs.emulate).tapes}
    record(own, "CartPole-v1", 20, first=CARTPOLE_GAMES)
    after = {game.digest: game.part for game in load([own], envs.emulate).tapes}
    assert len(after) == len(before) + 20
    assert {digest: after[digest] for digest in before} == before


def test_a_part_without_a_game_is_told_before_anything_is_played(tmp_path):
    record(tmp_path, "CartPole-v1", 1)
    with pytest.raises(UserError) as refused:
        load([tmp_path], never)
    assert "among the 1 recorded ones (" in str(refused.value)
    assert str(refused.value).endswith("): record more games, or take more steps of them")
    games = load([tmp_path], envs.emulate, parts=[])
    missing = next(part for part in PARTS if part != games.tapes[0].part)
    with pytest.raises(UserError, match=f"there is no {missing} game among the 1 recorded ones"):
        games.steps(missing)
    with pytest.raises(UserError, match="unknown part: received 'exam', allowed are train, validation, test"):
        games.steps("exam")


@pytest.mark.parametrize("steps", [1, 100, 300])
def test_whole_games_are_taken_until_there_are_enough_steps(cartpole, steps, tmp_path):
    games = load([cartpole[0]], envs.emulate, steps=steps, parts=[], cache_folder=tmp_path)
    lengths = [game.length for game in games.tapes]
    assert sum(lengths[:-1]) < steps <= sum(lengths)
    assert [game.number for game in games.tapes] == list(range(len(lengths)))


def test_folders_take_turns_and_a_game_that_is_in_two_counts_once(own, tmp_path):
    other = tmp_path / "other"
    record(other, "CartPole-v1", 10, first=100)
    games = load([own, other], envs.emulate, steps=200, parts=[])
    assert [game.number for game in games.tapes][:6] == [0, 100, 1, 101, 2, 102]
    copy = shutil.copytree(own, tmp_path / "copy")
    assert len(load([own, copy], envs.emulate).tapes) == CARTPOLE_GAMES
    assert {game.folder for game in load([own, copy], envs.emulate).tapes} == {str(own)}


def test_different_games_do_not_go_together(own, tmp_path):
    other = tmp_path / "other"
    record(other, "Acrobot-v1", 1)
    assert refusal(own, other) == f"games of different environments: {other} has Acrobot-v1, {own} has CartPole-v1"
    tape = record(own, "CartPole-v1", 1)[0].tape
    put(own, replace(tape, number=1, protocol="gymnasium:00000000"))
    message = refusal(own)
    assert message.startswith(f"games of different protocols: {own} has gymnasium:00000000, {own} has gymnasium:")


def test_different_observations_do_not_go_together(own, tmp_path):
    other = tmp_path / "other"
    record(other, "CartPole-v1", 1, first=100)
    tell(other, observation_space={"kind": "Discrete", "n": 3})
    message = refusal(own, other)
    assert message.startswith(f"games of different observations: {other} has ")
    assert f"{own} has " in message


def test_a_record_of_other_spaces_than_the_games_have_is_refused(own):
    box = {"kind": "Box", "shape": [3], "dtype": "float32", "low": 0, "high": 1}
    told = Recording.read(own)
    tell(own, observation_space=box)
    assert refusal(own).startswith(f"{own} tells of observations Box(0.0, 1.0, (3,), float32), its games show [4]")
    tell(own, observation_space=told.observation_space, action_space=box)
    assert refusal(own) == f"{own} tells of actions Box(0.0, 1.0, (3,), float32), game 0 has []"


def test_what_holds_no_games_is_refused(own, tmp_path):
    assert refusal(tmp_path) == f"no recorded games: {tmp_path} has neither recording.json nor config.json"
    assert refusal(own, stream="eval") == f"there are no recorded games in {own} (eval)"
    assert refusal(own, stream="movies").startswith("unknown stream: received 'movies', allowed are train, ")
    assert refusal() == "there are no recorded games in no folder"


@pytest.mark.parametrize("what", ["action", "reward", "seed", "digest", "ending"])
def test_a_tape_that_does_not_play_again_as_it_was_is_refused(cartpole, own, what):
    tape = cartpole[1][5].tape
    rewards, actions = tape.rewards.copy(), tape.actions.copy()
    rewards[3] += 1
    actions[-1] = 1 - actions[-1]
    changes = {
        "action": {"actions": actions},
        "reward": {"rewards": rewards},
        "seed": {"seed": tape.seed + 1},
        "digest": {"digest": "0" * 32},
        "ending": {"terminated": not tape.terminated},
    }
    put(own, replace(tape, **changes[what]))
    assert refusal(own).startswith(f"demo game 5 of {own} is not confirmed: ")


def test_a_changed_tape_is_found_also_where_the_true_one_was_played_before(cartpole, own):
    load([own], envs.emulate)
    test_a_tape_that_does_not_play_again_as_it_was_is_refused(cartpole, own, "reward")


def test_observations_that_were_kept_are_used(cartpole, own):
    for game in cartpole[1]:
        put(own, replace(game.tape, observations=game.observations))
    games = load([own], never)
    assert_as_played(games, cartpole[1])


def test_kept_observations_are_held_against_the_digest(cartpole, own):
    game = cartpole[1][5]
    seen = game.observations.copy()
    seen[2, 0] += 1
    put(own, replace(game.tape, observations=seen))
    message = refusal(own)
    assert message == f"demo game 5 of {own} is not confirmed: its observations are others than its digest's"
    put(own, replace(game.tape, observations=seen[:-1]))
    assert refusal(own) == f"{own} is damaged: demo 5 holds observations of another kind"


def test_stacks_that_were_kept_are_used(pacman, tmp_path):
    folder = shutil.copytree(pacman[0], tmp_path / "own")
    game = pacman[1][1]
    put(folder, replace(game.tape, observations=game.observations))
    games = load([folder], envs.emulate, parts=[])
    assert_as_played(games, pacman[1])
    assert games.ram is None, "of one game nobody knows the RAM"


def only_cache(folder):
    (path,) = folder.glob("games-*")
    return path


def test_games_are_played_again_once(own):
    told = []
    first = load([own], envs.emulate, on_game=lambda done, games: told.append((done, games)))
    assert told == [(number, CARTPOLE_GAMES) for number in range(1, CARTPOLE_GAMES + 1)]
    assert_same(first, load([own], never))
    assert sorted(path.name for path in own.iterdir()) == sorted(
        [only_cache(own).name, "recording.json", "tapes.sqlite"]
    )


def test_pacman_comes_back_from_the_file_as_it_was(pacman):
    folder, played = pacman
    first = load([folder], envs.emulate, parts=[])
    again = load([folder], never, parts=[])
    assert_same(first, again)
    assert_as_played(again, played)
    assert only_cache(folder).stat().st_size < first.nbytes / 15


def test_the_file_can_be_kept_elsewhere(own, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    load([own], envs.emulate, cache_folder=elsewhere)
    assert not list(own.glob("games-*"))
    load([own], never, cache_folder=elsewhere)


def test_more_games_are_another_file(own):
    load([own], envs.emulate)
    record(own, "CartPole-v1", 1, first=CARTPOLE_GAMES)
    assert len(load([own], envs.emulate).tapes) == CARTPOLE_GAMES + 1
    assert len(list(own.glob("games-*"))) == 2


@pytest.mark.parametrize("kept", [0, 1, 60, 0.3, 0.99, -1])
def test_a_torn_file_is_made_anew(own, kept):
    games = load([own], envs.emulate)
    path = only_cache(own)
    whole = path.read_bytes()
    path.write_bytes(whole[: round(kept * len(whole)) if isinstance(kept, float) else kept])
    assert_same(games, load([own], envs.emulate))
    assert path.read_bytes() == whole


@pytest.mark.parametrize("place", [5, 60, 150, 0.3, 0.6, 0.9, -2])
def test_a_flipped_byte_in_the_file_is_found(own, place):
    games = load([own], envs.emulate)
    path = only_cache(own)
    content = bytearray(path.read_bytes())
    content[round(place * len(content)) if isinstance(place, float) else place] ^= 1
    path.write_bytes(content)
    assert_same(games, load([own], envs.emulate))
    assert_same(games, load([own], never))


def test_a_file_that_shows_other_games_is_not_believed(own):
    """Whole, with the right name and key."""
    games = load([own], envs.emulate)
    path = only_cache(own)
    frames = games.frames.copy()
    frames[3, 1] += 1
    cache.write(path, path.stem.removeprefix("games-"), {"frames": frames, "lives": games.lives})
    assert_same(games, load([own], envs.emulate))
    cache.write(path, "another", {"frames": games.frames, "lives": games.lives})
    assert_same(games, load([own], envs.emulate))
    cache.write(path, path.stem.removeprefix("games-"), {"lives": games.lives})
    assert_same(games, load([own], envs.emulate))


def test_where_nothing_can_be_written_games_are_loaded_all_the_same(own, monkeypatch):
    def full(*arguments, **options):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(cache.lz4.frame, "open", full)
    assert len(load([own], envs.emulate).tapes) == CARTPOLE_GAMES
    assert sorted(path.name for path in own.iterdir()) == ["recording.json", "tapes.sqlite"]


def a_run(folder, agent="random"):
    """Make the folder of a run of what was a recording."""
    (folder / "recording.json").unlink()
    run = RunConfig(env="CartPole-v1", protocol="gymnasium")
    spaces = envs.spaces_of("CartPole-v1", PROTOCOLS["gymnasium"])
    Settings(agent, "uniform", run, agents.find(agent).Config(), *spaces).write(folder / "config.json")


def test_the_games_of_a_run_know_their_agent_and_its_step(cartpole, own):
    a_run(own)
    for number, game in enumerate(cartpole[1][:3]):
        put(own, replace(game.tape, stream="train", number=number, step=10 * number))
        put(own, replace(game.tape, stream="eval", number=number, step=5000))
    trained = load([own], envs.emulate, parts=[])
    assert [(game.policy, game.stream, game.step) for game in trained.tapes] == [
        ("random of own in training", "train", step) for step in (0, 10, 20)
    ]
    scored = load([own], envs.emulate, stream="eval", parts=[])
    assert {(game.policy, game.step) for game in scored.tapes} == {("random of own at step 5,000", 5000)}


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"agent": "dqn", "observation_space": {}, "action_space": {}}'])
def test_a_configuration_that_is_none_is_refused(tmp_path, content):
    (tmp_path / "config.json").write_text(content)
    assert refusal(tmp_path).startswith(f"{tmp_path / 'config.json'} is not the configuration of a run: ")


def test_the_memory_that_is_foretold_is_about_what_it_takes(pacman):
    games = load([pacman[0]], envs.emulate, parts=[])
    steps = int(np.sum(~games.last))
    foretold = expected_memory(steps, games.observation_space, games.action_space)
    assert foretold == pytest.approx(games.nbytes, rel=0.02)
    assert expected_memory(50_000, FrameStack(84, 84, 4), games.action_space) == pytest.approx(361e6, rel=0.01)


def test_games_are_named_by_what_they_are_in_whatever_order(own, tmp_path):
    games = load([own], envs.emulate)
    other = tmp_path / "other"
    record(other, "CartPole-v1", 3, first=200)
    assert load([own, other], envs.emulate).digest == load([other, own], envs.emulate).digest != games.digest
