"""Searches as a user makes them: to their end, killed, gone on with, shown by TensorBoard, and refused."""

import json
import shlex
import shutil
import time
from types import SimpleNamespace

import pytest

import agents
from rlab.rundir import locked
from rlab.tensorboard import read_scalars
from rlab.tuning.plan import read_plan
from rlab.tuning.trainings import job
from rlab.types import UserError
from scripts import train, tune
from tests.scripts.in_this_process import in_this_process
from tests.scripts.running import answers, assert_refused, begun, call, kill
from tests.tensorboard_server import TENSORBOARD, groups, tensorboard

STEPS = 400
SEARCH = ("learning_rate=log:1e-4:1e-2", "double=true,false", "hidden_sizes=[8],[8,8]")
FURTHER = "--num-envs 2 --warmup-steps 50 --batch-size 8 --update-period-steps 8 --replay-capacity 300 "
FURTHER += "--encoder-sizes 16 --evaluation-episodes 1 --log-period-steps 100"


def words(out, *changes, search=SEARCH):
    """The arguments of a small search."""
    own = ["dqn", "--env", "CartPole-v1", "--steps", STEPS, "--evaluations", 4, "--trials", 3, "--threads", 1]
    return [str(word) for word in (*own, "--out", out, "--search", *search, *changes, "--", *FURTHER.split())]


