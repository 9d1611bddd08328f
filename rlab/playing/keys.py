"""What keys do in a game: from those that are pressed to an action. Keys go by the names that pygame gives them."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from gymnasium import spaces

from rlab.types import Array, UserError

PAUSE, AGAIN, QUIT = "p", "r", "escape"

_WORDS = {  # what an action's name is made of, with its keys
    "UP": ("up", "w"),
    "DOWN": ("down", "s"),
    "LEFT": ("left", "a"),
    "RIGHT": ("right", "d"),
    "FIRE": ("space",),
}
_OPPOSITES = {"UP": "DOWN", "DOWN": "UP", "LEFT": "RIGHT", "RIGHT": "LEFT"}
_WORD_OF = {key: word for word, keys in _WORDS.items() for key in keys}
_NAME = re.compile(r"(?=.)(UP|DOWN)?(LEFT|RIGHT)?(FIRE)?")
_NUMBERED = "0123456789bcefghijklmnotuvxyz"  # no others are left
_PAIRS = (("left", "right"), ("down", "up"), ("a", "d"), ("s", "w"))  # lowest and highest, for each number of an action


class Keys(Protocol):
    """The keys of a game."""

    legend: list[tuple[str, str]]  # keys, and what they do

    def action(self, pressed: Sequence[str]) -> Array | None:
        """The action of the keys that are pressed, the latest last; None: the game waits for another key."""
        ...


def keys_of(space: spaces.Space[Any], names: Sequence[str], idle: int | None) -> Keys:
    """The keys for an action space whose actions (or numbers, where it is a Box) are called `names`.

    `idle` is the action without a key; None: the one called NOOP, or in a Box the number nearest to 0, or none: then
    the game waits. Raises UserError if there are more actions than keys, or no such action.
    """
    if isinstance(space, spaces.Box):
        if idle is not None:
            raise UserError(f"--idle is for Discrete actions: received {idle} and actions {space}, allowed is none")
        return BoxKeys(space, names)
    if idle is not None and not 0 <= idle < len(names):
        raise UserError(f"--idle is no action: received {idle}, allowed is 0 to {len(names) - 1}")
    return DiscreteKeys(names, names.index("NOOP") if idle is None and "NOOP" in names else idle)


class DiscreteKeys:
    """The arrows (or WASD) and space where that is what the actions are called, also together; else numbered keys."""

    def __init__(self, names: Sequence[str], idle: int | None) -> None:
        self._idle = idle
        matches = [_NAME.fullmatch(name) for name in names]
        self._by_words = {
            frozenset(word for word in match.groups() if word): action
            for action, match in enumerate(matches)
            if match is not None
        }
        others = [action for action, match in enumerate(matches) if match is None and names[action] != "NOOP"]
        if others and max(others) >= len(_NUMBERED):
            raise UserError(f"a keyboard has keys for {len(_NUMBERED)} actions: received {len(names)} of them")
        self._by_key = {_NUMBERED[action]: action for action in others}
        used = set().union(*self._by_words)
        self.legend = [(" or ".join(keys), word) for word, keys in _WORDS.items() if word in used]
        self.legend += [(key, names[action]) for key, action in self._by_key.items()]

    def action(self, pressed: Sequence[str]) -> Array | None:
        for key in reversed(pressed):
            if key in self._by_key:
                return np.asarray(self._by_key[key])
        words: dict[str, int] = {}  # with when they were pressed
        for time, key in enumerate(pressed):
            if key in _WORD_OF:
                words[_WORD_OF[key]] = time
                words.pop(_OPPOSITES.get(_WORD_OF[key], ""), None)
        chosen = self._closest(words)
        return None if chosen is None else np.asarray(chosen)

    def _closest(self, words: Mapping[str, int]) -> int | None:
        """The action made of most of the words and of no others; of several, that of the words pressed last."""
        possible = [known for known in self._by_words if known <= words.keys()]
        if not possible:
            return self._idle
        best = max(possible, key=lambda known: (len(known), sorted((words[word] for word in known), reverse=True)))
        return self._by_words[best]


class BoxKeys:
    """A pair of keys for each number of an action, for its lowest and its highest value; 1 where it has no bound."""

    def __init__(self, space: spaces.Box, names: Sequence[str]) -> None:
        if len(names) > len(_PAIRS):
            raise UserError(
                f"a keyboard has keys for actions of up to {len(_PAIRS)} numbers: received actions {space}, of "
                f"{len(names)}"
            )
        self._space = space
        low, high = space.low.ravel(), space.high.ravel()
        self._ends = np.where(np.isfinite(low), low, -1), np.where(np.isfinite(high), high, 1)
        self._idle = np.clip(np.zeros(len(names)), *self._ends)
        self.legend = [(f"{low} / {high}", name) for (low, high), name in zip(_PAIRS, names, strict=False)]

    def action(self, pressed: Sequence[str]) -> Array:
        value = self._idle.copy()
        for key in pressed:
            for place, pair in enumerate(_PAIRS[: len(value)]):
                if key in pair:
                    value[place] = self._ends[pair.index(key)][place]
        return value.astype(self._space.dtype).reshape(self._space.shape)
