"""Settings that are refused, when they are given or when they are read, each in one line."""

import dataclasses
import json
import math

import pytest
from gymnasium import spaces

import agents
from rlab.config import check_range, read_config
from rlab.types import UserError
from tests.rlab.written_settings import VECTOR, config_of, make

OUT_OF_RANGE = {  # of every agent that learns from rollouts
    "gamma": 1.1,
    "trace_decay": -0.1,
    "learning_rate": 0,
    "learning_rate_decay_steps": -1,
    "rollout_steps": 0,
    "epochs": 0,
    "minibatches": 0,
    "optimizer_epsilon": 0,
    "gradient_norm": 0,
    "hidden_sizes": (0,),
    "encoder_sizes": (-1,),
    "reward_scale": 0,
}


@pytest.fixture
def path(tmp_path):
    """A `config.json` as a run has it."""
    make().write(tmp_path / "config.json")
    return tmp_path / "config.json"


def change(path, section, **values):
    written = json.loads(path.read_text())
    (written[section] if section else written).update(values)
    path.write_text(json.dumps(written))


def refusal(path):
    with pytest.raises(UserError) as refused:
        read_config(path, config_of)
    message = str(refused.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("section", ["run", "config"])
def test_an_unknown_setting_is_refused_with_those_there_are(path, section):
    change(path, section, gama=0.9)
    message = refusal(path)
    assert f"{path} has an unknown setting: received 'gama', allowed are " in message
    assert {"run": "checkpoint_period_steps", "config": "gamma, hidden_sizes"}[section] in message


@pytest.mark.parametrize("section", ["agent", "preset", "run", "config", "observation_space", "action_space"])
def test_a_missing_section_is_refused(path, section):
    written = json.loads(path.read_text())
    del written[section]
    path.write_text(json.dumps(written))
    assert f"{path} is not the configuration of a run" in refusal(path)


def test_a_run_without_an_environment_is_refused(path):
    written = json.loads(path.read_text())
    del written["run"]["env"]
    path.write_text(json.dumps(written))
    assert "'env'" in refusal(path)


@pytest.mark.parametrize(
    ("section", "name", "value"),
    [
        ("run", "steps", "ten"),
        ("run", "steps", 1.5),
        ("run", "steps", math.inf),
        ("run", "steps", None),
        ("run", "steps", [10]),
        ("run", "env", 5),
        ("run", "protocol", None),
        ("run", "xla", "no"),
        ("run", "precision", "float8"),
        ("config", "encoder_kind", "convolutions"),
        ("config", "hidden_sizes", 512),
        ("config", "hidden_sizes", ["512"]),
        ("config", "hidden_sizes", [512.5]),
        ("config", "gamma", "0.99"),
        ("config", "reward_clipping", 1),
        ("config", "batch_size", {"size": 32}),
    ],
)
def test_a_value_of_another_type_is_refused(path, section, name, value):
    change(path, section, **{name: value})
    refusal(path)


@pytest.mark.parametrize(
    ("section", "name", "value"),
    [
        ("run", "steps", 0),
        ("run", "steps", -5),
        ("run", "minutes", 0),
        ("run", "minutes", -5),
        ("run", "minutes", math.nan),
        ("run", "minutes", math.inf),
        ("run", "seed", -1),
        ("run", "seed", 2**31),
        ("run", "num_envs", 0),
        ("run", "threads", -1),
        ("run", "checkpoints_kept", 0),
        ("run", "evaluation_episodes", 0),
        ("run", "evaluation_period_steps", 0),
        ("run", "checkpoint_period_steps", 0),
        ("run", "log_period_steps", 0),
        ("config", "gamma", 1.01),
        ("config", "gamma", -0.01),
        ("config", "gamma", math.nan),
        ("config", "learning_rate", 0),
        ("config", "learning_rate", 1.5),
        ("config", "optimizer_epsilon", 0),
        ("config", "optimizer_epsilon", -1e-8),
        ("config", "epsilon_start", 1.01),
        ("config", "epsilon_end", -0.1),
        ("config", "epsilon_decay_steps", -1),
        ("config", "n_steps", 0),
        ("config", "batch_size", 0),
        ("config", "update_period_steps", 0),
        ("config", "updates_per_period", 0),
        ("config", "target_period_updates", 0),
        ("config", "target_rate", 0),
        ("config", "target_rate", 1.01),
        ("config", "average_rate", 0),
        ("config", "average_rate", 1.01),
        ("config", "priority_exponent", -0.1),
        ("config", "priority_exponent", 1.1),
        ("config", "importance_exponent", 1.1),
        ("config", "importance_steps", -1),
        ("config", "shift_pixels", -1),
        ("config", "shift_pixels", 33),
        ("config", "intensity_noise", -0.1),
        ("config", "intensity_noise", 0.6),
        ("config", "intensity_noise", math.nan),
        ("config", "warmup_steps", 0),
        ("config", "replay_capacity", 31),
        ("config", "hidden_sizes", (512, 0)),
        ("config", "encoder_sizes", (-1,)),
    ],
)
def test_a_value_out_of_range_is_refused_when_given_and_when_read(path, section, name, value):
    with pytest.raises(UserError, match=f"--{name.replace('_', '-')} is out of range: received .*, allowed is "):
        dataclasses.replace(getattr(make(), section), **{name: value})
    change(path, section, **{name: value})
    assert f"--{name.replace('_', '-')} is out of range" in refusal(path)


@pytest.mark.parametrize(
    ("agent", "name", "value"),
    [
        *((agent, name, value) for agent in ("ppo", "pqn") for name, value in OUT_OF_RANGE.items()),
        ("ppo", "clip_range", 0),
        ("ppo", "target_kl", -0.1),
        ("ppo", "value_coefficient", -0.5),
        ("ppo", "entropy_coefficient", -0.01),
        ("ppo", "log_deviation_start", 3),
        ("pqn", "average_rate", 0),
    ],
)
def test_agents_that_learn_from_rollouts_refuse_what_is_out_of_range(agent, name, value):
    with pytest.raises(UserError, match=f"--{name.replace('_', '-')} is out of range: received .*, allowed is "):
        agents.find(agent).Config(**{name: value})


@pytest.mark.parametrize("value", [1, 1.0, 5, 10])
def test_the_ends_of_a_range_belong_to_it(value):
    check_range("steps", value, 1, 10)


@pytest.mark.parametrize(
    ("value", "low", "high", "message"),
    [
        (11, 1, 10, "--log-period-steps is out of range: received 11, allowed is 1 to 10"),
        (0, 1, math.inf, "--log-period-steps is out of range: received 0, allowed is 1 or more"),
        (math.inf, 1, math.inf, "--log-period-steps is out of range: received inf, allowed is 1 or more"),
        (2**31, 0, 2**31 - 1, "--log-period-steps is out of range: received 2147483648, allowed is 0 to 2147483647"),
    ],
)
def test_what_is_out_of_range_is_told_with_the_range(value, low, high, message):
    with pytest.raises(UserError) as refused:
        check_range("log_period_steps", value, low, high)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"agent": "dqn"}',
        b"\xff\xfe\x00",
        b'{"learning_rate": 0.001, "layers": [64, 64]}',
    ],
    ids=["empty", "torn", "list", "null", "object", "a part", "bytes", "foreign"],
)
def test_a_file_that_is_something_else_is_refused(path, content):
    path.write_bytes(content)
    assert f"{path} is not the configuration of a run" in refusal(path)


