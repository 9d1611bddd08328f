"""What a comparison trains, where it is kept, and how it is found again and gone on with."""

import json
import os
import shutil
from dataclasses import replace

import pytest

from rlab import checkpoint, rundir
from rlab.report.transfer.arms import check_names, make_arms, make_variants
from rlab.report.transfer.folder import choose_folder
from rlab.report.transfer.plan import PLAN, read_plan
from rlab.report.transfer.runs import command, finished_run, untrained_to_make, wanted, whole_seeds
from rlab.types import UserError
from tests.rlab.report.evaluated_runs import evaluated_run
from tests.rlab.report.transfer.made_up import SETTINGS, STEPS, a_plan, finish, level, passport_with, pretrained_file


@pytest.fixture
def encoder(tmp_path):
    return pretrained_file(tmp_path / "learnt")


def test_an_encoder_is_frozen_and_thawed_and_a_policy_is_one_arm(tmp_path, encoder):
    policy = pretrained_file(tmp_path / "cloned", "policy", method="cloning")
    scratch, frozen, thawed, cloned = make_arms([encoder], [policy], 1e-4)
    assert [arm.name for arm in (scratch, frozen, thawed, cloned)] == [
        "scratch",
        "autoencoder frozen",
        "autoencoder thawed",
        "cloning policy",
    ]
    assert scratch.words == []
    assert frozen.words == ["--encoder", str(encoder), "--freeze", "all"]
    assert thawed.words == ["--encoder", str(encoder), "--freeze", "none", "--encoder-learning-rate", "0.0001"]
    assert cloned.words == ["--policy", str(policy)]
    assert cloned.folder == "cloning-policy"


def test_thawed_without_a_step_size_has_none_of_its_own(encoder):
    assert make_arms([encoder], [], 0.0)[2].words == ["--encoder", str(encoder), "--freeze", "none"]


def test_a_shape_without_what_was_learnt_is_frozen_and_thawed_too(tmp_path, encoder):
    same = pretrained_file(tmp_path / "same", method="denoising")
    *_, frozen, thawed = make_arms([encoder, same], [], 1e-4, untrained=True)
    assert [(arm.name, arm.file, arm.options[:2], arm.untrained) for arm in (frozen, thawed)] == [
        ("untrained frozen", str(encoder), ("--freeze", "all"), True),
        ("untrained thawed", str(encoder), ("--freeze", "none"), True),
    ]
    other = pretrained_file(tmp_path / "other", method="cloning", settings={"encoder_kind": "nature"})
    names = [arm.name for arm in make_arms([encoder, same, other], [], 0.0, untrained=True)]
    assert names[7:] == ["untrained 1 frozen", "untrained 1 thawed", "untrained 2 frozen", "untrained 2 thawed"]


def test_other_settings_are_arms_from_scratch(tmp_path):
    double, both = make_variants(["double: --double", "n-step + double:--n-steps 3 --double"])
    assert (double.name, double.words) == ("double", ["--double"])
    assert (both.name, both.folder, both.words) == (
        "n-step + double",
        "n-step-+-double",
        ["--n-steps", "3", "--double"],
    )
    plan = replace(a_plan(), arms=(*a_plan().arms, double), options=("--gamma", "0.9"))
    assert command(tmp_path, plan, double, 1)[-3:] == ["--gamma", "0.9", "--double"]
    plan.write(tmp_path)
    assert read_plan(tmp_path) == plan
    assert a_plan().difference(plan) == "the arm double is missing there and --double now"


def test_arms_that_would_share_a_folder_are_refused(encoder):
    arms = make_arms([encoder], [], 0.0)
    check_names([*arms, *make_variants(["n step: --double"])])
    for variants in (["n step: --double", "n-step: --no-double"], ["autoencoder frozen: --double"], ["logs: --double"]):
        with pytest.raises(UserError, match=r"would lie where .* does: allowed is another name"):
            check_names([*arms, *make_variants(variants)])


@pytest.mark.parametrize(
    "variants",
    [
        *([one] for one in ("double", ": --double", "double:", "scratch: --double", "a: --", "a: --x 'foo")),
        ["a: -x", "a: -x"],
    ],
)
def test_a_variant_has_a_name_of_its_own_and_options(variants):
    with pytest.raises(UserError, match="a variant is a name of its own, a colon and options: received"):
        make_variants(variants)


def test_without_an_encoder_there_is_no_shape_to_take(tmp_path):
    policy = pretrained_file(tmp_path / "cloned", "policy", method="cloning")
    with pytest.raises(UserError, match="untrained needs encoders whose shape it takes"):
        make_arms([], [policy], 0.0, untrained=True)


def test_an_untrained_arm_takes_over_another_network_with_each_seed(tmp_path, encoder):
    plan = replace(a_plan(), arms=make_arms([encoder], [], 0.0, untrained=True), seeds=2)
    to_make = untrained_to_make(tmp_path, plan)
    assert list(to_make.values()) == [(encoder, 1), (encoder, 2)]
    for path, (_, seed) in to_make.items():
        words = command(tmp_path, plan, plan.arms[3], seed)
        assert words[words.index("--encoder") + 1 :] == [str(path), "--freeze", "all"]
        path.parent.mkdir(exist_ok=True)
        path.with_suffix(".json").touch()
    assert untrained_to_make(tmp_path, plan) == {}
    plan.write(tmp_path)
    assert read_plan(tmp_path) == plan


