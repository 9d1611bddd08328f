"""Games that a person plays, one after the other, as tapes."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from rlab.loop import Loop
from rlab.playing.keys import QUIT
from rlab.playing.person import Person
from rlab.recording import STREAM
from rlab.seeding import Seeds
from rlab.tapes import disagreement
from rlab.types import Environment, Moment, Tape


def play(
    environment: Environment,
    person: Person,
    emulate: Callable[[Tape], Iterator[Moment]],
    seed: int,
    on_note: Callable[[str], None],
) -> Iterator[Tape]:
    """The tapes of the games that a person plays to their end, until it is enough.

    A game that was broken off has a number and a seed, but no tape, as everywhere. Each tape is played again at once,
    and keeps its observations if that comes to another game, which `on_note` is told.
    """
    seeds = Seeds(seed)
    loop = Loop(environment, person, lambda number: seeds.integer(f"game {number}"), stream=STREAM)
    loop.keep_observations(True)
    confirmed, repeats = 0, True
    for turn in loop:
        if not person.wish:
            person.see(turn)
            for tape in turn.tapes:
                found = disagreement(tape, environment.observation_space, emulate(tape))
                if found is not None:
                    kept = "keeps the observations" if tape.observations is not None else "cannot be confirmed"
                    on_note(f"game {tape.number} cannot be played again ({found}): its tape {kept}")
                yield tape if found is not None else replace(tape, observations=None)
                confirmed += found is None
                repeats &= found is None
                if repeats and confirmed > 1:  # also in an environment that was used before
                    loop.keep_observations(False)
                person.wait()
        if person.wish == QUIT:
            return
        if person.wish:
            person.wish = ""
            loop.restart(np.ones(1, np.bool_))
