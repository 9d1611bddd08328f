"""Runs' folders as an evaluation leaves them, without anything having been trained."""

import json
from dataclasses import asdict

from rlab.evaluation import RESULT, Evaluation
from rlab.protocol import PROTOCOLS
from rlab.rundir import CONFIG

PACMAN, PONG = "ALE/MsPacman-v5", "ALE/Pong-v5"


def evaluated_run(folder, scores=(100.0, 200.0), settings=None, **changes):
    """Make a run at `folder` whose latest evaluation had these scores; return the folder."""
    folder = unevaluated_run(folder, settings)
    values = {"environment": PACMAN, "agent": "dqn", "preset": "fast", "seed": 0}
    values |= {"protocol": PROTOCOLS["ale_v5"].identity, "step": 250_000, "departures": {}} | changes
    games = len(scores)
    found = Evaluation(**values, seeds=list(range(games)), scores=list(scores), lengths=[10] * games, frames=40 * games)
    (folder / RESULT).write_text(json.dumps(asdict(found)))
    return folder


def unevaluated_run(folder, settings=None):
    folder.mkdir(parents=True)
    (folder / CONFIG).write_text(json.dumps(settings or {}))
    return folder
