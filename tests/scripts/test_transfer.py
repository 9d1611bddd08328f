"""Comparisons as a user makes them: trained, interrupted, gone on with, and put together."""

import itertools
import json
import shlex
import shutil
import signal
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import envs
from rlab import command_line
from rlab.nets.saving import load_model
from rlab.pretrained import PretrainedConfig, read_passport
from rlab.protocol import PROTOCOLS
from rlab.report.progress import ProgressBar
from rlab.report.transfer import runs
from rlab.report.transfer.arms import make_variants
from rlab.report.transfer.plan import Arm, read_plan
from rlab.types import UserError
from scripts import train, transfer
from tests.rlab.report.evaluated_runs import evaluated_run
from tests.rlab.report.transfer.made_up import SETTINGS, a_plan, finish, level
from tests.rlab.written_pretrained import write_encoder, write_policy
from tests.scripts.in_this_process import InThisProcess, in_this_process
from tests.scripts.running import answers, assert_refused, call

SPACES = envs.spaces_of("CartPole-v1", PROTOCOLS["gymnasium"])
STEPS = 400
FURTHER = (
    "--num-envs 2 --warmup-steps 50 --batch-size 8 --update-period-steps 8 --replay-capacity 300 --hidden-sizes 16 "
)
FURTHER += "--encoder-sizes 16 --checkpoint-period-steps 100 --evaluation-period-steps 400 --evaluation-episodes 1 "
FURTHER += "--log-period-steps 100"
TIMES = ("seconds", "all_seconds", "run", "folder")
ARMS = ["scratch", "autoencoder-frozen", "autoencoder-thawed"]


@pytest.fixture
def here(monkeypatch):
    """Let comparisons train in this process; the scripts that they called, in their order."""
    monkeypatch.setattr(transfer, "ProcessPoolExecutor", InThisProcess)
    with in_this_process() as called:
        yield called


@pytest.fixture
def encoder(tmp_path):
    (tmp_path / "learnt").mkdir()
    return write_encoder(tmp_path / "learnt", *SPACES, "CartPole-v1")


def words(encoder, out, *changes):
    """The arguments of a small comparison."""
    own = ["dqn", "--env", "CartPole-v1", "--steps", STEPS, "--encoders", encoder, "--seeds", 1, "--threads", 1]
    return [str(word) for word in (*own, "--score-episodes", 2, "--out", out, *changes, "--", *FURTHER.split())]


def timeless(value):
    """Numbers without those that differ between two comparisons that are the same."""
    if isinstance(value, dict):
        return {name: timeless(inner) for name, inner in value.items() if name not in TIMES}
    return [timeless(inner) for inner in value] if isinstance(value, list) else value


def numbers(out):
    return json.loads((out / transfer.NUMBERS).read_text())


def test_interrupted_and_called_again_it_ends_as_if_it_never_had_been(tmp_path, encoder, here, interrupted):
    lines = call("transfer.py", *words(encoder, tmp_path / "whole"))
    assert here == ["train.py", "evaluate.py"] * 3
    assert [line for line in lines if line.startswith("run ") and ": " in line] == [
        f"run {number} of 3: {arm}, seed 1"
        for number, arm in enumerate(["scratch", "autoencoder frozen", "autoencoder thawed"], 1)
    ]
    whole = tmp_path / "whole"
    assert f"see the curves: tensorboard --logdir {whole}" in lines
    assert (whole / transfer.REPORT).read_text() in "\n".join(lines)
    (task,) = numbers(whole)["tasks"]
    assert [arm["name"].replace(" ", "-") for arm in task["arms"]] == ARMS
    assert [len(run["curve"]) for arm in task["arms"] for run in arm["runs"]] == [20] * 3
    assert task["arms"][0]["runs"] != task["arms"][2]["runs"]
    assert {path.relative_to(whole).parts[0] for path in whole.rglob("events.out.*")} == set(
        ARMS
    )  # TensorBoard's names
    assert_frozen_as_asked(whole)

    broken = tmp_path / "broken"
    here.clear()
    out = interrupted(words(encoder, broken), here)
    assert here == ["train.py", "evaluate.py", "train.py"]
    assert out[-3] == "stopping, what is trained is saved; once more to end at once"
    assert out[-2] == "seeds that are finished in every arm: none yet"
    assert out[-1] == f"go on with: python scripts/transfer.py {shlex.join(words(encoder, broken))}"
    before = {path: path.stat().st_mtime_ns for path in broken.rglob("evaluation.json")}
    assert len(before) == 1
    here.clear()
    call("transfer.py", *words(encoder, broken))
    assert here == ["train.py --resume", "evaluate.py", "train.py", "evaluate.py"]
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert timeless(numbers(broken)) == timeless(numbers(whole))

    here.clear()
    lines = call("transfer.py", *words(encoder, broken))
    assert (here, "3 of 3 are there already" in lines) == ([], True)
    with pytest.raises(UserError, match=r"broken holds another plan: steps is 400 there and 500 now; repeat its"):
        call("transfer.py", *words(encoder, broken, "--steps", 500))


