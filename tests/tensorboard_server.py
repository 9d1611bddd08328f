"""A real TensorBoard, and its HTTP API."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

Ask = Callable[..., bytes]
TENSORBOARD = (sys.executable, "-m", "tensorboard.main", "--logdir")  # and the folder of the runs


@contextmanager
def tensorboard(*command: str | Path) -> Iterator[Ask]:
    """Start TensorBoard by a command; the function asks it. There are pictures once it is handed over."""
    whole = [*map(str, command), "--port", "0", "--load_fast=false"]
    with subprocess.Popen(whole, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        try:
            assert server.stdout is not None
            said = ""
            while not (address := re.search(r"http://localhost:(\d+)/", said)):
                line = server.stdout.readline()
                assert line, f"TensorBoard did not start:\n{said}"
                said += line
            ask = partial(_ask, int(address[1]))
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline and not json.loads(ask("images/tags")):
                time.sleep(0.1)
            yield ask
        finally:
            server.terminate()
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:  # its handler raises SystemExit, which what it interrupts may swallow
                server.kill()


def _ask(port: int, route: str, body: dict[str, Any] | None = None, **query: str) -> bytes:
    connection = HTTPConnection("localhost", port, timeout=20)
    method, text = ("GET", None) if body is None else ("POST", json.dumps(body))
    path = f"/data/plugin/{route}?{urlencode(query)}"
    connection.request(method, path, text, {"Content-Type": "application/json"})
    response = connection.getresponse()
    content = response.read()
    assert response.status == 200, content
    return content


def settings_and_metrics(ask: Ask, run: str) -> tuple[dict[str, Any], dict[str, float]]:
    """The row of a run on the HParams dashboard, if it is the only one: its settings, and the latest of each scalar."""
    ((name, row),) = groups(ask).items()
    assert name == run
    return row


def groups(ask: Ask) -> dict[str, tuple[dict[str, Any], dict[str, float]]]:
    """The rows of the HParams dashboard by their names: settings, and the latest of each scalar."""
    statuses = ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_FAILURE", "STATUS_RUNNING"]
    request = {"allowedStatuses": statuses, "colParams": [], "startIndex": 0, "sliceSize": 100}
    rows = json.loads(ask("hparams/session_groups", request))["sessionGroups"]
    return {
        row["name"]: (row["hparams"], {metric["name"]["tag"]: metric["value"] for metric in row["metricValues"]})
        for row in rows
    }
