"""The two protocols that every agent fulfils, and the loop they live in:

    actor = agent.actor(num_envs, seed, explore=True)
    while True:
        actions, extras = actor.act(observations, first)    # act
        transitions = ...environment.step(actions)...       # step
        agent.observe(transitions)                          # observe
        metrics = agent.learn()                             # learn

The loop knows no algorithm. The agent decides when to learn. That nothing counts after a step reaches it as its
`discount` of 0, and only so: `first` and `last` say where episodes begin and end, and after one that ends by a time
limit what would have come does count. What a learner needs from the moment of acting travels in `extras`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from rlab.types import Array, Bools, Metrics, Transitions


class Actor(Protocol):
    """Plays one row of environments; owns its random stream and its memory."""

    def act(self, observations: Array, first: Bools) -> tuple[Array, Mapping[str, Array]]:
        """Actions [N] or [N, A] for observations [N, *O], and what the learner shall get along with them.

        `first` [N] is true where the observation is the first of an episode, so everywhere at the first call
        of an actor that was not loaded.
        The actions are of the space's dtype, and the caller's to keep. In an evaluation the protocol may play a random
        action in place of one of them, which the actor is not told.
        """
        ...

    def save(self, directory: Path) -> None:
        """Write what its next actions depend on to `actor.json`, or its arrays to `actor.npz`.

        The folder is shared with the agent.
        """
        ...

    def load(self, directory: Path) -> None:
        """Restore what `save` wrote, for as many environments."""
        ...


class Agent(Protocol):
    """Learns; makes actors that play as well as it has learned so far."""

    def actor(self, num_envs: int, seed: int, *, explore: bool) -> Actor:
        """A new actor, which shares what the agent learns from now on: to train with, or to play its best.

        An agent that knows no better than chance plays by chance in both.
        """
        ...

    def observe(self, transitions: Transitions) -> None:
        """Remember one step of the training environments."""
        ...

    def learn(self) -> Metrics | None:
        """Every update that is due, and what there is to log of them; None: none was due."""
        ...

    def save(self, directory: Path) -> None:
        """Write everything that learning depends on into an existing, empty folder.

        What playing does without goes into files called `learner.*`: a release leaves them out.
        """
        ...

    def load(self, directory: Path) -> int:
        """Restore what `save` wrote; return how many of the latest turns the agent wants to be shown again.

        The frames of a replay are not saved: they come back from the tapes, through `observe`.
        """
        ...


@runtime_checkable
class Remembering(Protocol):
    """An agent with a memory that grows while it trains."""

    def expected_memory(self) -> int:
        """The bytes that its memory will hold when it is full."""
        ...


@runtime_checkable
class Teachable(Protocol):
    """An agent that can begin as a policy that was cloned from recorded games."""

    def start_from(self, policy: Any) -> None:
        """Take over the head of a keras.Model of `rlab.nets.policies.policy`, with whose encoder the agent was made.

        Raises UserError if it does not fit.
        """
        ...


@runtime_checkable
class Inspectable(Protocol):
    """An agent that can tell what it thinks of observations; asked only when somebody looks."""

    def inspect(self, observations: Array) -> Mapping[str, Array]:
        """For observations [B, *O]: any of `action_values` [B, A], `probabilities` [B, A], `value` [B].

        The value of an action that the environment does not allow is -inf.
        """
        ...