def test_other_settings_are_compared_too(tmp_path, here):
    own = ["dqn", "--env", "CartPole-v1", "--steps", STEPS, "--seeds", 1, "--threads", 1, "--out", tmp_path / "out"]
    own += ["--variants", "single: --no-double", "long: --n-steps 3 --gamma 0.9"]
    lines = call("transfer.py", *map(str, own), "--", *FURTHER.split(), "--gamma", "0.95")
    assert here == ["train.py"] * 3
    assert lines[0] == "3 runs of 400 steps, 1 of each: scratch, single, long"
    (task,) = numbers(tmp_path / "out")["tasks"]
    runs = [json.loads(Path(arm["runs"][0]["run"], "config.json").read_text())["config"] for arm in task["arms"]]
    found = [[config[name] for name in ("double", "n_steps", "gamma")] for config in runs]
    assert found == [[True, 1, 0.95], [False, 1, 0.95], [True, 3, 0.9]]
    text = (tmp_path / "out" / transfer.REPORT).read_text()
    assert text.startswith("# What do other settings change?")
    assert "- long: `--n-steps 3 --gamma 0.9`" in text
    assert "retrain" not in text


@pytest.mark.parametrize(
    ("variant", "message"),
    [
        ("longer: --steps 800", "--steps is the comparison's to set: received --steps for longer"),
        ("twins: --seeds 5", "--seeds is the comparison's to set: received --seeds for twins"),
        ("same: --double", "same: trains as scratch does, so there is nothing to compare"),
        ("..: --no-double", r"'\.\.' would lie where the comparison itself does: allowed is another name"),
        ("wide: --num-envs 4", "wide: all runs have the same protocol and --num-envs, which go after --"),
    ],
)
def test_settings_that_make_runs_incomparable_are_refused(tmp_path, variant, message):
    with pytest.raises(UserError, match=message):
        call("transfer.py", "dqn", "--env", "CartPole-v1", "--out", str(tmp_path / "out"), "--variants", variant)


@pytest.fixture
def asked(monkeypatch):
    """Train nothing; the calls that would be made next."""
    asked = []

    class Work:
        def __init__(self, jobs, *others):
            asked.extend(job.command() for job in jobs)

        def do(self):
            return False

    monkeypatch.setattr(transfer, "Work", Work)
    return asked


def test_more_seeds_go_on_with_those_that_are_there(tmp_path, encoder, here, asked):
    plan, _ = transfer.make_plan(*split(words(encoder, tmp_path / "out")))
    (tmp_path / "out").mkdir()
    plan.write(tmp_path / "out")
    done = [finish(tmp_path / "out", plan, arm, 1, level(1.0), steps=STEPS) for arm in plan.arms]
    for run in done:
        scored = evaluated_run(tmp_path / run.parts[-4], [1.0, 2.0], step=STEPS)
        (scored / "evaluation.json").rename(run / "evaluation.json")
    with pytest.raises(SystemExit):
        call("transfer.py", *words(encoder, tmp_path / "out", "--seeds", 2))
    assert [command is None for command in asked] == [True] * 3 + [False] * 3
    assert [command[command.index("--seed") + 1] for command in asked[3:]] == ["2"] * 3
    assert read_plan(tmp_path / "out") == replace(plan, seeds=2)


