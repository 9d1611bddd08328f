"""Games as datasets of Minari, and back: every action, reward and seed as it was."""

import json
import shutil

import gymnasium
import h5py
import minari
import numpy as np
import pytest
from gymnasium.envs.registration import EnvSpec

from rlab.recording import Recording
from rlab.tapes import TapeStore
from rlab.types import UserError
from tests.scripts.running import REPOSITORY, call

RELEASED = REPOSITORY / "checkpoints" / "released" / "mspacman-dqn"


def tapes_of(folder, stream="demo"):
    store = TapeStore(folder / "tapes.sqlite")
    tapes = list(store.all(stream))
    store.close()
    return tapes


def assert_same(tapes, others):
    """Tapes are the same in all but their stream."""
    assert len(tapes) == len(others) > 0
    for tape, other in zip(tapes, others, strict=True):
        for name, value in vars(tape).items():
            if isinstance(value, np.ndarray):
                assert value.dtype == getattr(other, name).dtype
                assert np.array_equal(value, getattr(other, name)), name
            elif name != "stream":
                assert value == getattr(other, name), name


def dataset_of(monkeypatch, root, name):
    """What Minari finds in a folder of datasets."""
    monkeypatch.setenv("MINARI_DATASETS_PATH", str(root))
    assert list(minari.list_local_datasets()) == [name]
    return minari.load_dataset(name)


def assert_holds(dataset, tapes):
    """A dataset holds what tapes hold."""
    assert dataset.total_steps == sum(tape.length for tape in tapes)
    seeds = [facts["seed"] for facts in dataset.storage.get_episode_metadata(range(len(tapes)))]
    assert seeds == [tape.seed for tape in tapes]
    for episode, tape in zip(dataset, tapes, strict=True):
        assert np.array_equal(episode.actions, tape.actions)
        assert np.array_equal(episode.rewards, tape.rewards)
        assert episode.rewards.dtype == np.float32
        assert len(episode.observations) == tape.length + 1
        last = np.arange(tape.length) == tape.length - 1
        assert np.array_equal(episode.terminations, last & tape.terminated)
        assert np.array_equal(episode.truncations, last & (not tape.terminated))
        assert dataset.observation_space.contains(episode.observations[0])


@pytest.mark.parametrize("name", ["CartPole-v1", "FrozenLake-v1", "Pendulum-v1"])
def test_recorded_games_become_a_dataset_and_come_back(name, tmp_path, monkeypatch):
    call("record.py", "random", "--env", name, "--episodes", 3, "--out", tmp_path / "games")
    tapes = tapes_of(tmp_path / "games")
    lines = call("export.py", "tapes", tmp_path / "games", "--format", "minari", "--out", tmp_path / "datasets")
    place = tmp_path / "datasets" / name / "random-demo-v0"
    assert lines[-2].endswith(f" s: {place}")
    dataset = dataset_of(monkeypatch, tmp_path / "datasets", f"{name}/random-demo-v0")
    assert_holds(dataset, tapes)
    assert dataset.recover_environment().spec.id == name
    assert dataset.storage.metadata["protocol"] == tapes[0].protocol
    call("import_tapes.py", place, "--out", tmp_path / "back")
    assert_same(tapes, tapes_of(tmp_path / "back"))
    assert Recording.read(tmp_path / "back") == Recording.read(tmp_path / "games")
    assert call("verify.py", tmp_path / "back")[-1] == "all 3 games confirmed"


def test_the_games_of_a_run_tell_who_played_them(story, tmp_path, monkeypatch):
    call("export.py", "tapes", story.run, "--format", "minari", "--out", tmp_path, "--name", "mine/cartpole-v3")
    tapes = tapes_of(story.run, "eval")
    assert_holds(dataset_of(monkeypatch, tmp_path, "mine/cartpole-v3"), tapes)
    call("import_tapes.py", tmp_path / "mine" / "cartpole-v3", "--out", tmp_path / "back")
    assert_same(tapes, tapes_of(tmp_path / "back"))
    (part,) = Recording.read(tmp_path / "back").parts
    assert (part.agent, part.step, part.games) == ("dqn", tapes[0].step, list(range(30)))
    assert part.mean == pytest.approx(np.mean([tape.score for tape in tapes]))
    assert call("verify.py", tmp_path / "back")[-1] == "all 30 games confirmed"


def test_frames_of_atari_are_stacked_as_agents_see_them(tmp_path, monkeypatch):
    store = TapeStore(RELEASED / "tapes.sqlite")
    shortest = min(store.table("eval"), key=lambda game: game["length"])["number"]
    run = tmp_path / "run"
    run.mkdir()
    shutil.copy(RELEASED / "config.json", run)
    one = TapeStore(run / "tapes.sqlite", create=True)
    one.write(store.read("eval", shortest))
    one.commit()
    one.close()
    call("export.py", "tapes", run, "--format", "minari", "--out", tmp_path / "datasets")
    dataset = dataset_of(monkeypatch, tmp_path / "datasets", "ALE/MsPacman-v5/dqn-eval-v0")
    tapes = tapes_of(run, "eval")
    assert_holds(dataset, tapes)
    assert dataset.env_spec is None  # Gymnasium's has another picture
    observations = dataset[0].observations
    assert (observations.shape[1:], observations.dtype) == ((84, 84, 4), np.uint8)
    assert np.array_equal(observations[1:, ..., 0], observations[:-1, ..., 1])
    call("import_tapes.py", tmp_path / "datasets" / "ALE" / "MsPacman-v5" / "dqn-eval-v0", "--out", tmp_path / "back")
    assert_same(tapes, tapes_of(tmp_path / "back"))
    assert call("verify.py", tmp_path / "back")[-1] == "all 1 games confirmed"


