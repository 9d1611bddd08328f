"""Ctrl-C and its like, noted: a program that looks at them stops at a good moment."""

import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_PR_SET_PDEATHSIG = 1  # of Linux's <sys/prctl.h>
# Loaded here, as a process that has just been forked is to load nothing.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


@contextmanager
def noted(*signals: int, say: str, once: bool = False) -> Iterator[list[int]]:
    """The `signals` that have come since, as a list that grows; each is answered by a line.

    Under nohup a hangup is still ignored. With `once`, a second one of the same kind raises KeyboardInterrupt wherever
    the program is. A terminal that is closed sends several hangups: those after the first one are ignored, also later.
    """
    came: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        came.append(number)
        try:
            print(say, flush=True)
        except OSError:  # the terminal is gone
            print_nowhere(1, 2)
        except RuntimeError:
            pass  # it came while something else was being printed
        if number == signal.SIGHUP:
            signal.signal(number, signal.SIG_IGN)
        elif once:
            signal.signal(number, signal.default_int_handler)

    under_nohup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    heeded = [number for number in signals if not (number == signal.SIGHUP and under_nohup)]
    before = {number: signal.signal(number, note) for number in heeded}
    try:
        yield came
    finally:
        for number, handler in before.items():
            if not (number == signal.SIGHUP and number in came):
                signal.signal(number, handler)


def print_nowhere(*streams: int) -> None:
    """Let what is printed from now on go nowhere, as nobody is there to read it; 1 is the output, 2 are errors."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in streams:
        os.dup2(nowhere, stream)
    os.close(nowhere)


def stop_with_parent() -> None:
    """Have the system ask this process to terminate once its parent is gone, however that ends; on Linux alone."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))
