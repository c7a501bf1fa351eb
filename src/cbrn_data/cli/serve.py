"""``cbrn-data serve``: a preview of ``published/`` for this machine only.

The server listens on 127.0.0.1 and answers GET and HEAD for its own host name; another ``Host`` header comes from a page of
another site. It serves regular files under ``published/`` with publishable names: no hidden files, no symbolic links, no
listings of folders. The handler of ``http.server`` does not do this.
"""

from __future__ import annotations

import os
import stat
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from cbrn_data.cli.show import console
from cbrn_data.errors import CbrnDataError, ReleaseError
from cbrn_data.portal.render import POLICY
from cbrn_data.settings import read_settings
from cbrn_data.store import disk
from cbrn_data.store.media import PLAIN, media_type
from cbrn_data.store.names import inside

LOOPBACK = "127.0.0.1"
HOME = "index.html"
HEADERS = {
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_SECONDS = 30


def own_hosts(port: int) -> set[str]:
    """Return the ``Host`` headers of this server; browsers omit port 80.

    >>> sorted(own_hosts(8000))
    ['127.0.0.1:8000', 'localhost:8000']
    """
    names = (LOOPBACK, "localhost")
    return {f"{name}:{port}" for name in names} | ({*names} if port == 80 else set())


class Preview(ThreadingHTTPServer):
    """A server of one folder; ``port`` 0 takes any free port. Raises CbrnDataError if it cannot listen."""

    daemon_threads = True

    def __init__(self, published: Path, port: int = 0) -> None:
        if not (published / HOME).is_file():
            raise CbrnDataError(f"{published}: {HOME} is missing; `cbrn-data publish` makes the pages")
        self.published = published
        try:
            super().__init__((LOOPBACK, port), Handler)
        except (OSError, OverflowError) as error:
            raise CbrnDataError(f"port {port} of {LOOPBACK} cannot be used ({error}); choose another with --port") from error
        self.hosts = own_hosts(self.server_port)

    def handle_error(self, request: object, client_address: object) -> None:
        """Report errors, except closed connections: leaving a page resets its connections."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    @property
    def address(self) -> str:
        """The address of the pages."""
        return f"http://{LOOPBACK}:{self.server_port}/"


class Handler(BaseHTTPRequestHandler):
    """One request: checked, then answered with a file or one line of text."""

    server: Preview
    timeout = _SECONDS

    def do_GET(self) -> None:
        """Answer with the file."""
        self._answer(body=True)

    def do_HEAD(self) -> None:
        """Answer with the headers of the file."""
        self._answer(body=False)

    def _answer(self, body: bool) -> None:
        if self.headers.get_all("Host") is None or self.headers.get_all("Host") not in [
            [host] for host in self.server.hosts
        ]:
            return self._refuse(HTTPStatus.MISDIRECTED_REQUEST)
        name = self._name()
        data = name and _read(self.server.published, name)
        if not name or data is None:
            return self._refuse(HTTPStatus.NOT_FOUND)
        assert isinstance(data, bytes)
        self._send(HTTPStatus.OK, media_type(name), data, body)

    def _name(self) -> str | None:
        """Return the name of the requested file, None if it cannot be a file name."""
        try:
            parts = urlsplit(self.path)
            name = unquote(parts.path, errors="strict")[1:]
        except ValueError:
            return None
        if parts.scheme or parts.netloc or not self.path.startswith("/"):
            return None
        return f"{name}{HOME}" if not name or name.endswith("/") else name

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer requests that the base class refuses: another method, or a malformed request."""
        self._refuse(HTTPStatus.METHOD_NOT_ALLOWED if code == HTTPStatus.NOT_IMPLEMENTED else HTTPStatus(code))

    def _refuse(self, status: HTTPStatus) -> None:
        self._send(status, PLAIN, f"{status.value} {status.phrase}\n".encode(), self.command != "HEAD")

    def _send(self, status: HTTPStatus, kind: str, data: bytes, body: bool) -> None:
        self.send_response(status)
        headers = {"Content-Type": kind, "Content-Length": str(len(data)), "Connection": "close", **HEADERS}
        for name, value in headers.items():
            self.send_header(name, value)
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "GET, HEAD")
        self.end_headers()
        if body:
            self.wfile.write(data)

    def version_string(self) -> str:
        """Return a name without versions."""
        return "cbrn-data"

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: requests may be hostile, and they are private."""


def _read(published: Path, name: str) -> bytes | None:
    """Return a file below ``published`` whose folders are not links; None if it does not exist."""
    try:
        inside(published, name)
        *folders, file = name.split("/")
        path = published
        for folder in folders:
            path = path / folder
            if not stat.S_ISDIR(disk.mode(path)):
                return None
        return disk.read(path / file)
    except (ReleaseError, OSError, ValueError):
        return None


def serve_now(root: Path, published: Path | None, port: int) -> None:
    """Serve until interrupted."""
    with Preview(read_settings(root, published).published, port) as server:
        console().print(
            f"{server.address} shows {os.path.normpath(server.published)} to this machine only. Press Ctrl-C to stop."
        )
        server.serve_forever()
