"""Runs that are torn, of another environment or hostile: refused in one line, before anything of them is run."""

import base64
import json
import marshal
import shutil
import zipfile
from pathlib import Path

import pytest

from rlab import checkpoint
from rlab.types import UserError
from tests.scripts.running import SMALL, UNSCORED, answers, assert_refused, call

LAST = f"step_{SMALL['steps']:09d}"


def evil(run):
    """Its environment comes from a module in its own folder."""
    configured(run__env=f"{run.name}.games:Good-v0")(run)
    own_games = Path(__file__).with_name("own_games.py").read_text()
    (run / "games.py").write_text(own_games + "print('here I am')\n")


def passed_on(run):
    """Its environment comes from a module beside it, in a folder where nothing else is."""
    evil(run)
    content = [path for path in run.iterdir() if path.name != "games.py"]
    (run / "run").mkdir()
    for path in content:
        path.rename(run / "run" / path.name)


def evil_games(run):
    """The same without a checkpoint, so that only its tapes are left."""
    evil(run)
    emptied(run)


def copied(run):
    """Without its links."""
    (run / "best").unlink()
    (run / "best").mkdir()


def configured(**changes):
    """Change config.json; `run__env` is the setting `env` of `run`."""

    def change(run):
        path = run / "config.json"
        values = json.loads(path.read_text())
        for name, value in changes.items():
            *parts, last = name.split("__")
            inner = values
            for part in parts:
                inner = inner[part]
            inner[last] = value
        path.write_text(json.dumps(values))

    return change


def torn(run):
    for place in checkpoint.all_of(run):
        (place / "manifest.json").unlink()


def emptied(run):
    for place in checkpoint.all_of(run):
        shutil.rmtree(place)


def flipped(run):
    path = run / LAST / "learner.npz"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def unreadable(run):
    (run / "config.json").write_text("{")


def without_tapes(run):
    (run / "tapes.sqlite").unlink()


def other_tapes(run):
    (run / "tapes.sqlite").write_text("these are no tapes" * 100)


RUNS = {
    "torn": torn,
    "emptied": emptied,
    "flipped": flipped,
    "unreadable": unreadable,
    "without_tapes": without_tapes,
    "other_tapes": other_tapes,
    "acrobot": configured(run__env="Acrobot-v1"),
    "pendulum": configured(run__env="Pendulum-v1"),
    "wider": configured(action_space__n=3),
    "misspelt": configured(run__env="CartPol-v1"),
    "atari": configured(run__env="ALE/MsPacman-v5"),
    "nobody": configured(agent="dqm"),
    "negative": configured(run__steps=-5),
    "newer": configured(run__colour="blue"),
    "evil": evil,
    "evil_games": evil_games,
    "passed_on": passed_on,
    "copied": copied,
    "whole": lambda run: None,
}
MISTAKES = {
    "train.py --resume torn": [f"no whole checkpoint in torn: torn/{LAST} is torn: it has no manifest.json"],
    "train.py --resume emptied": ["no whole checkpoint in emptied"],
    "train.py --resume unreadable": ["unreadable/config.json is not the configuration of a run"],
    "train.py --resume acrobot": ["the run is of another environment: it has Box(", "Acrobot-v1 has Box("],
    "train.py --resume pendulum": ["the run is of another environment: ", "Discrete(2), Pendulum-v1 has Box("],
    "train.py --resume wider": ["the run is of another environment: ", "Discrete(3), CartPole-v1 has Box("],
    "train.py --resume misspelt": ["unknown environment: received 'CartPol-v1'; did you mean CartPole-v1"],
    "train.py --resume atari": ["protocol 'gymnasium' does not fit ALE/MsPacman-v5"],
    "train.py --resume nobody": ["unknown agent: received 'dqm'; did you mean dqn?"],
    "train.py --resume negative": ["steps", "received -5"],
    "train.py --resume evil": ["evil.games is refused: it lies with a run or recorded games, in "],
    "train.py --resume passed_on/run": ["passed_on.games is refused: it lies with a run or recorded games, in "],
    "train.py --resume evil_games": ["evil_games.games is refused: it lies with a run or recorded games, in "],
    f"train.py --resume whole --steps {SMALL['steps'] - 100}": ["the run is further: received --steps 800, allowed is"],
    "evaluate.py copied": ["copied/best is a copy, not a link: delete it, and copy runs with their links (cp -a)"],
    "train.py --resume newer": ["newer/config.json has an unknown setting: received 'colour'"],
    "evaluate.py torn": ["torn/step_", " is torn: it has no manifest.json"],
    "evaluate.py flipped --checkpoint latest --episodes -1": ["--episodes is out of range: received -1"],
    f"evaluate.py flipped --checkpoint {SMALL['steps']}": [f"{LAST} is damaged: learner.npz has another digest than"],
    "evaluate.py whole --checkpoint 7": ["no such checkpoint: received 7, whole has ", str(SMALL["steps"])],
    "evaluate.py whole --checkpoint nice": ["unknown checkpoint: received 'nice', allowed are best, latest or a step"],
    "verify.py whole": ["whole has no eval games to verify"],
    "verify.py other_tapes": ["other_tapes/tapes.sqlite cannot be read as a tape store: file is not a database"],
    "watch.py without_tapes": ["no tapes: without_tapes/tapes.sqlite is not there"],
    "watch.py whole --stream demo": ["whole/tapes.sqlite holds no demo games"],
    "watch.py whole --stream train --number 10000": ["no such game: received train 10000, "],
    f"watch.py flipped --checkpoint {SMALL['steps']}": [f"{LAST} is damaged: learner.npz has another digest than"],
}


