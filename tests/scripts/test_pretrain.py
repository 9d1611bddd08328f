"""From recorded games to an encoder and on to an agent, each by one command; and what is refused on the way."""

import json
import shutil
import signal

import pytest

import agents
from rlab.pretrained import read_passport
from rlab.representation import methods
from rlab.spaces import from_json
from rlab.tensorboard import _events, _find, read_scalars
from tests.scripts.running import REPOSITORY, UNSCORED, answers, assert_refused, begun, call, only_run
from tests.scripts.test_record import a_run

SHORT = ("--epochs", "2", "--steps", "400", "--encoder-sizes", "16", "--precision", "float32")
LEARNT = {
    "autoencoder": ("--code-size", "4"),
    "variational": ("--code-size", "4"),
    "denoising": ("--code-size", "4"),
    "cloning": ("--hidden-sizes", "16"),
}
SMALL = ["--steps", "300", "--num-envs", "2", "--warmup-steps", "50", "--batch-size", "8"]


@pytest.fixture(scope="module")
def games(tmp_path_factory):
    """A recording of random games of Catch."""
    folder = tmp_path_factory.mktemp("recorded") / "games"
    call("record.py", "random", "--env", "Catch-v0", "--episodes", "60", "--out", folder)
    return folder


@pytest.fixture(scope="module")
def learnt(games, tmp_path_factory):
    """What each method left of these games: its folder and the lines that were printed."""
    root = tmp_path_factory.mktemp("learnt")
    found = {}
    for method, small in LEARNT.items():
        lines = call("pretrain.py", method, games, *SHORT, *small, "--root", root)
        (folder,) = (root / "Catch-v0" / "pretrained" / method).iterdir()
        found[method] = folder, lines
    return found


def test_every_method_was_tried():
    assert {*LEARNT, "sprites"} == set(methods.names())  # Catch has none


@pytest.mark.parametrize("method", LEARNT)
def test_the_passport_says_what_was_learnt_from_what(learnt, games, method):
    folder, _ = learnt[method]
    passport = read_passport(folder / "encoder.keras")
    assert (passport.kind, passport.method, passport.environment) == ("encoder", method, "Catch-v0")
    assert passport.features == 16
    assert from_json(dict(passport.observation_space)).shape == (40, 20, 1)
    assert sum(passport.trained_on["steps"].values()) >= 400
    assert passport.trained_on["policies"]["random"]["share"] == 1.0
    assert passport.results["passes"] == 2
    assert passport.results["loss"] > 0
    assert passport.settings["learning_rate"] == 0.001
    assert (passport.settings["steps"], passport.settings["precision"]) == (400, "float32")
    assert ("pca_error" in passport.results) == (method != "cloning")


def test_cloning_leaves_a_policy_too(learnt):
    assert read_passport(learnt["cloning"][0] / "policy.keras").features == 3
    assert not (learnt["autoencoder"][0] / "policy.keras").exists()


@pytest.mark.parametrize("method", sorted(LEARNT.keys() - {"cloning"}))
def test_tensorboard_gets_losses_and_drawn_pictures_and_the_games_card(learnt, method):
    folder, _ = learnt[method]
    assert {"representation/loss_train", "representation/loss_validation"} <= set(read_scalars(folder))
    tags = {value.tag for event in _events(_find(folder)) for value in event.summary.value}
    assert {"representation/drawn", "representation/games"} <= tags


@pytest.mark.parametrize(("method", "kind"), [("autoencoder", "encoder"), ("cloning", "policy")])
def test_the_command_that_it_prints_trains_an_agent_that_goes_on_without_the_original(learnt, tmp_path, method, kind):
    (line,) = (line for line in learnt[method][1] if line.startswith(f"take over the {kind}:"))
    _, _, script, *arguments = line.split()[4:]
    assert script == "dqn"
    copied = tmp_path / f"{kind}.keras"
    for suffix in (".keras", ".json"):
        shutil.copy((learnt[method][0] / kind).with_suffix(suffix), copied.with_suffix(suffix))
    arguments[arguments.index(f"--{kind}") + 1] = str(copied)
    root = tmp_path / "runs"
    call("train.py", "dqn", *arguments, *SMALL, *UNSCORED, "--freeze", "all", "--root", root)
    run = only_run(root)
    copied.unlink()
    call("train.py", "--resume", run, "--steps", "400", *UNSCORED)
    call("evaluate.py", run, "--episodes", "2")
    config = json.loads((run / "config.json").read_text())["config"]
    assert (config[kind], config["freeze"]) == (str(copied), "all")
    assert agents.load(run) is not None