def test_other_threads_go_on_with_the_same_comparison(tmp_path, encoder, here, asked):
    plan, _ = transfer.make_plan(*split(words(encoder, tmp_path / "out")))
    (tmp_path / "out").mkdir()
    plan.write(tmp_path / "out")
    finish(tmp_path / "out", plan, plan.arms[0], 1, level(1.0), steps=STEPS)
    with pytest.raises(SystemExit):
        call("transfer.py", *words(encoder, tmp_path / "out", "--threads", 2, "--score-episodes", 2))
    assert [command[command.index("--threads") + 1] for command in asked if "--threads" in command] == ["2"] * 2


@pytest.mark.parametrize(("variant", "further"), [("a: --no-double", "half_hour"), ("a: --preset half_hour", "fast")])
def test_a_preset_that_ends_by_the_clock_trains_all_steps(tmp_path, variant, further):
    own = ["dqn", "--env", "ALE/MsPacman-v5", "--variants", variant, "--", "--preset", further]
    plan, _ = transfer.make_plan(*split(own))
    settings = [train.parse(runs.command(tmp_path, plan, arm, 1)[1:])[1] for arm in plan.arms]
    assert [(one.run.steps, one.run.minutes) for one in settings] == [(100_000, None)] * 2


def split(arguments):
    """What `make_plan` takes, of a command line."""
    at = arguments.index("--")
    options = command_line.parse(transfer.Options, arguments[:at], program="transfer.py", description="")
    return options, arguments[at + 1 :]


def test_untrained_networks_are_made_and_taken_over(tmp_path, encoder, here, asked):
    with pytest.raises(SystemExit):
        call("transfer.py", *words(encoder, tmp_path / "out", "--untrained", "--seeds", 2))
    commands = [[word for word in command[2:] if not word.endswith("train.py")] for command in asked if command]
    settings = {}
    for command in commands:
        _, one, _ = train.parse(command)
        settings.setdefault(Path(one.config.encoder).parent.name, []).append((one.config.freeze, one.config.encoder))
    made = [str(path) for path in sorted((tmp_path / "out" / "untrained").glob("*.keras"))]
    assert settings["untrained"] == [(freeze, file) for file in made for freeze in ("all", "none")]
    weights = [load_model(path).get_weights() for path in (encoder, *map(Path, made))]
    for one, other in itertools.combinations(weights, 2):
        assert [array.shape for array in one] == [array.shape for array in other]
        assert not np.allclose(one[0], other[0])
    passport = read_passport(Path(made[0]))
    assert (passport.method, passport.results, passport.trained_on) == ("untrained", {"seconds": 0.0}, {"steps": {}})


def assert_frozen_as_asked(folder):
    configs = {arm: [json.loads(path.read_text()) for path in (folder / arm).rglob("config.json")] for arm in ARMS}
    assert {arm: [config["config"]["freeze"] for config in found] for arm, found in configs.items()} == {
        "scratch": ["none"],
        "autoencoder-frozen": ["all"],
        "autoencoder-thawed": ["none"],
    }
    for found in configs.values():
        assert [config["run"]["seed"] for config in found] == [1]
        assert {(config["run"]["steps"], config["run"]["threads"], config["run"]["num_envs"]) for config in found} == {
            (STEPS, 1, 2)
        }


@pytest.fixture
def interrupted(monkeypatch, capsys):
    """Call the script and press Ctrl-C when half of the second run is trained; the lines that it prints.

    How the training that is under way comes to be told is tested in test_work.py.
    """

    def interrupted(arguments, called):
        show = ProgressBar.show

        def shown(bar, progress):
            show(bar, progress)
            if called.count("train.py") == 2 and progress.step == STEPS // 2:
                signal.raise_signal(signal.SIGINT)

        with monkeypatch.context() as patch:
            patch.setattr(ProgressBar, "show", shown)
            patch.setattr(sys, "argv", ["scripts/transfer.py", *arguments])
            with pytest.raises(SystemExit) as stopped:
                transfer.main(arguments)
        assert stopped.value.code == 130
        return capsys.readouterr().out.splitlines()

    return interrupted


def test_a_policy_whose_layers_do_not_fit_is_refused_before_anything_is_trained(tmp_path, here):
    (tmp_path / "cloned").mkdir()
    policy = write_policy(tmp_path / "cloned", *SPACES, "CartPole-v1", hidden=(24,))
    out = tmp_path / "out"
    with pytest.raises(UserError, match=r"^autoencoder policy: the policy's head does not fit the agent"):
        call("transfer.py", "dqn", "--env", "CartPole-v1", "--policies", policy, "--out", out, "--", *FURTHER.split())
    assert (here, out.exists()) == ([], False)