@pytest.fixture(scope="module")
def told(whole, tmp_path_factory):
    """What the scripts say to copies of a run that were changed."""
    here = tmp_path_factory.mktemp("here")
    for name, change in RUNS.items():
        change(shutil.copytree(whole, here / name, symlinks=True))
    return answers(here, MISTAKES)


@pytest.mark.parametrize("line", MISTAKES)
def test_a_run_that_is_not_what_it_should_be_is_refused(told, line):
    assert_refused(told[line], MISTAKES[line])


def code():
    """A function as Keras keeps one in a file: it makes a folder `ran` where it is called."""

    def run(x):
        import os

        os.mkdir("ran")
        return x

    dumped = base64.b64encode(marshal.dumps(run.__code__)).decode()
    return {"class_name": "__lambda__", "config": {"code": dumped, "defaults": None, "closure": None}}


HOSTILE = {
    "a Lambda": {"module": "keras.layers", "class_name": "Lambda", "config": {"name": "guest", "function": code()}},
    "os.system": {"module": "os", "class_name": "function", "config": "system", "registered_name": "system"},
}


@pytest.fixture(params=HOSTILE)
def hostile(request, whole, tmp_path, monkeypatch):
    """A run whose networks want something to run; their digests are right."""
    monkeypatch.chdir(tmp_path)
    run = shutil.copytree(whole, tmp_path / "run", symlinks=True)
    for place in checkpoint.all_of(run):
        poison(place / "network.keras", HOSTILE[request.param])
        manifest = json.loads((place / "manifest.json").read_text())
        manifest["sha256"]["network.keras"] = checkpoint._digest(place / "network.keras")
        (place / "manifest.json").write_text(json.dumps(manifest))
        assert checkpoint.damage(place) is None
    yield run
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run"]


def poison(path, guest):
    """Add a layer to a Keras file, in front of all others."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    config["config"]["layers"].insert(0, {**guest, "name": "guest", "inbound_nodes": []})
    members["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


@pytest.mark.parametrize(
    ("script", "arguments"),
    [
        ("evaluate.py", ["run"]),
        ("watch.py", ["run", "--out", "game.mp4"]),
        ("train.py", ["--resume", "run", "--steps", "1000", *UNSCORED]),
    ],
)
def test_a_hostile_network_is_refused_and_does_nothing(hostile, script, arguments):
    with pytest.raises(UserError, match=r"network\.keras is refused: it asks for") as refused:
        call(script, *arguments)
    assert "\n" not in str(refused.value)
    assert not (hostile / "evaluation.json").exists()
    assert not (hostile / "videos").exists()
