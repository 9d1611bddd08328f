"""The comparing script, as a user calls it: in a process of its own where that matters."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from rlab.protocol import PROTOCOLS
from rlab.report.comparison import derived
from rlab.types import UserError
from scripts import compare
from tests.rlab.report.evaluated_runs import evaluated_run, unevaluated_run

SCRIPT = Path(compare.__file__)
WRITE = derived.write


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path_factory, monkeypatch):
    """Where the folders of charts go, and where none are drawn but by `drawing`, as that takes longest of all."""
    monkeypatch.chdir(tmp_path_factory.mktemp("here"))
    monkeypatch.setattr(derived, "write", lambda folder, findings: None)


@pytest.fixture
def drawing(monkeypatch):
    """Have the folders of charts made."""
    monkeypatch.setattr(derived, "write", WRITE)


@pytest.fixture
def runs(tmp_path):
    """Three seeds of one agent, two of another, and a run that was not evaluated."""
    for seed in range(3):
        clipped = {"reward_clipping": True}
        evaluated_run(tmp_path / f"dqn{seed}", [600.0 + seed, 800.0], seed=seed, step=1000 * seed, departures=clipped)
    for seed in range(2):
        evaluated_run(tmp_path / f"ppo{seed}", [1000.0], agent="ppo", preset="[bold]", seed=seed)
    unevaluated_run(tmp_path / "unevaluated")
    return tmp_path


def compared(capsys, *arguments):
    """What the script prints, in lines."""
    compare.main([str(argument) for argument in arguments])
    return capsys.readouterr().out.splitlines()


def row(lines, name):
    """The cells of a group."""
    found = next(line.split("  ") for line in lines if line.strip().startswith(f"{name} "))
    return [cell.strip() for cell in found if cell.strip()]


def test_the_table_has_a_row_a_group(runs, capsys):
    evaluated_run(runs / "floor", [200.0, 300.0], agent="random", step=1)
    lines = compared(capsys, runs)
    assert lines[0] == "ALE/MsPacman-v5 under ale_v5:23089574"
    assert row(lines, "agent") == ["agent", "runs (seeds)", "games", "mean [95%]", "median", "best", "steps"]
    assert row(lines, "ppo") == ["ppo", "2 (0, 1)", "2", "1,000.0 [1,000.0, 1,000.0]", "1,000.0", "1,000.0", "250,000"]
    cells = row(lines, "dqn")
    assert cells[:3] == ["dqn", "3 (0, 1, 2)", "6"]
    assert cells[3].startswith("700.5 [")
    assert cells[4:] == ["701.0", "800.0", "0 to 2,000"]
    assert row(lines, "random")[-1] == "1"
    order = [line.split()[0] for line in lines if line.split() and line.split()[0] in ("dqn", "ppo", "random")]
    assert order[:3] == ["ppo", "dqn", "random"]


def test_what_to_bear_in_mind_stands_under_the_table(runs, capsys):
    notes = "\n".join(compared(capsys, runs))
    for note in (
        "[ ] of means: where they lie with 95% confidence, by bootstrap over runs, then over the games of each",
        "dqn: departed from the protocol by reward clipping",
        "fewer than 3 seeds: ppo; one run says nothing about other seeds",
        "no floor: add the random agent with python scripts/train.py random --env ALE/MsPacman-v5 --protocol ale_v5",
        f"left out, without an evaluation: {runs / 'unevaluated'}",
    ):
        assert note in notes


def test_small_scores_keep_their_digits(tmp_path, capsys):
    run = evaluated_run(
        tmp_path / "run", [0.125], environment="FrozenLake-v1", protocol=PROTOCOLS["gymnasium"].identity
    )
    assert "0.125 [0.125, 0.125]" in row(compared(capsys, run), "dqn")


def test_the_score_that_solves_an_environment_stands_among_the_rows(tmp_path, capsys):
    gymnasium = PROTOCOLS["gymnasium"].identity
    for agent, score in (("ppo", 480.0), ("dqn", 97.0)):
        evaluated_run(tmp_path / agent, [score], agent=agent, environment="CartPole-v1", protocol=gymnasium)
    lines = compared(capsys, tmp_path)
    assert row(lines, "(solved from)") == ["(solved from)", "475.0"]
    assert [line.split()[0] for line in lines[4:7]] == ["ppo", "(solved", "dqn"]
    (found,) = map(json.loads, compared(capsys, tmp_path, "--json"))
    (known,) = found["references"]["CartPole-v1"]
    assert (known["name"], known["score"]) == ("solved from", 475.0)


def test_a_reference_of_another_protocol_names_the_difference(runs, capsys):
    lines = compared(capsys, runs)
    human = [line for line in lines if line.strip().startswith("(human; no sticky actions, up to 30 no-ops first)")]
    assert human[0].split()[-1] == "6,951.6"


def test_pairs_stand_under_the_tables_with_the_seeds_they_would_take(runs, capsys):
    lines = compared(capsys, runs)
    (pair,) = [line for line in lines if line.startswith("ppo over dqn: ")]
    assert "probability 1.000 [1.000, 1.000], difference 299.5 [298.3, 300.7]" in pair
    assert "(2 and 3 seeds, not paired)" in pair
    assert "seeds do not pair: ppo has 0, 1; dqn has 0, 1, 2" in "\n".join(lines)


def test_the_same_seed_twice_counts_once_and_is_told(runs, capsys):
    again = evaluated_run(runs / "again", [5000.0], seed=2, step=3000, departures={"reward_clipping": True})
    lines = compared(capsys, runs)
    assert row(lines, "dqn")[1] == "3 (0, 1, 2)"
    assert f"the same seed twice: {runs / 'dqn2'} has the settings and the seed 2 of {again}" in "\n".join(lines)


def test_a_folder_of_charts_is_made_and_named(runs, capsys, drawing):
    *_, page, board = compared(capsys, runs, "--by", "preset")
    assert page == "charts: checkpoints/ALE/MsPacman-v5/compare/by-preset/comparison.html"
    assert board == "see them in TensorBoard: tensorboard --logdir checkpoints/ALE/MsPacman-v5/compare/by-preset"
    assert Path(page.removeprefix("charts: ")).is_file()


def test_the_folder_can_be_named_but_must_be_ours(runs, capsys, tmp_path, drawing):
    (tmp_path / "charts").mkdir()
    (tmp_path / "charts" / "comparison.json").touch()
    compared(capsys, runs, "--out", tmp_path / "charts")
    assert (tmp_path / "charts" / "comparison.json").read_text()
    with pytest.raises(UserError, match=r"--out is something else: received .*dqn0"):
        compare.main([str(runs), "--out", str(runs / "dqn0")])


def test_several_games_are_compared_on_one_scale(tmp_path, capsys, drawing):
    for seed in range(2):
        evaluated_run(tmp_path / f"a{seed}", [6951.6], seed=seed)
        evaluated_run(tmp_path / f"b{seed}", [14.6], seed=seed, environment="ALE/Pong-v5")
    lines = compared(capsys, tmp_path)
    assert "human-normalised scores of runs, over 2 games" in lines
    assert [line.split() for line in lines if line.split()[:1] == ["dqn"]][-1][-3:] == ["1.000", "[1.000,", "1.000]"]
    assert Path("checkpoints/compare/by-agent/comparison.json").is_file()


def test_the_folder_where_the_user_is_is_not_made_anew(runs):
    with pytest.raises(UserError, match=r"--out is where you are: received \., which is made anew as a whole"):
        compare.main([str(runs), "--out", "."])


def test_groups_of_one_seed_each_are_shown(runs, capsys):
    lines = compared(capsys, runs, "--by", "seed")
    assert [row(lines, seed)[1] for seed in "012"] == ["2 (0)", "2 (1)", "1 (2)"]
    assert "1 over 0: probability " in "\n".join(lines)
    assert "nothing can be said from one seed" in "\n".join(lines)


def test_a_name_is_shown_as_it_is(runs, capsys):
    assert row(compared(capsys, runs, "--by", "preset"), "ppo [bold]")[1] == "2 (0, 1)"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "which runs"),
        (["--by", "colour"], "invalid choice 'colour'"),
        (["nowhere"], "no run with an evaluation in"),
    ],
)
def test_a_command_that_asks_for_nothing_that_is_there_is_refused(arguments, message):
    with pytest.raises(UserError, match=message):
        compare.main(arguments)


def test_json_ends_with_one_object_and_loads_no_tensorflow(runs):
    program = (
        f"import runpy, sys; runpy.run_path({str(SCRIPT)!r}, run_name='__main__'); print('tensorflow' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(runs), "--json"], capture_output=True, text=True, check=True
    )
    *_, last, tensorflow = done.stdout.splitlines()
    assert tensorflow == "False"
    found = json.loads(last)
    assert (found["environments"], found["protocol"], found["by"]) == (
        ["ALE/MsPacman-v5"],
        "ale_v5:23089574",
        "agent",
    )
    groups = found["groups"]["ALE/MsPacman-v5"]
    assert [group["name"] for group in groups] == ["ppo", "dqn"]
    assert len(groups[1]["runs"]) == 3
    assert json.loads((Path(found["folder"]) / "comparison.json").read_text())["groups"] == found["groups"]
    assert any(note.startswith("no floor") for note in found["notes"])


def test_mixed_protocols_end_with_one_line_and_status_2(runs):
    other = evaluated_run(runs / "classic", protocol=PROTOCOLS["classic"].identity)
    command = [sys.executable, SCRIPT, runs / "dqn0", other]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: scores under different protocols cannot be compared")
    assert "emulator.sticky_actions (0.25, 0.0)" in line
