"""Which runs can be compared: those with an evaluation, each training once, of one protocol."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rlab.evaluation import RESULT, Evaluation
from rlab.protocol import PROTOCOLS
from rlab.report.references import random_and_human
from rlab.rundir import CONFIG, is_run
from rlab.types import UserError

# Settings that leave what is learnt in a step as it is.
_NO_OTHER_SAMPLE = (
    *("steps", "minutes", "evaluation_period_steps", "evaluation_episodes", "checkpoint_period_steps"),
    *("checkpoints_kept", "log_period_steps", "threads"),
)


def find_runs(places: Sequence[Path]) -> tuple[dict[Path, Evaluation], list[Path]]:
    """The evaluations of runs, each run once, and the runs that are left out for want of one.

    A place is a run's folder or one above several. Raises UserError for a run that is named by itself and has no
    evaluation, and for a folder that has no evaluated run below it.
    """
    evaluated: dict[Path, Path] = {}  # by the real path: a run that is named twice is not two seeds
    left_out = []
    for place in places:
        if is_run(place):
            evaluated.setdefault(place.resolve(), place)
            continue
        runs = sorted(path.parent for path in place.rglob(CONFIG))
        found = [run for run in runs if (run / RESULT).is_file()]
        if not found:
            raise UserError(
                f"no run with an evaluation in {place}: give a run's folder or one above several; "
                "an evaluation is made with python scripts/evaluate.py RUN"
            )
        for run in found:
            evaluated.setdefault(run.resolve(), run)
        left_out += [run for run in runs if run not in found]
    evaluations: dict[Path, Evaluation] = {}
    known: list[tuple[Evaluation, dict[str, Any]]] = []
    for run in evaluated.values():
        evaluation = Evaluation.read(run)
        # A release and its run, or a copy, are not two seeds either.
        if (one := (evaluation, settings_of(run))) not in known:
            known.append(one)
            evaluations[run] = evaluation
    return evaluations, list(dict.fromkeys(left_out))


def settings_of(run: Path) -> dict[str, Any]:
    """Every setting of a run by its name, as its `config.json` says; those of the agent and of the run side by side.

    No agent is asked what they mean, so runs of agents that are no longer there can be compared too.
    """
    path = run / CONFIG
    try:
        values = json.loads(path.read_text())
        named = {name: values[name] for name in ("agent", "preset") if name in values}
        return {**named, **values.get("run", {}), **values.get("config", {})}
    except (ValueError, TypeError, AttributeError) as error:
        raise UserError(f"{path} is not the configuration of a run: {error!r}") from error


def each_training_once(evaluations: Mapping[Path, Evaluation]) -> tuple[dict[Path, Evaluation], list[str]]:
    """The evaluations without those of a training that is there already, and what was left out, in words.

    Two runs with the same seed and settings are the same training, bit for bit, and not two samples of it, though each
    may have been evaluated in its own way or trained for longer: the one that was evaluated furthest counts.
    """
    found: dict[str, Path] = {}
    notes = []
    for run, evaluation in sorted(evaluations.items(), key=lambda item: item[1].step, reverse=True):
        same = {**settings_of(run), "agent": evaluation.agent, "preset": evaluation.preset, "seed": evaluation.seed}
        same |= {"env": evaluation.environment, **dict.fromkeys(_NO_OTHER_SAMPLE)}
        first = found.setdefault(json.dumps(same, sort_keys=True), run)
        if first != run:
            notes.append(
                f"the same seed twice: {run} has the settings and the seed {evaluation.seed} of {first}, "
                "which is the only one of them that counts"
            )
    return {run: evaluations[run] for run in evaluations if run in found.values()}, notes


def check_comparable(evaluations: Mapping[Path, Evaluation]) -> None:
    """Raise UserError, naming the difference, unless all scores are of one protocol and can be put on one scale.

    Scores on several environments can where a random and a human player's scores are known of each.
    """
    (first, one), *others = evaluations.items()
    for run, other in others:
        if other.environment != one.environment and not (
            random_and_human(one.environment) and random_and_human(other.environment)
        ):
            raise UserError(
                "scores on different environments cannot be compared: "
                f"{first} is on {one.environment}, {run} on {other.environment}; "
                "allowed are games whose random and human scores are known (ALE/...-v5)"
            )
        if other.protocol != one.protocol:
            raise UserError(
                f"scores under different protocols cannot be compared: {first} is under {one.protocol}, "
                f"{run} under {other.protocol}{_difference(one.protocol, other.protocol)}"
            )


def _difference(one: str, other: str) -> str:
    """In which fields two protocols differ, or nothing where one is not known here by its name and hash."""
    known = {protocol.identity: protocol for protocol in PROTOCOLS.values()}
    if one not in known or other not in known:
        return ""
    fields, others = _fields(asdict(known[one])), _fields(asdict(known[other]))
    differing = [name for name in {**fields, **others} if name != "name" and fields.get(name) != others.get(name)]
    return "; they differ in " + ", ".join(f"{name} ({fields.get(name)}, {others.get(name)})" for name in differing)


def _fields(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested fields under dotted names."""
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= _fields(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return flat
