"""The report of a comparison, from made-up tapes with known curves."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from rlab import checkpoint
from rlab.report.curves import area, learning_curve, steps_to, training_games, training_seconds
from rlab.report.transfer.findings import find
from rlab.report.transfer.plan import SCRATCH
from rlab.report.transfer.probed import in_words
from rlab.report.transfer.summary import over_tasks, shares
from rlab.report.transfer.words import report, verdict
from rlab.types import UserError
from tests.rlab.report.evaluated_runs import evaluated_run
from tests.rlab.report.transfer.made_up import STEPS, a_plan, finish, level, passport_with, pretrained_file, written

FROZEN, THAWED = "autoencoder frozen", "autoencoder thawed"


@pytest.fixture
def encoder(tmp_path):
    return pretrained_file(tmp_path / "learnt")


@pytest.fixture
def games(tmp_path):
    """The training games of a run of one environment in which these were played."""

    def games(played, num_envs=1, steps=STEPS):
        plan = a_plan()
        run = finish(tmp_path / str(len(list(tmp_path.iterdir()))), plan, plan.arms[0], 1, played)
        return training_games(run, num_envs, steps)

    return games


@pytest.fixture
def study(tmp_path, encoder):
    """Three seeds: frozen is 2, 3 and 4 points better than scratch, thawed 30 worse to 40 better."""
    scores = {SCRATCH: [10.0, 50.0, 90.0], FROZEN: [12.0, 53.0, 94.0], THAWED: [50.0, 20.0, 95.0]}
    return written(tmp_path / "study", a_plan([encoder]), scores)


def test_games_end_when_their_last_turn_does(games):
    """Of four environments: a game that begins at step 43 (turn 10, environment 3) and lasts 5 turns ends at 60."""
    assert games([(43, 5, 7.0), (0, 10, 1.0)], num_envs=4) == [(40, 1.0), (60, 7.0)]


def test_games_that_end_after_the_budget_do_not_count(games):
    assert games([(0, 100, 1.0), (100, 100, 2.0), (200, 1, 3.0)], steps=200) == [(100, 1.0), (200, 2.0)]


def test_of_several_environments_the_last_turn_counts_whole(games):
    """201 steps with 4 environments are 51 turns, and end at 204."""
    assert games([(0, 51, 1.0), (4, 51, 2.0)], num_envs=4, steps=201) == [(204, 1.0)]


def test_the_curve_is_the_mean_score_of_the_games_that_end_in_each_window(games):
    """2,000 steps in 20 windows of 100; a game that ends with step 100 is in the first."""
    curve = learning_curve(games([(0, 40, 1.0), (40, 60, 5.0), (100, 1, 8.0), (1900, 100, 20.0)]), STEPS)
    assert list(curve[[0, 1, 19]]) == [3.0, 8.0, 20.0]
    assert np.isnan(curve[2:19]).all()
    assert len(curve) == 20


def test_the_area_under_a_straight_line_is_its_middle(games):
    """Scores 1 to 20, one game a window: 10.5."""
    curve = learning_curve(games([(step, 100, 1 + step / 100) for step in range(0, STEPS, 100)]), STEPS)
    assert area(curve) == 10.5


def test_the_area_weighs_windows_not_games(games):
    """Ten games of 0 in the first half of the budget, 1,000 of 1 in the other half."""
    played = [(step, 100, 0.0) for step in range(0, 1000, 100)] + [(step, 1, 1.0) for step in range(1000, 2000)]
    assert area(learning_curve(games(played), STEPS)) == 0.5


def test_windows_without_games_lie_between_their_neighbours():
    """4 . . 10 is 4 6 8 10, then level: (2 * 4 + 6 + 8 + 16 * 10) / 20."""
    curve = np.full(20, np.nan)
    curve[1], curve[4] = 4.0, 10.0
    assert area(curve) == pytest.approx((2 * 4 + 6 + 8 + 16 * 10) / 20)


def test_without_games_there_is_no_area():
    with pytest.raises(UserError, match="no game ended in the whole training"):
        area(np.full(20, np.nan))


def test_a_budget_of_fewer_steps_than_windows_has_a_curve(games):
    assert area(learning_curve(games([(0, 1, 2.0), (1, 2, 4.0)], steps=3), 3)) == pytest.approx(
        (7 * 2 + 13 * 4) / 20, 0.2
    )


def test_a_threshold_is_reached_when_the_mean_of_the_latest_games_is_there(games):
    """Scores 0, 1, 2, ...: the mean of the last 4 is 5 with score 6.5, so 5 is passed by 4 5 6 7, at the eighth end."""
    played = games([(100 * number, 100, float(number)) for number in range(20)])
    assert steps_to(played, 5.0, 4) == 800
    assert steps_to(played, 5.5, 4) == 800
    assert steps_to(played, 5.6, 4) == 900
    assert steps_to(played, 0.0, 1) == 100


def test_a_threshold_that_is_touched_by_single_games_only_is_not_reached(games):
    assert steps_to(games([(100 * number, 100, 100.0 * (number % 2)) for number in range(20)]), 60.0, 4) is None


def test_fewer_games_than_the_mean_is_of_reach_nothing(games):
    assert steps_to(games(level(500.0)), 475.0, 20) == STEPS
    assert steps_to(games(level(500.0)), 475.0, 21) is None


def test_seconds_come_from_the_speeds(tmp_path):
    """2,000 steps at 100 steps a second; what was trained beyond the budget is left out."""
    plan = a_plan()
    run = finish(tmp_path, plan, plan.arms[0], 1, level(1.0), speed=100.0, steps=3000)
    assert training_seconds(run, 1, STEPS) == pytest.approx(20)


def test_arms_are_measured_over_seeds_and_against_scratch_by_seed(study):
    scratch, frozen, thawed = find(study).arms
    assert [arm.name for arm in (scratch, frozen, thawed)] == [SCRATCH, FROZEN, THAWED]
    assert [run.area for run in frozen.runs] == [12.0, 53.0, 94.0]
    expected = stats.ttest_1samp([12, 53, 94], 0).confidence_interval()
    assert (frozen.area.mean, frozen.area.low) == pytest.approx((53, expected.low))
    difference = frozen.differences["area"]
    expected = stats.ttest_rel([12, 53, 94], [10, 50, 90]).confidence_interval()
    assert difference.values == [2.0, 3.0, 4.0]
    assert (difference.interval.low, difference.interval.high) == pytest.approx((expected.low, expected.high))
    assert (difference.interval.sign, thawed.differences["area"].interval.sign) == (1, 0)
    assert scratch.differences == {}


def test_the_verdict_claims_what_the_interval_allows(study):
    """Differences 2, 3 and 4 are 5.2 standard errors from 0, p 0.035; that is 0.07 where two arms were compared."""
    _, frozen, thawed = find(study).arms
    assert verdict(replace(frozen, p=frozen.p / 2)) == (
        "**autoencoder frozen: it helped** (3.000 [0.516, 5.484] points of area against scratch, 3 seeds; the interval "
        "excludes 0)."
    )
    assert verdict(frozen) == (
        "**autoencoder frozen: perhaps it helped, which is not shown** (3.000 [0.516, 5.484] points of area against "
        "scratch, 3 seeds; the interval excludes 0, but among so many arms one may by chance: p 0.07 by Holm; were the "
        "true difference this one, about 4 seeds would show it)."
    )
    assert verdict(thawed).startswith("**autoencoder thawed: no difference is shown** (5.0 [")
    assert "the interval contains 0; were the true difference this one, about " in verdict(thawed)
    assert "helped" not in verdict(thawed)


def test_no_more_seeds_are_asked_for_than_there_are(study):
    """One that two seeds would show at 5% was not shown among twenty arms from three."""
    _, frozen, _ = find(study).arms
    area = replace(frozen.differences["area"], seeds_needed=3)
    assert verdict(replace(frozen, p=0.3, differences={"area": area})).endswith("p 0.30 by Holm).")


def test_harm_is_called_harm(tmp_path, encoder):
    scores = {SCRATCH: [10.0, 50.0, 90.0], FROZEN: [7.0, 47.0, 86.9], THAWED: [10.0, 50.0, 90.0]}
    _, frozen, thawed = find(written(tmp_path / "s", a_plan([encoder]), scores)).arms
    assert verdict(frozen).startswith("**autoencoder frozen: it harmed** (-3.033 [-3.177, -2.890]")
    assert verdict(thawed) == (
        "**autoencoder thawed: no difference is shown** (0.000 [0.000, 0.000] points of area against scratch, 3 seeds; "
        "the interval contains 0)."
    )


def test_seeds_that_all_differ_by_the_same_show_nothing(tmp_path, encoder):
    scores = {SCRATCH: [1.0, 2.0, 3.0], FROZEN: [2.0, 3.0, 4.0], THAWED: [1.0, 2.0, 3.0]}
    _, frozen, _ = find(written(tmp_path / "s", a_plan([encoder]), scores)).arms
    assert "no difference is shown** (1.000 [1.000, 1.000] points" in verdict(frozen)
    assert "all seeds differ by the same, so there is no spread to judge it by" in verdict(frozen)
    assert "contains 0" not in verdict(frozen)


def test_one_seed_says_nothing(tmp_path, encoder):
    scores = {SCRATCH: [10.0], FROZEN: [800.0], THAWED: [10.0]}
    _, frozen, _ = find(written(tmp_path / "s", a_plan([encoder], seeds=1), scores)).arms
    assert verdict(frozen) == (
        "**autoencoder frozen: nothing can be said from one seed** (790.0 points of area against scratch, 1 seed)."
    )


def test_who_never_reached_the_threshold_is_in_no_mean_but_the_restricted_one(tmp_path, encoder):
    """Games of 100 steps: 4 of 60 points end at step 400. Seed 2 never gets there; the budget is 2,000."""
    plan = a_plan([encoder], threshold=50.0, threshold_games=4)
    scores = {SCRATCH: [1.0, 1.0, 1.0], FROZEN: [60.0, 1.0, 60.0], THAWED: [60.0, 60.0, 60.0]}
    scratch, frozen, thawed = find(written(tmp_path / "s", plan, scores)).arms
    assert [run.steps_to_threshold for run in frozen.runs] == [400, None, 400]
    assert [(arm.reached, arm.median_steps) for arm in (scratch, frozen, thawed)] == [(0, None), (2, 400), (3, 400)]
    assert [arm.restricted_steps.mean for arm in (scratch, frozen, thawed)] == pytest.approx([2000, 2800 / 3, 400])
    assert frozen.differences["restricted_steps"].values == [-1600.0, 0.0, -1600.0]
    text = report([find(tmp_path / "s")])
    cells = [[cell.strip() for cell in line.split("|")] for line in text.splitlines()]
    assert ["", "scratch", "0 of 3", "never", "2,000.0 [2,000.0, 2,000.0]", "", "", "", ""] in cells
    assert "The restricted mean counts no run beyond the budget" in text


def test_without_a_threshold_the_report_has_none(study):
    assert "restricted mean" not in report([find(study)])


def test_scores_are_compared_where_there_are_some(tmp_path, encoder):
    plan = a_plan([encoder], score_episodes=2)
    folder = written(tmp_path / "s", plan, {name: [1.0] * 3 for name in (SCRATCH, FROZEN, THAWED)})
    for arm, seed in plan.runs:
        (run,) = folder.glob(f"{arm.folder}/*/*/*-s{seed}")
        better = 7.0 if arm.name == FROZEN else 0.0
        scores = [seed + better, seed + 2 + better]
        scored = evaluated_run(tmp_path / f"{arm.folder}{seed}", scores, step=STEPS)
        (scored / "evaluation.json").rename(run / "evaluation.json")
    scratch, frozen, _ = find(folder).arms
    assert (scratch.score.mean, frozen.score.mean) == (3.0, 10.0)
    assert frozen.differences["score"].values == [7.0] * 3
    assert "score of the best checkpoint" in report([find(folder)])


def test_the_cost_of_pretraining_is_counted(study, encoder):
    scratch, frozen, _ = find(study).arms
    assert (scratch.seconds, scratch.all_seconds) == pytest.approx((20, 20))
    assert (frozen.pretraining.seconds, frozen.pretraining.recorded_steps, frozen.all_seconds) == (20.0, 1000, 40.0)
    cells = [[cell.strip() for cell in line.split("|")] for line in report([find(study)]).splitlines()]
    assert ["", "autoencoder frozen", "CartPole-v1", "1,000", "20", "20", "40", ""] in cells


def test_a_cost_that_no_passport_tells_is_unknown(tmp_path, encoder):
    passport_with(encoder, results={}, trained_on={})
    folder = written(tmp_path / "s", a_plan([encoder]), {name: [1.0] * 3 for name in (SCRATCH, FROZEN, THAWED)})
    assert find(folder).arms[1].all_seconds is None
    cells = [[cell.strip() for cell in line.split("|")] for line in report([find(folder)]).splitlines()]
    assert ["", "autoencoder frozen", "CartPole-v1", "unknown", "unknown", "20", "unknown", ""] in cells


def test_probes_stand_beside_where_there_are_some(tmp_path, study, encoder):
    assert "autoencoder; probes: none made" in report([find(study)])
    summary, guess = (
        {"place": {reader: [mean, mean - 1, mean + 1]}} for reader, mean in (("ridge", 9.5), ("guess", 30))
    )
    beside = [{"name": "a guess", "summary": guess}, {"name": "random", "summary": summary}]
    passport_with(encoder, probes={"summary": summary, "labels": {"player_x": {"ridge": 4.0}}, "beside": beside})
    folder = written(tmp_path / "s", a_plan([encoder]), {name: [1.0] * 3 for name in (SCRATCH, FROZEN, THAWED)})
    (line,) = [line for line in report([find(folder)]).splitlines() if "probes" in line]
    assert line == f"- autoencoder frozen: `{encoder}`, autoencoder; probes: place.ridge 9.5, place.guess 30"


def test_probes_that_were_made_after_the_training_are_told(tmp_path, study, encoder):
    passport_with(encoder, probes={"lives": 0.25})
    assert "probes: lives 0.25" in report([find(study)])
    encoder.write_text("another file now")  # the run keeps its own
    assert "probes: none made" in report([find(study)])


def test_many_probes_are_told_in_part():
    assert in_words({f"label {number}": {"r2": 0.5} for number in range(20)}).endswith("label 11.r2 0.5 and 8 more")


def test_another_shape_than_that_of_scratch_is_told(tmp_path, encoder, study):
    assert find(study).notes == []
    passport_with(encoder, settings={"encoder_kind": "mlp", "encoder_sizes": [32, 32]})
    folder = written(tmp_path / "s", a_plan([encoder]), {name: [1.0] * 3 for name in (SCRATCH, FROZEN, THAWED)})
    (note,) = find(folder).notes
    assert note.startswith(
        "autoencoder frozen, autoencoder thawed: the encoder is built as mlp 32 32, that of scratch "
    )


def test_of_a_comparison_that_was_broken_off_whole_seeds_count(tmp_path, encoder, study):
    (run,) = study.glob("autoencoder-thawed/*/*/*-s2")
    (checkpoint.latest(run) / "manifest.json").unlink()
    found = find(study)
    assert (found.seeds, found.planned_seeds) == ([1, 3], 3)
    assert found.arms[1].differences["area"].values == [2.0, 4.0]
    assert "**Not finished: 2 of 3 seeds have all their arms.**" in report([found])


def test_without_a_whole_seed_there_is_no_report(tmp_path, encoder):
    plan = a_plan([encoder])
    plan.write(tmp_path)
    finish(tmp_path, plan, plan.arms[0], 1, level(1.0))
    with pytest.raises(UserError, match="is not finished: no seed is trained in all of its 3 arms"):
        find(tmp_path)


def test_a_run_without_games_is_named(tmp_path, encoder):
    plan = a_plan()
    plan.write(tmp_path)
    for seed in (1, 2, 3):
        finish(tmp_path, plan, plan.arms[0], seed, [])
    with pytest.raises(UserError, match=r"-s1: no game ended in the whole training"):
        find(tmp_path)


def test_the_chance_of_a_false_finding_is_told_for_so_many_arms(study):
    """1 - 0.95 ** 2 = 0.0975."""
    assert "2 arms were compared, each at 95%" in report([find(study)])
    assert "would still exclude 0 in up to 10% of such studies" in report([find(study)])


def test_several_tasks_are_put_together_by_shares(tmp_path, encoder, study):
    """On the first, frozen adds 2, 3 and 4 points to a mean of 50; on the other 40, 20 and 30 to one of -200."""
    scores = {SCRATCH: [-100.0, -200.0, -300.0], FROZEN: [-60.0, -180.0, -270.0], THAWED: [-100.0, -200.0, -300.0]}
    other = written(tmp_path / "other", a_plan([encoder]), scores)
    tasks = [find(study), find(other)]
    assert [share.interval.mean for task in tasks for share in shares(task)] == pytest.approx([0.06, 0.1, 0.15, 0.0])
    frozen, thawed = over_tasks(tasks)
    assert (frozen.arm, frozen.interval.mean, frozen.interval.sign) == (FROZEN, pytest.approx(0.105), 1)
    variances = np.var([[0.04, 0.06, 0.08], [0.2, 0.1, 0.15]], axis=1, ddof=1) / 3
    freedom = variances.sum() ** 2 / np.sum(variances**2 / 2)
    half = stats.t.ppf(0.975, freedom) * np.sqrt(variances.sum()) / 2
    assert frozen.interval.low == pytest.approx(0.105 - half)
    assert thawed.interval.sign == 0
    text = report(tasks)
    assert frozen.p == pytest.approx(2 * frozen.interval.p)
    assert "**autoencoder frozen: it helped** (10.5% [" in text
    assert "**autoencoder thawed: no difference is shown** (5.0% [" in text
    assert text.count("## dqn (control) on CartPole-v1") == 2


def test_one_task_is_not_put_together(study):
    assert over_tasks([find(study)]) == []
    assert "All tasks together" not in report([find(study)])


def test_arms_that_stand_in_one_task_only_are_not_put_together(tmp_path, encoder, study):
    policy = pretrained_file(tmp_path / "cloned", "policy", method="cloning")
    scores = {SCRATCH: [1.0, 2.0, 3.0], "cloning policy": [2.0, 3.0, 5.0]}
    other = written(tmp_path / "other", a_plan([], [policy]), scores)
    assert over_tasks([find(study), find(other)]) == []
    assert "No arm has shares in two tasks" in report([find(study), find(other)])


@pytest.mark.parametrize(
    ("scratch", "scale"),
    [([0.0, 0.0, 0.0], None), ([-1.0, 5.0, 5.0], None), ([-4.0, -5.0, -6.0], None), ([1.0, 2.0, 3.0], 2.0)],
)
def test_a_task_has_no_shares_where_scores_lie_on_both_sides_of_0(tmp_path, encoder, study, scratch, scale):
    scores = {SCRATCH: scratch, FROZEN: [1.0, 2.0, 4.0], THAWED: [1.0, 1.0, 1.0]}
    task = find(written(tmp_path / "s", a_plan([encoder]), scores))
    assert task.scale == scale
    assert bool(shares(task)) == bool(over_tasks([task, find(study)])) == (scale is not None)
    assert (scale is None) == ("has no shares: its scores lie on both sides of 0" in report([find(study), task]))


def test_everything_is_kept_for_programs(study):
    values = json.loads(json.dumps(find(study).values()))
    assert values["arms"][1]["differences"]["area"]["values"] == [2.0, 3.0, 4.0]
    assert values["arms"][1]["runs"][0]["curve"] == [12.0] * 20
    assert values["arms"][1]["differences"]["area"]["interval"]["sign"] == 1
    assert (values["seeds"], values["arms"][1]["pretraining"]["recorded_steps"]) == ([1, 2, 3], 1000)
