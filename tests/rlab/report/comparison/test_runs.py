"""Which runs are found, grouped and refused, and what a reader is told beside the numbers."""

import shutil

import pytest

from rlab.evaluation import RESULT
from rlab.protocol import PROTOCOLS
from rlab.report.comparison.groups import group_runs, notes_on
from rlab.report.comparison.runs import check_comparable, each_training_once, find_runs
from rlab.report.scores import mean_interval, runs_interval
from rlab.types import UserError
from tests.rlab.report.evaluated_runs import PACMAN, PONG, evaluated_run, unevaluated_run


@pytest.fixture
def groups(tmp_path):
    """The groups of the runs that are below the temporary folder."""
    return lambda by="agent": group_runs(find_runs([tmp_path])[0], by)


def test_a_folder_stands_for_the_evaluated_runs_below_it(tmp_path):
    one = evaluated_run(tmp_path / "Pong" / "dqn" / "1")
    two = evaluated_run(tmp_path / "Pong" / "ppo" / "2", agent="ppo")
    untold = unevaluated_run(tmp_path / "Pong" / "ppo" / "3")
    found, left_out = find_runs([tmp_path / "Pong", tmp_path / "Pong" / "ppo"])
    assert list(found) == [one, two]
    assert left_out == [untold]


def test_a_run_that_is_named_twice_counts_once(tmp_path):
    run = evaluated_run(tmp_path / "dqn" / "1")
    (tmp_path / "link").symlink_to(run)
    (tmp_path / "other name").symlink_to(run.parent)
    found, _ = find_runs([run, tmp_path / "dqn", tmp_path / "link", tmp_path / "other name"])
    assert list(found) == [run]


def test_a_copy_or_a_release_of_a_run_does_not_count_beside_it(tmp_path):
    run = evaluated_run(tmp_path / "dqn" / "1")
    shutil.copytree(run, tmp_path / "dqn" / "copy")
    found, _ = find_runs([tmp_path / "dqn"])
    assert list(found) == [run]


def test_runs_of_other_settings_that_score_alike_are_two(tmp_path):
    """As where all have the most points there are."""
    runs = [
        evaluated_run(tmp_path / str(gamma), [500.0], settings={"config": {"gamma": gamma}}) for gamma in (0.9, 0.99)
    ]
    found, _ = find_runs(runs)
    assert list(found) == runs


def test_a_run_without_an_evaluation_is_refused_with_the_command_that_makes_one(tmp_path):
    run = unevaluated_run(tmp_path / "1")
    with pytest.raises(UserError, match=rf"1 has no evaluation: make one with python scripts/evaluate\.py {run}$"):
        find_runs([run])


@pytest.mark.parametrize("content", ["nothing", "a run without an evaluation", "no folder"])
def test_a_folder_without_evaluated_runs_is_refused(tmp_path, content):
    place = tmp_path / "runs"
    if content == "nothing":
        place.mkdir()
    if content == "a run without an evaluation":
        unevaluated_run(place / "1")
    with pytest.raises(
        UserError, match=r"no run with an evaluation in .*runs: give a run's folder or one above several"
    ):
        find_runs([evaluated_run(tmp_path / "good"), place])


def test_a_damaged_evaluation_is_refused(tmp_path):
    run = evaluated_run(tmp_path / "1")
    (run / RESULT).write_text('{"scores": [1, 2]}')
    with pytest.raises(UserError, match=r"1/evaluation\.json is not an evaluation"):
        find_runs([tmp_path])


def test_a_score_that_is_no_number_is_refused(tmp_path):
    run = evaluated_run(tmp_path / "1", [1.0, float("nan")])
    with pytest.raises(
        UserError, match=r"1/evaluation\.json is not an evaluation: its scores are not a list of finite"
    ):
        find_runs([run])


