"""Servers that send something for ever, at each place where HTTP lets them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from cbrn_data import deadline, fetch
from cbrn_data.deadline import Clock
from cbrn_data.errors import VerificationError
from cbrn_data.fetch import SilentError, Web

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"

DRIPPED = {
    "status": (b"", b"H"),
    "header": (OK, b"X"),
    "headers": (OK, b"X: 1\r\n"),
    "chunk size": (CHUNKED, b"0"),
    "body": (OK + b"Content-Length: 100000\r\n\r\n", b"x"),
}
"""What comes at once, and what comes of it now and then."""
POURED = {
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "chunk extensions": (CHUNKED, b"1;" + b"x" * 60_000 + b"\r\na\r\n"),
    "trailers": (CHUNKED + b"1\r\na\r\n0\r\n", b"X: " + b"y" * 60_000 + b"\r\n"),
}
"""What comes at once, and what comes of it as fast as it is read, without ever becoming a file."""

Serve = Callable[[bytes, bytes, float], str]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Serve an answer that begins and then goes on for ever, with a pause each time."""
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr(fetch, "TIMEOUT", 0.5)
    stop, servers = threading.Event(), []

    def answer(client: socket.socket, begin: bytes, more: bytes, pause: float) -> None:
        with client, suppress(OSError):
            client.recv(1 << 16)
            client.sendall(begin)
            while not stop.wait(pause):
                client.sendall(more)

    def listen(server: socket.socket, *what: object) -> None:
        with suppress(OSError):
            while True:
                client, _ = server.accept()
                threading.Thread(target=answer, args=(client, *what), daemon=True).start()

    def served(begin: bytes, more: bytes, pause: float) -> str:
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)
        threading.Thread(target=listen, args=(server, begin, more, pause), daemon=True).start()
        return f"http://127.0.0.1:{server.getsockname()[1]}/"

    yield served
    stop.set()
    for server in servers:
        server.close()


@pytest.mark.parametrize("where", DRIPPED)
def test_what_drips_is_given_up(where: str, serve: Serve, tmp_path: Path) -> None:
    with pytest.raises(SilentError, match="comes too slowly"):
        Web(serve(*DRIPPED[where], 0.01), 1 << 30, "").fetch("a", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("where", POURED)
def test_what_pours_and_is_no_file_is_given_up(where: str, serve: Serve, tmp_path: Path) -> None:
    with pytest.raises(SilentError, match="comes too slowly"):
        Web(serve(*POURED[where], 0), 1 << 30, "").fetch("a", tmp_path)


def test_the_body_of_a_redirect_is_not_read(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "TIMEOUT", 60)
    address = serve(b"HTTP/1.1 302 Found\r\nLocation: /a\r\n\r\n", b"x" * 65_536, 0)
    with pytest.raises(VerificationError, match="the server answers 302"):
        Web(address, 1 << 30, "").fetch("a", tmp_path)


def test_a_host_of_many_addresses_has_no_more_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tried, time = [], 0.0

    def silent(place: tuple[str, int], seconds: float, source: object) -> None:
        nonlocal time
        tried.append(place)
        time += seconds
        raise TimeoutError("timed out")

    monkeypatch.setattr(deadline, "monotonic", lambda: time)
    monkeypatch.setattr(socket, "create_connection", silent)
    places = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"192.0.2.{number}", 80)) for number in range(200)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments, **options: places)
    monkeypatch.setenv("no_proxy", "*")
    with pytest.raises(SilentError, match="comes too slowly"):
        Web("http://many.example/", 1 << 30, "").fetch("a", tmp_path)
    assert tried == [("192.0.2.0", 80)]


def test_all_files_together_have_their_time(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "TIMEOUT", 60)
    web = Web(serve(*DRIPPED["header"], 0.01), 1 << 30, "", Clock(0.2, "--max-time allows more"))
    with pytest.raises(SilentError, match="the time for all files together is over; --max-time allows more"):
        web.fetch("a", tmp_path)
    with pytest.raises(SilentError, match="was not requested"):
        web.fetch("b", tmp_path)


def test_files_earn_time_and_not_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    time = 0.0
    monkeypatch.setattr(deadline, "monotonic", lambda: time)
    clock, fixed = Clock(), Clock(60)
    for each in (clock, fixed):
        each.begin(30)
        each.earn(deadline.USUAL * 100)
        each.done()
    time = deadline.WHOLE + 100
    assert fixed.is_over and not clock.is_over
    time += 2
    assert clock.is_over
    other = Clock()
    other.earn(deadline.USUAL * deadline.LONGEST * 2)
    time += deadline.LONGEST
    assert other.is_over
