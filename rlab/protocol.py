"""Named protocols: how a score is made, so that no two scores are compared that mean different things.

A protocol fixes the environment's settings, which actions there are, how the agent acts when it is evaluated and how
long a game may last. Its hash covers every field, and stands with every run, tape, score and card. The games have the
same seeds under every protocol, the first of a fixed stream; how many were played stands with the score.

Training plays under the same protocol. It may depart from it only by named settings of the run (rewards clipped, a lost
life as discount 0), which stand in `config.json`.

An agent with a stochastic policy may have the setting to draw from it where the protocol says "greedy", which stands
with its scores as well: published scores of such agents on Atari were made so, and a policy that has learnt where to be
undecided does not explore when it draws.

Source: `ale_v5` is Machado et al. (2018), Revisiting the Arcade Learning Environment, section 5, with the minimal
action set; `classic` is Mnih et al. (2015), Human-level control, Methods; `book` and `book_pong` are chapter 16 of
Hands-On Machine Learning with Scikit-Learn & TensorFlow (first edition) and its notebook, Ms. Pac-Man and exercise 9.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Literal

from rlab.seeding import Seeds
from rlab.types import UserError


@dataclass(frozen=True)
class Emulator:
    """The settings of an Atari emulator and of what is made of its screens."""

    frame_skip: tuple[int, int]  # the least and the most frames of a step; drawn anew each step if they differ
    sticky_actions: float  # probability that a frame repeats the previous action
    full_action_space: bool  # all 18 actions, or those the game uses
    noop_max: int  # the most no-op frames before the first decision, drawn uniformly from 0 on
    noop_steps: int  # no-op steps before the first decision, always as many
    max_frames: int  # a game is truncated after so many
    picture: Literal["nature", "book", "book_pong"]
    """`nature`: 84x84 grey, four stacked, two screens maximised; `book`: an 88x80 crop; `book_pong`: an 80x80 crop, the
    screens of the three steps of an action in one."""

    @property
    def steps_per_action(self) -> int:
        """The steps of `frame_skip` frames that an action lasts."""
        return 3 if self.picture == "book_pong" else 1


@dataclass(frozen=True)
class Protocol:
    """How a score is made."""

    name: str
    acting: Literal["greedy", "sampled"]  # the agent's best action, or one drawn as it explores
    epsilon: float  # probability of a uniformly random action in its place
    emulator: Emulator | None = None

    @property
    def hash(self) -> str:
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:8]

    @property
    def identity(self) -> str:
        """Name and hash, as every record carries them."""
        return f"{self.name}:{self.hash}"

    @property
    def preprocessing(self) -> str:
        """What is made of an emulator's screens, as far as an encoder depends on it."""
        if self.emulator is None:
            return "none"
        least, most = self.emulator.frame_skip
        return f"{self.emulator.picture}, {least} to {most} frames a step"

    def seeds(self, stream: str, episodes: int) -> list[int]:
        """The seeds of the first `episodes` games of a stream, the same for every agent.

        Games that choose a checkpoint ("validation") have other seeds than games that report a score ("eval").
        """
        drawn = Seeds(0).generator(f"protocol {stream}").integers(2**31, size=episodes)
        return [int(seed) for seed in drawn]


_V5 = Emulator((4, 4), 0.25, False, 0, 0, 108_000, "nature")
_PROTOCOLS = (
    Protocol("ale_v5", "greedy", 0.001, _V5),
    Protocol("ale_v5_full", "greedy", 0.001, Emulator((4, 4), 0.25, True, 0, 0, 108_000, "nature")),
    Protocol("classic", "greedy", 0.05, Emulator((4, 4), 0.0, False, 30, 0, 18_000, "nature")),
    Protocol("book", "greedy", 0.0, Emulator((2, 4), 0.25, False, 0, 90, 108_000, "book")),
    Protocol("book_pong", "greedy", 0.0, Emulator((2, 4), 0.25, False, 0, 23, 108_000, "book_pong")),
    Protocol("gymnasium", "greedy", 0.0),
)
PROTOCOLS = {protocol.name: protocol for protocol in _PROTOCOLS}


def default_protocol(environment: str) -> str:
    """The protocol of an environment for which none was named."""
    return "ale_v5" if environment.startswith("ALE/") else "gymnasium"


def recorded_protocol(identity: str) -> Protocol:
    """The protocol of a name and hash, as records carry them. Raises UserError if it is none of these here."""
    found = next((protocol for protocol in _PROTOCOLS if protocol.identity == identity), None)
    if found is None:
        allowed = ", ".join(protocol.identity for protocol in _PROTOCOLS)
        raise UserError(f"unknown protocol: received {identity}, allowed are {allowed}")
    return found


def find_protocol(name: str, environment: str) -> Protocol:
    """The protocol called `name` if it fits the environment.

    Raises UserError if there is none of that name, or if it is for another kind of environment.
    """
    if name not in PROTOCOLS:
        raise UserError(f"unknown protocol: received {name!r}, allowed are {', '.join(PROTOCOLS)}")
    protocol = PROTOCOLS[name]
    if (protocol.emulator is not None) != environment.startswith("ALE/"):
        allowed = [p.name for p in _PROTOCOLS if (p.emulator is not None) == environment.startswith("ALE/")]
        raise UserError(f"protocol {name!r} does not fit {environment}: allowed are {', '.join(allowed)}")
    return protocol
