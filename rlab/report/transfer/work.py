"""Works off jobs in processes of their own, several at a time, and stops all of them when the user interrupts."""

import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from rlab.types import UserError

_LOOK_SECONDS = 0.1
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Job(NamedTuple):
    """Something that takes one call after another."""

    name: str
    command: Callable[[], list[str] | None]  # the next call; None: nothing is left to do
    log: Path  # what is called prints to its end


class _Call(NamedTuple):
    """A call under way."""

    number: int  # of the job, from 1
    job: Job
    command: list[str]
    process: "subprocess.Popen[bytes]"
    since: float  # when the job began, by the monotonic clock


def start(command: list[str], log: Path) -> "subprocess.Popen[bytes]":
    """Start a process that Ctrl-C in the terminal does not reach, as it is stopped from here, and once."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as file:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
        )


class Work:
    """Jobs, done in their order, `at_once` of them at a time; their progress is printed in lines.

    `seconds` are what each of earlier jobs took, for the estimate of the time that is left.
    """

    def __init__(self, jobs: Sequence[Job], at_once: int, seconds: Sequence[float] = ()) -> None:
        self._waiting = deque(enumerate(jobs, 1))
        self._all = len(jobs)
        self._at_once = at_once
        self._seconds = list(seconds)
        self._calls: list[_Call] = []
        self._interrupts = 0

    def do(self) -> bool:
        """Do them all; False if the user interrupted it.

        Raises UserError, once the others have stopped, if a call fails or gets its job no further.
        """
        stopped = 0
        with self._counting_interrupts():
            try:
                while self._calls or (self._waiting and not self._interrupts):
                    if stopped < self._interrupts:
                        stopped = self._interrupts
                        self._stop()
                    self._begin()
                    for call in [call for call in self._calls if call.process.poll() is not None]:
                        self._calls.remove(call)
                        self._end(call)
                    time.sleep(_LOOK_SECONDS if self._calls else 0)
            finally:
                if self._calls:  # something failed
                    self._stop()
                    for call in self._calls:
                        call.process.wait()
        return not self._interrupts

    def _begin(self) -> None:
        while self._waiting and len(self._calls) < self._at_once and not self._interrupts:
            number, job = self._waiting.popleft()
            command = job.command()
            if command is not None:
                print(f"run {number} of {self._all}: {job.name}", flush=True)
                self._calls.append(_Call(number, job, command, start(command, job.log), time.monotonic()))

    def _end(self, call: _Call) -> None:
        """Go on with the job of a call that has ended, or tell that it is done."""
        if self._interrupts:
            return
        status = call.process.returncode
        if status:
            said = call.job.log.read_text(errors="replace").splitlines() or [""]
            raise UserError(
                f"run {call.number} of {self._all} ({call.job.name}) ended with status {status}: "
                f"{said[-1].removeprefix('error: ')}; all that it said is in {call.job.log}"
            )
        command = call.job.command()
        if command == call.command:
            raise UserError(f"{call.job.name} gets no further: see {call.job.log}")
        if command is not None:
            self._calls.append(call._replace(command=command, process=start(command, call.job.log)))
            return
        self._seconds.append(time.monotonic() - call.since)
        to_go = len(self._waiting) + len(self._calls)
        left = sum(self._seconds) / len(self._seconds) * to_go / self._at_once
        print(
            f"run {call.number} of {self._all} is done after {self._seconds[-1]:,.0f} s"
            + (f", about {left:,.0f} s are left" if to_go else ""),
            flush=True,
        )

    def _stop(self) -> None:
        """Ask every call to end; asked twice, a training ends at once."""
        for call in self._calls:
            call.process.terminate()

    @contextmanager
    def _counting_interrupts(self) -> Iterator[None]:
        def interrupt(number: int, frame: FrameType | None) -> None:
            self._interrupts += 1
            print("stopping, what is trained is saved; once more to end at once", flush=True)

        before = {number: signal.signal(number, interrupt) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