def test_games_that_do_not_repeat_take_their_observations_along(tmp_path, monkeypatch):
    shutil.copy(REPOSITORY / "tests" / "scripts" / "own_games.py", tmp_path / "games_by_chance.py")
    monkeypatch.syspath_prepend(tmp_path)
    call("record.py", "random", "--env", "games_by_chance:Unseeded-v0", "--episodes", 2, "--out", tmp_path / "games")
    tapes = tapes_of(tmp_path / "games")
    call("export.py", "tapes", tmp_path / "games", "--format", "minari", "--out", tmp_path, "--name", "chance-v0")
    call("import_tapes.py", tmp_path / "chance-v0", "--out", tmp_path / "back")
    assert tapes[0].observations is not None
    assert_same(tapes, tapes_of(tmp_path / "back"))


def test_an_environment_that_cannot_be_written_down_is_left_out_of_its_dataset(tmp_path, monkeypatch):
    made = {"entry_point": "gymnasium.envs.classic_control:CartPoleEnv", "vector_entry_point": lambda **_: None}
    monkeypatch.setitem(gymnasium.registry, "Own-v0", EnvSpec("Own-v0", **made, max_episode_steps=20))
    call("record.py", "random", "--env", "Own-v0", "--episodes", 1, "--out", tmp_path / "games")
    call("export.py", "tapes", tmp_path / "games", "--format", "minari", "--out", tmp_path, "--name", "own-v0")
    dataset = dataset_of(monkeypatch, tmp_path, "own-v0")
    assert dataset.env_spec is None
    assert_holds(dataset, tapes_of(tmp_path / "games"))


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    root = tmp_path_factory.mktemp("dataset")
    call("record.py", "random", "--env", "CartPole-v1", "--episodes", 2, "--out", root / "games")
    call("export.py", "tapes", root / "games", "--format", "minari", "--out", root, "--name", "it-v0")
    return root / "it-v0"


@pytest.mark.parametrize("column", ["actions", "observations"])
def test_a_changed_game_does_not_come_back(dataset, column, tmp_path):
    copy = shutil.copytree(dataset, tmp_path / "copy")
    with h5py.File(copy / "data" / "main_data.hdf5", "a") as file:
        file["episode_1"][column][3] = 1 - file["episode_1"][column][3]
    with pytest.raises(UserError, match=r"game 1 of .*copy is another than when it was exported"):
        call("import_tapes.py", copy, "--out", tmp_path / "back")
    assert [path.name for path in tmp_path.iterdir()] == ["copy"]


@pytest.mark.parametrize("damage", ["missing", "torn", "without actions"])
def test_games_that_cannot_be_read_are_told_in_one_line(dataset, damage, tmp_path):
    copy = shutil.copytree(dataset, tmp_path / "copy")
    path = copy / "data" / "main_data.hdf5"
    if damage == "missing":
        path.unlink()
    elif damage == "torn":
        path.write_bytes(path.read_bytes()[:1000])
    else:
        with h5py.File(path, "a") as file:
            del file["episode_1"]["actions"]
    with pytest.raises(UserError, match=r"^the games of .*copy cannot be read: .+"):
        call("import_tapes.py", copy, "--out", tmp_path / "back")
    assert [place.name for place in tmp_path.iterdir()] == ["copy"]


def test_a_dataset_makes_no_environment_of_its_own_choice(dataset, tmp_path):
    """Minari makes the one that a dataset names where a space is missing, and with it whatever code that names."""
    copy = shutil.copytree(dataset, tmp_path / "copy")
    path = copy / "data" / "metadata.json"
    told = json.loads(path.read_text())
    del told["action_space"]
    told["env_spec"] = told["env_spec"].replace("gymnasium.envs.classic_control.cartpole", "no_such_module")
    path.write_text(json.dumps(told))
    with pytest.raises(UserError, match="does not tell how its games are played again"):
        call("import_tapes.py", copy, "--out", tmp_path / "back")


@pytest.mark.parametrize("environment", ["../../CartPole-v1", "/CartPole-v1"])
def test_a_dataset_does_not_choose_where_its_games_go(dataset, tmp_path, monkeypatch, environment):
    copy = shutil.copytree(dataset, tmp_path / "copy")
    path = copy / "data" / "metadata.json"
    told = json.loads(path.read_text())
    told["rlab"]["recording"]["environment"] = environment
    path.write_text(json.dumps(told))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="does not tell how its games are played again"):
        call("import_tapes.py", copy)
    assert [place.name for place in tmp_path.iterdir()] == ["copy"]


def test_a_dataset_that_is_there_is_not_touched(dataset):
    with pytest.raises(UserError, match=r"--out is to be a new folder: received .*it-v0, where there is something"):
        call(
            "export.py",
            "tapes",
            dataset.parent / "games",
            "--format",
            "minari",
            "--out",
            dataset.parent,
            "--name",
            "it-v0",
        )
