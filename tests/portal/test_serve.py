"""The preview server gives what is published to this machine, and nothing else to anybody."""

from __future__ import annotations

import http.client
import os
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cbrn_data.cli.serve import Preview, own_hosts
from cbrn_data.errors import CbrnDataError
from tests.cli.conftest import run


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Preview]:
    published = tmp_path / "published"
    (published / "tables").mkdir(parents=True)
    (published / "index.html").write_text("home")
    (published / "tables" / "a.html").write_text("a")
    (published / "data.csv").write_text("x\n")
    (published / ".leaving.json").write_text("hidden")
    (tmp_path / "secret.txt").write_text("secret")
    (published / "link.txt").symlink_to(tmp_path / "secret.txt")
    (published / "linked").symlink_to(tmp_path)
    os.mkfifo(published / "pipe")
    with Preview(published) as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def ask(server: Preview, target: str, method: str = "GET", host: str | None = None) -> tuple[int, dict[str, str], bytes]:
    """Send a request with exactly this target, as no well-behaved client would."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=60)
    connection.putrequest(method, target, skip_host=True)
    if host != "":
        connection.putheader("Host", host or f"127.0.0.1:{server.server_port}")
    connection.endheaders()
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return answer.status, dict(answer.getheaders()), data


def test_files_are_given_with_headers_that_forbid_everything_else(server: Preview) -> None:
    status, headers, data = ask(server, "/")
    assert (status, data, headers["Content-Type"]) == (200, b"home", "text/html; charset=utf-8")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'")
    assert headers["Content-Security-Policy"].endswith("frame-ancestors 'none'")
    assert headers["Server"] == "cbrn-data"
    assert ask(server, "/tables/a.html?x=1#y")[0] == 200
    assert ask(server, "/data.csv")[1]["Content-Type"] == "text/csv; charset=utf-8"


def test_head_says_what_get_would(server: Preview) -> None:
    status, headers, data = ask(server, "/index.html", "HEAD")
    assert (status, headers["Content-Length"], data) == (200, "4", b"")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT", "get"])
def test_no_other_method_is_known(server: Preview, method: str) -> None:
    status, headers, _ = ask(server, "/", method)
    assert (status, headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "target",
    [
        "/../secret.txt",
        "/tables/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/tables/..%5c..%5csecret.txt",
        "/link.txt",
        "/linked/secret.txt",
        "/.leaving.json",
        "/%2eleaving.json",
        "/pipe",
        "/tables",
        "/tables/",
        "/none.html",
        "/index.html/",
        "/index.html%00",
        "/%ff",
        "/tables%2fa.html%20",
        "http://127.0.0.1/index.html",
        "index.html",
        "*",
        "/" + "a" * 5000,
    ],
)
def test_nothing_but_a_published_file_is_given(server: Preview, target: str) -> None:
    status, _, data = ask(server, target)
    assert status in {404, 414} and b"secret" not in data and b"hidden" not in data


@pytest.mark.parametrize(
    "host", ["", "evil.example", "evil.example:80", "127.0.0.1", "127.0.0.1:1", "localhost.evil.example"]
)
def test_another_host_is_refused(server: Preview, host: str) -> None:
    assert ask(server, "/", host=host)[0] == 421


def test_the_own_names_are_known_and_no_other_address_listens(server: Preview) -> None:
    assert ask(server, "/", host=f"localhost:{server.server_port}")[0] == 200
    assert server.server_address[0] == "127.0.0.1"


def test_port_80_is_left_out_by_a_browser() -> None:
    assert "localhost" in own_hosts(80) and "localhost" not in own_hosts(8080)


@pytest.mark.parametrize("request_", [b"GET /index.html HTTP/1.1\r\n", b"GET /index.html HTTP/1.1\r\n\r\n"])
def test_a_reader_who_goes_away_is_no_error(server: Preview, request_: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    """A page that is left before it is there resets its connections, in the middle of a request or of an answer."""
    for _ in range(5):
        with socket.create_connection(server.server_address) as gone:  # type: ignore[arg-type]
            gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            gone.sendall(request_)
    assert ask(server, "/")[0] == 200
    server.shutdown()
    server.server_close()
    assert capfd.readouterr().err == ""


def test_wrong_use_is_said_in_one_line(server: Preview, tmp_path: Path) -> None:
    with pytest.raises(CbrnDataError, match="choose another with --port"):
        Preview(server.published, server.server_port)
    done = run("serve", "--root", tmp_path / "nothing", "--port", "0")
    assert done.code == 2 and "publish" in done.err