@pytest.mark.parametrize(
    ("section", "value"),
    [
        ("agent", "dpn"),
        ("agent", 5),
        ("run", [1, 2]),
        ("run", "text"),
        ("config", None),
        ("observation_space", {"kind": "Discrete", "n": 0}),
        ("observation_space", {"kind": "Box", "shape": [3]}),
        ("observation_space", {"kind": "Box", "shape": [3], "dtype": "float99", "low": 0, "high": 1, "bounded": True}),
        ("observation_space", {"kind": "FrameStack", "shape": [84, 84]}),
        ("action_space", {"kind": "Dict"}),
        ("action_space", 9),
    ],
)
def test_a_section_that_is_something_else_is_refused(path, section, value):
    change(path, None, **{section: value})
    refusal(path)


def test_spaces_that_do_not_fit_the_agent_are_refused(path):
    with pytest.raises(UserError, match="an image agent does not fit this environment: received observations Box"):
        dataclasses.replace(make(), observation_space=VECTOR)
    continuous = spaces.Box(-1, 1, (2,))
    with pytest.raises(UserError, match=r"dqn chooses among discrete actions: received Box.*, allowed is Discrete"):
        dataclasses.replace(make(), action_space=continuous)
    change(path, None, action_space={"kind": "Discrete", "n": 3}, observation_space={"kind": "Discrete", "n": 3})
    assert "an image agent does not fit this environment" in refusal(path)


@pytest.mark.parametrize("name", ["config.json", "nowhere/config.json", "file/config.json"])
def test_a_folder_that_is_no_run_is_refused(tmp_path, name):
    (tmp_path / "file").write_text("in the way")
    path = tmp_path / name
    assert refusal(path) == f"not a run: {path.parent} has no config.json"
