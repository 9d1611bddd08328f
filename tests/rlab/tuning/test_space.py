"""What is searched, as it is given on a command line or in a file."""

from typing import Literal

import pytest

from rlab.tuning.space import Choice, Range, grid, read_space
from rlab.tuning.values import words
from rlab.types import UserError

SETTINGS = {
    "learning_rate": float,
    "gamma": float,
    "rollout_steps": int,
    "hidden_sizes": tuple[int, ...],
    "double": bool,
    "activation": Literal["tanh", "relu"],
}


@pytest.mark.parametrize(
    ("item", "found"),
    [
        ("learning_rate=log:1e-5:1e-2", Range(1e-5, 1e-2, None, True, False)),
        ("learning-rate=0.1:0.5", Range(0.1, 0.5, None, False, False)),
        ("gamma=0.9:1:0.05", Range(0.9, 1.0, 0.05, False, False)),
        ("gamma=0.9:0.98:0.05", Range(0.9, 0.95, 0.05, False, False)),
        ("rollout_steps=8:64", Range(8, 64, None, False, True)),
        ("rollout_steps=8:60:16", Range(8, 56, 16, False, True)),
        ("rollout_steps=log:8:64", Range(8, 64, None, True, True)),
        ("gamma=0.9, 0.95|0.99", Choice({"0.9": 0.9, "0.95": 0.95, "0.99": 0.99})),
        ("hidden_sizes=[32],[64,64],[]", Choice({"[32]": (32,), "[64,64]": (64, 64), "[]": ()})),
        ("hidden_sizes=[32]|[64, 64]", Choice({"[32]": (32,), "[64,64]": (64, 64)})),
        ("double=true,False", Choice({"true": True, "false": False})),
        ("activation=relu", Choice({"relu": "relu"})),
    ],
)
def test_a_setting_has_a_range_or_values(item, found):
    (one,) = read_space([item], SETTINGS).values()
    assert one == found
    assert read_space([f"{item.split('=')[0]}={one.text}"], SETTINGS) == read_space([item], SETTINGS)


def test_a_file_says_the_same(tmp_path):
    path = tmp_path / "space.toml"
    path.write_text(
        'learning_rate = "log:1e-5:1e-2"\ngamma = [0.9, 0.99]\nhidden_sizes = [[32], [64, 64]]\n'
        'double = [true, false]\nrollout_steps = 32\nactivation = "tanh,relu"\n'
    )
    items = ["learning_rate=log:1e-5:1e-2", "gamma=0.9,0.99", "hidden_sizes=[32],[64,64]", "double=true,false"]
    items += ["rollout_steps=32", "activation=tanh,relu"]
    assert read_space([str(path)], SETTINGS) == read_space(items, SETTINGS)
    assert read_space([str(path)], SETTINGS) == read_space([str(path)], SETTINGS)


