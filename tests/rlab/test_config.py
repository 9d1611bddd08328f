"""Settings: what a run is told is what its `config.json` says and what is read back, and its hash names it."""

import dataclasses
import json
from typing import Literal, get_args, get_origin

import pytest
from gymnasium import spaces

import agents
from rlab.config import Preset, RunConfig, default_preset, read_config
from rlab.types import FrameStack, UserError
from tests.rlab.written_settings import config_of, make

EVERY_PRESET = [(name, preset) for name in agents.names() for preset in agents.find(name).PRESETS]


@pytest.fixture
def path(tmp_path):
    """A `config.json` as a run has it."""
    make().write(tmp_path / "config.json")
    return tmp_path / "config.json"


@pytest.mark.parametrize(("agent", "preset"), EVERY_PRESET)
def test_what_is_written_is_read(tmp_path, agent, preset):
    settings = make(agent, preset)
    settings.write(tmp_path / "config.json")
    read = read_config(tmp_path / "config.json", config_of)
    assert read == settings
    assert read.hash == settings.hash
    for section in ("run", "config"):
        for field in dataclasses.fields(getattr(settings, section)):
            values = [getattr(getattr(each, section), field.name) for each in (read, settings)]
            assert type(values[0]) is type(values[1]), field.name


def test_the_file_holds_every_setting_and_the_hash(path):
    written, settings = json.loads(path.read_text()), make()
    assert written["hash"] == settings.hash
    assert set(written["run"]) == {field.name for field in dataclasses.fields(RunConfig)}
    assert set(written["config"]) == {field.name for field in dataclasses.fields(settings.config)}


def test_a_hash_is_the_same_for_the_same_settings_and_short():
    assert make().hash == make().hash
    assert len(make().hash) == 12


def another(field, value):
    """Another value that is allowed for a field of the settings."""
    if field.name == "freeze":
        return "all"
    if get_origin(field.type) is Literal:
        return next(choice for choice in get_args(field.type) if choice != value)
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return f"{value}-other"
    if isinstance(value, tuple):
        return (*value, 64)
    return value + 1 if isinstance(value, int) else (value or 0) / 2 or 0.5


@pytest.mark.parametrize("section", ["run", "config"])
def test_the_hash_changes_with_every_setting(section):
    needed = {"cache_features": {"encoder": "one.keras", "freeze": "all"}}
    for field in dataclasses.fields(getattr(make(), section)):
        part = dataclasses.replace(getattr(make(), section), **needed.get(field.name, {}))
        changed = dataclasses.replace(part, **{field.name: another(field, getattr(part, field.name))})
        one, other = (dataclasses.replace(make(), **{section: each}) for each in (part, changed))
        assert one.hash != other.hash, field.name


@pytest.mark.parametrize(
    "changes",
    [
        {"agent": "other"},
        {"preset": "other"},
        {"observation_space": FrameStack(84, 80, 4)},
        {"action_space": spaces.Discrete(8)},
    ],
)
def test_the_hash_changes_with_agent_preset_and_spaces(changes):
    assert dataclasses.replace(make(), **changes).hash != make().hash


def test_flat_settings_are_numbers_and_text():
    flat = make().flat()
    assert flat["agent"] == "dqn"
    assert flat["seed"] == 3
    assert flat["gamma"] == 0.99
    assert flat["reward_clipping"] is True
    assert flat["hidden_sizes"] == "(512,)"
    assert all(isinstance(value, bool | int | float | str) for value in flat.values())


def test_departures_from_the_protocol_are_named():
    assert make("dqn", "paper").departures() == {"life_loss_ends_value": True, "reward_clipping": True}
    assert make("dqn", "book").departures() == {}
    assert make("random", "uniform").departures() == {}
    logarithms = {"life_loss_ends_value": True, "reward_log": True, "reward_scale": 0.1}
    assert make("dqn", "half_hour").departures() == logarithms
    assert make("pqn", "half_hour").departures() == logarithms
    assert list(make("ppo", "atari").departures()) == [
        *("life_loss_ends_value", "reward_clipping", "normalise_rewards", "drawn_actions")
    ]


def test_the_first_preset_that_is_meant_for_an_environment_is_its_own():
    presets = agents.find("dqn").PRESETS
    assert default_preset(presets, "ALE/MsPacman-v5") == "fast"
    assert default_preset(presets, "CartPole-v1") == "control"


def test_an_environment_that_no_preset_is_meant_for_is_refused():
    presets = {"first": Preset(make().config, "ALE/*"), "second": Preset(make().config, "Cart*")}
    with pytest.raises(UserError, match="no preset fits Taxi-v4: choose one with --preset, allowed are first, second"):
        default_preset(presets, "Taxi-v4")
