"""What an agent saw in recorded games, moment by moment."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from gymnasium import spaces

from rlab.tapes import TapeStore, disagreement
from rlab.types import Array, Moment, Tape, UserError

_STREAMS = ("eval", "validation", "train", "demo")
_DRAWN_FROM = 5  # times as many observations as are wanted, so that they lie apart

Emulate = Callable[[Tape], Iterator[Moment]]


def sample(store: TapeStore, space: spaces.Space[Any], emulate: Emulate, count: int) -> tuple[str, Array]:
    """A stream of a run, and up to `count` observations [B, *O] at which its games came to a decision.

    Where games do not repeat themselves, those of training alone have kept what was seen. Raises UserError if there is
    no game, or if none is what its tape says.
    """
    refused: UserError | None = None
    for stream in _STREAMS:
        seen: list[Array] = []
        try:
            for tape in store.all(stream):
                seen.extend(observations_of(tape, space, emulate)[:-1])
                if len(seen) >= count * _DRAWN_FROM:
                    break
        except UserError as error:
            refused = refused or error
            continue
        if seen:
            places = np.linspace(0, len(seen) - 1, min(count, len(seen))).astype(int)
            return stream, np.stack([seen[place] for place in places])
    if refused is not None:
        raise refused
    raise UserError(f"{store.path} holds no games, so nothing shows whether an export plays as the agent does")


def observations_of(tape: Tape, space: spaces.Space[Any], emulate: Emulate) -> Array:
    """All observations [T + 1, *O] of a game, which is played again if its tape has not kept them.

    Raises UserError if the game is not what its tape says.
    """
    if tape.observations is not None:
        return tape.observations
    seen: list[Array] = []

    def noted() -> Iterator[Moment]:
        for moment in emulate(tape):
            seen.append(moment.observation)
            yield moment

    reason = disagreement(tape, space, noted())
    if reason is not None:
        raise UserError(f"{tape.stream} game {tape.number} is not confirmed: {reason}")
    return np.stack(seen)
