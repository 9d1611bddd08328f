"""One Gymnasium environment of an id: how it is made, what it shows, and which package it comes from."""

import importlib
from typing import Any

import gymnasium
import numpy as np

from envs.book_atari import BookAtari
from envs.book_pacman import PACMAN
from envs.book_pong import PONG
from envs.box2d import made_to_repeat
from envs.vector import from_zero
from rlab.protocol import Protocol
from rlab.types import Array, UserError

BOOK_GAMES = {"book": PACMAN, "book_pong": PONG}  # by the picture of a protocol


def make_under(protocol: Protocol, name: str, *, rendered: bool = False) -> gymnasium.Env[Any, Any]:
    """One environment under a protocol, for all but those that ale-py's vector environment steps.

    Raises UserError if it cannot be made, or if the protocol is for another.
    """
    if protocol.emulator is None:
        return make_one(name, rendered=rendered)
    game = BOOK_GAMES[protocol.emulator.picture]
    if name != game.environment:
        raise UserError(f"protocol {protocol.name!r} is for {game.environment} alone: received {name}")
    return BookAtari(game, protocol.emulator, "rgb_array" if rendered else None)


def make_one(name: str, *, rendered: bool = False) -> gymnasium.Env[Any, Any]:
    """One environment; its render mode is "rgb_array" if `rendered` asks for it and the environment has that mode."""
    try:
        env = gymnasium.make(name)
        if rendered and "rgb_array" in env.metadata.get("render_modes", ()):
            env.close()
            env = gymnasium.make(name, render_mode="rgb_array")
    except Exception as error:  # the user's code may raise anything
        reason = said(error)
        raise UserError(f"{name} cannot be made: {reason}") from error
    from_zero(env.observation_space)
    from_zero(env.action_space)
    return made_to_repeat(env)


def screens(env: gymnasium.Env[Any, Any]) -> list[Array]:
    """What an environment shows now, [H, W, 3] RGB; nothing if it was not made to be rendered.

    Raises UserError if it shows something else, or cannot be rendered.
    """
    if env.render_mode is None:
        return []
    name = env.spec.id if env.spec else env
    try:
        screen = np.asarray(env.render())
    except Exception as error:  # the user's code may raise anything
        reason = said(error)
        raise UserError(f"{name} cannot be rendered: {reason}") from error
    if screen.dtype != np.uint8 or screen.ndim != 3 or screen.shape[2] != 3:
        raise UserError(
            f"{name} cannot be rendered: received {screen.dtype} {screen.shape}, allowed is uint8 [H, W, 3]"
        )
    return [screen]


def version(name: str) -> str:
    """The package that an environment's code comes from, with its version."""
    entry_point = gymnasium.spec(name.rpartition(":")[2]).entry_point
    module = (
        entry_point.split(":")[0] if isinstance(entry_point, str) else getattr(entry_point, "__module__", "unknown")
    )
    package = module.split(".")[0]
    return f"{package} {getattr(importlib.import_module(package), '__version__', 'unversioned')}"


def said(error: Exception) -> str:
    """What an error says, in one line."""
    return " ".join(str(error).split()) or type(error).__name__
