"""Command lines from dataclasses, and every mistake as one line with exit status 2."""

import contextlib
import errno
import io
import os
import re
import shlex
import signal
import sqlite3
import sys
from collections.abc import Callable, Collection, Sequence
from typing import Any

import tyro

from rlab.interrupts import print_nowhere
from rlab.types import UserError

_PATH = (errno.ENAMETOOLONG, errno.ELOOP, errno.EISDIR)  # of a name that the user gave
_DISK = (errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EPERM, errno.EDQUOT, errno.EFBIG)
_DISK_SQLITE = (
    *(sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR),
    sqlite3.SQLITE_BUSY,  # somebody else keeps it locked
)
CANNOT_WRITE = "cannot write, "  # how every line about that begins


def given(arguments: Sequence[str], option: str) -> str:
    """The value that a command line gives to an option, the last one if there are several; empty: none."""
    value = ""
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=True):
        if argument == option:
            value = following
        elif argument.startswith(f"{option}="):
            value = argument.removeprefix(f"{option}=")
    return value


def parse(kind: type[Any], arguments: Sequence[str], *, program: str, description: str, default: Any = None) -> Any:
    """An instance of the dataclass `kind` from command-line arguments; its nested fields are named without prefix.

    Raises UserError on anything that does not parse, SystemExit after showing the help.
    """
    errors = io.StringIO()
    try:
        with contextlib.redirect_stderr(errors):
            return tyro.cli(
                kind,
                args=list(arguments),
                prog=program,
                description=description,
                config=(tyro.conf.OmitArgPrefixes,),
                **({} if default is None else {"default": default}),
            )
    except SystemExit as stop:
        if stop.code in (0, None):
            raise
        raise UserError(_one_line(errors.getvalue(), program)) from None


def without(options: Collection[str], arguments: Sequence[str]) -> list[str]:
    """Arguments without some options and their values."""
    kept, keeps = [], True
    for word in arguments:
        if word.startswith("--"):
            name = word.split("=")[0].replace("_", "-")
            keeps = name not in options and name.replace("--no-", "--", 1) not in options
        if keeps:
            kept.append(word)
    return kept


def named_options(kind: str, given: Sequence[str], *, taken: str = "", example: str) -> dict[str, tuple[str, ...]]:
    """Options by name, each of `given` being a name, a colon and options; the names are free of what paths cannot hold.

    Raises UserError if one is not of this form, or if a name comes twice or is `taken`. `kind` says what they are.
    """
    named: dict[str, tuple[str, ...]] = {}
    for one in given:
        name, colon, options = one.partition(":")
        name = re.sub(r"[^\w. +-]+", "-", name).strip()
        try:
            words = shlex.split(options)
        except ValueError:  # a quote that does not end
            words = []
        if not (colon and name and words) or "--" in words or name in (taken, *named):
            raise UserError(
                f"a {kind} is a name of its own, a colon and options: received {one!r}, allowed is like {example!r}"
            )
        named[name] = tuple(words)
    return named


def _one_line(box: str, program: str) -> str:
    """What tyro says in a box of several lines."""
    parts: list[list[str]] = [[]]  # between rules; hyphens where the terminal has no box-drawing characters
    for line in box.splitlines()[1:]:
        text = line.strip("│╭╮╰╯ ")
        if len(text) > 2 and set(text) <= {"─", "-"}:
            parts.append([])
        elif text:
            parts[-1].append(text)
    message, *others = [part for part in parts if part]
    similar = [part for part in others if part[0].startswith(("Perhaps you meant", "Arguments similar to"))]
    meant = [line.split()[0] for part in similar for line in part if line.startswith("--")]
    hint = f"; perhaps you meant {', '.join(dict.fromkeys(meant))}" if meant else ""
    return f"{' '.join(message)}{hint} (see {program} --help)"


def run(main: Callable[[Sequence[str]], None]) -> None:
    """Call a script's `main` with the arguments; end with status 2 and one line if the user is to mend something."""
    sys.path.append(os.getcwd())  # environments of the user's own
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell lets what it starts with & ignore
    try:
        try:
            main(sys.argv[1:])
        except SystemExit:
            sys.stdout.flush()
            raise
        sys.stdout.flush()
    except UserError as error:
        fail(str(error))
    except MemoryError as error:
        fail(f"not enough memory for these settings: {error}")
    except BrokenPipeError:  # as by `| head`: whoever reads the output has had enough
        print_nowhere(1)
        raise SystemExit(2) from None
    except Exception as error:  # libraries wrap what a disk says in errors of their own
        reason = disk_trouble(error)
        if reason is None and type(error).__name__ == "ResourceExhaustedError":  # of TensorFlow
            reason = f"not enough memory for these settings: {error}"
        if reason is None:
            raise
        fail(reason)
    except KeyboardInterrupt:
        fail("interrupted")


def disk_trouble(error: BaseException | None) -> str | None:
    """Why a disk takes or gives no more, in words, if that is what `error` or its cause is about."""
    while error is not None:
        where = f": {error.filename}" if isinstance(error, OSError) and error.filename else ""
        if isinstance(error, OSError) and error.errno in _PATH:
            return f"cannot open, {os.strerror(error.errno).lower()}{where}"
        if isinstance(error, OSError) and error.errno in _DISK:
            hidden = where and os.path.exists(error.filename) and not os.access(error.filename, os.R_OK)
            begins = "cannot read, " if hidden else CANNOT_WRITE
            return f"{begins}{os.strerror(error.errno).lower()}{where}"
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DISK_SQLITE:  # the upper bits tell more of the same kind
            return f"{CANNOT_WRITE}{error}"
        error = error.__cause__
    return None


def fail(message: str) -> None:
    """Print one line and end with status 2."""
    print(f"error: {' '.join(message.split())}", file=sys.stderr)
    raise SystemExit(2)