REFUSED = {
    "learning_rte=1,2": ["unknown setting to search: received 'learning_rte'; did you mean learning_rate?", "gamma"],
    "encoder=a,b": ["unknown setting to search: received 'encoder'; allowed are learning_rate, gamma"],
    "gamma": ["--search is no setting: received 'gamma', allowed are NAME=VALUES and a path to a .toml file"],
    "gamma=": ["gamma does not take ''", "received gamma=, allowed is numbers"],
    "gamma=high": ["gamma does not take 'high'", "allowed is numbers; allowed are low:high, low:high:step"],
    "gamma=nan": ["gamma does not take 'nan'"],
    "gamma=0.9,0.90": ["the same value twice: received gamma=0.9,0.90"],
    "gamma=0.9:0.8": ["an empty range: received gamma=0.9:0.8, allowed is low:high with low below high"],
    "gamma=0.9:0.9": ["an empty range: received gamma=0.9:0.9"],
    "gamma=0.9:inf": ["not a range of numbers: received gamma=0.9:inf"],
    "gamma=0.9:": ["not a range of numbers"],
    "gamma=0:1:0.1:2": ["not a range of numbers"],
    "gamma=log:0.1:1:0.1": ["not a range of numbers"],
    "gamma=log:0:1": ["no order of magnitude: received gamma=log:0:1, allowed is log:low:high with low above 0"],
    "gamma=0:1:0": ["no step of its range: received gamma=0:1:0"],
    "gamma=0:1:2": ["no step of its range: received gamma=0:1:2"],
    "rollout_steps=1.5,2": ["rollout_steps does not take '1.5'", "allowed is whole numbers"],
    "rollout_steps=1:2.5": ["not a range of whole numbers"],
    "hidden_sizes=64": ["hidden_sizes does not take '64'", "allowed is a list in brackets, as [64,64]"],
    "hidden_sizes=[64,wide]": ["hidden_sizes does not take '[64,wide]'"],
    "hidden_sizes=[64": ["hidden_sizes does not take '[64'"],
    "hidden_sizes=32:64": ["hidden_sizes has no range: received hidden_sizes=32:64, allowed are values with commas"],
    "double=yes": ["double does not take 'yes'", "allowed is true or false"],
    "activation=elu": ["activation does not take 'elu'", "allowed is one of tanh, relu"],
    "missing.toml": ["no such file to search by: received missing.toml, no such file or directory"],
    "torn.toml": ["torn.toml is not TOML"],
    "gamma=0.9 gamma=0.8": ["the same setting twice: received gamma again in --search"],
    "": ["nothing to search: received no --search NAME=VALUES, allowed are learning_rate, gamma"],
}


@pytest.mark.parametrize("line", REFUSED)
def test_what_is_no_space_is_refused(tmp_path, monkeypatch, line):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "torn.toml").write_text("gamma = [")
    with pytest.raises(UserError) as refused:
        read_space(line.split(), SETTINGS)
    assert [part for part in REFUSED[line] if part not in str(refused.value)] == []


def test_a_grid_is_every_combination_the_last_changing_fastest():
    space = read_space(["hidden_sizes=[32],[64,64]", "rollout_steps=8:10", "gamma=0.1:0.3:0.1"], SETTINGS)
    points = grid(space)
    assert len(points) == 2 * 3 * 3
    assert points[:4] == [
        {"hidden_sizes": (32,), "rollout_steps": 8, "gamma": 0.1},
        {"hidden_sizes": (32,), "rollout_steps": 8, "gamma": 0.2},
        {"hidden_sizes": (32,), "rollout_steps": 8, "gamma": 0.3},  # not 0.30000000000000004
        {"hidden_sizes": (32,), "rollout_steps": 9, "gamma": 0.1},
    ]
    assert all(isinstance(point["rollout_steps"], int) for point in points)


@pytest.mark.parametrize("item", ["gamma=0.9:1", "learning_rate=log:1e-5:1e-2", "rollout_steps=log:8:64"])
def test_a_grid_over_a_range_without_steps_is_refused(item):
    with pytest.raises(UserError, match=r"a grid has no end without steps: received .*, allowed are low:high:step and"):
        grid(read_space([item], SETTINGS))


def test_a_grid_that_nobody_can_make_is_refused():
    with pytest.raises(UserError, match=r"received 1,000,000,000 combinations, allowed are 10,000"):
        grid(read_space(["rollout_steps=1:1000000000"], SETTINGS))


def test_what_is_found_becomes_options_of_train():
    values = {"learning_rate": 1e-5, "hidden_sizes": (64, 32), "double": False, "activation": "relu"}
    assert " ".join(words(values)) == "--learning-rate 1e-05 --hidden-sizes 64 32 --no-double --activation relu"
    assert words({"double": True, "hidden_sizes": ()}) == ["--double", "--hidden-sizes"]


def test_a_value_is_in_a_space_or_is_not():
    steps = Range(0.1, 0.5, 0.1, False, False)
    assert [value for value in (0.0, 0.1, 0.15, 0.3, 0.5, 0.6) if steps.has(value)] == [0.1, 0.3, 0.5]
    assert [value for value in (0.05, 0.1, 0.15, 0.6) if Range(0.1, 0.5, None, False, False).has(value)] == [0.1, 0.15]
    choice = Choice({"[32]": (32,)})
    assert (choice.has((32,)), choice.has((64,))) == (True, False)