@pytest.fixture
def here():
    with in_this_process() as called:
        yield called


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A search that was never interrupted: its folder, what it printed, and the scripts that it called."""
    out = tmp_path_factory.mktemp("search") / "whole"
    with in_this_process() as called:
        lines = call("tune.py", *words(out))
    return out, lines, list(called)


def run_of(out, trial):
    (config,) = (out / "trials" / f"{trial:04d}").rglob("config.json")
    return config.parent


def rows(lines):
    """The table, as (trial, score, steps, the rest), by trial."""
    found = [cells for line in lines if line.startswith("  ") and (cells := line.split()) and cells[0].isdecimal()]
    return {int(trial): (float(score), int(steps), rest) for trial, score, steps, *rest in found}


def test_every_trial_is_an_ordinary_run_and_a_row_of_the_table(whole):
    out, lines, called = whole
    assert called == ["train.py"] * 3
    assert lines[0] == "3 trials of 400 steps, searching learning_rate=log:0.0001:0.01 double=true,false " + SEARCH[2]
    assert f"folder: {out}" in lines
    found = rows(lines)
    assert sorted(found) == [1, 2, 3]
    assert [score for score, _, _ in found.values()] == sorted((score for score, _, _ in found.values()), reverse=True)
    for trial, (score, steps, values) in found.items():
        run = run_of(out, trial)
        settings = agents.read_settings(run)
        scores = read_scalars(run)["eval/score"]
        assert [step for step, _ in scores] == [100, 200, 300, 400]
        assert (score, steps) == (round(scores[-1][1], 1), STEPS)
        assert values == [
            f"{settings.config.learning_rate:.4g}",
            str(settings.config.double).lower(),
            str(list(settings.config.hidden_sizes)).replace(" ", ""),
        ]
        assert (settings.run.seed, settings.config.batch_size, settings.run.num_envs) == (1, 8, 2)


def test_the_best_settings_are_a_command_for_seeds_that_were_not_searched_with(whole):
    out, lines, _ = whole
    found = rows(lines)
    number = next(iter(found))
    assert any(line.startswith(f"best: trial {number}, {found[number][0]:.1f}") for line in lines)
    (line,) = [line for line in lines if line.startswith("train it with seeds that the search did not see: ")]
    python, script, *arguments = shlex.split(line.partition(": ")[2])
    assert (python, script) == ("python", "scripts/train.py")
    options, settings, _ = train.parse(arguments)
    there = agents.read_settings(run_of(out, number))
    assert settings.config == there.config
    assert (settings.run.steps, settings.run.num_envs, settings.run.evaluation_episodes) == (STEPS, 2, 1)
    assert (settings.run.seed, options.seeds) == (2, 5)


@pytest.mark.parametrize(
    ("agent", "preset", "space"),
    [
        ("search", "genetic", ("population_size=10,50", "survivors=2,5")),
        ("linear", "", ("features=tiles,rbf", "trace=accumulating,replacing")),
    ],
)
def test_what_goes_together_with_some_of_the_others_is_searched(agent, preset, space):
    environment = "MountainCar-v0" if agent == "linear" else "CartPole-v1"
    options = tune.Options(agent, environment, preset, search=space)
    _, found, _ = tune.make_plan(options, [])
    assert len(found) == len(space)


def test_a_preset_that_ends_by_the_clock_trains_all_steps():
    options = tune.Options("dqn", "ALE/MsPacman-v5", "half_hour", search=("gamma=0.9,0.99",))
    plan, _, start = tune.make_plan(options, [])
    assert (plan.steps, start.run.minutes) == (100_000, None)
    assert train.parse(["dqn", *plan.options])[1].run.minutes is None


def test_tensorboard_has_a_row_for_each_trial_with_its_settings_and_its_score(whole):
    out, lines, _ = whole
    found = rows(lines)
    assert lines[-1] == f"see the trials: tensorboard --logdir {out}"
    with tensorboard(*TENSORBOARD, out) as ask:
        there = groups(ask)
    assert sorted(there) == ["trial 1", "trial 2", "trial 3"]
    for trial, (score, _, _) in found.items():
        settings, metrics = there[f"trial {trial}"]
        assert settings == agents.read_settings(run_of(out, trial)).flat()
        assert metrics["eval/score"] == pytest.approx(score, abs=0.05)


def test_the_same_command_repeats_nothing_and_more_trials_go_on(whole, here, tmp_path):
    finished, lines, _ = whole
    out = shutil.copytree(finished, tmp_path / "again", symlinks=True)
    before = {path: path.stat().st_mtime_ns for path in out.rglob("config.json")}
    again = call("tune.py", *words(out))
    assert (here, "3 of 3 are there already" in again) == ([], True)
    assert rows(again) == rows(lines)
    more = call("tune.py", *words(out, "--trials", 4))
    assert here == ["train.py"]
    assert {trial: row for trial, row in rows(more).items() if trial < 4} == rows(lines)
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_killed_and_called_again_it_ends_like_one_that_never_was(whole, tmp_path, here):
    out = tmp_path / "killed"
    call("tune.py", *words(out, "--trials", 1))
    process = begun("tune.py", *words(out))
    while not list(out.glob("trials/0002/*/*/*/step_*")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.002)
    kill(process)
    finished = run_of(out, 1)
    before = {path: path.stat().st_mtime_ns for path in finished.rglob("*") if path.is_file()}
    lines = call("tune.py", *words(out))
    assert "1 of 3 are there already" in lines
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert here[-1] == "train.py"
    assert rows(lines) == {trial: row for trial, row in rows(whole[1]).items() if trial < 4}


def test_of_several_seeds_the_mean_counts_and_is_one_row(tmp_path, here):
    out = tmp_path / "several"
    lines = call("tune.py", *words(out, "--seeds", 2, "--trials", 1))
    assert here == ["train.py"] * 2
    for trial, (score, steps, _) in rows(lines).items():
        runs = [config.parent for config in (out / "trials" / f"{trial:04d}").rglob("config.json")]
        assert sorted(agents.read_settings(run).run.seed for run in runs) == [1, 2]
        last = [read_scalars(run)["eval/score"][-1][1] for run in runs]
        assert (score, steps) == (pytest.approx(sum(last) / 2, abs=0.05), 2 * STEPS)


def test_a_trial_that_fails_is_told_and_the_others_go_on(tmp_path, here):
    """The replay holds 300 steps."""
    out = tmp_path / "failing"
    lines = call("tune.py", *words(out, "--sampler", "grid", search=["n_steps=299,1"]))
    assert here == ["train.py"] * 2
    failed = [line for line in lines if line.startswith("trial 1 failed: ")]
    assert len(failed) == 2  # when it happened, and below the table
    assert "the replay is too small: received a capacity of 300" in failed[0]
    assert [line.split()[:3] for line in lines if "failed" in line.split()] == [["1", "0", "failed"]]
    assert sorted(rows([line for line in lines if "failed" not in line])) == [2]
    with pytest.raises(UserError, match=r"no trial came to its end: all that they said is in .*nothing/logs"):
        call("tune.py", *words(tmp_path / "nothing", "--sampler", "grid", search=["n_steps=299"]))


def test_what_another_process_is_at_has_not_failed(whole):
    """A search that was killed may have left it at work."""
    out, _, _ = whole
    trial = SimpleNamespace(number=1, values={}, fail=None)
    with locked(run_of(out, 1)), pytest.raises(UserError, match="is being trained by another process: wait for its"):
        job(out, read_plan(out), trial, 1, tune.SCRIPTS)


def test_another_search_in_the_same_folder_is_refused(whole):
    out, _, _ = whole
    with pytest.raises(UserError, match=r"whole holds another plan: steps is 400 there and 500 now; repeat"):
        call("tune.py", *words(out, "--steps", 500, "--evaluations", 5))
    with pytest.raises(UserError, match=r"whole holds another plan: search is learning_rate=log:0.0001:0.01 double"):
        call("tune.py", *words(out, search=["gamma=0.9,0.99"]))


CARTPOLE = "tune.py dqn --env CartPole-v1 "
GAMMA = CARTPOLE + "--search gamma=0.9,0.99 "
MISTAKES = {
    "tune.py": ["which agent? tune.py AGENT --search NAME=VALUES, agents are dqn, "],
    "tune.py dqq --search gamma=1": ["unknown agent: received 'dqq'; did you mean dqn?"],
    "tune.py dqn --env CartPol-v1 --search gamma=1": ["received 'CartPol-v1'; did you mean CartPole-v1, "],
    CARTPOLE: [
        "nothing to search: received no --search NAME=VALUES, allowed are freeze, encoder_learning_rate",
        " gamma, ",
        " num_envs, ",
    ],
    CARTPOLE + "--search learning_rte=1,2": ["unknown setting to search: received 'learning_rte'; did you mean learn"],
    CARTPOLE + "--search encoder=a.keras": ["unknown setting to search: received 'encoder'"],
    CARTPOLE + "--search steps=1,2": ["unknown setting to search: received 'steps'"],
    CARTPOLE + "--search gamma=0.9,1.5": ["--gamma is out of range: received 1.5, allowed is 0 to 1"],
    CARTPOLE + "--search num_envs=0,8": ["--num-envs is out of range: received 0, allowed is 1 or more"],
    CARTPOLE + "--search gamma=0.9:0.8": ["an empty range: received gamma=0.9:0.8"],
    CARTPOLE + "--search gamma": ["--search is no setting: received 'gamma'"],
    CARTPOLE + "--search missing.toml": ["no such file to search by: received missing.toml"],
    CARTPOLE + "--sampler grid --search gamma=0.9:1": ["a grid has no end without steps: received gamma=0.9:1.0"],
    GAMMA + "--sampler annealing": ["invalid choice 'annealing' for argument '--sampler'", "'tpe', 'random', 'grid'"],
    GAMMA + "--pruner mean": ["invalid choice 'mean' for argument '--pruner'"],
    GAMMA + "--preset fat": ["unknown preset of dqn: received 'fat'"],
    GAMMA + "--trials 0": ["--trials is out of range: received 0, allowed is 1 or more"],
    GAMMA + "--trials ten": ["'ten'"],
    GAMMA + "--seeds 0": ["--seeds is out of range: received 0, allowed is 1 or more"],
    GAMMA + "--jobs 0": ["--jobs is out of range: received 0, allowed is 1 or more"],
    GAMMA + "--evaluations 0": ["--evaluations is out of range: received 0, allowed is 1 or more"],
    GAMMA + "--steps 0": ["--steps is out of range: received 0, allowed is 1 or more"],
    GAMMA + "--threads -1": ["--threads is out of range: received -1, allowed is 0 to 1024"],
    GAMMA + "-- --seed 3": ["--seed is not to be set for all trials: received --seed after --, see tune.py --help"],
    GAMMA + "-- --batch-sise 3": ["Unrecognized options: --batch-sise, 3"],
    GAMMA + "--out file": ["--out is no folder: received file, and file is a file"],
    GAMMA + "--out full": ["--out is something else: received full, which is not empty"],
    GAMMA + "--out torn": ["torn/study.json is not the plan of a search"],
}


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What the script answers to all of the above in the folder of a user."""
    place = tmp_path_factory.mktemp("here")
    for name in ("full", "torn"):
        (place / name).mkdir()
    (place / "file").touch()
    (place / "full" / "notes.txt").touch()
    (place / "torn" / "study.json").write_text(json.dumps({"search": []}))
    return answers(place, [*MISTAKES, "tune.py --help"])


@pytest.mark.parametrize("line", MISTAKES)
def test_a_mistake_is_one_line(told, line):
    assert_refused(told[line], MISTAKES[line])


def test_help_is_shown_without_tensorflow(told):
    answer = told["tune.py --help"]
    assert answer["status"] in (0, None)
    assert "NAME=log:low:high" in answer["out"]
    assert (answer["errors"], answer["tensorflow"], answer["written"]) == ("", False, [])


def test_all_that_is_set_for_each_trial_is_kept_from_the_further_options(tmp_path):
    with pytest.raises(UserError, match="--group is not to be set for all trials: received --group=x"):
        tune.main([*words(tmp_path / "out"), "--group=x"])
