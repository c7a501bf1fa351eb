"""A server on loopback whose pages behave as their paths say, and a project whose rows name them."""

from __future__ import annotations

import shutil
import socket
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

from cbrn_data.intake.write import sidecar_text


class Site:
    """A server whose pages behave as their paths say; ``asked`` are method, path, agent and time of every question."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str, float]] = []
        self.stopped = Event()
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                site.asked.append((self.command, self.path, self.headers["User-Agent"], time.monotonic()))
                getattr(self, f"page_{self.path[1:].partition('/')[0].replace('-', '_')}", self.answer)()

            do_GET = do_HEAD  # noqa: N815

            def answer(self, status: int = 200, **headers: str) -> None:
                status = int(self.path[1:]) if self.path[1:].isdigit() else status
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def page_moved(self) -> None:
                self.answer(301, Location="/there")

            def page_moved_away(self) -> None:
                self.answer(302, Location="/404")

            def page_circle(self) -> None:
                self.answer(302, Location="/circle")

            def page_inside(self) -> None:
                self.answer(302, Location=f"http://localhost:{site.port}/secret")

            def page_file(self) -> None:
                self.answer(302, Location="file:///etc/passwd")

            def page_no_head(self) -> None:
                self.answer(405 if self.command == "HEAD" else 200)

            def page_wrong_head(self) -> None:
                self.answer(404 if self.command == "HEAD" else 200)

            def page_drops_head(self) -> None:
                if self.command == "HEAD":
                    self.page_reset()
                else:
                    self.answer()

            def page_reset(self) -> None:
                self.connection.shutdown(socket.SHUT_RDWR)

            def page_blinks(self) -> None:
                tries = sum(path == self.path for _, path, _, _ in site.asked)
                self.answer(503 if tries <= 2 else 200)

            def page_hangs(self) -> None:
                site.stopped.wait(20)

            def page_drips(self) -> None:
                self.connection.sendall(b"HTTP/1.1 200 OK\r\nX-Header: ")
                while not site.stopped.wait(0.05):
                    try:
                        self.connection.sendall(b"x")
                    except OSError:
                        return

            def page_endless(self) -> None:
                self.answer(405 if self.command == "HEAD" else 200)
                try:
                    while self.command == "GET" and not site.stopped.is_set():
                        self.wfile.write(b"x" * 65536)
                except OSError:
                    pass

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        self.address = f"http://127.0.0.1:{self.port}"
        Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()

    def methods(self, path: str) -> list[str]:
        return [method for method, asked, _, _ in self.asked if asked == f"/{path}"]


def name_pages(root: Path, *pages: str) -> None:
    """Let ``raw/`` of a project hold one table alone, with a row for each page, from line 2 on."""
    shutil.rmtree(root / "raw")
    (root / "raw").mkdir()
    rows = [f"P{number},{page},high" for number, page in enumerate(pages, start=1)]
    data = ("\n".join(["project_id,url,certainty", *rows]) + "\n").encode()
    about = {"id": "rows", "kind": "curated", "table": "projects", "title": "Rows", "publisher": "us"}
    (root / "raw" / "rows.csv").write_bytes(data)
    (root / "raw" / "rows.csv.yaml").write_bytes(sidecar_text(about | {"retrieved_on": "2026-11-22"}, data))
