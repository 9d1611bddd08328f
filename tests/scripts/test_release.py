"""Releases: made of a scored run by the real command, then played, watched and verified like a run."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import agents
from rlab.evaluation import Evaluation
from rlab.release import _copy
from rlab.report.card import card
from rlab.tapes import TapeStore
from rlab.types import UserError
from tests.scripts.running import REPOSITORY, UNSCORED, call


@pytest.fixture(scope="module")
def released(story, tmp_path_factory):
    """The folder of a release."""
    root = tmp_path_factory.mktemp("released")
    call("release.py", story.run, "cartpole", "--root", root)
    return root / "cartpole"


def test_it_holds_what_playing_needs_and_nothing_of_the_training(released, story):
    step = Evaluation.read(story.run).step
    found = {str(path.relative_to(released)) for path in released.rglob("*") if path.is_file()}
    (log,) = [name for name in found if name.startswith("events.out")]
    place = f"step_{step:09d}"
    kept = {f"{place}/manifest.json", f"{place}/network.keras"}
    assert (released / "best").resolve() == released / place
    assert found == kept | {"README.md", "config.json", "evaluation.json", "origin.json", "tapes.sqlite", log}
    store = TapeStore(released / "tapes.sqlite")
    assert [len(store.table(stream)) for stream in ("train", "validation", "eval", "demo")] == [0, 0, 30, 0]
    assert list(released.parent.iterdir()) == [released]


def test_no_file_of_a_learner_is_released(tmp_path):
    place, to = tmp_path / "place", tmp_path / "to"
    for folder in (place, to):
        folder.mkdir()
    for name in ("network.keras", "learner.npz", "learner.json", "learner.rollout.npz"):
        (place / name).touch()
    _copy(place, to)
    assert [path.name for path in to.iterdir()] == ["network.keras"]


def test_it_plays_what_the_run_plays(released, story):
    seen = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    np.testing.assert_array_equal(agents.load(released).values(seen), agents.load(story.run).values(seen))


def test_it_is_verified_scored_and_watched_like_a_run(released, tmp_path):
    assert call("verify.py", released)[-1] == "all 30 games confirmed"
    copy = shutil.copytree(released, tmp_path / "copy", symlinks=True)
    before = Evaluation.read(released)
    call("evaluate.py", copy)
    assert Evaluation.read(copy) == before
    game, video = call("watch.py", copy, "--out", copy / "game.mp4")
    assert game.startswith(f"eval game {np.argmax(before.scores)}: ")
    assert Path(video).stat().st_size > 10_000


def test_it_is_not_gone_on_with(released):
    with pytest.raises(UserError, match="holds an agent to play with but no training state"):
        call("train.py", "--resume", released, "--steps", "2000", *UNSCORED)


def test_the_card_tells_score_commands_and_curve(released, story):
    text = (released / "README.md").read_text()
    evaluation = Evaluation.read(story.run)
    assert f"**{np.mean(evaluation.scores):.2f} points**" in text
    assert evaluation.protocol in text
    (command,) = re.findall(r"^python scripts/train\.py dqn .*$", text, re.MULTILINE)
    assert "--env CartPole-v1" in command
    assert "--root" not in command
    assert str(story.run.parents[2]) not in text + (released / "origin.json").read_text()
    rows = [row.split("|") for row in text.partition("## Learning curve")[2].splitlines() if row.startswith("| ")][1:]
    assert len(rows) == 20
    assert rows[-1][1].strip() == "900"
    games = sum(int(row[3]) for row in rows)
    scores = [tape.score for tape in TapeStore(story.run / "tapes.sqlite").all("train")]
    assert games == len(scores)
    mean = sum(float(row[2]) * int(row[3]) for row in rows if row[2].strip()) / games
    assert mean == pytest.approx(np.mean(scores), abs=0.5)
    # validated after 300, 600 and 900 steps; a window has 45
    assert [row[1].strip() for row in rows if row[4].strip()] == ["315", "630", "900"]


@pytest.mark.parametrize(
    ("usual", "ended", "gone_on"),
    [
        ({}, {}, None),
        ({"steps": 5}, {}, None),  # the command said 900
        ({}, {"steps": 890}, "--steps 890"),
        ({"minutes": 30.0}, {"minutes": 30.0, "steps": 1_250_000}, None),  # of which the clock left most
        ({"minutes": 30.0}, {"minutes": 30.0}, None),
        ({"minutes": 30.0}, {"minutes": 90.5}, "--minutes 90.5"),
        ({}, {"minutes": 30.0}, "--minutes 30"),
        ({"minutes": 30.0}, {}, "--minutes None"),
    ],
)
def test_the_card_tells_how_a_run_was_gone_on_with(released, story, usual, ended, gone_on):
    """Its command gave --steps 900."""
    settings = agents.read_settings(story.run)
    begun, settings = replace(settings.run, **usual), replace(settings, run=replace(settings.run, **ended))
    text = card(released, settings, begun, Evaluation.read(story.run), released)
    assert re.findall(r"--resume RUN (.*)", text) == ([gone_on] if gone_on else [])
    assert ("`--minutes None --steps 900 --precision float32` one command repeats it" in text) == ("minutes" in ended)


def test_a_folder_that_is_there_is_not_touched(released, story):
    before = (released / "README.md").read_bytes()
    with pytest.raises(UserError, match="is there already"):
        call("release.py", story.run, "cartpole", "--root", released.parent)
    assert (released / "README.md").read_bytes() == before


def test_a_run_that_was_not_evaluated_is_refused(whole, tmp_path):
    with pytest.raises(UserError, match="has no evaluation"):
        call("release.py", whole, "it", "--root", tmp_path / "released")
    assert not (tmp_path / "released").exists()


def test_an_evaluation_of_another_checkpoint_than_there_is_is_refused(story, tmp_path):
    run = shutil.copytree(story.run, tmp_path / "run", symlinks=True)
    told = json.loads((run / "evaluation.json").read_text())
    (run / "evaluation.json").write_text(json.dumps({**told, "step": 7}))
    with pytest.raises(UserError, match="is of step 7, its best checkpoint of"):
        call("release.py", run, "it", "--root", tmp_path)


@pytest.mark.parametrize("content", [None, "{", '{"command": "python"}'], ids=["none", "torn", "foreign"])
def test_a_run_that_does_not_tell_where_it_comes_from_is_refused(story, tmp_path, content):
    run = shutil.copytree(story.run, tmp_path / "run", symlinks=True)
    (run / "origin.json").unlink()
    if content is not None:
        (run / "origin.json").write_text(content)
    with pytest.raises(UserError, match=r"origin\.json does not tell what the run was started with"):
        call("release.py", run, "it", "--root", tmp_path / "released")
    assert not list((tmp_path / "released").iterdir())


def test_its_commands_can_be_pasted_whatever_it_is_called(story, tmp_path):
    call("release.py", story.run, "my agent", "--root", tmp_path)
    assert f"python scripts/watch.py '{tmp_path / 'my agent'}'\n" in (tmp_path / "my agent" / "README.md").read_text()


RELEASES = sorted(path.parent for path in (REPOSITORY / "checkpoints" / "released").glob("*/config.json"))


@pytest.mark.parametrize("folder", RELEASES, ids=lambda folder: folder.name)
def test_what_this_repository_releases_is_small_and_true(folder):
    """Every game is confirmed, and the card shows their mean."""
    assert sum(path.stat().st_size for path in folder.rglob("*") if not path.is_symlink()) < 15e6
    assert re.fullmatch(r"all \d+ games confirmed", call("verify.py", folder)[-1])
    (mean,) = re.findall(r"\*\*(-?[\d,.]+) points\*\*", (folder / "README.md").read_text())
    assert float(mean.replace(",", "")) == pytest.approx(np.mean(Evaluation.read(folder).scores), abs=0.5)
