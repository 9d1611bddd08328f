"""A run's policy as a folder that other programs use: the network, what goes in and comes out, and what it scores.

Before the folder appears, the file in it is run on what the agent saw in its own games, beside the agent.
"""

import json
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import numpy as np
from gymnasium import spaces

from rlab.config import Settings
from rlab.evaluation import RESULT, Evaluation
from rlab.export.card import agreement, describe, readme
from rlab.export.formats import FORMATS
from rlab.export.moments import Emulate, sample
from rlab.export.network import Networked, chosen, layers_of_ours, network_of, output_of
from rlab.folders import whole
from rlab.protocol import find_protocol
from rlab.rundir import TAPES, versions
from rlab.sampler import best_actor
from rlab.tapes import TapeStore
from rlab.types import Array, UserError

CHECKED_ON = 100  # observations
_SAME = 1e-4  # by which the numbers of an action may differ, where they are not counted
# By which part of its largest output an agent that computes in bfloat16 may find another action less good: the distance
# of two numbers of that format, twice, as it adds up in another order than a file or than float32 does.
_ROUNDING = 2.0**-6


class Checked(NamedTuple):
    """How an exported policy compares with its agent."""

    stream: str
    observations: int
    agree: int  # of their actions
    ties: int  # of the others: as good to the agent, within the rounding of its number format
    difference: float  # the largest of any output

    @property
    def actions(self) -> str:
        """How many actions agree, in words."""
        return agreement(self._asdict())


def export(
    run: Path,
    settings: Settings,
    agent: Networked,
    step: int,
    kind: str,
    folder: Path,
    emulate: Emulate,
    action_names: Sequence[str],
) -> Checked:
    """Make the new folder `folder` of the policy of the agent that `run` had at `step`, in a format of `FORMATS`.

    Raises UserError if the run has no games, if the network cannot be converted, or if what was written does not choose
    as the agent does.
    """
    form = FORMATS[kind]
    with closing(TapeStore(run / TAPES)) as store:
        stream, seen = sample(store, settings.observation_space, emulate, CHECKED_ON)
    with whole(folder) as draft:
        network = network_of(agent, exact=form.exact)
        form.write(network, draft / form.file)
        checked = _compare(form.load(draft / form.file)(seen), agent, seen, settings, stream)
        if checked.agree + checked.ties < checked.observations or not np.isfinite(checked.difference):
            raise UserError(
                f"the {kind} file plays otherwise than the agent: {checked.actions}, the largest difference of an "
                f"output is {checked.difference:.2g}"
            )
        told = describe(
            settings,
            find_protocol(settings.run.protocol, settings.run.env),
            step,
            Evaluation.read(run) if (run / RESULT).is_file() else None,
            output_of(agent, settings.action_space),
            action_names,
            kind=kind,
            file=form.file,
            layers=layers_of_ours(network) if kind == "keras" else [],
            checked=checked._asdict(),
            number_format="float32" if form.exact else settings.run.precision,
            versions=versions(),
        )
        (draft / "policy.json").write_text(json.dumps(told, indent=2) + "\n")
        (draft / "README.md").write_text(readme(told, form.lines))
    return checked


def _compare(outputs: Array, agent: Networked, observations: Array, settings: Settings, stream: str) -> Checked:
    """What a file made of observations [B, *O], beside what the agent's own network and actor make of them."""
    output = agent.network(observations)
    expected = np.asarray(output[0] if isinstance(output, list | tuple) else output).astype(np.float64)
    actor = best_actor(agent, len(observations))
    best = actor.act(observations, np.ones(len(observations), np.bool_))[0]
    rounding = _ROUNDING if settings.run.precision == "mixed_bfloat16" else 0.0
    agree, ties = _alike(outputs, expected, best, settings.action_space, rounding)
    difference = float(np.max(np.abs(outputs.astype(np.float64) - expected)))
    return Checked(stream, len(observations), agree, ties, difference)


def _alike(
    outputs: Array, expected: Array, best: Array, space: spaces.Space[object], rounding: float
) -> tuple[int, int]:
    """How many actions of a file's outputs [B, P] are the agent's `best`, and how many others as good to it.

    The agent's own outputs are `expected` [B, P]; as good is what differs by less than `rounding` of their largest.
    """
    actions = chosen(outputs, space)
    slack = rounding * np.abs(expected).max(axis=1)
    if isinstance(space, spaces.Discrete):
        rows = np.arange(len(actions))
        same, near = actions == best, expected[rows, best] - expected[rows, actions] < slack
    else:
        apart = np.abs(actions - best).reshape(len(actions), -1).max(axis=1)
        same, near = apart <= _SAME, apart < slack
    return int(same.sum()), int((near & ~same).sum())
