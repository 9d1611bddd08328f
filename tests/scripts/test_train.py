"""From training to a watched game, on CartPole and Ms. Pac-Man: what is printed, and the files that a run leaves."""

import dataclasses
import json
import re
import shlex
import shutil
import signal
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import gymnasium
import imageio_ffmpeg
import numpy as np
import pytest

import agents
import envs
from rlab import checkpoint, command_line
from rlab.budget import read_clock
from rlab.protocol import PROTOCOLS
from rlab.report.difference import difference
from rlab.tapes import TapeStore
from rlab.tensorboard import read_scalars
from rlab.types import UserError
from scripts import train
from tests.scripts.running import REPOSITORY, SMALL, UNSCORED, call, only_run, serving, small

GYMNASIUM, ALE = PROTOCOLS["gymnasium"], PROTOCOLS["ale_v5"]


def files(run):
    """What is in a run's folder, without the names that differ from run to run."""
    return {path.name.split(".tfevents")[0] for path in run.iterdir() if not path.name.startswith("step_")}


def test_a_run_ends_with_its_score_a_game_and_what_to_do_next(story):
    run = shlex.quote(str(story.run))
    *_, score, game, video, watch, curves = story.lines
    assert score.startswith(f"CartPole-v1 under {GYMNASIUM.identity}, 30 games at step ")
    evaluation = json.loads((story.run / "evaluation.json").read_text())
    assert f": mean {np.mean(evaluation['scores']):.1f} [" in score
    assert game.startswith("eval game ")
    assert imageio_ffmpeg.count_frames_and_secs(video)[0] > 1
    assert watch == f"watch a game:     python scripts/watch.py {run}"
    # A resumed run is shown alone, as nobody knows how deep in a folder of runs it lies.
    assert curves == f"see the curves:   tensorboard --logdir {run}"


def test_the_watch_command_works_word_for_word(story):
    """It serves a page, until Ctrl-C ends it quietly."""
    with serving(story.lines[-2].removeprefix("watch a game:").strip() + " --port 0") as (server, address):
        with urlopen(f"{address}data/gallery.json") as answer:
            assert len(json.load(answer)["runs"][0]["games"]["eval"]["score"]) == 30
        server.send_signal(signal.SIGINT)
        out, errors = server.communicate(timeout=20)
    assert (server.returncode, out, errors) == (0, "", "")


def test_a_run_of_cart_pole_leaves_its_files(story):
    expected = {"config.json", "origin.json", "events.out", "tapes.sqlite", "best", "evaluation.json", "videos"}
    assert files(story.run) == expected
    steps = [checkpoint.step_of(place) for place in checkpoint.all_of(story.run)]
    assert steps[-2:] == [800, 900]
    assert len(steps) - 2 == (checkpoint.step_of((story.run / "best").resolve()) < 800)
    assert [checkpoint.damage(place) for place in checkpoint.all_of(story.run)] == [None] * len(steps)
    assert not list(story.run.glob(".*"))


def test_the_origin_tells_command_versions_commit_and_machine(story):
    origin = json.loads((story.run / "origin.json").read_text())
    assert origin["command"] == ["python", str(REPOSITORY / "scripts" / "train.py"), *small(story.run.parents[2])]
    assert origin["versions"]["gymnasium"] == gymnasium.__version__
    assert {"keras", "numpy", "rlab", "tensorflow"} <= origin["versions"].keys()
    assert re.fullmatch("[0-9a-f]{40}( with changes)?|unknown", origin["git"])
    assert origin["device"].startswith(("CPU", "GPU"))
    assert origin["protocol"] == GYMNASIUM.identity


def test_the_configuration_holds_what_was_asked_for_and_the_rest(story):
    settings = agents.read_settings(story.run)
    values = {**dataclasses.asdict(settings.run), **dataclasses.asdict(settings.config)}
    asked = {name.replace("-", "_"): (value,) if "sizes" in name else value for name, value in SMALL.items()}
    assert {name: values[name] for name in asked} == asked
    assert (settings.agent, settings.preset, settings.run.protocol) == ("dqn", "control", "gymnasium")
    assert settings.observation_space == envs.spaces_of("CartPole-v1", GYMNASIUM)[0]
    written = json.loads((story.run / "config.json").read_text())
    assert written["hash"] == settings.hash


