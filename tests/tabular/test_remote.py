"""Packages and tables at addresses: what a server on loopback answers, and what is never asked."""

from __future__ import annotations

import gzip
import json
import socket
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from cbrn_data.deadline import Clock
from cbrn_data.tabular import fetching
from cbrn_data.tabular.remote import Remote
from cbrn_data.tabular.resource import read_package
from cbrn_data.tabular.validate import validate
from cbrn_data.tabular.verdict import Verdict
from tests.cli.conftest import run

SCHEMA = {"fields": [{"name": "a", "type": "integer"}, {"name": "b", "type": "string"}]}
GOOD, BAD = b"a,b\n1,x\n", b"a,b\nx,x\n"


class Site:
    """A server on loopback: ``files`` by path; other paths behave as they say. ``asked`` are the paths of all requests."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                name = self.path[1:].partition("?")[0]
                if name in site.files:
                    return self.answer(200, site.files[name])
                getattr(self, f"page_{name.partition('.')[0]}", lambda: self.answer(404))()

            def answer(self, status: int, data: bytes = b"", **headers: str) -> None:
                self.send_response(status)
                for key, value in ({"Content_Length": str(len(data))} | headers).items():
                    self.send_header(key.replace("_", "-"), value)
                self.end_headers()
                self.wfile.write(data)

            def page_moved(self) -> None:
                self.answer(302, Location="/good.csv")

            def page_circle(self) -> None:
                self.answer(302, Location=f"/circle.csv?{len(site.asked)}")

            def page_inside(self) -> None:
                self.answer(302, Location=f"http://localhost:{site.port}/good.csv")

            def page_file(self) -> None:
                self.answer(302, Location="file:///etc/passwd")

            def page_broken(self) -> None:
                self.answer(500)

            def page_short(self) -> None:
                self.answer(200, GOOD, Content_Length="99")

            def page_packed(self) -> None:
                self.answer(200, gzip.compress(GOOD), Content_Encoding="gzip")

            def page_slow(self) -> None:
                self.send_response(200)
                self.end_headers()
                for _ in range(100):
                    self.wfile.write(b"1")
                    time.sleep(0.05)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients that hang up
        self.port = self._server.server_address[1]
        self.address = f"http://127.0.0.1:{self.port}/"
        Thread(target=self._server.serve_forever, args=[0.01], daemon=True).start()

    def publish(self, *resources: dict[str, Any]) -> str:
        """Publish a package of tables with one schema, and return its address."""
        self.files["datapackage.json"] = json.dumps({"name": "p", "resources": entries(*resources)}).encode()
        return f"{self.address}datapackage.json"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def entries(*resources: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"name": f"t{n}", "type": "table", "schema": SCHEMA} | entry for n, entry in enumerate(resources)]


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    made.files = {"good.csv": GOOD, "bad.csv": BAD}
    yield made
    made.close()


def judged(address: str, folder: Path, clock: Clock | None = None, most: int = 10**6) -> list[Verdict]:
    package = read_package(address, Remote(folder, [address], clock, most, fetching.fetch))
    assert package.wrong == []
    return validate(package.resources, clock=clock)


def told(verdict: Verdict) -> list[str]:
    return [fault.message or fault.code for fault in verdict.tally.listed]


def test_a_package_at_an_address_is_read_with_all_that_it_names(site: Site, tmp_path: Path) -> None:
    site.files |= {"t.csv.gz": gzip.compress(GOOD), "s.yaml": json.dumps(SCHEMA).encode(), "d.json": b'{"delimiter": ";"}'}
    site.files["semi%20%25.csv"] = b"a;b\n1;x\n"
    address = site.publish(
        {"path": "good.csv"},
        {"path": f"{site.address}t.csv.gz", "schema": "s.yaml"},
        {"path": "semi %.csv", "dialect": f"{site.address}d.json"},
        {"path": ["good.csv", "bad.csv"]},
    )
    verdicts = judged(address, tmp_path)
    assert [told(verdict) for verdict in verdicts] == [[], [], [], ["cell-type"]]
    assert [verdict.rows for verdict in verdicts] == [1, 1, 1, 2]
    assert verdicts[0].resource.place == f"{site.address}good.csv"
    assert verdicts[3].tally.listed[0].part == f"{site.address}bad.csv"
    assert len(site.asked) == len(set(site.asked)) == 7


FAILURES = {
    "none.csv": "the server answers 404",
    "broken.csv": "the server answers 500",
    "short.csv": "ends after 8 of 99 bytes",
    "packed.csv": "compressed it without a request",
    "circle.csv": "the server answers 302",
    "inside.csv": "a private address, which is not fetched",
    "file.csv": "Redirection to url 'file:///etc/passwd' is not allowed",
    "large.csv": "is larger than",
    "http://169.254.169.254/t.csv": "a private address, which is not fetched",
    "http://[::ffff:127.0.0.1]:1/t.csv": "a private address, which is not fetched",
    "http://localhost:1/t.csv": "a private address, which is not fetched",
    "http://user:word@127.0.0.1/t.csv": "without user name",
    "file:///etc/passwd": "use https, http, s3",
    "ftp://example.org/t.csv": "use https, http, s3",
    "../t.csv": "leads out of the folder",
}


@pytest.mark.parametrize("path", FAILURES)
def test_an_address_that_fails_is_an_error_of_its_resource_only(path: str, site: Site, tmp_path: Path) -> None:
    site.files["large.csv"] = GOOD * 1000
    failed, moved, bad = judged(
        site.publish({"path": path}, {"path": "moved.csv"}, {"path": "bad.csv"}), tmp_path, most=4000
    )
    said, no_fault, fault = map(told, (failed, moved, bad))
    assert FAILURES[path] in "; ".join(said)
    assert (no_fault, fault) == ([], ["cell-type"])


def test_redirects_are_few(site: Site, tmp_path: Path) -> None:
    judged(site.publish({"path": "circle.csv"}), tmp_path)
    assert sum(path.startswith("/circle") for path in site.asked) == fetching.REDIRECTS + 1


def test_a_public_name_that_leads_into_a_private_network_is_not_asked(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.create_connection
    monkeypatch.setattr(
        socket, "create_connection", lambda where, *rest, **more: real(("127.0.0.1", site.port), *rest, **more)
    )
    (verdict,) = judged(site.publish({"path": "http://data.example.org/good.csv"}), tmp_path)
    assert told(verdict) == [
        "the file cannot be read (no answer: data.example.org is at 127.0.0.1, a private address, which is not fetched)"
    ]
    assert site.asked == ["/datapackage.json"]


def test_a_server_that_drips_ends_with_the_deadline(site: Site, tmp_path: Path) -> None:
    (verdict,) = judged(site.publish({"path": "slow.csv"}), tmp_path, Clock(0.3, "give more with --deadline"))
    assert told(verdict) == ["the file cannot be read (the time of --deadline is over before its end)"]


def test_a_server_that_does_not_answer_is_not_asked_for_every_table(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}/"
    package = site.publish(*({"path": f"{address}{number}.csv"} for number in range(4)))
    found = validate(read_package(package, Remote(tmp_path, [package, address], fetch=fetching.fetch)).resources)
    assert [told(verdict)[0].partition("(")[2][:40] for verdict in found] == [
        "no answer: [Errno 111] Connection refuse"
    ] * 2 + ["was not requested, because the server do"] * 2


def local(folder: Path, *resources: dict[str, Any]) -> Path:
    path = folder / "datapackage.json"
    path.write_text(json.dumps({"name": "p", "resources": entries(*resources)}), encoding="utf-8")
    return path


def test_without_the_option_nothing_is_fetched_and_the_option_is_named(site: Site, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(BAD)
    package = local(
        tmp_path, {"path": f"{site.address}good.csv"}, {"path": "t.csv"}, {"schema": f"{site.address}s", "path": "t.csv"}
    )
    done = run("validate", package, "--json")
    assert (done.code, site.asked) == (1, [])
    far, near, schema = ([error["note"] for error in task["errors"]] for task in done.json["tasks"])
    assert "is fetched with --remote only" in far[0] and "is fetched with --remote only" in schema[0]
    assert len(near) == 1 and "'x' is not of type integer" in near[0]
    assert run("validate", f"{site.address}datapackage.json").code == 2


def test_the_command_reads_a_table_and_its_schema_at_addresses(site: Site, tmp_path: Path) -> None:
    site.files["s.json"] = json.dumps(SCHEMA).encode()
    done = run("validate", f"{site.address}bad.csv?v=1", "--schema", f"{site.address}s.json", "--remote", COLUMNS="400")
    assert done.code == 1 and f"{site.address}bad.csv?v=1:2  cell-type" in done.out
    assert run("validate", f"{site.address}good.csv", "--schema", f"{site.address}s.json", "--remote").code == 0
    assert run("validate", "http://[/datapackage.json", "--remote").code == 2


def test_a_package_on_the_disk_cannot_lead_into_a_private_network(site: Site, tmp_path: Path) -> None:
    done = run("validate", local(tmp_path, {"path": f"{site.address}good.csv"}), "--remote", "--json")
    assert "a private address" in done.json["tasks"][0]["errors"][0]["note"] and site.asked == []
    named = run(
        "validate", local(tmp_path, {"path": "good.csv"}, {"path": ["good.csv", f"{site.address}x.csv"]}), "--remote"
    )
    assert named.code == 1


def test_a_table_that_is_not_read_in_time_is_told_and_the_report_is_whole(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"a,b\n" + b"1,x\n" * 400_000)
    package = local(tmp_path, {"path": "t.csv"})
    done = run("validate", package, "--json", "--deadline", "0.001")
    assert done.code == 1
    assert "the time of --deadline is over before its end" in done.json["tasks"][0]["errors"][0]["note"]
    assert run("validate", package, "--deadline", "0").code == 2


def test_the_deadline_ends_the_reading_of_slow_cells_of_a_block(tmp_path: Path) -> None:
    days = "".join(f"{number} January 1{number % 10}:00\n" for number in range(60_000))
    (tmp_path / "t.csv").write_text(f"day\n{days}")
    field = {"name": "day", "type": "datetime", "format": "any"}
    package = local(tmp_path, {"path": "t.csv", "schema": {"fields": [field]}})
    (verdict,) = validate(read_package(package).resources, clock=Clock(0.2))
    assert [fault.code for fault in verdict.tally.listed] == ["file-unreadable"]
