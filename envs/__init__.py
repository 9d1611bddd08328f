"""Environments: `make` any Gymnasium id under a protocol, `emulate` a tape, and say what does not fit.

Atari ids (`ALE/...-v5`) run on ale-py's C++ vector environment, all others on Gymnasium's vector environments.
"""

import contextlib
import difflib
import importlib
import importlib.util
import os
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from ale_py.env import AtariEnv
from gymnasium import spaces

from envs import atari
from envs.book_atari import BookAtari
from envs.book_pacman import PACMAN
from envs.book_pong import PONG
from envs.box2d import made_to_repeat
from envs.check import check as check_one
from envs.model import read_model
from envs.ram import ram_labels as ram_labels
from envs.ram import sprite_boxes as sprite_boxes
from envs.vector import VectorEnvironment, from_zero
from rlab.protocol import Protocol, find_protocol
from rlab.types import Array, Environment, Model, Moment, Tape, UserError

with contextlib.suppress(FileNotFoundError):  # there is no folder for temporary files
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())  # without it pygame complains
for _module in ("envs.book_bipedal", "envs.book_mdps", "envs.toys"):
    gymnasium.register_envs(importlib.import_module(_module))

BOOK_GAMES = {"book": PACMAN, "book_pong": PONG}  # by the picture of a protocol


def make(name: str, num_envs: int, protocol: Protocol) -> Environment:
    """N environments of a Gymnasium id, also one of your own package (`module:Name-v0`).

    Raises UserError if there is no such id, if it cannot be made, or if its spaces are not Box or Discrete.
    """
    check_name(name)
    if protocol.emulator is None:
        return VectorEnvironment(name, protocol.identity, _version(name), partial(_make_one, name), num_envs)
    if protocol.emulator.picture != "nature":
        game = BOOK_GAMES[protocol.emulator.picture]
        if name != game.environment:
            raise UserError(f"protocol {protocol.name!r} is for {game.environment} alone: received {name}")
        make_one = partial(BookAtari, game, protocol.emulator)
        return VectorEnvironment(name, protocol.identity, atari.version(), make_one, num_envs)
    return atari.AtariEnvironment(name, protocol.identity, protocol.emulator, num_envs)


def spaces_of(name: str, protocol: Protocol) -> tuple[spaces.Space[Any], spaces.Space[Any]]:
    """The observation and action space of one environment of a Gymnasium id, as agents are given them."""
    environment = make(name, 1, protocol)
    environment.close()
    return environment.observation_space, environment.action_space


def model_of(name: str) -> Model | None:
    """The transition table of a Gymnasium id, for agents that plan; None if the environment does not tell one.

    Raises UserError if the environment cannot be made.
    """
    check_name(name)
    if name in atari.games():
        return None
    env = _make_one(name)
    try:
        return read_model(env)
    finally:
        env.close()


def check_name(name: str) -> None:
    """Raise UserError, with close matches, if no environment is registered under this id."""
    module, _, environment = name.rpartition(":")
    if module:
        try:
            _refuse_runs(module)
            importlib.import_module(module)
        except UserError:
            raise
        except Exception as error:  # the user's code may raise anything
            reason = _said(error)
            raise UserError(
                f"unknown environment: received {name!r}; the module cannot be imported: {reason}"
            ) from error
    known = {known_name.casefold(): known_name for known_name in [*gymnasium.registry, *atari.games()]}
    if known.get(environment.casefold()) != environment:
        close = difflib.get_close_matches(environment.casefold(), known, n=3, cutoff=0.5)
        hint = f"did you mean {', '.join(known[match] for match in close)}?" if close else "see gymnasium.registry"
        raise UserError(f"unknown environment: received {name!r}; {hint}")


def _refuse_runs(module: str) -> None:
    """Raise UserError if a module lies in the folder of a run: what is loaded from there is data, never code.

    A run names the module that its environment comes from, so that one which somebody passed on could bring its own.
    """
    for depth in range(1, module.count(".") + 2):  # finding a module imports those above it
        found = importlib.util.find_spec(".".join(module.split(".")[:depth]))
        if found is None:
            return
        places = [found.origin] if found.has_location and found.origin else found.submodule_search_locations or []
        for place in map(Path, places):
            if any(_is_run(folder) for folder in (place, *place.parents)):
                raise UserError(f"{module} is refused: it lies in the folder of a run, {place}")


def _is_run(folder: Path) -> bool:
    return (folder / "config.json").is_file() and any(folder.glob("step_*/manifest.json"))


def _said(error: Exception) -> str:
    """What an error says, in one line."""
    return " ".join(str(error).split()) or type(error).__name__


def check(name: str, protocol: Protocol) -> list[str]:
    """What does not fit between an environment and the lab, a line each."""
    if protocol.emulator is not None:
        return []
    env = _make_one(name)
    try:
        return list(check_one(env))
    finally:
        env.close()


