"""The contract that every agent keeps: what its package offers, what it plays, and how it acts.

A new folder in agents/ is tested without a line being added here, with each of its presets, made small (see `cases`).
"""

import ast
import dataclasses
import inspect
import subprocess
import sys
import textwrap
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces

import agents
from rlab.agent import Agent
from rlab.config import AgentConfig, RunConfig
from rlab.seeding import Seeds
from rlab.types import FrameStack, UserError
from tests.agents.cases import SEED, Case, drawn, first_fitting, fitting, small

each_agent = pytest.mark.parametrize("name", agents.names())


@each_agent
def test_it_exports_just_what_makes_an_agent(name: str) -> None:
    assert sorted(agents.find(name).__all__) == ["Config", "PRESETS", "make"]


@each_agent
def test_its_settings_are_frozen_and_each_has_a_default_and_an_explanation(name: str) -> None:
    """A string below a field is what the command line shows of it; where a default is set anew, that of the base is."""
    kind = agents.find(name).Config
    with pytest.raises(dataclasses.FrozenInstanceError):
        kind().anything = 1
    explained = {field for owner in kind.__mro__ if dataclasses.is_dataclass(owner) for field in _explained(owner)}
    assert {field.name for field in dataclasses.fields(kind)} == explained


def _explained(kind: type) -> list[str]:
    """The fields of a class that have a string below them."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(definition, ast.ClassDef)
    return [
        field.target.id
        for field, below in zip(definition.body, definition.body[1:], strict=False)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) and isinstance(below.value.value, str)
    ]


def test_finding_an_agent_imports_no_tensorflow() -> None:
    code = """
import sys, agents
for name in agents.names():
    agents.find(name)
print([module for module in ("tensorflow", "keras") if module in sys.modules])
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@each_agent
def test_no_setting_has_the_name_of_one_of_the_run(name: str) -> None:
    """They stand side by side on the command line and in TensorBoard."""
    of_agent, of_run = (
        {field.name for field in dataclasses.fields(kind)} for kind in (agents.find(name).Config, RunConfig)
    )
    assert not of_agent & (of_run | {"agent", "preset"})


@each_agent
def test_it_has_presets_and_each_can_play_somewhere(name: str) -> None:
    assert agents.find(name).PRESETS
    assert {case.preset for case in fitting() if case.agent == name} == set(agents.find(name).PRESETS)


OBSERVED: dict[str, spaces.Space[Any]] = {
    "vector": spaces.Box(-np.inf, np.inf, (3,), np.float32),
    "vector of float64": spaces.Box(-1, 1, (3,), np.float64),
    "vector of integers": spaces.Box(-9, 9, (3,), np.int64),
    "vector of bytes": spaces.Box(0, 255, (128,), np.uint8),
    "matrix": spaces.Box(-1, 1, (4, 2), np.float32),
    "number": spaces.Box(-1, 1, (), np.float32),
    "symbol": spaces.Discrete(6),
    "small image": spaces.Box(0, 255, (10, 12, 3), np.uint8),
    "narrow image": spaces.Box(0, 255, (84, 20, 1), np.uint8),
    "image": spaces.Box(0, 255, (40, 44, 3), np.uint8),
    "image of floats": spaces.Box(0, 1, (40, 44, 3), np.float32),
    "stacked frames": FrameStack(84, 84, 4),
}
ACTED: dict[str, spaces.Space[Any]] = {
    "one of three": spaces.Discrete(3),
    "bounded": spaces.Box(np.array([-2, 0], np.float32), np.array([2, 1], np.float32)),
    "bounded float64": spaces.Box(-1, 1, (2,), np.float64),
    "bounded integers": spaces.Box(0, 3, (2,), np.int64),
    "unbounded": spaces.Box(-np.inf, np.inf, (2,), np.float32),
}
FULLY_ACTED = "vector"  # observations that are played with every kind of actions


def check_actions(agent: Agent, observed: spaces.Space[Any], acted: spaces.Space[Any], num_envs: int) -> None:
    """Actors play drawn observations, and all that they do is in the action space."""
    for explore in (True, False):
        actor = agent.actor(num_envs, SEED, explore=explore)
        for turn in range(3):
            actions, extras = actor.act(drawn(observed, num_envs), np.full(num_envs, turn == 0))
            assert actions.shape == (num_envs, *(acted.shape or ()))
            assert actions.dtype == acted.dtype
            assert all(action in acted for action in actions)
            assert all(len(extra) == num_envs for extra in extras.values())


def refusal(config: AgentConfig, observed: spaces.Space[Any], acted: spaces.Space[Any]) -> str:
    """Why an agent does not play with these spaces; empty if it does."""
    try:
        config.check_fit(observed, acted, 2)
    except UserError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("observed", OBSERVED)
@each_agent
def test_spaces_are_refused_in_one_line_or_played(name: str, observed: str) -> None:
    """All pairs are asked about; played are those observations with the first actions that fit, and one with all."""
    module, space = agents.find(name), OBSERVED[observed]
    configs = [small(preset.config) for preset in module.PRESETS.values()]
    played = False
    for acted in ACTED.values():
        refusals = [refusal(config, space, acted) for config in configs]
        for said in filter(None, refusals):
            assert "\n" not in said
            assert "received" in said
            assert "allowed" in said
        if "" in refusals and not (played and observed != FULLY_ACTED):  # one preset that plays will do
            played = True
            check_actions(module.make(configs[refusals.index("")], space, acted, Seeds(SEED)), space, acted, 2)


@pytest.mark.parametrize("case", first_fitting(), ids=str)
def test_an_actor_plays_any_number_of_environments(case: Case) -> None:
    agent = case.make()
    for num_envs in (1, 3):
        check_actions(agent, case.settings.observation_space, case.settings.action_space, num_envs)