def test_ctrl_c_keeps_the_best_pass(games, tmp_path):
    forever = ["--epochs", "100000", "--patience", "100000", "--steps", "400", "--root", tmp_path]
    learning = begun("pretrain.py", "autoencoder", games, *forever)
    lines = []
    while not lines or not lines[-1].startswith("Epoch 3/"):
        lines.append(learning.stdout.readline())
        assert lines[-1], learning.stderr.read()
    learning.send_signal(signal.SIGINT)
    out, errors = learning.communicate()
    assert (learning.returncode, errors) == (130, "")
    assert "stopping, the best pass is kept; once more to end at once" in out
    assert "take over the encoder:" in out
    (passport,) = map(read_passport, tmp_path.rglob("encoder.keras"))
    assert passport.results["interrupted"] is True
    assert passport.results["passes"] >= 3


def test_what_plays_with_numbers_is_taken_over_by_an_agent_that_does(tmp_path):
    folder = tmp_path / "games"
    call("record.py", "random", "--env", "Pendulum-v1", "--episodes", "30", "--out", folder)
    small = ["--epochs", "1", "--encoder-sizes", "16", "--hidden-sizes", "8", "6", "--activation", "tanh"]
    lines = call("pretrain.py", "cloning", folder, *small, "--root", tmp_path / "learnt")
    for kind in ("encoder", "policy"):
        (line,) = (line for line in lines if line.startswith(f"take over the {kind}:"))
        _, _, script, *arguments = line.split()[4:]
        assert script == "ppo"
        call("train.py", "ppo", *arguments, "--steps", "8", *UNSCORED, "--root", tmp_path / "runs")


def test_an_expert_says_what_should_have_been_done(games, tmp_path):
    """A rule that always goes left is cloned from random games."""
    expert = tmp_path / "expert"
    call("train.py", "ppo", "--env", "Catch-v0", "--steps", "8", *UNSCORED, "--root", expert)
    lines = call(
        *("pretrain.py", "cloning", games, "--expert", only_run(expert), *SHORT, "--epochs", "20"),
        *("--hidden-sizes", "16", "--learning-rate", "0.01", "--root", tmp_path / "learnt"),
    )
    (accuracy,) = (float(line.split()[1]) for line in lines if line.startswith("sparse_categorical_accuracy"))
    assert accuracy > 0.7  # the games themselves are one third of each action


MISTAKES = {
    "pretrain.py": ["which method? pretrain.py METHOD FOLDER..., methods are autoencoder, cloning, "],
    "pretrain.py autoencodr games": ["unknown method: received 'autoencodr'; did you mean autoencoder? allowed are"],
    "pretrain.py autoencoder": ["which games? pretrain.py autoencoder FOLDER..., folders are of runs, or those that"],
    "pretrain.py autoencoder missing": ["no recorded games: missing has neither recording.json nor config.json"],
    "pretrain.py autoencoder games --epochs 0": ["--epochs is out of range: received 0, allowed is 1 or more"],
    "pretrain.py autoencoder games --encoder-sizes 32 0": ["--encoder-sizes is out of range: received 0, allowed is 1"],
    "pretrain.py autoencoder games --code-size 0": ["--code-size is out of range: received 0"],
    "pretrain.py autoencoder games --steps 0": ["--steps is out of range: received 0"],
    "pretrain.py autoencoder games --stream movies": ["invalid choice 'movies' for argument '--stream'"],
    "pretrain.py autoencoder games --stream eval": ["there are no recorded games in games (eval)"],
    "pretrain.py autoencoder games --root file": ["--root is no folder: received file"],
    "pretrain.py autoencoder games --encoder-kind nature": ["an image agent does not fit this environment"],
    "pretrain.py autoencoder few": ["there is no ", " game among the 1 recorded ones", "record more games"],
    "pretrain.py cloning games --expert missing": ["not a run: missing has no config.json"],
}
_CATCH = "train.py dqn --env Catch-v0 "
TAKEN_OVER = {
    _CATCH + "--encoder missing.keras": ["no such pretrained file: received missing.keras, allowed is a .keras file"],
    _CATCH + "--encoder bare.keras": ["bare.keras has no passport: bare.json is not there"],
    _CATCH + "--encoder changed.keras": ["changed.json is the passport of another file than changed.keras"],
    _CATCH + "--encoder torn.keras": ["torn.json is not a passport: "],
    _CATCH + "--encoder policy.keras": ["policy.keras does not fit this run in its kind: it has policy, the run has"],
    _CATCH + "--policy good.keras": [
        "good.keras does not fit this run in its kind: it has encoder, the run has policy"
    ],
    _CATCH + "--encoder good.keras --policy policy.keras": ["a policy brings its own encoder: received --encoder and"],
    _CATCH + "--encoder good.keras --freeze most": ["--freeze is out of range: received 'most', allowed are all, none"],
    _CATCH + "--encoder good.keras --freeze 0": ["--freeze is out of range: received '0'"],
    _CATCH + "--freeze all": ["nothing is taken over that could be frozen or slowed down: received --freeze"],
    _CATCH + "--encoder-learning-rate 1e-4": ["nothing is taken over that could be frozen or slowed down"],
    _CATCH + "--encoder good.keras --encoder-learning-rate -1": [
        "--encoder-learning-rate is out of range: received -1"
    ],
    "train.py dqn --env CartPole-v1 --encoder good.keras": [
        "good.keras does not fit this run in its observations: it has {'kind': 'Box', 'shape': [40, 20, 1]",
        "the run has {'kind': 'Box', 'shape': [4]",
    ],
    "train.py random --env Catch-v0 --encoder good.keras": ["Unrecognized options: --encoder, good.keras"],
    "train.py ppo --env CartPole-v1 --encoder good.keras --normalise-observations": ["--normalise-observations with"],
}