@pytest.fixture
def finished(tmp_path):
    """Two finished comparisons, of scratch alone."""
    folders = []
    for number, name in enumerate(("one", "two"), 1):
        settings = SETTINGS | {"config": SETTINGS["config"] | {"gamma": 1 - number / 10}}
        plan = a_plan(settings=settings)
        (tmp_path / name).mkdir()
        plan.write(tmp_path / name)
        for seed in (1, 2, 3):
            finish(tmp_path / name, plan, plan.arms[0], seed, level(float(seed)))
        folders.append(tmp_path / name)
    return folders


def test_a_report_is_written_where_the_comparison_lies(finished):
    call("transfer.py", "--report", finished[0], finished[0])
    assert [task["folder"] for task in numbers(finished[0])["tasks"]] == [str(finished[0])]
    assert (finished[0] / transfer.REPORT).read_text().startswith("# What do other settings change?")
    assert not list(finished[0].glob(".*"))


def test_a_report_on_several_has_a_folder_of_its_own(tmp_path, finished, monkeypatch):
    monkeypatch.chdir(tmp_path)
    lines = call("transfer.py", "--report", *finished)
    (folder,) = (tmp_path / "checkpoints" / "transfer").iterdir()
    assert len(numbers(folder)["tasks"]) == 2
    assert [line for line in lines if "tensorboard" in line] == [
        f"see the curves: tensorboard --logdir {place}" for place in finished
    ]
    assert not (finished[0] / transfer.REPORT).exists()
    for _ in range(2):  # again over what is there
        call("transfer.py", "--report", *finished, "--out", tmp_path / "both")
    assert len(numbers(tmp_path / "both")["tasks"]) == 2


@pytest.mark.parametrize(
    ("changes", "threads"),
    [
        ({"seeds": 5, "threshold": 7.0}, 1),  # gone on with, and looked at otherwise
        ({"arms": (Arm("scratch"), *make_variants(["double: --double"]))}, 1),
        ({}, 2),
    ],
    ids=["gone on with", "other arms", "other threads"],
)
def test_two_comparisons_of_one_task_are_not_two_tasks(tmp_path, finished, changes, threads):
    shutil.copytree(finished[0], tmp_path / "copy")
    plan = read_plan(finished[0])
    settings = plan.settings | {"run": plan.settings["run"] | {"threads": threads}}
    replace(plan, settings=settings, **changes).write(tmp_path / "copy")
    with pytest.raises(UserError, match=r"the same task twice: received .*one and .*copy, which train with the same"):
        call("transfer.py", "--report", *finished, tmp_path / "copy")


