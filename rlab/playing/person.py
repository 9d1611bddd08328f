"""A person as the actor of a loop: sees the screens as the game shows them, and acts by keys."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from gymnasium import spaces

from rlab.loop import Turn
from rlab.playing.keys import AGAIN, PAUSE, QUIT, Keys
from rlab.playing.window import Window
from rlab.types import Array, Bools

_PAUSED_PER_SECOND = 30  # pictures while the game stands still
_MOST_NUMBERS = 16  # of an observation that are told where there is no picture


class Game(Protocol):
    """What a person sees of an environment."""

    name: str
    action_space: spaces.Space[Any]
    screens: list[Array]  # [H, W, 3] RGB each: those of the last step, then the first of a new game
    screens_per_second: float

    @property
    def lives(self) -> int:
        """Those that are left; 0 where the environment knows none."""
        ...


class Person:
    """An actor for one environment, which is seen in `window` at `speed` times its own speed."""

    def __init__(self, game: Game, keys: Keys, window: Window, speed: float) -> None:
        self.wish = ""  # AGAIN or QUIT once the person wants that; what is played until it is met does not count
        self._game = game
        self._keys = keys
        self._window = window
        self._per_second = game.screens_per_second * speed
        self._picture: Array | None = None
        self._score, self._steps, self._lives, self._said = 0.0, 0, 0, ""
        self._observed = ""  # in numbers, where there is no picture
        self._commands = [("P", "pause"), ("R", "another game"), ("Esc", "end")]

    def act(self, observations: Array, first: Bools) -> tuple[Array, Mapping[str, Array]]:
        if first[0]:
            self._score, self._steps, self._lives, self._said = 0.0, 0, self._game.lives, ""
            self._show(self._game.screens[-1:], observations[0])
        paused = False
        while True:
            pressed, struck = self._window.keys()
            self._heed(struck)
            paused ^= struck.count(PAUSE) % 2 == 1
            action = self._keys.action(pressed)
            if self.wish or (action is not None and not paused):
                self._said = ""
                return np.asarray(0 if action is None else action, self._game.action_space.dtype)[None], {}
            self._said = "paused" if paused else "press a key"
            self._draw(_PAUSED_PER_SECOND)

    def see(self, turn: Turn) -> None:
        """Look at what a turn of the loop brought."""
        over = bool(turn.transitions.last[0])
        self._score += float(turn.transitions.reward[0])
        self._steps += 1
        self._lives = 0 if over else self._game.lives  # the loop has begun another game then
        self._said = ("time is up" if turn.transitions.discount[0] else "game over") if over else ""
        screens = self._game.screens
        self._show(screens[:-1] if over else screens, turn.transitions.next_observation[0])

    def wait(self) -> None:
        """Wait after a game until the person wants another one, or to end."""
        while not self.wish:
            self._draw(_PAUSED_PER_SECOND)
            self._heed(self._window.keys()[1])
        if self.wish == AGAIN:
            self.wish = ""  # the loop has begun it

    def save(self, directory: Path) -> None:
        """There is nothing of a person to save."""

    def load(self, directory: Path) -> None:
        """There is nothing of a person to load."""

    def _heed(self, struck: Sequence[str]) -> None:
        for key in struck:
            if key in (AGAIN, QUIT):
                self.wish = key

    def _show(self, screens: Sequence[Array], observation: Array) -> None:
        if not screens and np.size(observation) <= _MOST_NUMBERS:
            self._observed = np.array2string(np.asarray(observation), precision=3)
        pictures: Sequence[Array | None] = screens or [self._picture]
        for self._picture in pictures:
            self._draw(self._per_second)

    def _draw(self, pictures_per_second: float) -> None:
        lives = [("lives", str(self._lives))] if self._lives else []
        observed = [("seen", self._observed)] if self._observed else []
        situation = [("score", f"{self._score:,.10g}"), ("step", f"{self._steps:,}"), *lives, *observed]
        lines = [(self._game.name, ""), *situation, ("", self._said), *self._keys.legend, *self._commands]
        self._window.show(self._picture, lines, pictures_per_second)
