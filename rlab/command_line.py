"""Command lines from dataclasses, and every mistake as one line with exit status 2."""

import contextlib
import errno
import io
import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any

import tyro

from rlab.types import UserError


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


def _one_line(box: str, program: str) -> str:
    """What tyro says in a box of several lines."""
    lines = [re.sub(r"^[│╭╰ ]+|[│╮╯ ]+$", "", line) for line in box.splitlines()[1:]]
    rules = [number for number, line in enumerate(lines) if line.startswith("───")]
    message = " ".join(lines[: rules[0]]) if rules else " ".join(lines)
    meant = [line.split()[0] for line in lines if line.startswith("--")]
    if "Perhaps you meant" in box and meant:
        message += f"; perhaps you meant {', '.join(dict.fromkeys(meant))}"
    return f"{message} (see {program} --help)"


def run(main: Callable[[Sequence[str]], None]) -> None:
    """Call a script's `main` with the arguments; end with status 2 and one line if the user is to mend something."""
    sys.path.append(os.getcwd())  # environments of the user's own
    try:
        main(sys.argv[1:])
    except UserError as error:
        fail(str(error))
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT):
            raise
        where = f": {error.filename}" if error.filename else ""
        fail(f"cannot write, {os.strerror(error.errno).lower()}{where}")
    except KeyboardInterrupt:
        fail("interrupted")


def fail(message: str) -> None:
    """Print one line and end with status 2."""
    print(f"error: {' '.join(message.split())}", file=sys.stderr)
    raise SystemExit(2)
