"""What an agent thinks of the moments of a game, asked when somebody looks."""

from collections.abc import Mapping

import numpy as np

from rlab.agent import Agent, Inspectable
from rlab.types import Array, UserError

_BATCH = 64  # moments that an agent is asked about at once: agents compile their networks anew for each number
OF_ACTIONS = ("action_values", "probabilities")


class Judge:
    """Asks an agent about observations [*O] that are handed over one by one; an agent may have nothing to say."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent if isinstance(agent, Inspectable) else None
        self._waiting: list[Array] = []
        self._answers: list[Mapping[str, Array]] = []

    def add(self, observation: Array) -> None:
        if self._agent is None:
            return
        self._waiting.append(observation)
        if len(self._waiting) == _BATCH:
            self._ask()

    def finish(self) -> dict[str, Array]:
        """The answers about all of them: any of `action_values` [T, A], `probabilities` [T, A], `value` [T].

        Raises UserError if one is NaN or the best of one moment infinite.
        """
        if self._waiting:
            self._ask()
        names = self._answers[0] if self._answers else {}
        found = {name: np.concatenate([answer[name] for answer in self._answers]) for name in names}
        for numbers in found.values():
            best = numbers.max(axis=1) if numbers.ndim == 2 else numbers  # illegal actions are worth -inf
            if not np.isfinite(best).all():
                raise UserError("the agent's values are not finite: it has diverged, choose an earlier --checkpoint")
        return found

    def _ask(self) -> None:
        assert self._agent is not None
        count = len(self._waiting)
        padding = [self._waiting[-1]] * (_BATCH - count)
        answer = self._agent.inspect(np.stack([*self._waiting, *padding]))
        self._answers.append({name: np.asarray(numbers)[:count] for name, numbers in answer.items()})
        self._waiting.clear()


def of_actions(found: Mapping[str, Array]) -> tuple[str, Array | None]:
    """What an agent thinks of each action [T, A], and what that is called; ("", None) if it does not say."""
    for name in OF_ACTIONS:
        if name in found:
            return name.replace("_", " "), found[name]
    return "", None
