"""The exporting script: files that other programs run, and what is refused."""

import dataclasses
import importlib.util
import json
import re
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest

import agents
import envs
from rlab import checkpoint
from rlab.config import RunConfig, Settings, default_preset
from rlab.evaluation import Evaluation
from rlab.export import formats
from rlab.protocol import PROTOCOLS, default_protocol
from rlab.report.scores import mean_interval
from rlab.tapes import TapeStore
from rlab.types import UserError
from tests.agents.cases import small
from tests.playing import play
from tests.scripts.running import answers, assert_refused, call


def a_run(folder, agent, name, preset="", games=1, **changes):
    """The run of an agent that has learnt nothing, with games that were played by chance."""
    folder.mkdir()
    family = agents.find(agent)
    preset = preset or default_preset(family.PRESETS, name)
    protocol = PROTOCOLS[default_protocol(name)]
    run = RunConfig(env=name, protocol=protocol.name, **changes)
    config = small(family.PRESETS[preset].config)
    settings = Settings(agent, preset, run, config, *envs.spaces_of(name, protocol))
    settings.write(folder / "config.json")
    checkpoint.point_best(folder, checkpoint.write(folder, 0, agents.make(settings).save))
    store = TapeStore(folder / "tapes.sqlite", create=True)
    for seed in range(games):
        environment = envs.make(name, 1, protocol)
        store.write(dataclasses.replace(play(environment, seed).tape, number=seed))
        environment.close()
    store.commit()
    store.close()
    return folder


def exported(run, kind, folder):
    """Call the script: the lines that it printed, and what it tells programs of the policy."""
    lines = call("export.py", run, "--format", kind, "--out", folder)
    return lines, json.loads((folder / "policy.json").read_text())


@pytest.fixture
def float32_afterwards():
    """The script leaves the number format of its agent to this process."""
    yield
    keras.mixed_precision.set_global_policy("float32")


