"""Environments: `make` any Gymnasium id under a protocol, `emulate` a tape, and say what does not fit.

Atari ids (`ALE/...-v5`) run on ale-py's C++ vector environment, all others on Gymnasium's vector environments.
"""

import contextlib
import difflib
import importlib
import importlib.util
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import gymnasium
import numpy as np
from ale_py.env import AtariEnv
from gymnasium import spaces

from envs import atari, single
from envs.check import check as check_one
from envs.grid import read_grid
from envs.meanings import MEANINGS
from envs.model import read_model
from envs.ram import ram_labels as ram_labels
from envs.ram import sprite_boxes as sprite_boxes
from envs.single import make_one, make_under, said
from envs.vector import VectorEnvironment, from_zero
from envs.visible import Beside, Rendered, Visible
from rlab.protocol import Protocol, find_protocol
from rlab.types import Environment, Grid, Model, Moment, Tape, UserError

_Found = TypeVar("_Found")

with contextlib.suppress(FileNotFoundError):  # there is no folder for temporary files
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())  # without it pygame complains
for _module in ("envs.book_bipedal", "envs.book_mdps", "envs.toys"):
    gymnasium.register_envs(importlib.import_module(_module))


def make(name: str, num_envs: int, protocol: Protocol) -> Environment:
    """N environments of a Gymnasium id, also one of your own package (`module:Name-v0`).

    Raises UserError if there is no such id, if it cannot be made, or if its spaces are not Box or Discrete.
    """
    check_name(name)
    if protocol.emulator is not None and protocol.emulator.picture == "nature":
        return atari.AtariEnvironment(name, protocol.identity, protocol.emulator, num_envs)
    return _vector(name, protocol, partial(make_under, protocol, name), num_envs)


def make_visible(name: str, protocol: Protocol) -> Visible:
    """One environment as `make` makes it, for a person to play: with the screens that it shows, and how fast.

    Raises UserError as `make` does.
    """
    check_name(name)
    speed = screens_per_second(name, protocol)
    if protocol.emulator is not None and protocol.emulator.picture == "nature":
        game = atari.AtariEnvironment(name, protocol.identity, protocol.emulator, 1)
        return Visible(game, Beside(name, protocol.emulator), speed)
    env = make_under(protocol, name, rendered=True)
    return Visible(_vector(name, protocol, lambda: env, 1), Rendered(env), speed)


def _vector(
    name: str, protocol: Protocol, make_env: Callable[[], gymnasium.Env[Any, Any]], num_envs: int
) -> VectorEnvironment:
    version = atari.version() if protocol.emulator is not None else single.version(name)
    return VectorEnvironment(name, protocol.identity, version, make_env, num_envs)


def screens_per_second(name: str, protocol: Protocol) -> float:
    """The speed at which a game is played by people: an Atari shows 60 screens a second."""
    if protocol.emulator is not None:
        emulator = protocol.emulator
        every_screen = emulator.picture == "nature"
        return 60.0 if every_screen else 60.0 / float(np.mean(emulator.frame_skip) * emulator.steps_per_action)
    env = make_one(name)
    env.close()
    return float(env.metadata.get("render_fps") or 30)


def spaces_of(name: str, protocol: Protocol) -> tuple[spaces.Space[Any], spaces.Space[Any]]:
    """The observation and action space of one environment of a Gymnasium id, as agents are given them."""
    environment = make(name, 1, protocol)
    environment.close()
    return environment.observation_space, environment.action_space


def model_of(name: str) -> Model | None:
    """The transition table of a Gymnasium id, for agents that plan; None if the environment does not tell one.

    Raises UserError if the environment cannot be made.
    """
    return _read(name, read_model)


def grid_of(name: str) -> Grid | None:
    """The map of a Gymnasium id, for whoever draws it; None if none is known here. Refuses as `model_of` does."""
    return _read(name, read_grid)


def _read(name: str, read: Callable[[gymnasium.Env[Any, Any]], _Found | None]) -> _Found | None:
    """What `read` finds in an environment; None in an Atari game, whose states nobody counts."""
    check_name(name)
    if name in atari.games():
        return None
    env = make_one(name)
    try:
        return read(env)
    finally:
        env.close()


