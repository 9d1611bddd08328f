"""Planners reach optima that are known exactly."""

import dataclasses
from functools import partial

import numpy as np
import pytest

import agents
import envs
from agents.planner import PRESETS, Config
from rlab import evaluation
from rlab.config import RunConfig, Settings
from rlab.ops import dynamic_programming as dp
from rlab.protocol import PROTOCOLS
from rlab.seeding import Seeds
from rlab.types import UserError

PROTOCOL = PROTOCOLS["gymnasium"]


def make(environment, preset="value_iteration", **changes):
    config = dataclasses.replace(PRESETS[preset].config, **changes)
    spaces = envs.spaces_of(environment, PROTOCOL)
    return agents.find("planner").make(config, *spaces, Seeds(0), model=envs.model_of(environment))


def plan(planner, most=100_000):
    """All that it logs until there is nothing more to do."""
    logged = []
    while (metrics := planner.learn()) is not None:
        logged.append(metrics)
        assert len(logged) < most
    return logged


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize(("gamma", "actions"), [(0.9, [0, 0, 1]), (0.95, [0, 2, 1]), (0.99, [0, 2, 1])])
def test_the_book_s_decision_process_is_solved(preset, gamma, actions):
    planner = make("BookMDP-v0", preset, gamma=gamma)
    plan(planner)
    model = envs.model_of("BookMDP-v0")
    exact = dp.optimal_action_values(
        dp.make_backup(model.probability, model.successor, model.reward, gamma * model.discount)
    )
    np.testing.assert_allclose(planner.action_values, exact, atol=1e-5)
    assert np.isneginf(planner.action_values[~model.legal]).all()
    chosen, _ = planner.actor(3, 0, explore=True).act(np.arange(3), np.ones(3, np.bool_))
    assert chosen.tolist() == actions


def test_policy_iteration_takes_few_sweeps():
    sweeps = {preset: len(plan(make("BookMDP-v0", preset, gamma=0.95))) for preset in PRESETS}
    assert sweeps["policy_iteration"] < 6
    assert sweeps["value_iteration"] > 300  # 0.95 ** n * 1 < 1e-8
    assert sweeps["q_value_iteration"] > 300


@pytest.mark.parametrize(
    ("preset", "environment", "gamma", "score"),
    [
        ("value_iteration", "FrozenLake-v1", 0.99, 0.7402),
        ("q_value_iteration", "FrozenLake-v1", 0.99, 0.7402),
        ("policy_iteration", "FrozenLake-v1", 0.99, 0.7402),
        ("policy_iteration", "FrozenLake-v1", 0.9, 0.7298),  # what is far off counts too little
        ("policy_iteration", "FrozenLake8x8-v1", 0.99, 0.8630),
        ("policy_iteration", "FrozenLake8x8-v1", 0.995, 0.8936),
        ("policy_iteration", "FrozenLake8x8-v1", 0.999, 0.8857),
        ("value_iteration", "FrozenLake8x8-v1", 0.999, 0.8857),
        ("value_iteration", "Taxi-v4", 0.99, 7.93),
        ("q_value_iteration", "Taxi-v4", 0.99, 7.93),
        ("policy_iteration", "Corridor-v0", 0.99, 1.0),
        ("policy_iteration", "BookMDP-v0", 0.99, 120.854),
        ("policy_iteration", "BookMDP-v0", 0.9, 23.3333),
        ("policy_iteration", "MarkovChain-v0", 0.99, 14.9039),
    ],
)
def test_what_it_expects_to_score_is_exact(preset, environment, gamma, score):
    assert plan(make(environment, preset, gamma=gamma))[-1]["value/start"] == pytest.approx(score, abs=1e-4)


def test_where_there_is_no_time_limit_the_value_is_discounted():
    *_, last = plan(make("CliffWalking-v1", "policy_iteration", gamma=0.9))
    assert last["value/start"] == pytest.approx(-(1 - 0.9**13) / (1 - 0.9))  # 13 steps along the cliff


@pytest.mark.parametrize(("environment", "best"), [("FrozenLake-v1", 0.7442), ("FrozenLake8x8-v1", 0.9132)])
def test_a_policy_that_knew_the_time_would_do_better(environment, best):
    model = envs.model_of(environment)
    backup = dp.make_backup(model.probability, model.successor, model.reward, model.discount)
    values = np.zeros(len(backup.reward))
    for _ in range(model.time_limit):  # backward induction: Puterman (1994), section 4.5
        values = dp.value_iteration(backup, values)
    assert model.start @ values == pytest.approx(best, abs=1e-4)


