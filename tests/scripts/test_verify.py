"""The verifying script: what was tampered with is found, wherever it is, and told in one line."""

import dataclasses
import io
import json
import shutil
import sqlite3
import zlib

import numpy as np
import pytest

from rlab.evaluation import Evaluation
from rlab.types import UserError
from tests.scripts.running import call, script

GAME = 7  # which of the 30 is tampered with


@pytest.fixture
def run(story, tmp_path):
    """A scored run, to tamper with."""
    return shutil.copytree(story.run, tmp_path / "run", symlinks=True)


def blob(run, column):
    with sqlite3.connect(run / "tapes.sqlite") as store:
        row = store.execute(f"SELECT {column} FROM tapes WHERE stream = 'eval' AND number = {GAME}").fetchone()
    return row[0]


def put(run, **columns):
    """Change columns of the game."""
    with sqlite3.connect(run / "tapes.sqlite") as store:
        for column, value in columns.items():
            store.execute(f"UPDATE tapes SET {column} = ? WHERE stream = 'eval' AND number = {GAME}", (value,))


def unpacked(packed):
    return np.load(io.BytesIO(zlib.decompress(packed)))


def packed(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return zlib.compress(buffer.getvalue())


def refusal(run):
    """The one line that refuses a run."""
    with pytest.raises(UserError) as refused:
        call("verify.py", run)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_every_game_of_an_evaluation_is_confirmed(story):
    lines = call("verify.py", story.run)
    scores = json.loads((story.run / "evaluation.json").read_text())["scores"]
    assert lines[:-1] == [f"eval game {number}: {score:g}, confirmed" for number, score in enumerate(scores)]
    assert lines[-1] == "all 30 games confirmed"


@pytest.mark.parametrize("stream", ["train", "validation"])
def test_the_other_games_of_a_run_are_confirmed_too(story, stream):
    assert call("verify.py", story.run, "--stream", stream)[-1].endswith(" games confirmed")


@pytest.mark.parametrize("column", ["actions", "rewards"])
@pytest.mark.parametrize("place", [0, 0.5, 1])
def test_a_flipped_byte_is_found(run, column, place):
    content = bytearray(blob(run, column))
    content[round(place * (len(content) - 1))] ^= 1
    put(run, **{column: bytes(content)})
    assert f"tapes.sqlite is damaged: eval {GAME}: " in refusal(run)


@pytest.mark.parametrize("step", [0, -2, -1])
def test_a_changed_action_is_found(run, step):
    actions = unpacked(blob(run, "actions"))
    actions[step] = 1 - actions[step]
    put(run, actions=packed(actions))
    assert refusal(run) == f"1 of 30 games are not confirmed: {GAME}"


def test_a_changed_reward_is_found_also_where_the_score_was_changed_with_it(run):
    rewards = unpacked(blob(run, "rewards"))
    rewards[3] += 1
    put(run, rewards=packed(rewards))
    assert f"eval {GAME}: length or score disagree" in refusal(run)
    put(run, score=float(rewards.sum()))
    assert refusal(run) == f"1 of 30 games are not confirmed: {GAME}"


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("seed", 1),
        ("terminated", 0),
        ("digest", "0" * 32),
        ("environment", "Acrobot-v1"),
        ("environment", "Catch-v0"),
        ("environment", "CartPole-v7"),
        ("protocol", "gymnasium:00000000"),
        ("protocol", "nonsense"),
    ],
)
def test_another_origin_is_found(run, column, value):
    put(run, **{column: value})
    refusal(run)


@pytest.mark.parametrize(("column", "what"), [("step", "step"), ("frames", "frames")])
def test_what_an_evaluation_sums_up_is_held_against_it(run, column, what):
    with sqlite3.connect(run / "tapes.sqlite") as store:
        store.execute(f"UPDATE tapes SET {column} = {column} + 1 WHERE stream = 'eval'")
    assert refusal(run) == f"the {what} in {run / 'evaluation.json'} is not that of the run and its tapes"


EVALUATION = [field.name for field in dataclasses.fields(Evaluation)]


@pytest.mark.parametrize("name", EVALUATION)
def test_an_edited_evaluation_is_found(run, name):
    path = run / "evaluation.json"
    told = json.loads(path.read_text())
    value = told[name]
    others = {str: lambda: f"{value}x", int: lambda: value + 1, dict: lambda: {"x": 1}, list: lambda: [*value[1:], 7]}
    told[name] = others[type(value)]()
    path.write_text(json.dumps(told))
    assert refusal(run) == f"the {name} in {path} is not that of the run and its tapes"


def test_a_game_of_another_checkpoint_is_found(run):
    put(run, step=7)
    assert refusal(run) == f"the games of {run} were played by several checkpoints"


def test_games_on_seeds_of_ones_own_choice_are_not_confirmed(run):
    """The best of many games, each of them true, and an evaluation that agrees with them."""
    path = run / "evaluation.json"
    with sqlite3.connect(run / "tapes.sqlite") as store:
        store.execute("DELETE FROM tapes WHERE stream = 'eval'")
        best = "SELECT number FROM tapes WHERE stream = 'train' ORDER BY score DESC LIMIT 1"
        store.execute(f"UPDATE tapes SET stream = 'eval' WHERE stream = 'train' AND number = ({best})")
        columns = "seed, score, length, frames, step"
        seed, score, length, frames, step = store.execute(
            f"SELECT {columns} FROM tapes WHERE stream = 'eval'"
        ).fetchone()
    told = {"seeds": [seed], "scores": [score], "lengths": [length], "frames": frames, "step": step}
    path.write_text(json.dumps({**json.loads(path.read_text()), **told}))
    assert "not played on the seeds of its protocol" in refusal(run)


def test_a_run_without_such_games_has_nothing_to_verify(whole):
    with pytest.raises(UserError, match="has no eval games to verify"):
        call("verify.py", whole)


def test_the_script_ends_with_one_line_and_status_2(run):
    put(run, seed=1)
    done = script("verify.py", run)
    assert done.returncode == 2
    assert len(done.stdout.splitlines()) == 30
    assert done.stderr == f"error: 1 of 30 games are not confirmed: {GAME}\n"
