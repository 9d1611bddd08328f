"""The folder of a comparison: made as a whole, taken for no run, and shown by a real TensorBoard."""

import io
import json

import pytest
from PIL import Image

from rlab.report.comparison import derived
from rlab.report.comparison.board import _file_names
from rlab.report.comparison.findings import compare
from rlab.report.comparison.runs import find_runs
from rlab.types import UserError
from tests.rlab.report.evaluated_runs import PACMAN, evaluated_run
from tests.rlab.report.learnt_runs import two_agents
from tests.tensorboard_server import TENSORBOARD, tensorboard


@pytest.fixture(scope="module")
def findings(tmp_path_factory):
    return compare([two_agents(tmp_path_factory.mktemp("runs"), games=3000, period=10_000, taped=False)], "agent")


@pytest.fixture(scope="module")
def folder(tmp_path_factory, findings):
    root = tmp_path_factory.mktemp("checkpoints")
    folder = derived.folder_for(None, root, findings)
    assert folder == root / "ALE" / "MsPacman-v5" / "compare" / "by-agent"
    derived.write(folder, findings)
    return folder


@pytest.fixture(scope="module")
def ask(folder):
    with tensorboard(*TENSORBOARD, folder) as ask:
        yield ask


def test_the_folder_is_no_run_and_holds_none(folder):
    with pytest.raises(UserError, match="no run with an evaluation"):
        find_runs([folder])


def test_numbers_page_and_pictures_lie_in_the_folder(folder, findings):
    assert json.loads((folder / derived.NUMBERS).read_text()) == json.loads(json.dumps(findings.values()))
    assert (folder / derived.PAGE).stat().st_size > 1_000_000  # with the library that draws
    drawn = {"scores", "sample_efficiency", "evaluation", "wall_clock", "profile", "improvement"}
    assert {path.stem for path in folder.glob("*.png")} == drawn


def test_what_was_there_stays_if_it_fails(tmp_path, findings, monkeypatch):
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / derived.NUMBERS).touch()
    assert derived.folder_for(folder, tmp_path, findings) == folder
    before = sorted(folder.rglob("*"))

    def fail(*arguments):
        raise OSError("the disk is full")

    monkeypatch.setattr(derived, "picture", lambda chart: (b"", 1, 1))
    monkeypatch.setattr(derived, "write_board", fail)
    with pytest.raises(OSError, match="full"):
        derived.write(folder, findings)
    assert sorted(folder.rglob("*")) == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_long_names_are_told_apart_by_their_ends_and_fit_on_disks():
    names = _file_names([f"{'走' * 200}/{end}" for end in ("a", "b")])
    assert [name[-2:] for name in names.values()] == ["-a", "-b"]
    assert max(len(name.encode()) for name in names.values()) < 255


def test_something_else_is_not_overwritten(tmp_path, findings):
    run = evaluated_run(tmp_path / "run")
    with pytest.raises(UserError, match=r"--out is something else: received .*run, which is not empty"):
        derived.folder_for(run, tmp_path, findings)


def test_tensorboard_draws_bands_of_the_groups_and_their_references(ask):
    layout = json.loads(ask("custom_scalars/layout"))
    (category,) = layout["category"]
    assert category["title"].startswith(f"{PACMAN} by agent: interquartile mean, 95% band")
    charts = {chart["title"]: chart["margin"]["series"] for chart in category["chart"]}
    assert list(charts) == [
        "training score", "training human-normalised score", "evaluation score", "evaluation human-normalised score"
    ]  # fmt: skip
    assert charts["training score"] == [
        {"value": "compare/training", "lower": "compare/training_low", "upper": "compare/training_high"}
    ]
    tags = json.loads(ask("scalars/tags"))
    for run in ("dqn", "ppo", "random", "reference Dopamine DQN"):
        assert {"compare/training", "compare/training_low", "compare/training_high"} <= set(tags[run])
    human = "reference human (no sticky actions, up to 30 no-ops first)"
    assert "compare/training" not in tags[human]
    points = json.loads(ask("scalars/scalars", run=human, tag="compare/training_human_normalised"))
    assert [value for *_, value in points] == [1, 1]


def test_tensorboard_has_the_curve_against_agent_steps(ask, findings):
    (curve,) = [curve for curve in findings.curves["training"] if curve.group == "dqn"]
    for end, expected in (("", curve.value), ("_low", curve.low), ("_high", curve.high)):
        points = json.loads(ask("scalars/scalars", run="dqn", tag=f"compare/training{end}"))
        assert [step for _, step, _ in points] == [round(at) for at in curve.at]
        assert [value for *_, value in points] == pytest.approx(expected, rel=1e-6)
    answer = json.loads(ask("custom_scalars/scalars", run="dqn", tag="compare/training"))
    assert answer["regex_valid"]


def test_tensorboard_shows_the_pictures(ask, folder):
    names = json.loads(ask("images/tags"))["charts"]
    assert set(names) == {f"compare/{path.stem}" for path in folder.glob("*.png")}
    (entry,) = json.loads(ask("images/images", run="charts", tag="compare/profile", sample="0"))
    png = ask(f"images/individualImage?{entry['query']}")
    assert png == (folder / "profile.png").read_bytes()
    assert Image.open(io.BytesIO(png)).format == "PNG"


def test_tensorboard_has_a_row_for_each_group(ask):
    request = {
        "allowedStatuses": ["STATUS_UNKNOWN", "STATUS_RUNNING"],
        "colParams": [],
        "startIndex": 0,
        "sliceSize": 9,
    }
    rows = json.loads(ask("hparams/session_groups", request))["sessionGroups"]
    found = {row["name"]: row for row in rows}
    assert set(found) == {"dqn", "ppo", "random"}
    assert found["dqn"]["hparams"] == {"group": "dqn", "seeds": "1, 2, 3", "num_envs": 1, "gamma": 0.99}
    metrics = {metric["name"]["tag"]: metric["value"] for metric in found["dqn"]["metricValues"]}
    assert metrics["compare/final_iqm"] == 1080


def test_tensorboard_shows_the_summary(ask):
    (text,) = json.loads(ask("text/text", run="charts", tag="compare/summary"))
    assert "dqn over ppo" in text["text"]
