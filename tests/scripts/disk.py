"""Disks that fill up or turn read-only while a training writes to them."""

import os
import resource
import subprocess
from pathlib import Path


class MountedDisk:
    """A file system of 32 MB in memory. Raises PermissionError where one cannot be mounted."""

    little = 300_000  # bytes that a small training uses up after some checkpoints

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._ballast = folder / "ballast"
        self._read_only: Path | None = None
        _run("mount", "-t", "tmpfs", "-o", "size=32m", "none", folder)

    def leave(self, space: int) -> None:
        """Fill it but for so many bytes."""
        state = os.statvfs(self.folder)
        with self._ballast.open("wb") as ballast:
            os.posix_fallocate(ballast.fileno(), 0, state.f_bavail * state.f_bsize - space)

    def forbid(self, run: Path) -> None:
        """Make the folder of a run read-only for whatever is opened from now on."""
        self._read_only = run
        _run("mount", "--bind", run, run)
        _run("mount", "-o", "remount,bind,ro", run)

    def mend(self) -> None:
        """Make space, and let everything be written again."""
        self._ballast.unlink(missing_ok=True)
        if self._read_only is not None:
            _run("umount", "--lazy", self._read_only)
            self._read_only = None

    def close(self) -> None:
        self.mend()
        _run("umount", "--lazy", self.folder)


class LimitedDisk:
    """An ordinary folder; what is full or forbidden is each file, by a limit of this process and those it starts."""

    little = 80_000

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def leave(self, space: int) -> None:
        """Let no file grow beyond half as many bytes, as if some of them were for others."""
        resource.setrlimit(resource.RLIMIT_FSIZE, (space // 2, self._before[1]))

    def forbid(self, run: Path) -> None:
        self.leave(0)

    def mend(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, self._before)

    def close(self) -> None:
        self.mend()


def _run(*command: str | Path) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True)
    except subprocess.CalledProcessError as error:
        raise PermissionError(error.stderr) from error
