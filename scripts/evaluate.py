"""Score a trained agent: full games under its run's protocol, on seeds that training never saw."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

import agents
import envs
from rlab import checkpoint, command_line, evaluation
from rlab.config import MOST_EPISODES, check_range
from rlab.protocol import find_protocol
from rlab.report.scores import mean_interval


@dataclass(frozen=True)
class Options:
    """Score a trained agent: full games under its run's protocol, on seeds that training never saw."""

    run: Annotated[Path, tyro.conf.Positional]
    """The run's folder."""
    episodes: int = 30
    """Full games to play."""
    checkpoint: str = checkpoint.BEST
    """Which checkpoint plays: best, latest, or a step."""
    json: bool = False
    """End with one JSON object in place of the line for people."""


def main(arguments: Sequence[str]) -> None:
    options = command_line.parse(Options, arguments, program="evaluate.py", description=__doc__)
    check_range("episodes", options.episodes, 1, MOST_EPISODES)
    settings = agents.read_settings(options.run)
    place = checkpoint.chosen(options.run, options.checkpoint)
    result = evaluate(options.run, place, settings, options.episodes)
    mean, low, high = mean_interval(result.scores)
    summary = {"mean": mean, "low": low, "high": high, "median": float(np.median(result.scores))}
    summary |= {"best": max(result.scores), "episodes": len(result.scores), "protocol": result.protocol}
    print(json.dumps(summary | {"step": result.step, "scores": result.scores}) if options.json else describe(result))


def evaluate(run: Path, place: Path, settings: agents.Settings, episodes: int) -> evaluation.Evaluation:
    """Play and keep the games of one evaluation."""
    from rlab import devices

    devices.configure(settings.run)
    protocol = find_protocol(settings.run.protocol, settings.run.env)
    tapes = evaluation.play(
        agents.load(run, str(checkpoint.step_of(place))),
        partial(envs.make, settings.run.env, protocol=protocol),
        protocol,
        episodes,
        stream="eval",
        step=checkpoint.step_of(place),
        seed=settings.run.seed,
        on_game=lambda tape: print(f"game {tape.number}: {tape.score:g} in {tape.length} steps", flush=True),
    )
    return evaluation.record(run, tapes, settings)


def describe(result: evaluation.Evaluation) -> str:
    """An evaluation in one line."""
    mean, low, high = mean_interval(result.scores)
    return (
        f"{result.environment} under {result.protocol}, {len(result.scores)} games at step {result.step}: "
        f"mean {mean:.1f} [{low:.1f}, {high:.1f}], median {np.median(result.scores):.1f}, best {max(result.scores):g}"
    )


if __name__ == "__main__":
    command_line.run(main)