def test_arms_of_one_method_are_numbered(tmp_path, encoder):
    other = pretrained_file(tmp_path / "other")
    names = [arm.name for arm in make_arms([encoder, other], [], 0.0)]
    assert names[1::2] == ["autoencoder 1 frozen", "autoencoder 2 frozen"]


def test_a_method_makes_no_folders_elsewhere(encoder):
    passport_with(encoder, method="../../etc")
    assert make_arms([encoder], [], 0.0)[1].folder == "-etc-frozen"


def test_a_file_that_comes_twice_is_refused(encoder):
    with pytest.raises(UserError, match="the same file twice"):
        make_arms([encoder, encoder], [], 0.0)


def test_seeds_are_outermost(encoder):
    plan = a_plan([encoder], seeds=2)
    assert [(arm.name.split()[-1], seed) for arm, seed in plan.runs] == [
        *(("scratch", 1), ("frozen", 1), ("thawed", 1)),
        *(("scratch", 2), ("frozen", 2), ("thawed", 2)),
    ]


def test_a_plan_is_read_as_it_was_written(tmp_path, encoder):
    plan = a_plan([encoder], threshold=475.0, options=("--gamma", "0.9"))
    plan.write(tmp_path)
    assert read_plan(tmp_path) == plan


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"arms": []}', '{"arms": 3}'])
def test_what_is_no_plan_is_refused(tmp_path, text):
    (tmp_path / PLAN).write_text(text)
    with pytest.raises(UserError, match=r"plan\.json is not the plan of a transfer"):
        read_plan(tmp_path)


def changed(**changes):
    run, config = dict(SETTINGS["run"]), dict(SETTINGS["config"])
    for name, value in changes.items():
        (run if name in run else config)[name] = value
    return SETTINGS | {"run": run, "config": config}


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"settings": changed(steps=3000)}, "steps is 2000 there and 3000 now"),
        ({"settings": changed(gamma=0.9)}, "gamma is 0.99 there and 0.9 now"),
        ({"settings": changed(encoder_sizes=(32,))}, "encoder-sizes is [64] there and [32] now"),
        ({"settings": changed(threads=2)}, None),
        ({"seeds": 5}, None),
        ({"seeds": 2}, "seeds is 3 there and 2 now, which may only grow"),
        ({"score_episodes": 10}, "score-episodes is 0 there and 10 now"),
        ({"threshold": 475.0}, "threshold is None there and 475.0 now"),
        ({"threshold_games": 100}, "threshold-games is 20 there and 100 now"),
        ({"options": ("--gamma=0.99",)}, None),
    ],
)
def test_another_plan_is_told_by_what_differs(encoder, changes, difference):
    plan = a_plan([encoder])
    assert plan.difference(replace(plan, **changes)) == difference


def test_a_plan_from_before_a_setting_went_by_its_default():
    plan = a_plan()
    defaults = {"cache_features": False, "layers": (1, 2), "gamma": 0.5}
    later = replace(plan, settings=changed(cache_features=False, layers=(1, 2)))
    assert plan.difference(later, defaults) is None
    assert plan.difference(later) == "cache-features is missing there and False now"
    other = replace(plan, settings=changed(cache_features=True, layers=(1, 2)))
    assert plan.difference(other, defaults) == "cache-features is False there and True now"
    assert later.difference(plan, defaults) == "cache-features is False there and missing now"


def test_another_file_is_another_plan_and_another_place_is_not(tmp_path, encoder):
    plan = a_plan([encoder])
    moved = tmp_path / "moved"
    encoder.parent.rename(moved)
    assert plan.difference(a_plan([moved / "encoder.keras"])) is None
    other = pretrained_file(tmp_path / "other")
    assert plan.difference(a_plan([other])).startswith("the arm autoencoder frozen is encoder ")
    assert plan.difference(a_plan()) == (
        f"the arm autoencoder frozen is encoder {plan.arms[1].digest[:12]} --freeze all there and missing now"
    )


def test_the_same_plan_goes_on_in_its_folder(tmp_path):
    plan = a_plan()
    (tmp_path / "out").mkdir()
    assert choose_folder(tmp_path / "out", tmp_path, plan) == tmp_path / "out"
    plan.write(tmp_path / "out")
    assert choose_folder(tmp_path / "out", tmp_path, plan) == tmp_path / "out"
    with pytest.raises(UserError, match=r"out holds another plan: seeds is 3 there and 2 now, which may only"):
        choose_folder(tmp_path / "out", tmp_path, replace(plan, seeds=2))
    assert choose_folder(tmp_path / "out", tmp_path, replace(plan, seeds=4)) == tmp_path / "out"