def check_name(name: str) -> None:
    """Raise UserError, with close matches, if no environment is registered under this id."""
    module, _, environment = name.rpartition(":")
    if module and environment in atari.games():  # it would escape the protocols of Atari
        raise UserError(f"games of Atari are named without a module: received {name!r}, allowed is {environment!r}")
    if module:
        try:
            _refuse_data(module)
            importlib.import_module(module)
        except UserError:
            raise
        except Exception as error:  # the user's code may raise anything
            reason = said(error)
            raise UserError(
                f"unknown environment: received {name!r}; the module cannot be imported: {reason}"
            ) from error
    known = {known_name.casefold(): known_name for known_name in [*gymnasium.registry, *atari.games()]}
    if known.get(environment.casefold()) != environment:
        close = difflib.get_close_matches(environment.casefold(), known, n=3, cutoff=0.5)
        hint = f"did you mean {', '.join(known[match] for match in close)}?" if close else "see gymnasium.registry"
        raise UserError(f"unknown environment: received {name!r}; {hint}")


def _refuse_data(module: str) -> None:
    """Raise UserError if a module lies in or beside the folder of a run or of games: nothing there is taken for code.

    These name the module that their environment comes from, so that one which somebody passed on could bring its own.
    What lies beside counts for packages alone: a user's own module may lie in the working folder, where games may, too.
    """
    for depth in range(1, module.count(".") + 2):  # finding a module imports those above it
        found = importlib.util.find_spec(".".join(module.split(".")[:depth]))
        if found is None:
            return
        places = [found.origin] if found.has_location and found.origin else found.submodule_search_locations or []
        for place in map(Path, places):
            package = place.parent if place.name == "__init__.py" else place
            inside = package.iterdir() if package.is_dir() else ()
            if any(_holds_data(folder) for folder in (place, *place.parents, *inside)):
                raise UserError(f"{module} is refused: it lies with a run or recorded games, in {package}")


def _holds_data(folder: Path) -> bool:
    """Whether it is the folder of a run, of recorded games, or of a dataset of Minari."""
    if (folder / "config.json").is_file() and any(folder.glob("step_*/manifest.json")):
        return True
    return any((folder / name).is_file() for name in ("tapes.sqlite", "recording.json", "data/metadata.json"))


def check(name: str, protocol: Protocol) -> list[str]:
    """What does not fit between an environment and the lab, a line each."""
    if protocol.emulator is not None:
        return []
    env = make_one(name)
    try:
        return list(check_one(env))
    finally:
        env.close()


def origin(name: str) -> dict[str, str]:
    """Facts about where an environment's behaviour comes from: its package, and the digest of its ROM.

    Raises UserError if it is not known here.
    """
    check_name(name)
    if name not in atari.games():
        return {"environment": single.version(name)}
    return {"environment": atari.version(), "rom_sha256": atari.rom_digest(name)}


def action_names(name: str, protocol: Protocol) -> list[str]:
    """What each action of an environment is called, in their order; where actions are Box, each of their numbers.

    Raises UserError if the environment is not known here.
    """
    check_name(name)
    if protocol.emulator is not None:
        game = AtariEnv(atari.games()[name], full_action_space=protocol.emulator.full_action_space)
        return game.get_action_meanings()
    if name in MEANINGS:
        return list(MEANINGS[name])
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
    env = make_under(protocol, tape.environment, rendered=screens)
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
            yield Moment(value, reward, terminated, truncated, int(info.get("lives", 0)), single.screens(env), ram)
            if step < tape.length:
                observation, paid, terminated, truncated, info = env.step(actions[step])
                reward = float(paid)
    finally:
        env.close()


def _check_actions(tape: Tape, allowed: Sequence[bool]) -> None:
    if not all(allowed):
        action = tape.actions[allowed.index(False)]
        raise UserError(f"{tape.stream} game {tape.number} holds an action that {tape.environment} has not: {action}")