def test_a_training_that_was_made_twice_counts_once(tmp_path):
    """The same seed and settings, though one was evaluated in more games and the other trained for longer."""
    settings = {"run": {"seed": 4, "steps": 1000, "log_period_steps": 10}, "config": {"gamma": 0.9}}
    longer = {"run": {"seed": 4, "steps": 5000, "log_period_steps": 99}, "config": {"gamma": 0.9}}
    one = evaluated_run(tmp_path / "a", [1.0, 2.0, 3.0], settings=settings, seed=4, step=1000)
    two = evaluated_run(tmp_path / "b", [9.0, 8.0], settings=longer, seed=4, step=5000)
    found, notes = each_training_once(find_runs([tmp_path])[0])
    assert list(found) == [two]
    assert notes == [
        f"the same seed twice: {one} has the settings and the seed 4 of {two}, "
        "which is the only one of them that counts"
    ]


@pytest.mark.parametrize(
    "changed", [{"seed": 5}, {"preset": "paper"}, {"agent": "ppo"}, {"environment": "ALE/Pong-v5"}]
)
def test_another_seed_or_setting_is_another_training(tmp_path, changed):
    evaluated_run(tmp_path / "a", [1.0], seed=4)
    evaluated_run(tmp_path / "b", [2.0], **{"seed": 4, **changed})
    assert len(each_training_once(find_runs([tmp_path])[0])[0]) == 2


def test_another_gamma_is_another_training(tmp_path):
    for gamma in (0.9, 0.99):
        evaluated_run(tmp_path / str(gamma), [gamma], settings={"config": {"gamma": gamma}})
    assert len(each_training_once(find_runs([tmp_path])[0])[0]) == 2


def refusal(tmp_path, **changes):
    """What is said to a run like the usual one but for the changes."""
    runs = [evaluated_run(tmp_path / "a"), evaluated_run(tmp_path / "b"), evaluated_run(tmp_path / "c", **changes)]
    with pytest.raises(UserError) as refused:
        check_comparable(find_runs(runs)[0])
    return str(refused.value).replace(f"{tmp_path}/", "")


def test_different_environments_are_refused_unless_human_scores_are_known(tmp_path):
    assert refusal(tmp_path, environment="ALE/Othello-v5") == (
        "scores on different environments cannot be compared: a is on ALE/MsPacman-v5, c on ALE/Othello-v5; "
        "allowed are games whose random and human scores are known (ALE/...-v5)"
    )
    check_comparable(find_runs([evaluated_run(tmp_path / "d"), evaluated_run(tmp_path / "e", environment=PONG)])[0])


def test_different_protocols_are_refused_with_the_fields_that_differ(tmp_path):
    assert refusal(tmp_path, protocol=PROTOCOLS["classic"].identity) == (
        "scores under different protocols cannot be compared: a is under ale_v5:23089574, c under classic:9667be55; "
        "they differ in epsilon (0.001, 0.05), emulator.sticky_actions (0.25, 0.0), emulator.noop_max (0, 30), "
        "emulator.max_frames (108000, 18000)"
    )


def test_a_protocol_that_is_not_known_here_is_refused_by_its_identity(tmp_path):
    assert refusal(tmp_path, protocol="ale_v5:00000000").endswith("a is under ale_v5:23089574, c under ale_v5:00000000")


def test_the_same_environment_and_protocol_are_compared_whatever_else_differs(tmp_path):
    evaluated_run(tmp_path / "a")
    evaluated_run(tmp_path / "b", agent="ppo", preset="paper", seed=7, step=1, departures={"reward_clipping": True})
    check_comparable(find_runs([tmp_path])[0])


def test_runs_of_an_agent_are_its_seeds(tmp_path, groups):
    evaluated_run(tmp_path / "a", [1.0, 2.0, 9.0], seed=5)
    evaluated_run(tmp_path / "b", [4.0, 8.0], seed=3)
    evaluated_run(tmp_path / "c", [6.0], agent="ppo")
    ppo, dqn = groups()
    assert (ppo.name, ppo.mean, ppo.low, ppo.high) == ("ppo", 6.0, 6.0, 6.0)
    assert (dqn.name, dqn.games, dqn.seeds, dqn.median, dqn.best) == ("dqn", 5, [3, 5], 4.0, 9.0)
    assert (dqn.mean, dqn.low, dqn.high) == runs_interval([[1.0, 2.0, 9.0], [4.0, 8.0]])


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("agent", {"dqn", "ppo", "random"}),
        ("preset", {"dqn fast", "dqn paper", "ppo fast", "random"}),
        ("seed", {"1", "2", "random"}),
        ("run", {"a", "b", "c", "random"}),
    ],
)
def test_groups_have_one_key_in_common_and_the_floor_is_its_own(tmp_path, groups, by, names):
    evaluated_run(tmp_path / "a", preset="fast", seed=1)
    evaluated_run(tmp_path / "b", preset="paper", seed=1)
    evaluated_run(tmp_path / "c", agent="ppo", preset="fast", seed=2)
    evaluated_run(tmp_path / "d", agent="random", preset="uniform", seed=1)
    assert {group.name.removeprefix(f"{tmp_path}/") for group in groups(by)} == names