def test_the_same_seed_gives_the_same_bits_and_another_does_not(whole, story, tmp_path):
    """The other run of this seed was made by another process, which was interrupted."""
    assert difference(whole, story.run) == []
    call("train.py", *small(tmp_path, seed=4), *UNSCORED)
    assert "checkpoint: network.keras" in difference(whole, only_run(tmp_path))


def test_evaluating_in_between_changes_nothing(whole, tmp_path):
    call("train.py", *small(tmp_path, steps=300), *UNSCORED)
    run = only_run(tmp_path)
    first, second = (json.loads(call("evaluate.py", run, "--episodes", "3", "--json")[-1]) for _ in range(2))
    assert first == second
    assert first["episodes"] == len(first["scores"]) == 3
    call("verify.py", run)
    call("train.py", "--resume", run, "--steps", SMALL["steps"], *UNSCORED)
    assert difference(whole, run) == []
    assert agents.read_settings(run).run.steps == SMALL["steps"]


def test_a_run_is_resumed_from_inside_its_folder(whole, tmp_path, monkeypatch):
    """Also where nothing is left to do."""
    run = shutil.copytree(whole, tmp_path / "moved", symlinks=True)
    monkeypatch.chdir(run)
    lines = call("train.py", "--resume", ".", *UNSCORED)
    assert lines[0] == "resuming . from step_000000900"
    assert lines[-2:] == ["watch a game:     python scripts/watch.py .", "see the curves:   tensorboard --logdir ."]
    assert difference(whole, run) == []


def test_a_run_of_ms_pacman_leaves_its_files(pacman):
    run, lines = pacman
    assert run.parent == run.parents[3] / "ALE" / "MsPacman-v5" / "dqn"
    assert files(run) == {"config.json", "origin.json", "events.out", "tapes.sqlite", "best"}
    assert sorted(path.name for path in run.glob("step_*")) == ["step_000000700", "step_000001400"]
    assert f"dqn (fast) on ALE/MsPacman-v5 under {ALE.identity}; " in lines[0]
    assert lines[1].startswith("memory: the replay will need up to about ")
    origin = json.loads((run / "origin.json").read_text())
    assert origin["rom_sha256"] == envs.origin("ALE/MsPacman-v5")["rom_sha256"]
    assert origin["environment"].startswith("ale-py ")
    assert call("verify.py", run, "--stream", "validation")[-1] == "all 1 games confirmed"


def test_a_replay_that_is_larger_than_the_machine_is_refused_before_there_is_a_run(tmp_path):
    with pytest.raises(
        UserError, match=r"received one of about 340,000,000 MB, allowed are .*; choose a smaller --rep"
    ):
        call("train.py", "dqn", "--env", "CartPole-v1", "--replay-capacity", 10**13, "--root", tmp_path)
    assert not list(tmp_path.iterdir())


def test_what_no_memory_holds_is_told_in_one_line(tmp_path, monkeypatch, capsys):
    arguments = ("ppo", "--env", "CartPole-v1", "--rollout-steps", str(10**13), "--root", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["train.py", *arguments])
    monkeypatch.setattr(sys, "path", list(sys.path))
    with pytest.raises(SystemExit) as stopped:
        command_line.run(train.main)
    assert stopped.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: not enough memory for these settings: Unable to allocate ")


def test_a_random_agent_plays_ms_pacman(tmp_path):
    settings = ("--steps", "100", "--num-envs", "2", "--evaluation-episodes", "1")
    call("train.py", "random", "--env", "ALE/MsPacman-v5", "--root", tmp_path, *settings, *UNSCORED)
    run = only_run(tmp_path)
    store = TapeStore(run / "tapes.sqlite")
    assert [tape.environment for tape in store.all("validation")] == ["ALE/MsPacman-v5"]
    scalars = read_scalars(run)
    assert scalars["eval/score"] == [(100, store.read("validation", 0).score)]
    assert call("verify.py", run, "--stream", "validation")[-1] == "all 1 games confirmed"


def test_another_run_in_the_same_second_gets_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setattr(time, "strftime", lambda form: "20240229-235959")
    for _ in range(2):
        call("train.py", "random", "--env", "Identity-v0", "--steps", "20", "--root", tmp_path, *UNSCORED)
    first, second = sorted(path.parent for path in tmp_path.rglob("config.json"))
    assert (first.name, second.name) == ("20240229-235959-s0", "20240229-235959-s0-2")
    assert difference(first, second) == []


