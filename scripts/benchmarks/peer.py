"""The same work by another library, in a virtual environment of its own, back to back with ours."""

import dataclasses
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from rlab.types import UserError

_SCRIPTS = Path(__file__).parents[1]
_PEERS = _SCRIPTS / "peers"
_REQUIREMENTS = _PEERS / "sb3-requirements.txt"
_VENV = _SCRIPTS.parent / ".venv-sb3"


@dataclasses.dataclass(frozen=True)
class Work:
    """What the peer is to do, in agent steps."""

    env: str
    frame_skip: int
    sticky_actions: float
    learning_rate: float
    gamma: float
    batch_size: int
    update_period_steps: int
    target_period_steps: int
    replay_capacity: int
    epsilon: float
    warmup_steps: int  # before the first update
    untimed_steps: int
    timed_steps: int


def compare(ours: Sequence[str], work: Work, repeats: int) -> dict[str, Any]:
    """Run the command `ours` and Stable-Baselines3's DQN in turn, `repeats` times each.

    Returns the results of our median run, with the peer's median and the median of the ratios of the pairs.
    """
    python = install()
    theirs = [str(python), str(_PEERS / "sb3.py"), json.dumps(dataclasses.asdict(work))]
    pairs = []
    for repeat in range(repeats):
        ours_now, theirs_now = _last_line(ours), _last_line(theirs)
        pairs.append((ours_now, theirs_now))
        speeds = f"ours {ours_now['steps_per_s']:.0f}, sb3 {theirs_now['steps_per_s']:.0f} steps/s"
        print(f"pair {repeat + 1} of {repeats}: {speeds}, ratio {_ratio(ours_now, theirs_now):.2f}", flush=True)
    ratios = [_ratio(*pair) for pair in pairs]
    result = sorted((pair[0] for pair in pairs), key=lambda one: float(one["steps_per_s"]))[(repeats - 1) // 2]
    peer = median(theirs_now["steps_per_s"] for _, theirs_now in pairs)
    packages = ", ".join(f"{name} {value}" for name, value in pairs[0][1].items() if name != "steps_per_s")
    print(f"medians: ours {median(one['steps_per_s'] for one, _ in pairs):.0f}, sb3 {peer:.0f} steps/s ({packages})")
    print(f"ratio: min {min(ratios):.2f}, median {median(ratios):.2f}, max {max(ratios):.2f}")
    return {**result, "peer_steps_per_s": peer, "ratio": median(ratios)}


def install() -> Path:
    """The Python of the peer's virtual environment, which is made and filled on first use.

    Raises UserError if that fails.
    """
    python, installed = _VENV / "bin" / "python", _VENV / "installed"
    if not installed.exists() or installed.stat().st_mtime < _REQUIREMENTS.stat().st_mtime:
        print(f"installing Stable-Baselines3 into {_VENV.name}, once", flush=True)
        _run([sys.executable, "-m", "venv", str(_VENV)])
        _run([str(python), "-m", "pip", "install", "--quiet", "--requirement", str(_REQUIREMENTS)])
        installed.touch()
    return python


def _ratio(ours: dict[str, Any], theirs: dict[str, Any]) -> float:
    return float(ours["steps_per_s"] / theirs["steps_per_s"])


def _last_line(command: Sequence[str]) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(_run(command).splitlines()[-1])
    return result


def _run(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["it says nothing"]
        raise UserError(f"{Path(command[0]).name} {' '.join(command[1:4])} failed: {lines[-1]}")
    return done.stdout
