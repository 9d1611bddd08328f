"""Many calls of scripts in one process, each as from a shell: calls as JSON to the standard input, answers from the
standard output. What answers a mistake at once needs no process of its own.
"""

import contextlib
import importlib
import io
import json
import sys
import traceback
from pathlib import Path

from rlab import command_line


def answer(script: str, arguments: list[str]) -> dict[str, object]:
    """Exit status, output, errors, what was written, and whether TensorFlow was loaded for it."""
    files, loaded = set(Path().rglob("*")), "tensorflow" in sys.modules
    sys.argv = [script, *arguments]
    main = importlib.import_module(f"scripts.{script.removesuffix('.py')}").main
    out, errors, status = io.StringIO(), io.StringIO(), 0
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        try:
            command_line.run(main)
        except SystemExit as stop:
            status = stop.code
        except Exception:
            status = 1
            traceback.print_exc()
    return {
        "status": status,
        "out": out.getvalue(),
        "errors": errors.getvalue(),
        "written": sorted(map(str, {*Path().rglob("*")} - files)),
        "tensorflow": "tensorflow" in sys.modules and not loaded,
    }


if __name__ == "__main__":
    print(json.dumps([answer(script, arguments) for script, *arguments in json.load(sys.stdin)]))