def python(lines, folder):
    """Run lines in a folder, in a process that knows nothing of the lab."""
    done = subprocess.run([sys.executable, "-I", "-c", lines], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


FORMATS = {"keras": "policy.keras", "savedmodel": "policy", "onnx": "policy.onnx"}


def test_what_is_exported_plays_as_the_agent_does_and_needs_no_lab(story, tmp_path):
    step = Evaluation.read(story.run).step
    seen = np.random.default_rng(0).normal(size=(7, 4)).astype(np.float32)
    program = f"import os\nimport numpy\nobservations = numpy.array({seen.tolist()}, numpy.float32)\n"
    for kind, file in FORMATS.items():
        folder = tmp_path / kind
        lines, told = exported(story.run, kind, folder)
        assert re.fullmatch(rf"dqn on CartPole-v1 at step {step:,} as {kind}: [\d.]+ MB in [\d.]+ s", lines[0])
        assert lines[1].startswith("checked on 100 observations of eval games: 100 of 100 actions agree, the largest ")
        assert lines[2:] == [str(folder)]
        assert sorted(path.name for path in folder.iterdir()) == sorted(["README.md", "policy.json", file])
        assert told["checked"]["difference"] < 1e-5
        (snippet,) = re.findall(r"```python\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)
        program += f"os.chdir({str(folder)!r})\n{snippet}numpy.savez('made.npz', outputs=outputs, actions=actions)\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FORMATS)
    python(program, tmp_path)
    values = agents.load(story.run).values(seen)
    for kind in FORMATS:
        with np.load(tmp_path / kind / "made.npz") as made:
            np.testing.assert_allclose(made["outputs"], values, atol=1e-5)
            assert made["actions"].tolist() == np.argmax(values, axis=1).tolist()


def test_it_tells_what_goes_in_what_comes_out_and_what_it_scores(story, tmp_path):
    _, told = exported(story.run, "keras", tmp_path / "policy")
    evaluation = Evaluation.read(story.run)
    mean, low, high = mean_interval(evaluation.scores)
    assert told["input"]["shape"] == [None, 4]
    assert told["input"]["dtype"] == "float32"
    assert told["output"] == {
        **{"name": "action_values", "shape": [None, 2], "dtype": "float32"},
        "meaning": "what each action is worth",
    }
    assert told["actions"] == {"names": ["LEFT", "RIGHT"], "space": {"kind": "Discrete", "n": 2}}
    assert told["score"] == {"mean": mean, "low": low, "high": high, "confidence": 0.95, "games": 30}
    assert (told["step"], told["protocol"]) == (evaluation.step, evaluation.protocol)
    assert told["acting"] == {"choice": "best", "random_actions": 0.0}
    text = (tmp_path / "policy" / "README.md").read_text()
    assert f"**{mean:,.1f}** [{low:,.1f}, {high:,.1f}] in 30 full games" in text
    assert "| 1 | RIGHT |" in text
    assert "import rlab" not in text


def test_a_score_of_another_checkpoint_is_not_told(story, tmp_path):
    run = shutil.copytree(story.run, tmp_path / "run", symlinks=True)
    told = json.loads((run / "evaluation.json").read_text())
    (run / "evaluation.json").write_text(json.dumps({**told, "step": 7}))
    assert exported(run, "keras", tmp_path / "policy")[1]["score"] is None
    assert "It was not evaluated" in (tmp_path / "policy" / "README.md").read_text()


@pytest.mark.parametrize(
    ("agent", "name", "output"),
    [
        ("ppo", "Pendulum-v1", "normal"),  # with a layer of the lab's own
        ("ppo", "Catch-v0", "logits"),
        ("pqn", "CartPole-v1", "action_values"),  # with another: layer normalisation
        ("reinforce", "CartPole-v1", "logits"),
        ("dqn", "FrozenLake-v1", "action_values"),  # which sees numbers
    ],
)
def test_every_agent_with_a_network_is_exported(agent, name, output, tmp_path):
    run = a_run(tmp_path / "run", agent, name, games=20 if name == "FrozenLake-v1" else 3)
    for kind in FORMATS:
        _, told = exported(run, kind, tmp_path / kind)
        assert told["output"]["name"] == output
        assert told["checked"]["agree"] == told["checked"]["observations"] > 20
        assert told["checked"]["difference"] < 1e-4
        assert told["checked"]["stream"] == "demo"
        assert ("import rlab.nets.saving" in (tmp_path / kind / "README.md").read_text()) == (
            kind == "keras" and (output == "normal" or agent == "pqn")
        )


def test_what_asks_for_quantiles_at_fractions_is_exported_with_those_by_which_it_acts(tmp_path):
    run = a_run(tmp_path / "run", "dqn", "ALE/MsPacman-v5", "iqn")
    for kind in FORMATS:
        _, told = exported(run, kind, tmp_path / kind)
        assert told["checked"]["agree"] == told["checked"]["observations"] == 100
        assert told["checked"]["difference"] < 1e-4


@pytest.mark.usefixtures("float32_afterwards")
def test_an_agent_that_computes_in_bfloat16_is_exported_as_it_computes_or_in_float32(tmp_path):
    run = a_run(tmp_path / "run", "dqn", "CartPole-v1", "control", games=8, precision="mixed_bfloat16")
    _, kept = exported(run, "keras", tmp_path / "kept")
    _, whole = exported(run, "onnx", tmp_path / "whole")
    assert kept["number_format"] == {"file": "mixed_bfloat16", "agent": "mixed_bfloat16"}
    assert kept["checked"]["difference"] == 0
    assert whole["number_format"] == {"file": "float32", "agent": "mixed_bfloat16"}
    assert 0 < whole["checked"]["difference"] < 0.1


@pytest.mark.usefixtures("float32_afterwards")
def test_an_agent_of_images_that_computes_in_bfloat16_is_exported_as_near_as_that_format_tells(tmp_path):
    """Its convolutions, which are the lab's own, round otherwise than those of Keras."""
    run = a_run(tmp_path / "run", "dqn", "ALE/MsPacman-v5", "fast", precision="mixed_bfloat16")
    _, told = exported(run, "keras", tmp_path / "kept")
    assert told["checked"]["agree"] == told["checked"]["observations"] == 100
    assert told["checked"]["difference"] < 0.02


@pytest.mark.usefixtures("float32_afterwards")
def test_an_agent_in_bfloat16_that_finds_two_actions_as_good_is_exported_and_that_is_told(tmp_path):
    """To one that has learnt nothing many actions are worth much the same."""
    run = a_run(tmp_path / "run", "dqn", "ALE/MsPacman-v5", "fast", precision="mixed_bfloat16")
    lines, told = exported(run, "onnx", tmp_path / "whole")
    checked = told["checked"]
    assert checked["agree"] + checked["ties"] == checked["observations"] == 100
    assert checked["ties"] > 0
    words = f"{checked['ties']} as good "
    assert words in lines[1]
    assert words in (tmp_path / "whole" / "README.md").read_text()


@pytest.mark.parametrize(
    ("made", "words"), [(lambda outputs: -outputs, "0 of 100"), (lambda outputs: outputs * np.nan, "")]
)
def test_what_plays_otherwise_than_the_agent_is_refused(made, words, story, tmp_path, monkeypatch):
    def load(path):
        run = formats._load_keras(path)
        return lambda observations: made(run(observations))

    monkeypatch.setitem(formats.FORMATS, "keras", formats.FORMATS["keras"]._replace(load=load))
    with pytest.raises(UserError, match=f"the keras file plays otherwise than the agent: {words}"):
        call("export.py", story.run, "--format", "keras", "--out", tmp_path / "policy")
    assert list(tmp_path.iterdir()) == []


def test_a_run_without_games_has_nothing_to_be_checked_on(tmp_path):
    run = a_run(tmp_path / "run", "reinforce", "CartPole-v1", games=0)
    with pytest.raises(UserError, match="holds no games, so nothing shows whether an export plays as the agent does"):
        call("export.py", run, "--format", "keras", "--out", tmp_path / "policy")
    assert list(tmp_path.iterdir()) == [run]


def test_a_missing_library_is_named(story, tmp_path, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr("rlab.export.find_spec", lambda name: None if name == "tf2onnx" else found(name))
    with pytest.raises(UserError, match=r"--format onnx needs tf2onnx: install .* pip install -e '.\[export\]'"):
        call("export.py", story.run, "--format", "onnx", "--out", tmp_path / "policy")


MISTAKES = {
    "export.py": ["Missing from export.py", "--out PATH", "(required)"],
    "export.py missing --format keras --out new": ["not a run: missing has no config.json"],
    "export.py random --format keras --out new": ["random has no network to export: allowed are runs of dqn, ppo, pq"],
    "export.py dqn --format tflite --out new": ["invalid choice 'tflite' for argument '--format'"],
    "export.py dqn --format keras --out file": ["--out is to be a new folder: received file, where there is something"],
    "export.py dqn --format keras --out file/new": ["--out is no folder: received file, and file is a file"],
    "export.py dqn --format keras --out new --checkpoint 7": ["no such checkpoint: received 7, dqn has 0"],
    "export.py tapes missing --format minari --out new": ["not a run: missing has no config.json"],
    "export.py tapes dqn --format minari --out new": ["dqn has no eval games to export"],
    "export.py tapes dqn --format minari --out new --stream movies": ["unknown stream: received 'movies'"],
    "export.py tapes dqn --format minari --out new --stream demo --name x": [
        "--name is no name of a dataset: received"
    ],
    "export.py tapes dqn --format minari --out file --stream demo": ["--out is no folder: received file"],
    "import_tapes.py": ["The dataset's folder. (required)"],
    "import_tapes.py missing": ["no dataset of Minari: missing has no data/metadata.json"],
    "import_tapes.py foreign": ["does not tell how its games are played again: allowed are datasets that export.py"],
}


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What the scripts answer to all of the above in the folder of a user."""
    here = tmp_path_factory.mktemp("here")
    a_run(here / "random", "random", "CartPole-v1")
    a_run(here / "dqn", "dqn", "CartPole-v1", "control")
    (here / "file").touch()
    (here / "foreign" / "data").mkdir(parents=True)
    (here / "foreign" / "data" / "metadata.json").write_text('{"env_spec": "{}", "total_episodes": 0}')
    return answers(here, [*MISTAKES, "export.py --help", "export.py tapes --help", "import_tapes.py --help"])


@pytest.mark.parametrize("line", MISTAKES)
def test_a_mistake_is_one_line(told, line):
    assert_refused(told[line], MISTAKES[line])


@pytest.mark.parametrize("line", ["export.py --help", "export.py tapes --help", "import_tapes.py --help"])
def test_help_is_shown_without_tensorflow(told, line):
    assert "--out" in told[line]["out"]
    assert (told[line]["errors"], told[line]["tensorflow"]) == ("", False)
