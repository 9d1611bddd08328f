"""Protocols: what they fix, what their hash covers, and which environments they fit."""

from dataclasses import fields, replace

import ale_py
import gymnasium
import pytest

from rlab.protocol import PROTOCOLS, Emulator, Protocol, default_protocol, find_protocol, recorded_protocol
from rlab.types import UserError

gymnasium.register_envs(ale_py)

IDENTITIES = {
    "ale_v5": "ale_v5:23089574",
    "ale_v5_full": "ale_v5_full:4f88daa8",
    "classic": "classic:9667be55",
    "book": "book:a431ea30",
    "book_pong": "book_pong:e7b9bf81",
    "gymnasium": "gymnasium:f7ae130b",
}
CHANGED = {
    "name": "other",
    "acting": "sampled",
    "epsilon": 0.5,
    "emulator": None,
    "frame_skip": (3, 4),
    "sticky_actions": 0.1,
    "full_action_space": True,
    "noop_max": 7,
    "noop_steps": 7,
    "max_frames": 1000,
    "picture": "book",
}


def test_the_protocols_that_scores_were_made_under_stay_as_they_are():
    assert {name: protocol.identity for name, protocol in PROTOCOLS.items()} == IDENTITIES


@pytest.mark.parametrize("field", [field.name for field in fields(Protocol)])
def test_the_hash_covers_every_field(field):
    protocol = PROTOCOLS["ale_v5"]
    assert replace(protocol, **{field: CHANGED[field]}).hash != protocol.hash


@pytest.mark.parametrize("field", [field.name for field in fields(Emulator)])
def test_the_hash_covers_every_setting_of_the_emulator(field):
    protocol = PROTOCOLS["ale_v5"]
    changed = replace(protocol, emulator=replace(protocol.emulator, **{field: CHANGED[field]}))
    assert changed.hash != protocol.hash


@pytest.mark.parametrize(
    ("protocol", "registered"), [("ale_v5", "ALE/MsPacman-v5"), ("book", "MsPacman-v0"), ("book_pong", "Pong-v0")]
)
def test_the_emulator_is_set_as_gymnasium_registers_it(protocol, registered):
    emulator = PROTOCOLS[protocol].emulator
    settings = gymnasium.spec(registered).kwargs
    skip = settings["frameskip"]  # a number, or a range without its end
    assert emulator.frame_skip == ((skip, skip) if isinstance(skip, int) else (skip[0], skip[1] - 1))
    assert emulator.sticky_actions == settings["repeat_action_probability"]
    assert emulator.full_action_space == settings["full_action_space"]
    assert emulator.max_frames == settings["max_num_frames_per_episode"]


def test_the_full_protocol_differs_in_its_actions_alone():
    minimal, full = PROTOCOLS["ale_v5"], PROTOCOLS["ale_v5_full"]
    assert full.emulator.full_action_space
    assert replace(full, name="ale_v5", emulator=replace(full.emulator, full_action_space=False)) == minimal


def test_classic_has_no_sticky_actions_and_up_to_30_noops():
    emulator = PROTOCOLS["classic"].emulator
    assert (emulator.sticky_actions, emulator.noop_max) == (0.0, 30)


def test_seeds_are_the_same_under_every_protocol_and_begin_alike():
    seeds = PROTOCOLS["ale_v5"].seeds("eval", 30)
    assert len(set(seeds)) == 30
    assert all(type(seed) is int and 0 <= seed < 2**31 for seed in seeds)
    assert PROTOCOLS["classic"].seeds("eval", 7) == seeds[:7]


def test_games_that_choose_a_checkpoint_are_not_those_that_report_a_score():
    protocol = PROTOCOLS["ale_v5"]
    assert not set(protocol.seeds("validation", 1000)) & set(protocol.seeds("eval", 1000))


@pytest.mark.parametrize(
    ("environment", "name"),
    [("ALE/MsPacman-v5", "ale_v5"), ("CartPole-v1", "gymnasium"), ("my_package:Maze-v0", "gymnasium")],
)
def test_default_protocol_fits_its_environment(environment, name):
    assert default_protocol(environment) == name
    assert find_protocol(name, environment) is PROTOCOLS[name]


def test_a_recorded_protocol_is_found_by_name_and_hash():
    assert recorded_protocol(PROTOCOLS["book"].identity) is PROTOCOLS["book"]
    for unknown in ("book:00000000", "book"):
        with pytest.raises(UserError, match=f"^unknown protocol: received {unknown}, allowed are ale_v5:"):
            recorded_protocol(unknown)


@pytest.mark.parametrize(
    ("name", "environment", "message"),
    [
        ("ale", "ALE/Pong-v5", "unknown protocol: received 'ale', allowed are ale_v5, ale_v5_full, classic, book,"),
        ("classic", "CartPole-v1", "'classic' does not fit CartPole-v1: allowed are gymnasium"),
        ("gymnasium", "ALE/Pong-v5", "'gymnasium' does not fit ALE/Pong-v5: allowed are ale_v5, ale_v5_full, classic"),
    ],
)
def test_a_protocol_that_does_not_fit_is_refused_in_one_line(name, environment, message):
    with pytest.raises(UserError) as refused:
        find_protocol(name, environment)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)