def test_a_training_that_cannot_be_scored_ends_with_that_status(tmp_path, monkeypatch):
    called = []
    monkeypatch.setattr(train, "_call", lambda *words: called.append(words) or 2)
    with pytest.raises(SystemExit) as stopped:
        call("train.py", "random", "--env", "Identity-v0", "--steps", "20", "--root", tmp_path)
    assert stopped.value.code == 2
    assert called == [("evaluate.py", only_run(tmp_path), "--episodes", 30)]


@pytest.mark.parametrize("name", ["Good", "Unseeded"])
def test_an_environment_of_a_users_own_is_trained_whether_or_not_it_repeats_itself(tmp_path, monkeypatch, name):
    shutil.copy(Path(__file__).with_name("own_games.py"), tmp_path / "my_games.py")
    monkeypatch.syspath_prepend(tmp_path)
    environment = ("--env", f"my_games:{name}-v0", "--num-envs", "2")
    lines = call("train.py", "random", *environment, "--steps", "100", "--root", tmp_path, *UNSCORED)
    notes = [line for line in lines if line.startswith("note: ")]
    assert [note.split(" (")[0] for note in notes] == ["note: games of this environment cannot be played again"] * (
        name == "Unseeded"
    )
    assert all(note.endswith("), so their tapes keep observations") for note in notes)
    run = only_run(tmp_path)
    assert run.parents[1] == tmp_path / f"my_games-{name}-v0"
    assert agents.read_settings(run).run.env == f"my_games:{name}-v0"
    origin = json.loads((run / "origin.json").read_text())
    (run / "origin.json").write_text(json.dumps(origin | {"protocol": "gymnasium:1"}))
    lines = call("train.py", "--resume", run, "--steps", "200", *UNSCORED)
    changes = [line.removeprefix("not the same as before: ") for line in lines if line.startswith("not the same")]
    assert changes == [
        f"protocol gymnasium:1 -> {GYMNASIUM.identity}",
        *([] if name == "Good" else ["this environment does not repeat itself: new episodes begin"]),
    ]
    # an episode lasts 20 turns of 2 environments; what does not repeat itself begins anew at step 100
    assert TapeStore(run / "tapes.sqlite").table("train")[-1]["step"] >= (160 if name == "Good" else 140)


def test_minutes_end_a_run_which_is_then_scored_played_again_and_gone_on_with(tmp_path):
    lines = call("train.py", *small(tmp_path / "minutes", steps=10**6, minutes=0.02), *UNSCORED)
    run = only_run(tmp_path / "minutes")
    step = checkpoint.step_of(checkpoint.latest(run))
    assert f"ended at step {step} after 0.02 minutes; a larger --minutes goes on" in lines
    assert 0 < step < 10**6
    assert read_scalars(run)["eval/score"][-1][0] == step
    settings = agents.read_settings(run).run
    assert (settings.steps, settings.minutes) == (10**6, 0.02)
    call("train.py", *small(tmp_path / "steps", steps=step), *UNSCORED)
    # but for the length of the log, in which the settings stand
    assert difference(run, only_run(tmp_path / "steps")) == ["checkpoint: loop.json"]

    call("evaluate.py", run, "--episodes", "2")
    call("verify.py", run)
    assert "1 (3)" in "\n".join(call("compare.py", run))

    with pytest.raises(
        UserError, match=r"^the run is further: received --minutes 0.01, allowed is \S+ or more$"
    ) as told:
        call("train.py", "--resume", run, "--minutes", "0.01", *UNSCORED)
    enough = float(str(told.value).split()[-3])
    assert 60 * enough >= read_clock(checkpoint.latest(run)).seconds
    call("train.py", "--resume", run, "--minutes", "0.02", *UNSCORED)  # its own, though it took a little longer
    assert checkpoint.step_of(checkpoint.latest(run)) == step  # nothing was left to do
    call("train.py", "--resume", run, "--steps", step + 100, "--minutes", "60", *UNSCORED)
    assert checkpoint.step_of(checkpoint.latest(run)) == step + 100