@pytest.fixture(scope="module")
def told(games, learnt, tmp_path_factory):
    """What the scripts answer to all of these in the folder of a user."""
    here = tmp_path_factory.mktemp("here")
    shutil.copytree(games, here / "games")
    call("record.py", "random", "--env", "Catch-v0", "--episodes", "1", "--out", here / "few")
    (here / "file").touch()
    a_run(here / "run", "Catch-v0")
    for name in ("good", "bare", "changed", "torn"):
        for suffix in (".keras", ".json"):
            shutil.copy((learnt["autoencoder"][0] / "encoder").with_suffix(suffix), here / f"{name}{suffix}")
    for suffix in (".keras", ".json"):
        shutil.copy((learnt["cloning"][0] / "policy").with_suffix(suffix), here)
    (here / "bare.json").unlink()
    (here / "torn.json").write_text("{")
    shutil.copy(here / "policy.keras", here / "changed.keras")
    return answers(here, [*MISTAKES, *TAKEN_OVER, "pretrain.py --help", "pretrain.py variational --help"])


@pytest.mark.parametrize("line", [*MISTAKES, *TAKEN_OVER])
def test_a_mistake_is_one_line(told, line):
    assert_refused(told[line], {**MISTAKES, **TAKEN_OVER}[line])


@pytest.mark.parametrize(
    ("line", "shown"), [("pretrain.py --help", "Methods: "), ("pretrain.py variational --help", "--beta")]
)
def test_help_is_shown_without_tensorflow(told, line, shown):
    answer = told[line]
    assert shown in answer["out"]
    assert (answer["errors"], answer["tensorflow"], answer["written"]) == ("", False, [])


def test_a_hostile_encoder_is_refused(learnt, tmp_path):
    """One that names a layer which carries code, under a passport that fits it."""
    import keras

    from rlab.pretrained import digest
    from rlab.types import UserError

    folder, _ = learnt["autoencoder"]
    path = tmp_path / "encoder.keras"
    seen = keras.Input((40, 20, 1))
    features = keras.layers.Lambda(lambda image: image[:, 0, 0])(seen)
    keras.Model(seen, features).save(path)
    passport = json.loads((folder / "encoder.json").read_text()) | {"digest": digest(path)}
    path.with_suffix(".json").write_text(json.dumps(passport))
    with pytest.raises(UserError, match=r"is refused: it asks for .*Lambda"):
        call("train.py", *_CATCH.split()[1:], "--encoder", path, *UNSCORED, "--root", tmp_path / "runs")
    assert not list((tmp_path / "runs").rglob("config.json"))
    assert REPOSITORY not in path.parents