def test_without_a_folder_the_latest_with_the_same_plan_is_found(tmp_path):
    parent = tmp_path / "CartPole-v1" / "transfer"
    for name, plan in (("1", a_plan()), ("2", a_plan()), ("3", a_plan(seeds=9))):
        (parent / name).mkdir(parents=True)
        plan.write(parent / name)
    (parent / "4").mkdir()
    (parent / "4" / PLAN).write_text("of another version")
    assert choose_folder(None, tmp_path, a_plan()) == parent / "2"
    assert choose_folder(None, tmp_path, a_plan(seeds=10)) == parent / "3"
    new = choose_folder(None, tmp_path, a_plan(seeds=2))
    assert (new.parent, new.exists()) == (parent, False)


@pytest.mark.parametrize("what", ["a file", "below a file", "something else", "read-only"])
def test_a_place_that_is_something_else_is_refused(tmp_path, what, monkeypatch):
    (tmp_path / "file").touch()
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "notes.txt").touch()
    if what == "read-only":
        monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere
    place = {"a file": "file", "below a file": "file/x", "something else": "full", "read-only": "new"}[what]
    with pytest.raises(UserError, match=r"^--out "):
        choose_folder(tmp_path / place, tmp_path, a_plan())


def test_what_is_not_begun_is_trained(tmp_path, encoder):
    plan = a_plan([encoder], options=("--gamma", "0.9"))
    words = command(tmp_path, plan, plan.arms[1], 2)
    assert words[:2] == ["train.py", "dqn"]
    options = " ".join(words[2:])
    assert (
        f"--env CartPole-v1 --steps 2000 --minutes None --seed 2 --root {tmp_path}/autoencoder-frozen --threads 1"
        in options
    )
    assert options.endswith(f"--score-episodes 0 --gamma 0.9 --encoder {encoder} --freeze all")


def test_what_was_broken_off_is_resumed(tmp_path):
    plan = a_plan()
    run = finish(tmp_path, plan, plan.arms[0], 1, level(1.0), steps=STEPS - 500)
    assert command(tmp_path, plan, plan.arms[0], 1) == ["train.py", "--resume", str(run), "--score-episodes", "0"]
    assert finished_run(tmp_path, plan, plan.arms[0], 1) is None


def test_what_is_trained_is_left_alone(tmp_path):
    plan = a_plan()
    run = finish(tmp_path, plan, plan.arms[0], 1, level(1.0))
    assert command(tmp_path, plan, plan.arms[0], 1) is None
    assert finished_run(tmp_path, plan, plan.arms[0], 1) == run
    assert finished_run(tmp_path, plan, plan.arms[0], 11) is None


def test_what_is_trained_is_scored_where_the_plan_says_so(tmp_path):
    plan = a_plan(score_episodes=3)
    run = finish(tmp_path, plan, plan.arms[0], 1, level(1.0))
    assert command(tmp_path, plan, plan.arms[0], 1) == ["evaluate.py", str(run), "--episodes", "3"]
    (evaluated_run(tmp_path / "scored", [1.0, 2.0], step=STEPS) / "evaluation.json").rename(run / "evaluation.json")
    assert finished_run(tmp_path, plan, plan.arms[0], 1) is None  # two games are not three
    assert finished_run(tmp_path, replace(plan, score_episodes=2), plan.arms[0], 1) == run


def test_a_run_without_a_checkpoint_goes_and_is_begun_again(tmp_path):
    plan = a_plan()
    run = finish(tmp_path, plan, plan.arms[0], 1, level(1.0))
    shutil.rmtree(checkpoint.latest(run))
    assert command(tmp_path, plan, plan.arms[0], 1)[1] == "dqn"
    assert not run.exists()


def test_a_run_that_is_under_way_is_not_deleted(tmp_path):
    plan = a_plan()
    run = finish(tmp_path, plan, plan.arms[0], 1, level(1.0))
    shutil.rmtree(checkpoint.latest(run))
    with rundir.locked(run), pytest.raises(UserError, match="is being trained by another process"):
        command(tmp_path, plan, plan.arms[0], 1)
    assert run.exists()


def test_seed_1_is_not_seed_11_and_of_two_runs_the_furthest_counts(tmp_path):
    plan = a_plan()
    finish(tmp_path, plan, plan.arms[0], 11, level(1.0))
    assert wanted(tmp_path, plan, plan.arms[0], 1).find() is None
    further = finish(tmp_path, plan, plan.arms[0], 1, level(1.0), steps=1500)
    finish(tmp_path, plan, plan.arms[0], 1, level(1.0), steps=500, name="20261126-000000")
    assert wanted(tmp_path, plan, plan.arms[0], 1).find() == further


def test_a_seed_is_whole_when_every_arm_has_it(tmp_path, encoder):
    plan = a_plan([encoder])
    for arm in plan.arms:
        for seed in (1, 3) if arm.kind else (1, 2, 3):
            finish(tmp_path, plan, arm, seed, level(1.0))
    assert whole_seeds(tmp_path, plan) == [1, 3]
    assert json.loads(json.dumps(plan.settings)) == plan.settings
