"""A run's folder: where it is, what is in it from the start, and what is said where it cannot be made."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rlab import command_line, rundir
from rlab.types import UserError


@pytest.fixture
def stopped_clock(monkeypatch):
    monkeypatch.setattr(time, "strftime", lambda format, *rest: "20240229-235959")


@pytest.mark.usefixtures("stopped_clock")
def test_the_folder_is_named_after_environment_agent_time_and_seed(tmp_path):
    run = rundir.create(tmp_path / "new", "ALE/MsPacman-v5", "dqn", 7)
    assert run == tmp_path / "new" / "ALE" / "MsPacman-v5" / "dqn" / "20240229-235959-s7"
    assert list(run.iterdir()) == []


def test_the_time_is_that_of_the_clock(tmp_path):
    before = time.strftime("%Y%m%d-%H%M%S")
    name = rundir.create(tmp_path, "CartPole-v1", "random", 0).name
    assert f"{before}-s0" <= name <= f"{time.strftime('%Y%m%d-%H%M%S')}-s0"


def test_an_environment_of_a_package_of_ones_own_makes_no_odd_name(tmp_path):
    assert rundir.create(tmp_path, "package:Maze-v0", "dqn", 0).parts[-3] == "package-Maze-v0"


@pytest.mark.usefixtures("stopped_clock")
def test_runs_of_the_same_second_have_folders_of_their_own(tmp_path):
    runs = [rundir.create(tmp_path, "CartPole-v1", "dqn", seed) for seed in (0, 0, 1, 0)]
    assert [run.name.removeprefix("20240229-235959") for run in runs] == ["-s0", "-s0-2", "-s1", "-s0-3"]


@pytest.mark.parametrize("in_the_way", ["root", "root/ALE", "root/ALE/Pong-v5", "root/ALE/Pong-v5/dqn"])
def test_a_file_in_the_way_is_told_in_one_line(tmp_path, monkeypatch, capsys, in_the_way):
    path = tmp_path / in_the_way
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    monkeypatch.setattr(sys, "argv", ["train.py"])
    with pytest.raises(SystemExit) as stopped:
        command_line.run(lambda arguments: rundir.create(tmp_path / "root", "ALE/Pong-v5", "dqn", 0))
    assert stopped.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: no folder can be made at {tmp_path / 'root' / 'ALE' / 'Pong-v5' / 'dqn'}/")
    assert error.endswith(": a file is in the way\n")
    assert error.count("\n") == 1


@pytest.mark.usefixtures("stopped_clock")
def test_a_file_in_the_place_of_the_folder_is_told(tmp_path):
    (tmp_path / "CartPole-v1" / "dqn").mkdir(parents=True)
    place = tmp_path / "CartPole-v1" / "dqn" / "20240229-235959-s0"
    place.write_text("")
    with pytest.raises(UserError, match=f"{place} is in the way: it is a file"):
        rundir.create(tmp_path, "CartPole-v1", "dqn", 0)


def test_a_run_is_known_by_its_configuration(tmp_path):
    assert not rundir.is_run(tmp_path)
    assert not rundir.is_run(tmp_path / "nowhere")
    (tmp_path / rundir.CONFIG).write_text("{}")
    assert rundir.is_run(tmp_path)
    assert not rundir.is_run(tmp_path / rundir.CONFIG)


def origin(run):
    return json.loads((run / rundir.ORIGIN).read_text())


def test_the_origin_tells_command_versions_commit_and_machine(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["scripts/train.py", "dqn", "--seed", "3"])
    rundir.write_origin(tmp_path, "CPU: 2 cores", {"protocol": "classic:1", "rom_sha256": "abc"})
    written = origin(tmp_path)
    assert written["command"] == ["python", "scripts/train.py", "dqn", "--seed", "3"]
    assert written["python"] == ".".join(map(str, sys.version_info[:3]))
    assert written["device"] == "CPU: 2 cores"
    assert (written["protocol"], written["rom_sha256"]) == ("classic:1", "abc")
    assert all(version[0].isdigit() for version in written["versions"].values())
    assert {"tensorflow", "keras", "numpy", "ale-py", "gymnasium"} <= set(written["versions"])


def in_repository(tmp_path, *commands):
    """What the origin says of a copy of the package, after some commands of git in its folder."""
    package = tmp_path / "copy" / "rlab"
    package.mkdir(parents=True)
    for name in ("__init__.py", "processor.py", "rundir.py", "types.py"):
        shutil.copy(Path(rundir.__file__).parent / name, package)
    for command in commands:
        settings = ["-c", "user.name=A", "-c", "user.email=a@b"]
        subprocess.run(["git", *settings, *command], cwd=package, check=True, capture_output=True)
    program = "from pathlib import Path; from rlab import rundir; rundir.write_origin(Path('..'), '', {})"
    subprocess.run([sys.executable, "-c", program], cwd=package.parent, check=True)
    return origin(tmp_path)["git"]


def test_the_commit_is_told(tmp_path):
    commit = in_repository(tmp_path, ["init"], ["add", "."], ["commit", "-m", "all"])
    assert len(commit) == 40
    assert set(commit) <= set("0123456789abcdef")


def test_changes_to_the_commit_are_told(tmp_path):
    commit = in_repository(tmp_path, ["init"], ["add", "types.py"], ["commit", "-m", "some"])
    assert commit.endswith(" with changes")


def test_without_a_repository_the_commit_is_unknown(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    assert in_repository(tmp_path) == "unknown"


def test_versions_that_changed_are_told(tmp_path):
    rundir.write_origin(tmp_path, "", {})
    assert rundir.changes(tmp_path, "") == []
    assert rundir.changes(tmp_path, "a GPU") == ["device  -> a GPU"]
    written = origin(tmp_path)
    now = written["versions"]["keras"]
    written["versions"] |= {"keras": "2.0", "mujoco": "3.0"}
    del written["versions"]["numpy"]
    (tmp_path / rundir.ORIGIN).write_text(json.dumps(written))
    changed = sorted(rundir.changes(tmp_path, ""))
    assert changed[:2] == [f"keras 2.0 -> {now}", "mujoco 3.0 -> not installed"]
    assert changed[2].startswith("numpy unknown -> ")
    assert len(changed) == 3


def test_another_processor_is_told(tmp_path):
    rundir.write_origin(tmp_path, "", {})
    written = origin(tmp_path)
    here = written["processor"]
    assert here
    written["processor"] = "Intel 8086 ()"
    (tmp_path / rundir.ORIGIN).write_text(json.dumps(written))
    assert rundir.changes(tmp_path, "") == [f"processor Intel 8086 () -> {here}"]


def test_facts_that_changed_are_told(tmp_path):
    rundir.write_origin(tmp_path, "", {"protocol": "ale_v5:1", "rom_sha256": "abc"})
    assert rundir.changes(tmp_path, "", {"protocol": "ale_v5:1", "rom_sha256": "abc"}) == []
    changed = rundir.changes(tmp_path, "", {"protocol": "ale_v5:2", "rom_sha256": "abc"})
    assert changed == ["protocol ale_v5:1 -> ale_v5:2"]


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"versions": 3}'])
def test_a_run_without_its_origin_is_told_in_one_line(tmp_path, content):
    if content is not None:
        (tmp_path / rundir.ORIGIN).write_text(content)
    with pytest.raises(UserError, match=rundir.ORIGIN):
        rundir.changes(tmp_path, "")


def test_a_run_is_trained_by_one_process_at_a_time(tmp_path):
    """Also within one process, where a test can see it."""
    refused = pytest.raises(UserError, match="is being trained by another process")
    with rundir.locked(tmp_path), refused, rundir.locked(tmp_path):
        pass
    with rundir.locked(tmp_path):
        assert list(tmp_path.iterdir()) == []
