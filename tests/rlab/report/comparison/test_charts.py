"""Charts as data, as pictures, and as a page."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from rlab.report.comparison.charts import Line, charts, near_and_far
from rlab.report.comparison.findings import compare
from rlab.report.comparison.page import page
from rlab.report.comparison.pictures import picture
from tests.rlab.report.evaluated_runs import evaluated_run
from tests.rlab.report.learnt_runs import learnt_run, two_agents


@pytest.fixture(scope="module")
def findings(tmp_path_factory):
    """Runs of 300,000 steps, so that there is a published score beside them."""
    root = two_agents(tmp_path_factory.mktemp("runs"), seeds=(1, 2), games=3000, period=10_000, taped=False)
    return compare([root], "agent")


@pytest.fixture(scope="module")
def drawn(findings):
    return {chart.name: chart for chart in charts(findings)}


def test_there_is_a_chart_for_everything(drawn):
    assert list(drawn) == ["scores", "sample_efficiency", "evaluation", "wall_clock", "profile", "improvement"]


def test_a_single_group_is_compared_with_nobody(tmp_path):
    learnt_run(tmp_path / "a", [1.0] * 40)
    assert [chart.name for chart in charts(compare([tmp_path], "agent"))] == [
        "scores", "sample_efficiency", "evaluation", "wall_clock"
    ]  # fmt: skip


def test_a_single_group_beside_the_floor_is_compared_with_nobody_else(tmp_path):
    learnt_run(tmp_path / "a", [1.0] * 40)
    evaluated_run(tmp_path / "b", agent="random")
    found = compare([tmp_path], "agent")
    assert [chart.name for chart in charts(found)][-1] == "profile"
    page(found, charts(found))


def test_published_scores_stand_beside_training_at_equal_steps(drawn):
    lines = {line.name: line for line in drawn["sample_efficiency"].lines}
    assert (lines["Dopamine DQN"].x, lines["Dopamine DQN"].y) == ([250_000.0], [387.0])
    assert lines["random (these runs)"].y == [250.0, 250.0]
    for other in ("evaluation", "wall_clock"):
        assert not [line for line in drawn[other].lines if line.name.startswith("Dopamine")]


def test_a_reference_far_away_is_named_under_the_chart(drawn):
    assert not [line for line in drawn["sample_efficiency"].lines if line.name.startswith("human")]
    assert (
        "Beyond the chart: human (no sticky actions, up to 30 no-ops first) 6,952." in drawn["sample_efficiency"].note
    )


@pytest.mark.parametrize(("value", "near"), [(-4.9, True), (-5.1, False), (5.0, True), (14.9, True), (15.1, False)])
def test_near_is_within_half_the_height_of_the_chart(value, near):
    lines = [Line("a", [0.0, 1.0], [2.0, 8.0], [0.0, None], [10.0, None])]
    assert bool(near_and_far(lines, [Line("known", [0.0], [value])])[0]) == near


def test_pictures_have_the_size_that_they_say(drawn):
    for chart in drawn.values():
        png, height, width = picture(chart)
        image = Image.open(io.BytesIO(png))
        assert (image.format, image.size) == ("PNG", (width, height))
        assert len(np.unique(np.asarray(image.convert("L")))) > 20


def test_the_page_needs_nothing_else(findings, drawn):
    found = page(findings, list(drawn.values()))
    assert not re.findall(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=", found)
    assert found.count("Plotly.newPlot(") >= len(drawn)
    for chart in drawn.values():
        assert f"<h2>{chart.title}</h2>" in found


def test_names_are_text_on_the_page(tmp_path):
    for seed in (1, 2):
        learnt_run(tmp_path / str(seed), [1.0] * 40, seed=seed, agent="<script>alert($1)</script>")
    found = compare([tmp_path], "agent")
    text = page(found, charts(found))
    assert "<script>alert(" not in text
    assert "&lt;script&gt;alert(" in text
    picture(charts(found)[1])
