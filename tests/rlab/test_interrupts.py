"""Interrupts that come when nobody can be told any more, or that are to be ignored."""

import os
import signal
import subprocess
import sys

from rlab.interrupts import noted

WAITS = """
import signal, sys, time
from pathlib import Path
from rlab.interrupts import noted

with noted(signal.SIGHUP, say="stopping", once=True) as came:
    print("waiting", flush=True)
    while not came:
        time.sleep(0.01)
    print("saving", flush=True)
Path(sys.argv[1]).write_text("saved")
"""


def test_a_terminal_that_is_closed_lets_a_program_save(tmp_path):
    terminal, its_end = os.openpty()
    command = [sys.executable, "-c", WAITS, str(tmp_path / "file")]
    program = subprocess.Popen(command, stdin=its_end, stdout=its_end, stderr=its_end, preexec_fn=login(its_end))
    os.close(its_end)
    assert b"waiting" in os.read(terminal, 100)
    os.close(terminal)
    assert program.wait(60) == 0
    assert (tmp_path / "file").read_text() == "saved"


def login(terminal):
    """Make it the terminal of a new process, whose hangup reaches it."""

    def login():
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        os.login_tty(terminal)

    return login


def test_a_hangup_is_ignored_under_nohup():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with noted(signal.SIGHUP, signal.SIGTERM, say="stopping") as came:
            signal.raise_signal(signal.SIGHUP)
            assert came == []
            signal.raise_signal(signal.SIGTERM)
            assert came == [signal.SIGTERM]
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