CARTPOLE = "transfer.py dqn --env CartPole-v1 "
FILE = CARTPOLE + "--encoders learnt/encoder.keras "
MISTAKES = {
    "transfer.py": [
        "which agent? transfer.py AGENT --encoders FILE ... or --variants NAME:OPTIONS ..., agents are dqn, "
    ],
    "transfer.py dqq": ["unknown agent: received 'dqq'; did you mean dqn?"],
    "transfer.py dqn --env CartPol-v1": ["unknown environment: received 'CartPol-v1'; did you mean CartPole-v1, "],
    CARTPOLE: [
        "nothing to compare with scratch: received no file and no other settings, allowed are --encoders, --policies"
    ],
    CARTPOLE + "--untrained --policies cloned/policy.keras": ["untrained needs encoders whose shape it takes"],
    CARTPOLE + "--encoders missing.keras": ["no such pretrained file: received missing.keras"],
    CARTPOLE + "--encoders file": ["no such pretrained file: received file, allowed is a .keras file"],
    CARTPOLE + "--encoders untold/encoder.keras": ["untold/encoder.keras has no passport"],
    CARTPOLE + "--encoders swapped/encoder.keras": ["is the passport of another file than swapped/encoder.keras"],
    CARTPOLE + "--encoders catch/encoder.keras": ["catch/encoder.keras does not fit this run in its observations"],
    CARTPOLE + "--policies learnt/encoder.keras": ["does not fit this run in its kind: it has encoder, the run has p"],
    CARTPOLE + "--encoders learnt/encoder.keras learnt/encoder.keras": ["the same file twice: received learnt/enc"],
    "transfer.py tabular --env FrozenLake-v1 --encoders learnt/encoder.keras": ["Unrecognized options: --encoder"],
    FILE + "--seeds 0": ["--seeds is out of range: received 0, allowed is 1 or more"],
    FILE + "--jobs 0": ["--jobs is out of range: received 0, allowed is 1 or more"],
    FILE + "--threads -1": ["--threads is out of range: received -1, allowed is 0 to 1024"],
    FILE + "--steps 0": ["--steps is out of range: received 0, allowed is 1 or more"],
    FILE + "--score-episodes -1": ["--score-episodes is out of range: received -1"],
    FILE + "--threshold nan": ["--threshold is out of range: received nan"],
    FILE + "--threshold-games 0": ["--threshold-games is out of range: received 0"],
    FILE + "--encoder-learning-rate 3": ["--encoder-learning-rate is out of range: received 3.0, allowed is 0 to 1"],
    CARTPOLE + "--policies cloned/policy.keras --encoder-learning-rate 1e-4": [
        "no encoder is thawed: received --encoder-learning-rate 0.0001, allowed with --encoders"
    ],
    FILE + "--sedes 3": ["Unrecognized options: --sedes, 3"],
    FILE + "-- --seed 3": ["--seed is the comparison's to set: received --seed after --, allowed are other options"],
    FILE + "-- --score_episodes=3": ["--score-episodes is the comparison's to set: received --score_episodes=3"],
    FILE + "-- --gamma 2": ["--gamma is out of range: received 2.0, allowed is 0 to 1"],
    FILE + "-- --learning-rte 2": ["Unrecognized options: --learning-rte, 2"],
    FILE + "--out file": ["--out is no folder: received file, and file is a file"],
    FILE + "--out file/below": ["--out is no folder: received file/below, and file is a file"],
    FILE + "--out learnt": ["--out is something else: received learnt, which is not empty"],
    FILE + "--out torn": ["torn/plan.json is not the plan of a transfer"],
    "transfer.py --report empty": ["not the folder of a transfer: empty has no plan.json"],
    "transfer.py --report file": ["not the folder of a transfer: file has no plan.json"],
    "transfer.py --report torn": ["torn/plan.json is not the plan of a transfer"],
    "transfer.py --report begun": ["begun is not finished: no seed is trained in all of its 1 arms"],
    "transfer.py dqn --report begun": ["--report trains nothing: received dqn, allowed is --out beside it"],
    "transfer.py --report begun --seeds 5": ["--report trains nothing: received --seeds, allowed is --out beside it"],
    "transfer.py --report begun -- --gamma 1": ["--report trains nothing: received --gamma"],
}


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What the script answers to all of the above in the folder of a user."""
    place = tmp_path_factory.mktemp("here")
    for name in ("learnt", "untold", "swapped", "catch", "cloned", "empty", "torn", "begun"):
        (place / name).mkdir()
    for name in ("learnt", "untold", "swapped"):
        write_encoder(place / name, *SPACES, "CartPole-v1", seed=len(name))
    (place / "untold" / "encoder.json").unlink()
    (place / "swapped" / "encoder.keras").write_bytes((place / "learnt" / "encoder.keras").read_bytes())
    (place / "swapped" / "encoder.keras").open("ab").write(b".")
    write_policy(place / "cloned", *SPACES, "CartPole-v1")
    write_encoder(place / "catch", *envs.spaces_of("Catch-v0", PROTOCOLS["gymnasium"]), "Catch-v0")
    (place / "file").touch()
    (place / "torn" / "plan.json").write_text("{")
    a_plan().write(place / "begun")
    return answers(place, [*MISTAKES, "transfer.py --help"])


@pytest.mark.parametrize("line", MISTAKES)
def test_a_mistake_is_one_line(told, line):
    assert_refused(told[line], MISTAKES[line])


def test_help_is_shown_without_tensorflow(told):
    answer = told["transfer.py --help"]
    assert answer["status"] in (0, None)
    assert "--encoder-learning-rate" in answer["out"]
    assert (answer["errors"], answer["tensorflow"], answer["written"]) == ("", False, [])


def test_all_that_decides_what_is_taken_over_is_kept_from_the_further_options():
    names = {f"--{name.replace('_', '-')}" for name in PretrainedConfig.__dataclass_fields__}
    assert names <= set(transfer.OWN)