def test_the_best_mean_comes_first(tmp_path, groups):
    for agent, score in (("a", 3.0), ("b", 20.0), ("c", -1.0)):
        evaluated_run(tmp_path / agent, [score], agent=agent)
    assert [group.name for group in groups()] == ["b", "a", "c"]


def test_few_seeds_are_told_but_for_the_floor(tmp_path, groups):
    for seed in range(3):
        evaluated_run(tmp_path / f"dqn{seed}", seed=seed)
        evaluated_run(tmp_path / f"ppo{seed}", agent="ppo", seed=4)  # the same seed three times is one
    evaluated_run(tmp_path / "random", agent="random")
    assert notes_on(groups()) == ["fewer than 3 seeds: ppo; one run says nothing about other seeds"]


def test_seeds_that_do_not_pair_are_told(tmp_path, groups):
    for seed in (1, 2, 3):
        evaluated_run(tmp_path / f"dqn{seed}", [float(seed)], seed=seed)
        evaluated_run(tmp_path / f"ppo{seed}", [float(seed)], agent="ppo", seed=seed)
    assert not [note for note in notes_on(groups()) if note.startswith("seeds do not pair")]
    evaluated_run(tmp_path / "ppo4", [4.0], agent="ppo", seed=4)
    assert [note for note in notes_on(groups()) if note.startswith("seeds do not pair")] == [
        "seeds do not pair: ppo has 1, 2, 3, 4; dqn has 1, 2, 3. With the same seeds in every group, a difference may "
        "take fewer to show"
    ]


def test_runs_of_one_seed_with_different_settings_are_told(tmp_path, groups):
    for seed in (1, 2, 3):
        evaluated_run(tmp_path / f"fast{seed}", [float(seed)], seed=seed)
    evaluated_run(tmp_path / "paper", [9.0], preset="paper", seed=3)
    assert notes_on(groups())[0].startswith(
        "dqn: 4 runs of 3 seeds, with different settings; runs of the same seed are"
    )
    assert not [note for note in notes_on(groups("preset")) if "4 runs of 3 seeds" in note]
    assert [note for note in notes_on(groups("seed")) if "2 runs of 1 seeds" in note]


def test_a_missing_floor_is_told_with_the_commands_that_make_it(tmp_path, groups):
    evaluated_run(tmp_path / "dqn")
    assert notes_on(groups())[-1] == (
        f"no floor: add the random agent with python scripts/train.py random --env {PACMAN} --protocol ale_v5 "
        "--steps 1, which also plays its games"
    )


def test_departures_from_the_protocol_are_told(tmp_path, groups):
    evaluated_run(tmp_path / "a", seed=1, departures={"reward_clipping": True, "life_loss_ends_value": True})
    evaluated_run(tmp_path / "b", seed=2, departures={"reward_clipping": True})
    assert notes_on(groups())[0] == (
        "dqn: departed from the protocol by reward clipping, life loss ends value (in 1 of 2 runs)"
    )


def test_a_group_tells_programs_all_its_numbers(tmp_path, groups):
    run = evaluated_run(tmp_path / "a", [1.0, 5.0], seed=6)
    (values,) = [group.values() for group in groups()]
    mean, low, high = mean_interval([1.0, 5.0])
    evaluations = values.pop("runs")
    assert values == {
        "name": "dqn", "mean": mean, "low": low, "high": high, "median": 3.0, "best": 5.0, "games": 2, "seeds": [6]
    }  # fmt: skip
    assert [(one["run"], one["scores"], one["step"]) for one in evaluations] == [(str(run), [1.0, 5.0], 250_000)]
