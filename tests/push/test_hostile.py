"""A storage that never answers, sends without end, or sends elsewhere: each request ends soon, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from time import monotonic

import pytest

from cbrn_data.errors import PushError
from cbrn_data.push import s3
from cbrn_data.push.contents import Item
from cbrn_data.push.s3 import S3Place

HEAD = b"HTTP/1.1 200 OK\r\n"
OBJECT = HEAD + b'ETag: "a"\r\nContent-Length: 10\r\n'
WITHOUT_END = HEAD + b'ETag: "a"\r\nTransfer-Encoding: chunked\r\n\r\n'


class Hostile(BaseHTTPRequestHandler):
    """Answers each request with ``begin``, and then with ``again`` every ``pause`` seconds."""

    begin, again, pause = b"", b"", 0.02
    asked: list[str] = []
    ended = Event()

    def answer(self) -> None:
        self.asked.append(self.path)
        self.close_connection = True
        with suppress(OSError):
            if self.command == "HEAD" and self.begin == WITHOUT_END:
                self.wfile.write(OBJECT + b"Connection: close\r\n\r\n")
                return
            self.wfile.write(self.begin)
            while self.again or not self.begin:
                self.wfile.write(self.again)
                if self.ended.wait(self.pause):
                    break

    do_GET = do_HEAD = do_PUT = do_DELETE = do_POST = answer  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def place() -> Iterator[S3Place]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
    server.daemon_threads = True
    Thread(target=server.serve_forever, daemon=True).start()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
            "AWS_ACCESS_KEY_ID": "a-name",
            "AWS_SECRET_ACCESS_KEY": "a-secret",
            "AWS_DEFAULT_REGION": "us-east-1",
        }.items():
            patch.setenv(name, value)
        yield S3Place("s3://bucket/cbrn")
    Hostile.ended.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def item(tmp_path: Path) -> Item:
    (tmp_path / "rows.csv").write_bytes(b"rows")
    return Item("rows.csv", tmp_path / "rows.csv", "0" * 64, 4, "no-cache")


def answers(monkeypatch: pytest.MonkeyPatch, begin: bytes, again: bytes = b"", seconds: float = 20) -> None:
    monkeypatch.setattr(Hostile, "begin", begin)
    monkeypatch.setattr(Hostile, "again", again)
    monkeypatch.setattr(Hostile, "asked", [])
    monkeypatch.setattr(s3, "ANSWER", seconds)


ASK: dict[str, Callable[[S3Place, Item], object]] = {
    "seen": lambda place, item: place.seen("rows.csv"),
    "digest": lambda place, item: place.digest("rows.csv"),
    "read": lambda place, item: place.read("rows.csv"),
    "put": lambda place, item: place.put(item, None),
    "copy": lambda place, item: place.copy(item, "other.csv", None),
    "write": lambda place, item: place.write("rows.csv", b"rows", None),
    "remove": lambda place, item: place.remove("rows.csv"),
    "list": lambda place, item: place.is_empty(),
}


@pytest.mark.parametrize("ask", ASK.values(), ids=[*ASK])
@pytest.mark.parametrize(("begin", "again"), [(b"", b""), (HEAD, b"X-More: 1\r\n")], ids=["silent", "headers"])
def test_no_request_waits_for_ever(
    ask: Callable[[S3Place, Item], object],
    begin: bytes,
    again: bytes,
    place: S3Place,
    item: Item,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers(monkeypatch, begin, again, 0.3)
    began = monotonic()
    with pytest.raises(PushError, match="the storage answers too slowly; push again"):
        ask(place, item)
    assert monotonic() - began < 20


@pytest.mark.parametrize("ask", ["read", "digest"])
def test_a_body_that_drips_ends(ask: str, place: S3Place, item: Item, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, WITHOUT_END, b"1\r\na\r\n", 0.3)
    monkeypatch.setattr(s3, "SMALL", 1000)
    with pytest.raises(PushError, match=r"too slowly|more than 10 bytes"):
        ASK[ask](place, item)


@pytest.mark.parametrize(("ask", "most"), [("read", "1,000"), ("digest", "10")])
def test_a_body_without_end_is_not_kept(
    ask: str, most: str, place: S3Place, item: Item, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, WITHOUT_END, b"1\r\na\r\n" * 100_000)
    monkeypatch.setattr(s3, "SMALL", 1000)
    with pytest.raises(PushError, match=f"has more than {most} bytes; find out who wrote it"):
        ASK[ask](place, item)


@pytest.mark.parametrize("ask", ASK.values(), ids=[*ASK])
def test_nothing_is_asked_or_sent_elsewhere(
    ask: Callable[[S3Place, Item], object], place: S3Place, item: Item, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(
        monkeypatch,
        b"HTTP/1.1 307 Temporary Redirect\r\nx-amz-bucket-region: x\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n",
    )
    with pytest.raises(PushError, match="307"):
        ask(place, item)
    assert Hostile.asked and "/elsewhere" not in Hostile.asked


@pytest.mark.parametrize("ask", ["seen", "read", "write"])
def test_an_answer_without_a_tag_is_refused(ask: str, place: S3Place, item: Item, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, HEAD + b"Content-Length: 0\r\n\r\n")
    with pytest.raises(PushError, match="ETag"):
        ASK[ask](place, item)
