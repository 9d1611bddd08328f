"""The same work by another library, in a virtual environment of its own, back to back with ours."""

import dataclasses
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Literal, NamedTuple

from rlab.types import UserError

_SCRIPTS = Path(__file__).parents[1]
_PEERS = _SCRIPTS / "peers"
_REQUIREMENTS = _PEERS / "sb3-requirements.txt"
_VENV = _SCRIPTS.parent / ".venv-sb3"


@dataclasses.dataclass(frozen=True)
class Work:
    """What the peer is to do, in agent steps over all environments."""

    algorithm: Literal["DQN", "PPO"]  # a class of Stable-Baselines3
    settings: Mapping[str, Any]  # of it, by its own names
    env: str
    num_envs: int
    frame_skip: int
    sticky_actions: float
    untimed_steps: int
    timed_steps: int


def compare(ours: Sequence[str], work: Work, repeats: int) -> dict[str, Any]:
    """Run the command `ours` and Stable-Baselines3 in turn, `repeats` times each, and print how they compare.

    Both end with one JSON object. Returns that of our median run, with the peer's median and the median ratio.
    """
    python = install()
    theirs = [str(python), str(_PEERS / "sb3.py"), json.dumps(dataclasses.asdict(work))]
    pairs = []
    for repeat in range(1, repeats + 1):
        pair = _Pair(said_by(ours).splitlines(), json.loads(said_by(theirs).splitlines()[-1]))
        pairs.append(pair)
        speeds = f"ours {pair.speed:.1f}, sb3 {pair.peer['steps_per_s']:.1f} steps/s"
        print(f"pair {repeat} of {repeats}: {speeds}, ratio {pair.ratio:.2f}", flush=True)
    middle = sorted(pairs, key=lambda pair: pair.speed)[(repeats - 1) // 2]
    peer = median(pair.peer["steps_per_s"] for pair in pairs)
    ratios = [pair.ratio for pair in pairs]
    print("\n".join(["our median run:", *middle.said[:-1]]))
    packages = ", ".join(f"{name} {value}" for name, value in middle.peer.items() if name != "steps_per_s")
    print(f"the peer's median: {peer:.1f} steps/s ({packages})")
    print(f"ratio: least {min(ratios):.2f}, median {median(ratios):.2f}, most {max(ratios):.2f}")
    return {**json.loads(middle.said[-1]), "peer_steps_per_s": peer, "ratio": median(ratios)}


def trained(work: Mapping[str, Any]) -> dict[str, Any]:
    """What Stable-Baselines3 came to with `peers/sb3_training.py`, which says what the work is."""
    said = said_by([str(install()), str(_PEERS / "sb3_training.py"), json.dumps(work)])
    return dict(json.loads(said.splitlines()[-1]))


class _Pair(NamedTuple):
    """A run of ours and one of the peer, back to back."""

    said: list[str]
    peer: dict[str, Any]

    @property
    def speed(self) -> float:
        return float(json.loads(self.said[-1])["steps_per_s"])

    @property
    def ratio(self) -> float:
        return self.speed / float(self.peer["steps_per_s"])


def install() -> Path:
    """The Python of the peer's virtual environment, which is made and filled on first use.

    Raises UserError if that fails.
    """
    python, installed = _VENV / "bin" / "python", _VENV / "installed"
    if not installed.exists() or installed.stat().st_mtime < _REQUIREMENTS.stat().st_mtime:
        print(f"installing Stable-Baselines3 into {_VENV.name}, once", flush=True)
        said_by([sys.executable, "-m", "venv", str(_VENV)])
        said_by([str(python), "-m", "pip", "install", "--quiet", "--requirement", str(_REQUIREMENTS)])
        installed.touch()
    return python


def said_by(command: Sequence[str]) -> str:
    """What a command prints. Raises UserError if it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["it says nothing"]
        raise UserError(f"{Path(command[0]).name} {' '.join(command[1:4])} failed: {lines[-1]}")
    return done.stdout
