"""Make a release of an evaluated run: a small folder with which others play, watch and verify its agent."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import tyro

import agents
from rlab import command_line
from rlab.config import Preset, RunConfig
from rlab.types import UserError


@dataclass(frozen=True)
class Options:
    """Make a release of an evaluated run: a small folder with which others play, watch and verify its agent."""

    run: Annotated[Path, tyro.conf.Positional]
    """The run's folder; it must have been evaluated, and its games must be confirmed by verify.py."""
    name: Annotated[str, tyro.conf.Positional]
    """The folder that is made, in --root."""
    root: Path = Path("checkpoints/released")
    """Where releases are kept."""


def main(arguments: Sequence[str]) -> None:
    options = command_line.parse(Options, arguments, program="release.py", description=__doc__)
    settings = agents.read_settings(options.run)
    from rlab.release import release

    folder = options.root / options.name
    preset = agents.find(settings.agent).PRESETS.get(settings.preset, Preset(settings.config))
    release(options.run, settings, replace(RunConfig(settings.run.env), **preset.run), folder)
    verified = subprocess.run([sys.executable, str(Path(__file__).with_name("verify.py")), str(folder)], check=False)
    if verified.returncode:
        raise UserError(f"{folder} was made, but its games are not confirmed: do not pass it on")
    size = sum(path.stat().st_size for path in folder.rglob("*") if not path.is_symlink())
    print(f"{folder}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    command_line.run(main)
