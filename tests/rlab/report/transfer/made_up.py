"""Folders of comparisons as scripts/transfer.py leaves them, without anything having been trained."""

import json
from dataclasses import replace
from pathlib import Path

from rlab import checkpoint
from rlab.pretrained import Passport, digest
from rlab.report.transfer.arms import make_arms
from rlab.report.transfer.plan import Plan
from rlab.rundir import CONFIG, TAPES
from rlab.tapes import TapeStore
from rlab.tensorboard import EventFile
from tests.rlab.written_tapes import a_tape

STEPS = 2000
SETTINGS = {
    "agent": "dqn",
    "preset": "control",
    "run": {"env": "CartPole-v1", "steps": STEPS, "num_envs": 1, "threads": 1, "protocol": "gymnasium"},
    "config": {"gamma": 0.99, "encoder_kind": "mlp", "encoder_sizes": (64,)},
}


def pretrained_file(folder, kind="encoder", **changes):
    """A file that no Keras could load, with its passport; its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{kind}.keras"
    path.write_text(str(path))
    values = {"method": "autoencoder", "settings": {"encoder_kind": "mlp", "encoder_sizes": [64]}}
    values |= {"observation_space": {}, "action_space": {}, "environment": "CartPole-v1", "protocol": "", "origin": {}}
    values |= {"trained_on": {"steps": {"train": 800, "test": 200}}, "results": {"seconds": 20.0}}
    values |= {"preprocessing": "", "features": 64} | changes
    Passport(kind=kind, digest=digest(path), **values).write(path)
    return path


def a_plan(encoders=(), policies=(), **changes):
    plan = Plan(SETTINGS, (), make_arms(encoders, policies, 0.0), 3, 0, None, 20)
    return replace(plan, **changes)


def finish(folder, plan, arm, seed, games, *, speed=100.0, steps=STEPS, name="20261125-000000"):
    """The run of an arm and a seed as its training leaves it; `games` are (step of the start, length, score)."""
    run = Path(folder) / arm.folder / plan.environment / plan.agent / f"{name}-s{seed}"
    run.mkdir(parents=True)
    (run / CONFIG).write_text("{}")
    store = TapeStore(run / TAPES, create=True)
    for number, (step, length, score) in enumerate(games):
        store.write(a_tape(number, length, step=step, rewards=rewards(length, score)))
    store.commit()
    store.close()
    events = EventFile(run)
    for step in range(500, steps + 1, 500):
        events.scalar("speed/steps_per_s", speed, step)
    events.close()
    if arm.kind:
        for suffix in (".keras", ".json"):
            (run / f"{arm.kind}{suffix}").write_bytes(Path(arm.file).with_suffix(suffix).read_bytes())
    checkpoint.write(run, steps, lambda draft: (draft / "weights").touch())
    return run


def rewards(length, score):
    """All points with the last step."""
    import numpy as np

    return np.array([*[0.0] * (length - 1), score], np.float32)


def level(score, length=100):
    """Games of one score through the whole training."""
    return [(step, length, score) for step in range(0, STEPS, length)]


def written(folder, plan, scores):
    """A finished comparison where every game of an arm and a seed has the score `scores[arm][seed - 1]`."""
    folder.mkdir(parents=True, exist_ok=True)
    plan.write(folder)
    for arm, seed in plan.runs:
        finish(folder, plan, arm, seed, level(scores[arm.name][seed - 1]))
    return folder


def passport_with(path, **changes):
    """Change a passport."""
    place = path.with_suffix(".json")
    place.write_text(json.dumps(json.loads(place.read_text()) | changes))
