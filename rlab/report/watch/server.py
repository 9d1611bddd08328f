"""The watch page on this machine: plain HTTP on 127.0.0.1, for one person.

It answers known paths only, and nobody but pages that it served itself: another site that a browser shows may neither
reach it under a name of its own (DNS rebinding) nor let the browser fetch from it.
"""

import re
import sys
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from rlab.command_line import disk_trouble
from rlab.report.watch import site
from rlab.report.watch.library import ClosedError, Library, as_json
from rlab.report.watch.source import PLAYED_BY
from rlab.tapes import STREAMS
from rlab.types import UserError

ADDRESS = "127.0.0.1"
_NUMBER = r"(\d{1,15})"  # no longer than what SQLite and the page can count
_GAME = rf"/data/{_NUMBER}/({'|'.join(STREAMS)})/{_NUMBER}"
_RANGE = re.compile(r"bytes=(?!-$)(\d{0,15})-(\d{0,15})")
_CHUNK = 1 << 16
_HEADERS = {
    "Cache-Control": "no-cache",
    "Connection": "close",
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
}


class Server(ThreadingHTTPServer):
    """Serves a library. Raises UserError if the port is taken; port 0 is any free one."""

    daemon_threads = True

    def __init__(self, library: Library, port: int) -> None:
        try:
            super().__init__((ADDRESS, port), _Handler)
        except OSError as error:
            raise UserError(
                f"--port cannot be used: received {port}, {error.strerror}; 0 takes any free one"
            ) from error
        self.library = library
        self.site = site.files()
        self.hosts = {f"{name}:{self.server_port}" for name in (ADDRESS, "localhost")}

    @property
    def address(self) -> str:
        return f"http://{ADDRESS}:{self.server_port}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say what went wrong, unless the browser only went away or the server is to end."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError | ClosedError):
            super().handle_error(request, client_address)

    def run(self) -> None:
        """Serve until Ctrl-C; leave nothing half-made."""
        try:
            self.serve_forever()
        except KeyboardInterrupt:
            pass
        finally:
            self.library.close()
            self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # which seeking in a video asks for
    timeout = 60  # seconds that a connection may say nothing
    server: Server

    def do_GET(self) -> None:
        if self.headers.get("Host") not in self.server.hosts:
            self._refuse(HTTPStatus.FORBIDDEN)
        elif self.path == "/":
            self._send_file(self.server.site["index.html"])
        elif (name := self.path.removeprefix("/")) in self.server.site:
            self._send_file(self.server.site[name])
        elif self.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            self._refuse(HTTPStatus.FORBIDDEN)
        else:
            self._answer()

    def _answer(self) -> None:
        library = self.server.library
        routes: dict[str, Callable[..., dict[str, Any] | Path]] = {
            r"/data/gallery\.json": library.gallery,
            rf"{_GAME}/(\d{{1,15}}|{PLAYED_BY})\.json": lambda run, stream, number, which: library.timeline(
                int(run), stream, int(number), which
            ),
            rf"{_GAME}/{_NUMBER}/saliency/{_NUMBER}\.json": lambda run, stream, number, step, moment: library.saliency(
                int(run), stream, int(number), int(step), int(moment)
            ),
            rf"/watch/{_NUMBER}/([a-z]+-\d{{1,15}}-[0-9a-f]{{8}})/([a-z]+\.(?:mp4|webp))": lambda run, folder, name: (
                library.file(int(run), folder, name)
            ),
        }
        asked = [(answer, found) for pattern, answer in routes.items() if (found := re.fullmatch(pattern, self.path))]
        if not asked:
            self._refuse(HTTPStatus.NOT_FOUND)
            return
        answer, found = asked[0]
        try:
            answered = answer(*found.groups())
            content = answered if isinstance(answered, Path) else as_json(answered)
        except ClosedError:
            raise
        except Exception as error:
            reason = str(error) if isinstance(error, UserError) else disk_trouble(error)
            if reason is None:  # a fault of ours: the terminal shows where
                self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR)
                raise
            content = as_json({"error": reason})  # which the page shows in its place
        if isinstance(content, Path):
            self._send_file(content)
        else:
            self._send(content)

    def _send(self, content: bytes) -> None:
        self._begin(HTTPStatus.OK, ".json", len(content))
        self.wfile.write(content)

    def _send_file(self, path: Path) -> None:
        """All of a file, or the part of it that the browser asks for."""
        size = path.stat().st_size
        start, end, status = 0, size, HTTPStatus.OK
        if asked := _RANGE.fullmatch(self.headers.get("Range", "")):
            first, last = asked.groups()
            if first:
                start, end = int(first), min(int(last) + 1, size) if last else size
            elif last:
                start = max(size - int(last), 0)
            if start >= end:
                self._refuse(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, {"Content-Range": f"bytes */{size}"})
                return
            status = HTTPStatus.PARTIAL_CONTENT
        more = {"Accept-Ranges": "bytes"}
        if status is HTTPStatus.PARTIAL_CONTENT:
            more["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
        self._begin(status, path.suffix, end - start, more)
        with path.open("rb") as file:
            file.seek(start)
            while start < end and (chunk := file.read(min(_CHUNK, end - start))):
                self.wfile.write(chunk)
                start += len(chunk)

    def _refuse(self, status: HTTPStatus, more: dict[str, str] | None = None) -> None:
        self._begin(status, ".html", 0, more)

    def _begin(self, status: HTTPStatus, suffix: str, length: int, more: dict[str, str] | None = None) -> None:
        self.send_response(status)
        headers = {"Content-Type": site.KINDS[suffix], "Content-Length": str(length)}
        for name, value in {**headers, **_HEADERS, **(more or {})}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing: the terminal is the user's."""
