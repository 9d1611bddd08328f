"""Interrupted and resumed equals uninterrupted, bit for bit."""

import dataclasses
import shutil
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import agents
import envs
from agents.dqn import PRESETS
from rlab import checkpoint
from rlab.config import RunConfig, Settings
from rlab.protocol import default_protocol, find_protocol
from rlab.report.difference import difference
from rlab.rundir import CONFIG
from rlab.training import Training
from rlab.types import UserError

SMALL: dict[str, Any] = {
    "batch_size": 8,
    "hidden_sizes": (32,),
    "update_period_steps": 4,
    "target_period_updates": 20,
}


def settings(env: str, num_envs: int, steps: int = 600) -> Settings:
    """Those of a run of `steps` in which a replay goes round, and which is saved three times and played twice."""
    protocol = default_protocol(env)
    run = RunConfig(
        env,
        steps=steps,
        seed=3,
        protocol=protocol,
        num_envs=num_envs,
        life_loss_ends_value=env.startswith("ALE/"),
        evaluation_period_steps=steps // 2,
        evaluation_episodes=1,
        checkpoint_period_steps=steps // 3,
        log_period_steps=steps // 6,
        checkpoints_kept=9,
    )
    preset = PRESETS["fast" if env.startswith("ALE/") else "control"].config
    config = {**SMALL, "warmup_steps": steps // 6, "replay_capacity": steps // 2, "n_steps": 3}
    return Settings(
        "dqn", "test", run, dataclasses.replace(preset, **config), *envs.spaces_of(env, find_protocol(protocol, env))
    )


def training(run: Path, chosen: Settings, *, resume: bool = False) -> Training:
    run.mkdir(exist_ok=True)
    chosen.write(run / CONFIG)
    protocol = find_protocol(chosen.run.protocol, chosen.run.env)
    make_env = partial(envs.make, chosen.run.env, protocol=protocol)
    made = Training(run, chosen, agents.make(chosen), protocol, make_env, envs.emulate, resume=resume)
    made.begin()
    return made


def finish(made: Training) -> Any:
    for _ in made:
        pass
    made.close()
    return made.agent


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two environments that ended."""
    run = tmp_path_factory.mktemp("whole")
    finish(training(run, settings("CartPole-v1", 2)))
    return run


@pytest.mark.parametrize(
    ("env", "num_envs"), [("CartPole-v1", 1), ("CartPole-v1", 3), ("ALE/MsPacman-v5", 1), ("ALE/MsPacman-v5", 2)]
)
def test_interrupted_and_resumed_equals_uninterrupted(tmp_path: Path, env: str, num_envs: int) -> None:
    """The replay has gone round once and the interruption comes between two checkpoints, logs and updates."""
    steps = 300 if env.startswith("ALE/") else 600
    chosen = settings(env, num_envs, steps)
    whole = finish(training(tmp_path / "whole", chosen))

    broken = training(tmp_path / "broken", chosen)
    for progress in broken:
        if progress.step >= steps * 5 // 12:
            break
    broken.checkpoint()
    for _ in range(steps // 15):
        next(broken)  # what comes after the last checkpoint is lost
    broken.close()
    resumed = finish(training(tmp_path / "broken", chosen, resume=True))

    assert difference(tmp_path / "whole", tmp_path / "broken") == []
    low, high = whole._replay.sampled_turns()
    turns, rows = np.repeat(np.arange(low, high), num_envs), np.tile(np.arange(num_envs), high - low)
    for left, right in zip(whole._replay.gather(turns, rows), resumed._replay.gather(turns, rows), strict=True):
        np.testing.assert_array_equal(left, right)


def test_same_seed_gives_the_same_bits_and_another_does_not(tmp_path: Path, whole: Path) -> None:
    chosen = settings("CartPole-v1", 2)
    finish(training(tmp_path / "same", chosen))
    assert difference(whole, tmp_path / "same") == []
    other = dataclasses.replace(chosen, run=dataclasses.replace(chosen.run, seed=4))
    finish(training(tmp_path / "other", other))
    found = difference(whole, tmp_path / "other")
    assert "checkpoint: network.keras" in found
    kinds = {line.partition(" ")[0] if line.startswith("checkpoint") else " ".join(line.split()[:2]) for line in found}
    assert kinds >= {"checkpoint:", "tapes: train", "scalars: loss/value", "scalars: train/score"}


def test_how_often_one_evaluates_changes_no_weight(tmp_path: Path, whole: Path) -> None:
    chosen = settings("CartPole-v1", 2)
    often = dataclasses.replace(chosen, run=dataclasses.replace(chosen.run, evaluation_period_steps=50))
    finish(training(tmp_path / "often", often))
    found = difference(whole, tmp_path / "often")
    assert "scalars: eval/score" in found
    assert {line.split()[0] for line in found} <= {"checkpoint:", "tapes:", "scalars:"}
    assert not [line for line in found if "network" in line or "learner" in line or "train " in line]


def test_a_torn_checkpoint_is_passed_over(tmp_path: Path, whole: Path) -> None:
    torn = shutil.copytree(whole, tmp_path / "torn", symlinks=True)
    (torn / "step_000000600" / "learner.npz").write_bytes(b"torn")
    finish(training(torn, settings("CartPole-v1", 2), resume=True))
    assert difference(whole, torn) == []


def test_a_run_without_a_whole_checkpoint_cannot_be_resumed(tmp_path: Path, whole: Path) -> None:
    run = shutil.copytree(whole, tmp_path / "run", symlinks=True)
    for folder in checkpoint.all_of(run):
        (folder / "manifest.json").unlink()
    with pytest.raises(UserError, match="no whole checkpoint"):
        training(run, settings("CartPole-v1", 2), resume=True)
