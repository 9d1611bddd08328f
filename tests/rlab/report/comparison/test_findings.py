"""What a comparison comes to, from runs whose curves and scores are known."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from rlab.report.comparison import words
from rlab.report.comparison.findings import compare
from rlab.report.comparison.learning import WINDOWS
from rlab.report.paired import paired, seeds_needed
from rlab.tensorboard import EventFile
from rlab.types import UserError
from tests.rlab.report.evaluated_runs import PACMAN, PONG, evaluated_run
from tests.rlab.report.learnt_runs import learnt_run, two_agents


def of(things, name):
    (found,) = [one for one in things if getattr(one, "name", None) == name or getattr(one, "group", None) == name]
    return found


@pytest.fixture(scope="module")
def findings(tmp_path_factory):
    return compare([two_agents(tmp_path_factory.mktemp("runs"))], "agent")


def test_groups_stand_in_the_order_of_their_interquartile_means(findings):
    """Three seeds end at 1,040, 1,080 and 1,120; a quarter of three is none, so their mean is taken."""
    assert [one.name for one in findings.standings] == ["dqn", "ppo", "random"]
    assert of(findings.standings, "dqn").estimate.value == 1080
    assert of(findings.standings, "ppo").estimate.value == 100 + 1080 / 2
    assert of(findings.standings, "random").estimate == (250.0, None, None)


def test_a_curve_is_the_interquartile_mean_over_seeds_in_windows_of_training(findings):
    """120 games of 100 steps in 30 windows: each has four games, and ends 400 steps after the one before."""
    curve = of(findings.curves["training"], "dqn")
    assert curve.at == pytest.approx([400.0 * (window + 1) for window in range(WINDOWS)])
    growth = np.linspace(200, 1000, 120)
    seeds = np.array([growth + 40 * seed for seed in (1, 2, 3)])
    expected = stats.trim_mean(seeds.reshape(3, 30, 4).mean(axis=2), 0.25, axis=0)
    assert curve.value == pytest.approx(list(expected))
    assert all(low <= value <= high for low, value, high in zip(curve.low, curve.value, curve.high, strict=True))


def test_evaluations_stand_at_their_own_steps(findings):
    curve = of(findings.curves["evaluation"], "ppo")
    assert curve.at == [1000.0 * number for number in range(1, 13)]
    assert curve.value[-1] == 640


def test_time_is_that_of_training(findings):
    """12,000 steps at 100 steps a second."""
    curve = of(findings.curves["time"], "dqn")
    assert curve.at[-1] == pytest.approx(120)
    assert curve.value == pytest.approx(of(findings.curves["training"], "dqn").value)


def test_the_floor_has_no_curve_and_no_pair(findings):
    assert [curve.group for curve in findings.curves["training"]] == ["dqn", "ppo"]
    assert [(pair.better, pair.worse) for pair in findings.pairs] == [("dqn", "ppo")]


def test_pairs_are_compared_seed_by_seed(findings):
    (pair,) = findings.pairs
    expected = paired([1040, 1080, 1120], [620, 640, 660])
    assert pair.is_paired
    assert pair.difference == expected
    assert pair.probability == (1.0, 1.0, 1.0)
    assert words.verdict(pair) == f"shown (p {expected.interval.p:.2g})"


def test_a_difference_that_is_not_shown_names_the_seeds_that_would_show_it(tmp_path):
    for seed, (one, other) in enumerate([(300.0, 200.0), (100.0, 180.0), (500.0, 210.0)]):
        evaluated_run(tmp_path / f"a{seed}", [one], agent="a", seed=seed)
        evaluated_run(tmp_path / f"b{seed}", [other], agent="b", seed=seed)
    (pair,) = compare([tmp_path], "agent").pairs
    differences = [100, -80, 290]
    needed = seeds_needed(float(np.mean(differences)), float(np.std(differences, ddof=1)))
    assert words.verdict(pair) == (
        f"not shown; were the true difference this one, about {needed} pairs of seeds would show it"
    )


def test_a_difference_without_spread_is_told_as_such(tmp_path):
    for seed in (1, 2, 3):
        evaluated_run(tmp_path / f"a{seed}", [500.0], agent="a", seed=seed)
        evaluated_run(tmp_path / f"b{seed}", [9.0], agent="b", seed=seed)
    (pair,) = compare([tmp_path], "agent").pairs
    assert words.verdict(pair) == ("not shown: the seeds agree to the last digit, so there is no spread to judge it by")


def test_what_is_chance_among_many_pairs_needs_no_number_of_seeds(findings):
    pair = replace(findings.pairs[0], p=0.07)
    assert words.verdict(pair) == "not shown: among so many pairs it may be chance (p 0.07)"


def test_means_that_differ_the_other_way_than_interquartile_means_are_told(tmp_path):
    """Q*bert, where b has by far the most, decides the means and has no part in the interquartile means."""
    games = PACMAN, PONG, "ALE/Breakout-v5", "ALE/Qbert-v5"
    for agent, scores, apart in (("a", (2000, 0, 16, 14_000), 0.1), ("b", (1900, -1, 15, 60_000), 0.2)):
        for environment, score in zip(games, scores, strict=True):
            for seed in (1, 2, 3):
                run = tmp_path / agent / environment[4:] / str(seed)
                evaluated_run(run, [score + seed * apart], agent=agent, environment=environment, seed=seed)
    (pair,) = compare([tmp_path], "agent").pairs
    assert (pair.better, pair.worse) == ("a", "b")
    assert words.verdict(pair) == f"the opposite is shown of means (p {pair.p:.2g})"


def test_pairs_are_counted_over_all_games(tmp_path):
    """Of two seeds on each game only one is on both."""
    for agent, better in (("a", 100.0), ("b", 0.0)):
        for environment, seeds in ((PACMAN, (1, 2)), (PONG, (2, 3))):
            for seed in seeds:
                run = tmp_path / agent / environment[4:] / str(seed)
                evaluated_run(run, [better + seed], agent=agent, environment=environment, seed=seed)
    (line,) = words.lines(compare([tmp_path], "agent"))
    assert line.endswith("(1 pairs of seeds): nothing can be said from one seed")


def test_seeds_that_do_not_pair_are_compared_as_two_samples(tmp_path):
    one, other = [300.0, 100.0, 500.0], [20.0, 18.0, 21.0, 30.0]
    for agent, scores, first in (("a", one, 0), ("b", other, 10)):
        for seed, score in enumerate(scores):
            evaluated_run(tmp_path / f"{agent}{seed}", [score], agent=agent, seed=first + seed)
    (pair,) = compare([tmp_path], "agent").pairs
    welch = stats.ttest_ind(one, other, equal_var=False).confidence_interval()
    assert not pair.is_paired
    assert (pair.difference.interval.low, pair.difference.interval.high) == pytest.approx((welch.low, welch.high))
    assert "seeds each would show it" in words.verdict(pair)
    assert any("seeds do not pair" in note for note in compare([tmp_path], "agent").notes)


def test_few_seeds_are_told_what_their_intervals_cover(findings):
    robust, means = [note for note in findings.notes if "too narrow" in note]
    assert "interquartile means" in robust
    assert "means over all games" in means
    assert all("from 3 seeds 7" in note for note in (robust, means))


def test_without_a_training_there_is_no_curve_and_that_is_told(tmp_path):
    run = evaluated_run(tmp_path / "a")
    found = compare([tmp_path], "agent")
    assert found.curves == {}
    assert any(note.startswith(f"left out of the curves: {run} holds 0 event files") for note in found.notes)


def test_a_release_has_its_curve_from_the_event_file(tmp_path):
    growth = np.linspace(0, 119, 120)
    taped = learnt_run(tmp_path / "taped", growth, seed=1, period=200)
    untaped = learnt_run(tmp_path / "untaped", growth, seed=2, period=200, taped=False, scores=[1.0])
    curves = [compare([run], "agent").curves["training"][0].value for run in (taped, untaped)]
    assert curves[0] == pytest.approx(curves[1])


def test_an_entry_of_the_log_that_is_half_written_is_passed_over(tmp_path):
    run = learnt_run(tmp_path / "a", np.arange(40.0), taped=False)
    events = EventFile(run, length=next(run.glob("events.*")).stat().st_size)
    events.scalar("train/score", 9.0, 5000)
    events.close()
    (curve,) = compare([run], "agent").curves["training"]
    assert curve.at[-1] == 4000


def test_a_group_that_played_too_little_for_a_curve_is_told(tmp_path):
    learnt_run(tmp_path / "a", [1.0] * 40, agent="a")
    learnt_run(tmp_path / "b", [1.0], period=100, agent="b")
    found = compare([tmp_path], "agent")
    assert [curve.group for curve in found.curves["training"]] == ["a"]
    assert "without a curve of training, as one of its runs played too few games: b" in found.notes


def test_a_setting_without_end_can_be_written(tmp_path):
    evaluated_run(tmp_path / "a", settings={"config": {"limit": float("inf"), "gamma": 0.9}})
    found = compare([tmp_path], "agent")
    assert found.settings["dqn"] == {"limit": "inf", "gamma": 0.9}
    json.dumps(found.values(), allow_nan=False)


def test_a_curve_ends_where_the_shortest_run_does(tmp_path):
    learnt_run(tmp_path / "a", [1.0] * 40, seed=1)
    learnt_run(tmp_path / "b", [2.0] * 100, seed=2)
    (curve,) = compare([tmp_path], "agent").curves["training"]
    assert curve.at[-1] == 4000
    assert set(curve.value) == {1.5}


def test_several_games_are_compared_on_the_human_scale(tmp_path):
    """Human play scores 6,951.6 on Ms. Pac-Man and 14.6 on Pong, random play 307.3 and -20.7."""
    for seed in (1, 2):
        evaluated_run(tmp_path / f"p{seed}", [6951.6], environment=PACMAN, seed=seed)
        evaluated_run(tmp_path / f"q{seed}", [-20.7], environment=PONG, seed=seed)
    evaluated_run(tmp_path / "other", [9000.0], environment=PACMAN, agent="ppo", seed=1)
    found = compare([tmp_path], "agent")
    (dqn,) = found.standings
    assert found.environments == [PACMAN, PONG]
    assert found.scale.name == "human-normalised score"
    assert dqn.scores == {PACMAN: pytest.approx([1.0, 1.0]), PONG: pytest.approx([0.0, 0.0])}
    assert dqn.estimate.value == pytest.approx(0.5)
    assert f"left out of what is said over all games: ppo, without a run on {PONG}" in found.notes
    assert [group.mean for group in found.tables[PACMAN]] == [9000.0, 6951.6]


def test_games_without_a_group_on_all_of_them_are_refused(tmp_path):
    evaluated_run(tmp_path / "a", environment=PACMAN)
    evaluated_run(tmp_path / "b", environment=PONG, agent="ppo")
    with pytest.raises(UserError, match=rf"no group has runs on all of {PACMAN}, {PONG}"):
        compare([tmp_path], "agent")


def test_settings_of_a_group_are_those_that_all_its_runs_share(findings):
    assert findings.settings["dqn"] == {"num_envs": 1, "gamma": 0.99}


def test_everything_can_be_read_by_programs(findings):
    found = json.loads(json.dumps(findings.values(), allow_nan=False))
    assert set(found) == {
        "by", "environments", "protocol", "settings", "notes", "scale", "groups", "standings", "pairs", "profiles",
        "curves", "human_normalised_curves", "references",
    }  # fmt: skip
    assert found["standings"][0]["estimate"]["value"] == 1080
    assert found["pairs"][0]["probability"] == {"value": 1.0, "low": 1.0, "high": 1.0}
    assert len(found["profiles"]) == 3
    assert found["groups"][PACMAN][0]["name"] == "dqn"