def origin(name: str) -> dict[str, str]:
    """Facts about where an environment's behaviour comes from: its package, and the digest of its ROM."""
    if name not in atari.games():
        return {"environment": _version(name)}
    return {"environment": atari.version(), "rom_sha256": atari.rom_digest(name)}


def action_names(name: str, protocol: Protocol) -> list[str]:
    """What each action of an environment is called, in their order; where actions are Box, each of their numbers."""
    if protocol.emulator is not None:
        game = AtariEnv(atari.games()[name], full_action_space=protocol.emulator.full_action_space)
        return game.get_action_meanings()
    space = spaces_of(name, protocol)[1]
    count = space.n if isinstance(space, spaces.Discrete) else np.prod(space.shape or ())
    return [f"action {number}" for number in range(int(count))]


def emulate(tape: Tape, *, screens: bool = False) -> Iterator[Moment]:
    """Play a tape again in a fresh environment: its first moment, then one for each action.

    Raises UserError if the tape's environment or protocol is not known here.
    """
    protocol = find_protocol(tape.protocol.split(":")[0], tape.environment)
    if protocol.identity != tape.protocol:
        raise UserError(f"the tape was made under protocol {tape.protocol}, which is {protocol.identity} here")
    check_name(tape.environment)
    if protocol.emulator is not None and protocol.emulator.picture == "nature":
        num_actions = len(action_names(tape.environment, protocol))
        _check_actions(tape, [0 <= action < num_actions for action in tape.actions])
        return atari.emulate(tape, protocol.emulator, screens=screens)
    return _emulate(tape, protocol, screens=screens)


def _emulate(tape: Tape, protocol: Protocol, *, screens: bool) -> Iterator[Moment]:
    if protocol.emulator is not None:
        game = BOOK_GAMES[protocol.emulator.picture]
        env: gymnasium.Env[Any, Any] = BookAtari(game, protocol.emulator, "rgb_array" if screens else None)
    else:
        env = _make_one(tape.environment, rendered=screens)
    action_start = getattr(env.action_space, "start", 0)
    observation_start = getattr(env.observation_space, "start", 0)
    dtype = from_zero(env.observation_space).dtype
    actions = np.asarray(tape.actions + action_start, env.action_space.dtype)
    _check_actions(tape, [action in env.action_space for action in actions])
    ale = getattr(env, "ale", None)
    try:
        observation, info = env.reset(seed=tape.seed)
        reward, terminated, truncated = 0.0, False, False
        for step in range(tape.length + 1):
            ram = ale.getRAM() if ale is not None else None
            seen = observation - observation_start if observation_start else observation
            value = np.asarray(seen, dtype)
            yield Moment(value, reward, terminated, truncated, int(info.get("lives", 0)), _screens(env), ram)
            if step < tape.length:
                observation, paid, terminated, truncated, info = env.step(actions[step])
                reward = float(paid)
    finally:
        env.close()


def _check_actions(tape: Tape, allowed: Sequence[bool]) -> None:
    if not all(allowed):
        action = tape.actions[allowed.index(False)]
        raise UserError(f"{tape.stream} game {tape.number} holds an action that {tape.environment} has not: {action}")


def _screens(env: gymnasium.Env[Any, Any]) -> list[Array]:
    """What an environment shows now; nothing if it was not made to be rendered."""
    if env.render_mode is None:
        return []
    try:
        return [np.asarray(env.render())]
    except Exception as error:  # the user's code may raise anything
        reason = _said(error)
        raise UserError(f"{env.spec.id if env.spec else env} cannot be rendered: {reason}") from error


def _make_one(name: str, *, rendered: bool = False) -> gymnasium.Env[Any, Any]:
    """One environment; its render mode is "rgb_array" if `rendered` asks for it and the environment has that mode."""
    try:
        env = gymnasium.make(name)
        if rendered and "rgb_array" in env.metadata.get("render_modes", ()):
            env.close()
            env = gymnasium.make(name, render_mode="rgb_array")
    except Exception as error:  # the user's code may raise anything
        reason = _said(error)
        raise UserError(f"{name} cannot be made: {reason}") from error
    from_zero(env.observation_space)
    from_zero(env.action_space)
    return made_to_repeat(env)


def _version(name: str) -> str:
    """The package that an environment's code comes from, with its version."""
    entry_point = gymnasium.spec(name.rpartition(":")[2]).entry_point
    module = (
        entry_point.split(":")[0] if isinstance(entry_point, str) else getattr(entry_point, "__module__", "unknown")
    )
    package = module.split(".")[0]
    return f"{package} {getattr(importlib.import_module(package), '__version__', 'unversioned')}"
