"""Interrupts that come when nobody can be told any more, more than once, or that are to be ignored."""

import os
import signal
import subprocess
import sys

import pytest

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


@pytest.fixture
def hangups():
    """Let hangups come, also where whoever runs the tests ignores them."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("hangups")
@pytest.mark.parametrize("once", [True, False])
def test_a_terminal_that_is_closed_counts_once_however_many_hangups_it_sends(once):
    with noted(signal.SIGHUP, say="stopping", once=once) as came:
        for _ in range(3):
            signal.raise_signal(signal.SIGHUP)
        assert came == [signal.SIGHUP]
    signal.raise_signal(signal.SIGHUP)  # while what was interrupted is saved


def test_a_second_interrupt_ends_at_once():
    with noted(signal.SIGTERM, say="stopping", once=True) as came:
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        assert came == [signal.SIGTERM]


def test_an_interrupt_in_the_middle_of_a_print_is_noted(monkeypatch):
    """Python refuses to print then."""

    def printing(*words, **rest):
        raise RuntimeError("reentrant call inside <_io.BufferedWriter name='<stdout>'>")

    monkeypatch.setattr("builtins.print", printing)
    with noted(signal.SIGTERM, say="stopping") as came:
        signal.raise_signal(signal.SIGTERM)
        assert came == [signal.SIGTERM]


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
