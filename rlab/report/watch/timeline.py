"""What the page draws of a game over time: what happened at each moment, and what an agent thought of it."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from rlab.config import Settings
from rlab.report.watch.judging import of_actions
from rlab.rewards import RewardConfig
from rlab.types import Array, Moment, Tape

_DIGITS = 6  # of a number that is sent; more than a chart can show


class Notes:
    """What happened at each moment of a game, T + 1 of them."""

    def __init__(self) -> None:
        self._rewards: list[float] = []
        self._lives: list[int] = []
        self._screens: list[int] = []
        self._states: list[int] = []

    def add(self, moment: Moment) -> None:
        self._rewards.append(moment.reward)
        self._lives.append(moment.lives)
        self._screens.append(len(moment.screens))
        if np.ndim(moment.observation) == 0:
            self._states.append(int(moment.observation))

    @property
    def reward(self) -> Array:
        """[T + 1] what the step before paid, as exactly as tapes hold it."""
        return np.asarray(self._rewards, np.float32).astype(float)

    @property
    def deaths(self) -> Array:
        """The moments at which there are fewer lives than at the one before."""
        return np.flatnonzero(np.diff(self._lives) < 0) + 1

    def values(self) -> dict[str, Any]:
        """The notes as JSON can hold them; `shown` is the last screen of each moment, counted from 0."""
        return {
            "reward": self.reward.tolist(),  # in full, as the page adds them up to the score
            "lives": self._lives if any(self._lives) else None,
            "deaths": self.deaths.tolist(),
            "shown": (np.cumsum(self._screens) - 1).tolist() if all(self._screens) else None,
            "states": self._states or None,
        }


def timeline(
    tape: Tape, settings: Settings, notes: Notes, found: Mapping[str, Array], names: list[str]
) -> dict[str, Any]:
    """A game as the page takes it; `found` [T + 1, ...] is what an agent thinks of its moments.

    Numbers over actions are given by action, [A, T]. There is no last moment in what an agent thinks, as nothing is
    decided then.
    """
    discrete = tape.actions.ndim == 1 and np.issubdtype(tape.actions.dtype, np.integer)
    judged, judgements = of_actions(found) if discrete else ("", None)
    value = found.get("value", judgements.max(axis=1) if judgements is not None and judged == "action values" else None)
    errors, without = td_errors(tape, settings, notes, found)
    return {
        "environment": tape.environment,
        "protocol": tape.protocol.split(":")[0],
        "agent": settings.agent,
        "stream": tape.stream,
        "number": tape.number,
        "seed": tape.seed,
        "step": tape.step,
        "length": tape.length,
        "score": tape.score,
        "end": "game over" if tape.terminated else "time limit",
        "names": names,
        "actions": tape.actions.tolist() if discrete else None,
        "action_numbers": None if discrete else by_row(tape.actions.reshape(tape.length, -1).T),
        "judged": judged,
        "judgements": None if judgements is None else by_row(judgements[:-1].T),
        "value": None if value is None else numbers(value[:-1]),
        "value_name": "V" if "value" in found else "max Q",
        "entropy": numbers(entropy(judgements[:-1])) if judged == "probabilities" and judgements is not None else None,
        "td_error": None if errors is None else numbers(errors),
        "no_td_error": without,
        **notes.values(),
    }


def td_errors(tape: Tape, settings: Settings, notes: Notes, found: Mapping[str, Array]) -> tuple[Array | None, str]:
    """By how much each step [T] went better than an agent thought, r + gamma V' - Q (or V); or None, and why not.

    Rewards are what the run learnt of them, and lost lives end what counts where it learnt so. One step: an agent that
    learns over several, or with other targets, makes other errors.
    """
    config = settings.config
    gamma = getattr(config, "gamma", None)
    if gamma is None:
        return None, "the agent discounts nothing"
    if getattr(config, "normalise_rewards", False):
        return None, "the agent's values are of rewards that it normalised"
    if "action_values" in found:
        value = found["action_values"].max(axis=1)
        expected = np.take_along_axis(found["action_values"][:-1], tape.actions[:, None], axis=1)[:, 0]
    elif "value" in found:
        value, expected = found["value"], found["value"][:-1]
    else:
        return None, "the agent tells no values"
    reward = notes.reward[1:]
    if isinstance(config, RewardConfig):
        reward = config.learnt(reward)
    discount = np.full(tape.length, gamma)
    if tape.terminated:
        discount[-1] = 0
    if settings.run.life_loss_ends_value:
        discount[notes.deaths - 1] = 0
    return reward + discount * value[1:] - expected, ""


def entropy(probabilities: Array) -> Array:
    """That of each row [T, A], in nats."""
    logarithms = np.log(probabilities, where=probabilities > 0, out=np.zeros(probabilities.shape))
    return np.asarray(-(probabilities * logarithms).sum(axis=1))


def numbers(array: Array) -> list[float | None]:
    """A row of numbers as JSON can hold it: what is not finite, as the value of an illegal action, is null."""
    return [float(f"{number:.{_DIGITS}g}") if np.isfinite(number) else None for number in array.tolist()]


def by_row(array: Array) -> list[list[float | None]]:
    """The rows of an array."""
    return [numbers(row) for row in array]
