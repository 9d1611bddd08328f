"""Where tables, notes and bars are printed."""

import sys

from rich.console import Console

_FILE_WIDTH = 160  # columns of a table where there is no terminal to ask


class Terminal(Console):
    """Rich's console that prints words as they are.

    Raises BrokenPipeError where nobody reads any more, as `print` does; rich would end the program.
    """

    def __init__(self) -> None:
        width = None if sys.stdout.isatty() else _FILE_WIDTH
        super().__init__(width=width, markup=False, emoji=False, highlight=False)

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError
