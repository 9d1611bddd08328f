"""A run's folder: checkpoints/<environment>/<agent>/<yyyymmdd-hhmmss>-s<seed>/."""

import fcntl
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from types import MappingProxyType
from typing import Any

from rlab import processor
from rlab.types import UserError

CONFIG = "config.json"
ORIGIN = "origin.json"
TAPES = "tapes.sqlite"
_PACKAGES = (
    *("rlab", "gymnasium", "ale-py", "tensorflow", "keras", "numpy", "opencv-python"),
    *("scikit-learn", "cma"),  # random features of `linear`; the method of `search`
)
# What a run need not tell: packages that move some of Gymnasium's bodies, where they are installed, and, as runs of
# before do not know theirs, the processor.
_EXTRAS = ("box2d", "mujoco")
_PROCESSOR = "processor"


def check_root(root: Path, option: str = "--root") -> None:
    """Raise UserError if no folder can be made at `root`, which `option` names.

    That is where a file is there or above it, or where it cannot be written.
    """
    there = next(place for place in (root, *root.parents, Path()) if place.exists())
    if not there.is_dir():
        raise UserError(f"{option} is no folder: received {root}, and {there} is a file")
    if not os.access(there, os.W_OK | os.X_OK):
        raise UserError(f"{option} cannot be written: received {root}, and {there} is read-only for you")


def create(root: Path, environment: str, agent: str, seed: int) -> Path:
    """A new, empty folder for a run."""
    parent = root / environment.replace(":", "-") / agent
    name = f"{time.strftime('%Y%m%d-%H%M%S')}-s{seed}"
    for attempt in range(1, 1000):
        run = parent / (name if attempt == 1 else f"{name}-{attempt}")
        try:
            run.mkdir(parents=True)
        except FileExistsError:
            if not run.is_dir():
                raise UserError(f"{run} is in the way: it is a file") from None
            continue
        except NotADirectoryError:
            raise UserError(f"no folder can be made at {run}: a file is in the way") from None
        except OSError as error:
            raise UserError(f"no folder can be made at {run}: {os.strerror(error.errno or 0).lower()}") from error
        return run
    raise UserError(f"no free name for a run in {parent}")


@contextmanager
def locked(run: Path) -> Iterator[None]:
    """Keep other trainings out of a run's folder. Raises UserError if one is at it."""
    folder = os.open(run, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(folder)
        raise UserError(f"{run} is being trained by another process: wait for its end, or stop it first") from None
    except OSError:
        pass  # a disk that knows no locks
    try:
        yield
    finally:
        os.close(folder)


def is_run(path: Path) -> bool:
    """Whether `path` is the folder of a run."""
    return (path / CONFIG).is_file()


def write_origin(run: Path, device: str, extra: Mapping[str, str]) -> None:
    """Write where a run comes from: command line, versions, git commit, machine, and `extra` facts."""
    origin = {
        "command": ["python", *sys.argv],
        "versions": versions(),
        **_machine(device),
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        **extra,
    }
    (run / ORIGIN).write_text(json.dumps(origin, indent=2) + "\n")


def read_origin(run: Path) -> dict[str, Any]:
    """What `write_origin` wrote. Raises UserError if it is not there, or something else."""
    try:
        origin: dict[str, Any] = json.loads((run / ORIGIN).read_text())
        told = {name: origin[name] for name in ("command", "versions", "python", "git", "system", "device", "started")}
        if not (isinstance(told["command"], list) and isinstance(told["versions"], dict)):
            raise ValueError("it tells no command, or no versions")
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{run / ORIGIN} does not tell what the run was started with: {error!r}") from error
    return origin


def versions() -> dict[str, str]:
    """The versions of the packages that a run's bits depend on."""
    found = {}
    for package in (*_PACKAGES, *_EXTRAS):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            if package not in _EXTRAS:
                found[package] = "not installed"
    return found


def changes(run: Path, device: str | None = None, extra: Mapping[str, str] = MappingProxyType({})) -> list[str]:
    """What differs from what a run was started on and with, in words; `device` None: whatever it is now.

    `extra` are the facts that `write_origin` was given, as they are now.
    Raises UserError if the run does not tell what it was started with.
    """
    origin = read_origin(run)
    now = {**dict.fromkeys(origin["versions"], "not installed"), **versions(), **extra}
    now |= _machine(origin["device"] if device is None else device)
    before = {**origin, **origin["versions"]}
    asked = [name for name in now if name in before or name not in (_PROCESSOR, *_EXTRAS)]
    return [f"{name} {before.get(name, 'unknown')} -> {now[name]}" for name in asked if before.get(name) != now[name]]


def _machine(device: str) -> dict[str, str]:
    return {
        "python": platform.python_version(),
        "git": _git_commit(),
        "system": platform.platform(),
        _PROCESSOR: processor.name(),
        "device": device,
    }


def _git_commit() -> str:
    try:
        here = Path(__file__).parent
        commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=here, capture_output=True, text=True, check=True)
        changes = subprocess.run(["git", "status", "--porcelain"], cwd=here, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return commit.stdout.strip() + (" with changes" if changes.stdout.strip() else "")
