"""Works off jobs in processes of their own, several at a time, and stops all of them when the user interrupts."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from rlab.command_line import CANNOT_WRITE
from rlab.interrupts import noted, stop_with_parent
from rlab.types import UserError

_LOOK_SECONDS = 0.1
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Job(NamedTuple):
    """Something that takes one call after another."""

    name: str
    command: Callable[[], list[str] | None]  # the next call; None: nothing is left to do
    log: Path  # what is called prints to its end
    enough: Callable[[], bool] = lambda: False  # whether a call under way is to be stopped: no more of it is wanted
    failed: Callable[[str], None] | None = None  # is told why a call failed, and the others go on; None: all ends


@dataclass
class _Call:
    """A call under way."""

    number: int  # of the job, from 1
    job: Job
    command: list[str]
    process: "subprocess.Popen[bytes]"
    since: float  # when the job began, by the monotonic clock
    stopped: bool = False  # as no more of it is wanted


def share_of_cores(at_once: int) -> int:
    """The processor threads of each of several trainings at a time."""
    return max(1, (os.cpu_count() or 1) // at_once)


def script(folder: Path, words: Sequence[str] | None) -> list[str] | None:
    """The call of a script in `folder`, named first, with its arguments; None if there is nothing to call."""
    return None if words is None else [sys.executable, "-u", str(folder / words[0]), *words[1:]]


def start(command: list[str], log: Path) -> "subprocess.Popen[bytes]":
    """Start a process that Ctrl-C in the terminal does not reach, as it is stopped from here, and once.

    It stops too if this process is killed, which cannot stop it then.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=stop_with_parent,
        )


class Work:
    """`count` jobs, done in their order, `at_once` of them at a time; their progress is printed in lines.

    A job is asked for when its turn has come. `seconds` are what each of earlier jobs took, for the estimate of the
    time that is left.
    """

    def __init__(self, jobs: Iterable[Job], count: int, at_once: int, seconds: Sequence[float] = ()) -> None:
        self._jobs = enumerate(jobs, 1)
        self._all = self._left = count
        self._waiting = True  # whether there are jobs that did not begin
        self._at_once = at_once
        self._seconds = list(seconds)
        self._calls: list[_Call] = []
        self._interrupts: list[int] = []

    def do(self) -> bool:
        """Do them all; False if the user interrupted it.

        Raises UserError, once the others have stopped, if a call fails whose job does not want to be told, if one gets
        its job no further, or if the disk takes no more, which is no job's own failure.
        """
        stopped = 0
        words = "stopping, what is trained is saved; once more to end at once"
        with noted(*_SIGNALS, say=words) as self._interrupts:
            try:
                while self._calls or (self._waiting and not self._interrupts):
                    if stopped < len(self._interrupts):
                        stopped = len(self._interrupts)
                        self._stop()
                    self._begin()
                    for call in list(self._calls):
                        self._look(call)
                    time.sleep(_LOOK_SECONDS if self._calls else 0)
            finally:
                self._end_all()  # something failed, if there are any left
        return not self._interrupts

    def _end_all(self) -> None:
        """Ask every call to end and wait for it; at another interrupt, ask again."""
        stopped = -1
        while any(call.process.poll() is None for call in self._calls):
            if stopped < len(self._interrupts):
                stopped = len(self._interrupts)
                self._stop()
            time.sleep(_LOOK_SECONDS)

    def _begin(self) -> None:
        while self._waiting and len(self._calls) < self._at_once and not self._interrupts:
            number, job = next(self._jobs, (0, None))
            if job is None:
                self._waiting = False
                return
            try:
                command = job.command()
            except UserError as error:
                self._give_up(job, f"{self._name(number, job)}: {error}")
                continue
            if command is None:
                self._left -= 1
            else:
                print(f"run {number} of {self._all}: {job.name}", flush=True)
                self._calls.append(_Call(number, job, command, start(command, job.log), time.monotonic()))

    def _look(self, call: _Call) -> None:
        """See whether a call has ended, or should."""
        if call.process.poll() is not None:
            self._calls.remove(call)
            if not self._interrupts:
                self._end(call)
        elif not call.stopped and call.job.enough():
            call.stopped = True
            call.process.terminate()

    def _end(self, call: _Call) -> None:
        """Go on with the job of a call that has ended, or tell that it is done."""
        if call.process.returncode and not call.stopped:
            said = (call.job.log.read_text(errors="replace").splitlines() or [""])[-1].removeprefix("error: ")
            reason = f"{self._name(call.number, call.job)} ended with status {call.process.returncode}: {said}"
            if said.startswith(CANNOT_WRITE):
                raise UserError(reason)
            self._give_up(call.job, f"{reason}; all that it said is in {call.job.log}")
            return
        try:
            command = call.job.command()
        except UserError as error:
            self._give_up(call.job, f"{self._name(call.number, call.job)}: {error}")
            return
        if command == call.command:
            self._give_up(call.job, f"{call.job.name} gets no further: see {call.job.log}")
            return
        if command is not None:
            call.command, call.process, call.stopped = command, start(command, call.job.log), False
            self._calls.append(call)
            return
        self._left -= 1
        self._seconds.append(time.monotonic() - call.since)
        left = sum(self._seconds) / len(self._seconds) * self._left / self._at_once
        print(
            f"run {call.number} of {self._all} is done after {self._seconds[-1]:,.0f} s"
            + (f", about {left:,.0f} s are left" if self._left else ""),
            flush=True,
        )

    def _name(self, number: int, job: Job) -> str:
        return f"run {number} of {self._all} ({job.name})"

    def _give_up(self, job: Job, reason: str) -> None:
        if job.failed is None:
            raise UserError(reason)
        self._left -= 1
        job.failed(reason)

    def _stop(self) -> None:
        """Ask every call to end; asked twice, a training ends at once."""
        for call in self._calls:
            call.process.terminate()
