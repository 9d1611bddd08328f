"""Runs' folders as a training and an evaluation leave them, with curves that are known, without training."""

import numpy as np

from rlab.rundir import TAPES
from rlab.tapes import TapeStore
from rlab.tensorboard import EventFile
from tests.rlab.report.evaluated_runs import evaluated_run
from tests.rlab.report.transfer.made_up import rewards
from tests.rlab.written_tapes import a_tape

LENGTH = 100  # steps of a game


def learnt_run(folder, curve, *, speed=100.0, period=1000, taped=True, settings=None, **changes):
    """A run in whose training a game of `LENGTH` steps ended with each of the scores of `curve`, one after the other.

    The log has an entry every `period` steps, and so has the evaluation, with the score of the last game.
    """
    last = float(curve[-1])
    settings = settings or {"run": {"num_envs": 1, "seed": changes.get("seed", 0)}, "config": {"gamma": 0.99}}
    run = evaluated_run(folder, changes.pop("scores", [last - 1, last + 1]), settings, **changes)
    if taped:
        store = TapeStore(run / TAPES, create=True)
        for number, score in enumerate(curve):
            store.write(a_tape(number, LENGTH, step=LENGTH * number, rewards=rewards(LENGTH, score)))
        store.commit()
        store.close()
    events = EventFile(run)
    each = period // LENGTH
    for step in range(period, LENGTH * len(curve) + 1, period):
        window = curve[step // LENGTH - each : step // LENGTH]
        events.scalar("train/score", float(np.mean(window)), step)
        events.scalar("train/episodes", len(window), step)
        events.scalar("speed/steps_per_s", speed, step)
        events.scalar("eval/score", float(window[-1]), step)
    events.close()
    return run


def two_agents(root, *, seeds=(1, 2, 3), environment="ALE/MsPacman-v5", games=120, **changes):
    """dqn, whose scores grow to 1,000 and more, and ppo, which learns half of it, with a random agent; their folder."""
    for seed in seeds:
        growth = np.linspace(200, 1000, games) + 40 * seed
        for agent, curve in (("dqn", growth), ("ppo", 100 + growth / 2)):
            learnt_run(root / agent / str(seed), curve, agent=agent, seed=seed, environment=environment, **changes)
    evaluated_run(root / "random" / "0", [240.0, 260.0], agent="random", environment=environment, step=1)
    return root
