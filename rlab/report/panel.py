"""What stands beside the picture of a game: where it stands, and every action with what the agent thought it worth."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from rlab.types import Array, Moment, Tape

WIDTH = 360
_MARGIN, _LINE, _ROW = 16, 28, 24
_ROWS_TOP = _MARGIN + 6 * _LINE  # title, score, step, lives, action, caption
_MOST_ROWS = 40  # a video of more would not fit on a screen
_NAME_WIDTH, _NUMBER_WIDTH = 128, 72

_BACKGROUND, _TRACK, _BAR, _CHOSEN = "#16181d", "#262a33", "#5b7fb5", "#f2a33a"
_TEXT, _FAINT, _REWARD = "#f0f0f0", "#9aa0ac", "#6fd08c"


class Panel:
    """Draws the panel of any moment of one game.

    `names` [A] are those of the actions; `values` [T + 1, A] are what the agent thought of them at each moment, None if
    it cannot tell. Where actions are Box, the names are those of an action's numbers, and these are drawn as values.
    All bars have one scale, from the least to the greatest number of the game, so that they can be compared over time.
    """

    def __init__(self, tape: Tape, names: Sequence[str], values: Array | None, caption: str) -> None:
        self._tape = tape
        self._names = names[:_MOST_ROWS]
        self._discrete = tape.actions.ndim == 1 and np.issubdtype(tape.actions.dtype, np.integer)
        self._numbers = values if self._discrete else tape.actions.reshape(tape.length, -1)  # [T, A] or [T + 1, A]
        self._caption = caption
        if self._numbers is not None:
            decided = self._numbers[: tape.length]
            decided = decided[np.isfinite(decided)]  # without illegal actions
            self._low, self._high = float(decided.min()), float(decided.max())
            spread = self._high - self._low or 1.0
            self._decimals = int(np.clip(2 - np.floor(np.log10(spread)), 0, 6))
        self._large, self._small = (ImageFont.load_default(size) for size in (20, 15))
        self.height = _ROWS_TOP + len(self._names) * _ROW + _MARGIN

    def draw(self, height: int, step: int, moment: Moment, score: float, paid: float) -> Array:
        """The panel [height, 360, 3] at a moment after `step` steps; a reward `paid` lately is shown unless 0."""
        image = Image.new("RGB", (WIDTH, height), _BACKGROUND)
        draw = ImageDraw.Draw(image)
        decides = step < self._tape.length
        chosen = int(self._tape.actions[step]) if self._discrete and decides else None
        state = "game over" if moment.terminated else "time limit" if moment.truncated else ""
        lines = [
            (self._tape.environment, ""),
            ("score", f"{score:,.10g}"),
            ("step", f"{step:,} of {self._tape.length:,}"),
            ("", state) if state else _situation(moment),
            ("action", self._names[chosen]) if chosen is not None and chosen < len(self._names) else ("", ""),
        ]
        for line, (word, text) in enumerate(lines):
            y = _MARGIN + line * _LINE
            draw.text((_MARGIN, y), word, _FAINT if line else _TEXT, self._large)
            draw.text((_MARGIN + 80, y), text, _TEXT, self._large)
        if paid:
            draw.text((WIDTH - _MARGIN, _MARGIN + _LINE), f"{paid:+,.10g}", _REWARD, self._large, anchor="ra")
        draw.text((_MARGIN, _ROWS_TOP - 26), self._caption, _FAINT, self._small)
        for row, name in enumerate(self._names):
            number = float(self._numbers[step, row]) if self._numbers is not None and decides else None
            self._draw_row(draw, _ROWS_TOP + row * _ROW, name, number, row == chosen)
        return np.asarray(image)

    def _draw_row(self, draw: ImageDraw.ImageDraw, y: int, name: str, number: float | None, chosen: bool) -> None:
        draw.text((_MARGIN, y), name, _CHOSEN if chosen else _TEXT, self._small)
        if number is None or number == -np.inf:
            return
        left, right = _MARGIN + _NAME_WIDTH, WIDTH - _MARGIN - _NUMBER_WIDTH
        share = (number - self._low) / (self._high - self._low) if self._high > self._low else 1.0
        draw.rectangle((left, y + 3, right, y + 15), _TRACK)
        draw.rectangle((left, y + 3, left + round(share * (right - left)), y + 15), _CHOSEN if chosen else _BAR)
        draw.text((WIDTH - _MARGIN, y), f"{number:.{self._decimals}f}", _CHOSEN if chosen else _TEXT, self._small, "ra")


def _situation(moment: Moment) -> tuple[str, str]:
    """What there is to say of a moment beside its picture: lives, or the number of the state."""
    if moment.lives:
        return "lives", str(moment.lives)
    return ("state", str(moment.observation)) if np.ndim(moment.observation) == 0 else ("", "")