@pytest.mark.parametrize("preset", PRESETS)
def test_it_has_finished_at_the_first_residual_within_the_tolerance(preset):
    planner = make("FrozenLake-v1", preset)
    *residuals, last = (metrics["value/residual"] for metrics in plan(planner))
    assert last <= planner.config.tolerance < min(residuals)
    assert planner.learn() is None


@pytest.mark.parametrize("preset", ["value_iteration", "q_value_iteration"])  # policy iteration does not promise it
@pytest.mark.parametrize("environment", ["BookMDP-v0", "FrozenLake-v1"])
def test_each_sweep_changes_values_by_no_more_than_gamma_times_the_change_before(environment, preset):
    changes = np.array([metrics["value/residual"] for metrics in plan(make(environment, preset, gamma=0.95))])
    assert len(changes) > 50
    assert (changes[1:] <= 0.95 * changes[:-1] + 1e-12).all()  # but for rounding


def taxi_scores(agent, episodes=100):
    make_env = partial(envs.make, "Taxi-v4", protocol=PROTOCOL)
    return [tape.score for tape in evaluation.play(agent, make_env, PROTOCOL, episodes, stream="eval", step=0, seed=1)]


def test_it_plays_as_well_as_it_expects():
    planner = make("Taxi-v4")
    assert np.mean(taxi_scores(planner, 10)) <= -200, "nothing is left to plan"
    plan(planner)
    scores = taxi_scores(planner)
    assert np.mean(scores) == pytest.approx(7.93, abs=4 * np.std(scores) / 10)


def test_random_actions_do_not_play_well():
    random = agents.find("random")
    agent = random.make(random.Config(), *envs.spaces_of("Taxi-v4", PROTOCOL), Seeds(0))
    assert np.mean(taxi_scores(agent, 10)) < -200


def settings_of(environment):
    return Settings(
        "planner", "value_iteration", RunConfig(environment), Config(), *envs.spaces_of(environment, PROTOCOL)
    )


def test_without_a_model_it_is_not_made():
    with pytest.raises(UserError, match="planner needs a table of transitions: received Corridor-v0") as refused:
        agents.make(settings_of("Corridor-v0"))
    assert "\n" not in str(refused.value)


def test_what_it_saved_plays_without_a_model(tmp_path):
    planner = make("BookMDP-v0")
    plan(planner)
    planner.save(tmp_path)
    playing = agents.find("planner").make(planner.config, *envs.spaces_of("BookMDP-v0", PROTOCOL), Seeds(0))
    assert playing.load(tmp_path) == 0
    states, first = np.array([2, 0, 1]), np.ones(3, np.bool_)
    assert playing.actor(3, 0, explore=False).act(states, first)[0].tolist() == [1, 0, 2]
    np.testing.assert_array_equal(playing.inspect(states)["action_values"], planner.action_values[states])
    assert playing.learn() is None


@pytest.mark.parametrize("preset", PRESETS)
def test_planning_goes_on_where_it_was_saved(preset, tmp_path):
    planner, resumed = make("BookMDP-v0", preset, gamma=0.9), make("BookMDP-v0", preset, gamma=0.9)
    planner.learn()
    planner.save(tmp_path)
    resumed.load(tmp_path)
    assert plan(planner) == plan(resumed)
    np.testing.assert_array_equal(planner.action_values, resumed.action_values)


def test_a_plan_for_another_environment_is_refused(tmp_path):
    make("BookMDP-v0").save(tmp_path)
    with pytest.raises(UserError, match="does not fit") as refused:
        make("Corridor-v0").load(tmp_path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04"])
def test_a_damaged_plan_is_refused(tmp_path, content):
    (tmp_path / "plan.npz").write_bytes(content)
    with pytest.raises(UserError, match="no arrays can be read") as refused:
        make("Corridor-v0").load(tmp_path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(("name", "value"), [("gamma", 1.0), ("gamma", -0.1), ("tolerance", -1.0)])
def test_a_setting_out_of_range_is_refused(name, value):
    with pytest.raises(UserError, match=f"--{name} is out of range"):
        Config(**{name: value})


@pytest.mark.parametrize("environment", ["CartPole-v1", "Identity-v0", "Pendulum-v1"])
def test_other_spaces_are_refused(environment):
    with pytest.raises(UserError, match="planner counts states and actions: received"):
        settings_of(environment)
