"""A real TensorBoard on the folder of a real training, started by the command that the training named."""

import io
import json
import shlex
import sys
from pathlib import Path

import pytest
from PIL import Image

import agents
from rlab.tapes import TapeStore
from tests.tensorboard_server import settings_and_metrics, tensorboard


@pytest.fixture(scope="module")
def ask(pacman):
    """The server that was asked for in the last line of a training of dqn on Ms. Pac-Man."""
    _, lines = pacman
    program, *arguments = shlex.split(lines[-1].removeprefix("see the curves: "))
    assert program == "tensorboard"
    with tensorboard(Path(sys.executable).with_name(program), *arguments) as ask:
        yield ask


@pytest.fixture(scope="module")
def name(pacman):
    """What TensorBoard calls the run."""
    run, _ = pacman
    return str(run.relative_to(run.parents[3]))


def test_the_scalars_have_the_tags_of_the_lab(ask, name):
    tags = json.loads(ask("scalars/tags"))
    assert list(tags) == [name]
    assert set(tags[name]) == {
        "eval/score",
        "eval/score_low",
        "eval/score_high",
        "eval/length",
        "exploration/epsilon",
        "loss/value",
        "loss/td_error",
        "speed/steps_per_s",
        "train/episodes",
        "train/frames",
        "train/length",
        "train/score",
        "value/mean",
    }


def test_scalars_stand_against_agent_steps(ask, name):
    frames = json.loads(ask("scalars/scalars", run=name, tag="train/frames"))
    assert [step for _, step, _ in frames] == list(range(100, 1401, 100))
    # The step that ends a game may take fewer than four frames.
    assert all(4 * step - 8 < value <= 4 * step for _, step, value in frames)
    ((_, step, _),) = json.loads(ask("scalars/scalars", run=name, tag="eval/score"))
    assert step == 1400


def test_the_text_is_the_whole_configuration(ask, name, pacman):
    assert json.loads(ask("text/tags")) == {name: ["config"]}
    (text,) = json.loads(ask("text/text", run=name, tag="config"))
    for setting, value in agents.read_settings(pacman[0]).flat().items():
        assert f"<td>{setting}</td>\n<td>{value}</td>" in text["text"].replace("&lt;", "<").replace("&gt;", ">")


def test_the_run_has_a_row_of_its_settings_and_its_score(ask, name, pacman):
    settings, metrics = settings_and_metrics(ask, name)
    assert settings == agents.read_settings(pacman[0]).flat()
    assert metrics["eval/score"] == TapeStore(pacman[0] / "tapes.sqlite").read("validation", 0).score


def test_the_graph_is_that_of_the_network(ask, name):
    assert json.loads(ask("graphs/info"))[name]["run_graph"]
    graph = ask("graphs/graph", run=name).decode()
    assert "Conv2D" in graph
    assert "MatMul" in graph


def test_a_game_of_the_evaluation_moves(ask, name):
    assert list(json.loads(ask("images/tags"))[name]) == ["eval/game"]
    (picture,) = json.loads(ask("images/images", run=name, tag="eval/game", sample="0"))
    assert picture["step"] == 1400
    animation = Image.open(io.BytesIO(ask(f"images/individualImage?{picture['query']}")))
    assert animation.format == "GIF"
    assert animation.n_frames > 10
