"""The web server of the containers: a real nginx with the very configuration serves a real ``published/``."""

from __future__ import annotations

import http.client
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cbrn_data.cli import serve
from cbrn_data.push.contents import ASK_AGAIN, FOR_EVER, FOR_MINUTES, read_contents
from cbrn_data.store import media
from tests.conftest import PROJECT, free_port

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
CONFIGURATION = (PROJECT / "containers/nginx.conf").read_text(encoding="utf-8")
OPEN = {
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Accept-Ranges, Content-Length, Content-Range, ETag",
}
"""What differs from the preview: pages elsewhere may load open data."""


class Web:
    """The running server: ``get`` asks it for one path."""

    def __init__(self, port: int) -> None:
        self.port = port

    def get(self, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, dict(answer.getheaders()), body


@pytest.fixture(scope="module")
def site(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the real store, with what a push, a publication and an intruder might leave in it."""
    folder = Path(shutil.copytree(published, tmp_path_factory.mktemp("site") / "published"))
    (folder / ".push.json").write_text("{}")
    (folder / ".staging").mkdir()
    (folder / ".staging/half.csv").write_text("half")
    (folder / "link.csv").symlink_to("/etc/hostname")
    return folder


@pytest.fixture(scope="module")
def web(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    if NGINX is None:
        pytest.skip(
            "NOT PROVEN: there is no nginx here (apt-get install nginx-light), so nobody asked the web server anything"
        )
    work = tmp_path_factory.mktemp("nginx")
    port = free_port()
    text = CONFIGURATION
    for written, here in {
        "/tmp/": f"{work}/",
        "listen 8080": f"listen 127.0.0.1:{port}",
        "/srv/published": str(site),
    }.items():
        assert written in text
        text = text.replace(written, here)
    (work / "nginx.conf").write_text(text)
    command = [NGINX, "-c", str(work / "nginx.conf"), "-g", "daemon off; user root;"]
    log = (work / "log").open("wb")
    process = subprocess.Popen(command, stdout=log, stderr=log)
    for _ in range(1200):
        assert process.poll() is None, (work / "log").read_text()
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.1)
    else:
        raise AssertionError("nginx does not answer")
    yield Web(port)
    process.terminate()
    process.wait()
    log.close()


def test_every_file_comes_as_it_is_with_the_headers_of_serve_and_push(web: Web, published: Path) -> None:
    contents = read_contents(published)
    items = [(item.name, item.cache) for stage in contents.stages for item in stage] + [("releases.json", ASK_AGAIN)]
    assert {cache for _, cache in items} == {FOR_EVER, FOR_MINUTES, ASK_AGAIN}
    expected = {name: value for name, value in serve.HEADERS.items() if name != "Cache-Control"} | OPEN
    for name, cache in items:
        status, headers, body = web.get(f"/{name}")
        assert (status, body) == (200, (published / name).read_bytes()), name
        assert {key: headers.get(key) for key in expected} == expected, name
        assert (headers["Content-Type"], headers["Cache-Control"]) == (media.media_type(name), cache), name
        assert headers["Server"] == "nginx"


def test_every_kind_of_file_has_its_media_type() -> None:
    block = CONFIGURATION.split("types {\n")[1].split("}")[0]
    lines = (line.strip().rstrip(";").replace('"', "").rsplit(" ", 1) for line in block.splitlines() if line.strip())
    assert {f".{suffix}": kind for kind, suffix in lines} == media._TYPES
    assert f'default_type "{media.PLAIN}";' in CONFIGURATION


@pytest.mark.parametrize("path", ["/", "/tables/", "/releases/1.0.0", "/index.html?query#x"])
def test_folders_show_their_page_and_never_a_list(web: Web, site: Path, path: str) -> None:
    status, headers, body = web.get(path)
    if status == 301:
        assert headers["Location"] == f"{path}/"
        status, headers, body = web.get(f"{path}/")
    page = site / path.partition("?")[0].lstrip("/")
    page = page / "index.html" if page.is_dir() else page
    assert (status, body) == (200, page.read_bytes()) if page.is_file() else status == 403
    assert b"Index of" not in body


@pytest.mark.parametrize(
    "path",
    [
        "/.push.json",
        "/.staging/half.csv",
        "/link.csv",
        "/../nginx.conf",
        "/..%2fnginx.conf",
        "/%2e%2e/nginx.conf",
        "/releases/9.9.9/projects.csv",
    ],
)
def test_what_is_not_published_is_not_given_and_no_cache_keeps_that(web: Web, path: str) -> None:
    status, headers, body = web.get(path)
    assert status in (400, 403, 404) and b"half" not in body
    assert "Cache-Control" not in headers
    if status != 400:
        assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PROPFIND"])
def test_nothing_can_be_changed(web: Web, method: str) -> None:
    assert web.get("/index.html", method)[0] in (403, 405)
    assert web.get("/index.html", "HEAD")[::2] == (200, b"")


def test_text_is_compressed_for_who_asks_and_said_to_vary(web: Web) -> None:
    _, headers, body = web.get("/releases/1.0.0/evidence.csv", **{"Accept-Encoding": "gzip"})
    assert (headers["Content-Encoding"], headers["Vary"]) == ("gzip", "Accept-Encoding") and body[:2] == b"\x1f\x8b"


def test_a_part_of_a_table_can_be_read_by_pages_elsewhere(web: Web, published: Path) -> None:
    name = "exports/latest/projects.parquet"
    asked = {"Accept-Encoding": "gzip", "Range": "bytes=-8", "Origin": "https://elsewhere.example"}
    status, headers, body = web.get(f"/{name}", **asked)
    assert (status, body, headers.get("Content-Encoding")) == (206, (published / name).read_bytes()[-8:], None)
    assert headers["Access-Control-Allow-Origin"] == "*" and "Content-Range" in headers["Access-Control-Expose-Headers"]
