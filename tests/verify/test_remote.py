"""``verify URL`` against a real server on loopback that serves a store well, badly, or with bad intent."""

from __future__ import annotations

import json
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from cbrn_data import fetch as fetching
from cbrn_data import pipeline
from cbrn_data.catalogue.derive import derivation
from cbrn_data.settings import Settings, now
from cbrn_data.signing.keys import SigningKey, public_pem
from cbrn_data.store.store import Store
from cbrn_data.trust.sign import Sign
from cbrn_data.verify import remote
from tests.cli.conftest import run
from tests.conftest import PROJECT
from tests.history import OTHER, OWN
from tests.trees import copied

Fetch = Callable[[str], list[str]]
Answer = Callable[["Handler"], object]


class Handler(SimpleHTTPRequestHandler):
    """Serves a folder; a path that has an answer of its own gets that instead."""

    def __init__(self, *arguments: Any, site: Site, **options: Any) -> None:
        self.site = site
        super().__init__(*arguments, **options)

    def do_GET(self) -> None:
        self.site.asked.append(self.path)
        answer = self.site.answers.get(self.path)
        if answer:
            answer(self)
        else:
            super().do_GET()

    def send(self, status: int, body: bytes = b"", **headers: object) -> None:
        """Send an answer with exactly these headers."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        """Stay quiet."""


class Site:
    """A server on a free port, what it was asked for, and its own answers by path."""

    def __init__(self, folder: Path) -> None:
        self.asked: list[str] = []
        self.answers: dict[str, Answer] = {}
        self.folder = folder
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, site=self, directory=str(folder)))
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/"

    def bytes(self, path: str) -> bytes:
        return (self.folder / path.lstrip("/")).read_bytes()

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture(scope="module")
def bare(three: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same releases without pages, metadata and code, as older code published them: fewer files to fetch."""
    published = Path(shutil.copytree(three, tmp_path_factory.mktemp("bare") / "published"))
    shutil.rmtree(published / "metadata")
    shutil.rmtree(published / "code")
    with Store(published, derivation("https://cbrn-data.example/")).writing():
        return published


@pytest.fixture
def site(bare: Path, tmp_path: Path, older_form: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("no_proxy", "*")
    copied(bare, tmp_path / "served")
    server = Site(tmp_path / "served")
    yield server
    server.close()


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder for temporary files, which is empty again whatever happened."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def verify(address: str, *options: object) -> tuple[int, list[dict[str, str]]]:
    done = run("verify", address, "--json", *options)
    assert done.out, done.err
    return done.code, done.json["results"]


@pytest.fixture
def fetch(temporary: Path) -> Iterator[Fetch]:
    """Mirror only: what a server does wrong shows there, and the checks after it are those of any folder."""

    def fetched(address: str) -> list[str]:
        results = remote.mirror(address, temporary).results
        assert {result.check for result in results} <= {"fetch", "listing"}
        return [result.detail for result in results if result.result == "failed"]

    yield fetched
    shutil.rmtree(temporary)
    temporary.mkdir()


def said(results: list[dict[str, str]], word: str = "failed") -> list[tuple[str, str]]:
    """Return checks and details of a result, without notices that depend on the day."""
    there = [result for result in results if result["check"] not in ("older form", "derived again")]
    there = [result for result in there if (result["check"], result["result"]) != ("freshness", "not checked")]
    return [(result["check"], result["detail"]) for result in there if result["result"] == word]


SUMS = "/releases/1.0.0/SHA256SUMS"
FILE = "/releases/1.1.0/countries.csv"
AROUND = ["/releases.json", "/metadata/timestamp.json"]
"""What is asked for around a release, here of a store without metadata."""


def test_a_clean_store_holds_and_only_what_it_names_is_asked_for(site: Site) -> None:
    code, results = verify(site.address)
    assert (code, said(results)) == (0, [])
    assert said(results, "not checked") == [("listing", remote.UNSEEN)]
    assert [result["subject"] for result in results if result["check"] == "fetch"] == ["1.0.0", "1.1.0", "1.1.1", "store"]
    asked = Counter(site.asked)
    files = {f"/{path.relative_to(site.folder)}" for path in site.folder.rglob("*") if path.is_file()}
    # The root is asked whether it is a release, the index at both ends, and whether there are metadata.
    assert asked == {**dict.fromkeys(files, 1), "/SHA256SUMS": 1, "/releases.json": 2, "/metadata/timestamp.json": 1}


@pytest.fixture
def signed(site: Site, three: Path) -> Site:
    """The store with its code and metadata of today, by the local key."""
    shutil.copytree(three / "code", site.folder / "code")
    vouch = pipeline.vouch(Settings(PROJECT, site.folder))
    with Store(site.folder, derivation("https://cbrn-data.example/"), vouch=vouch).writing():
        return site


def test_the_metadata_of_a_store_come_first_and_hold(signed: Site, tmp_path: Path) -> None:
    memory = tmp_path / "memory.json"
    code, results = verify(signed.address, "--remember", memory)
    assert (code, said(results)) == (0, [])
    assert {"metadata", "freshness", "code"} <= dict(said(results, "passed")).keys()
    (code_folder,) = (signed.folder / "code").iterdir()
    assert {f"/code/{code_folder.name}/{path.name}" for path in code_folder.iterdir()} <= set(signed.asked)
    asked = ["/SHA256SUMS", "/releases.json"]
    asked += [f"/metadata/{name}" for name in ("timestamp", "1.root", "2.root", "1.snapshot", "1.targets")]
    assert [path.removesuffix(".json") for path in signed.asked[2:7]] == asked[2:]
    shutil.rmtree(signed.folder / "metadata")
    code, results = verify(signed.address, "--remember", memory)
    assert code == 1 and "timestamp.json is missing" in dict(said(results))["metadata"]


@pytest.mark.parametrize("day", ["2026-01-01", None], ids=["ended", "another index"])
def test_metadata_that_have_ended_or_do_not_fit_are_refused(day: str | None, site: Site, pins: Path) -> None:
    def vouch(published: Path, targets: Mapping[str, tuple[str, int]]) -> Mapping[str, bytes]:
        return Sign(lambda: SigningKey(OWN, False), day or now()[:10])(published, targets)

    with Store(site.folder, derivation("https://cbrn-data.example/"), vouch=vouch).writing():
        pass
    if day is None:
        (site.folder / "releases.json").write_bytes(b"[" * 100_000)
    done = run("verify", site.address, "--json", CBRN_DATA_TRUSTED_KEYS=str(pins))
    failed = dict(said(done.json["results"]))
    if day:
        assert (done.code, failed) == (1, {"freshness": OVER})
    else:
        assert "releases.json: is not what the metadata vouch for" in failed["metadata"]
        assert not [path for path in site.asked if path.startswith(("/releases/", "/latest/"))]


OVER = "the metadata ended on 2026-01-31: the server may hold back a newer state"


@pytest.mark.parametrize("path", ["releases/1.1.0", "latest/"])
def test_a_release_is_verified_alone(site: Site, path: str) -> None:
    code, results = verify(site.address + path)
    assert (code, said(results)) == (0, [])
    assert ("listing", remote.UNSEEN) in said(results, "not checked")
    assert {result["subject"] for result in results} == {path.strip("/").rsplit("/", 1)[-1]}


@pytest.mark.parametrize("path", ["releases/1.1.0", "latest"])
def test_the_metadata_around_a_release_vouch_for_it_when_its_key_is_dropped(site: Site, tmp_path: Path, path: str) -> None:
    vouch = Sign(lambda: SigningKey(OTHER, False), now()[:10])
    with Store(site.folder, derivation("https://cbrn-data.example/"), vouch=vouch).writing():
        pass
    pins = tmp_path / "pins.pem"
    pins.write_bytes(public_pem(OTHER.public_key()))
    done = run("verify", site.address + path, "--json", CBRN_DATA_TRUSTED_KEYS=str(pins))
    assert (done.code, said(done.json["results"])) == (0, [])
    (site.folder / path / "countries.csv").write_bytes(b"changed")
    assert run("verify", site.address + path, CBRN_DATA_TRUSTED_KEYS=str(pins)).code == 1
    (site.folder / "metadata" / "timestamp.json").write_bytes(b"{}")
    done = run("verify", site.address + path, "--json", CBRN_DATA_TRUSTED_KEYS=str(pins))
    assert "not signed by any pinned key" in dict(said(done.json["results"]))["fetch"]


def test_a_changed_byte_fails(site: Site, temporary: Path) -> None:
    changed = site.bytes(FILE).replace(b"Kazakhstan", b"Kazakhstaan")
    site.answers[FILE] = lambda handler: handler.send(200, changed, Content_Length=len(changed))
    code, results = verify(site.address)
    assert code == 1
    assert ("files", "'countries.csv' was changed") in said(results)
    assert str(temporary) not in json.dumps(results)


def test_a_file_added_to_a_release_does_not_show_and_that_is_said(site: Site) -> None:
    (site.folder / "releases/1.0.0/added.csv").write_text("a\n")
    code, results = verify(site.address + "releases/1.0.0")
    assert (code, said(results, "not checked")) == (0, [("listing", remote.UNSEEN)])


# --- releases that are gone


def test_a_release_whose_folder_is_gone_is_named(site: Site) -> None:
    shutil.rmtree(site.folder / "releases/1.1.0")
    code, results = verify(site.address)
    assert code == 1
    assert ("fetch", f"{site.address}releases/1.1.0/SHA256SUMS: the server answers 404 File not found") in said(results)
    assert "chain" in dict(said(results))


def unlist(folder: Path, version: str) -> None:
    index = json.loads((folder / "releases.json").read_text())
    index["releases"] = [release for release in index["releases"] if release["version"] != version]
    (folder / "releases.json").write_text(json.dumps(index, indent=2, ensure_ascii=False) + "\n")


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0"])
def test_a_release_dropped_from_the_index_breaks_the_chain(site: Site, version: str) -> None:
    unlist(site.folder, version)
    code, results = verify(site.address)
    assert code == 1
    assert "chain" in dict(said(results))


def test_the_newest_release_dropped_everywhere_shows_against_the_derived_files_or_the_memory(
    site: Site, tmp_path: Path, three: Path
) -> None:
    memory = tmp_path / "memory.json"
    assert verify(site.address, "--remember", memory)[0] == 0
    remembered = memory.read_bytes()
    unlist(site.folder, "1.1.1")
    shutil.rmtree(site.folder / "releases/1.1.1")
    code, results = verify(site.address, "--remember", memory)
    assert code == 1
    assert "memory" in dict(said(results))
    assert memory.read_bytes() == remembered


# --- answers from elsewhere, or not whole


def test_a_redirect_within_the_origin_is_followed(site: Site, fetch: Fetch, temporary: Path) -> None:
    shutil.move(site.folder / "releases/1.1.0/countries.csv", site.folder / "moved.csv")
    site.answers[FILE] = lambda handler: handler.send(302, Location="/moved.csv")
    assert fetch(site.address) == []
    assert (temporary / "release" / FILE[1:]).read_bytes() == site.bytes("moved.csv")


def test_a_redirect_elsewhere_is_refused_and_never_asked(site: Site, three: Path) -> None:
    other = Site(three)
    site.answers[FILE] = lambda handler: handler.send(302, Location=other.address.rstrip("/") + FILE)
    code, results = verify(site.address + "releases/1.1.0")
    other.close()
    told = (
        f"{site.address.rstrip('/')}{FILE}: redirects to another origin, {other.address.rstrip('/')}{FILE}, which is refused"
    )
    assert (code, other.asked) == (1, [])
    assert said(results)[:2] == [("fetch", told), ("files", "'countries.csv' is missing")]


@pytest.mark.parametrize("path", ["/SHA256SUMS", "/releases.json", SUMS])
def test_a_list_that_is_elsewhere_is_refused(site: Site, three: Path, fetch: Fetch, path: str) -> None:
    other = Site(three)
    site.answers[path] = lambda handler: handler.send(302, Location=other.address.rstrip("/") + path)
    faults = fetch(site.address)
    other.close()
    assert other.asked == []
    assert len(faults) == 1
    assert faults[0].startswith(f"{site.address.rstrip('/')}{path}: redirects to another origin, {other.address}")


def test_nothing_but_the_refusal_is_reported_where_the_address_itself_leads_elsewhere(site: Site) -> None:
    site.answers["/SHA256SUMS"] = lambda handler: handler.send(302, Location="http://example.invalid/SHA256SUMS")
    code, results = verify(site.address)
    assert (code, [result["check"] for result in results]) == (1, ["fetch"])


@pytest.mark.parametrize(
    "target", ["file:///etc/hostname", "ftp://127.0.0.1/x", "http://a:b@127.0.0.1/x", "//[", "http://x:y/"]
)
def test_a_redirect_to_what_is_no_address_of_the_origin_is_refused(site: Site, fetch: Fetch, target: str) -> None:
    site.answers[FILE] = lambda handler: handler.send(301, Location=target)
    faults = fetch(site.address)
    assert len(faults) == 1
    assert faults[0].startswith(f"{site.address.rstrip('/')}{FILE}: ")


def test_redirects_without_end_fail(site: Site, fetch: Fetch) -> None:
    site.answers[FILE] = lambda handler: handler.send(302, Location=FILE)
    assert "the server answers 302" in fetch(site.address)[0]


def chunked_and_cut(handler: Handler) -> None:
    handler.protocol_version = "HTTP/1.1"
    handler.send(200, b"ff\r\nonly this", Transfer_Encoding="chunked", Connection="close")


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (lambda handler: handler.send(200, b"half", Content_Length=8), "ends after 4 of 8 bytes"),
        (chunked_and_cut, "cannot be fetched (IncompleteRead"),
        (lambda handler: handler.send(500), "the server answers 500"),
        (lambda handler: handler.send(206, b"part", Content_Length=4), "the server answers 206 instead of 200"),
        (lambda handler: handler.send(200, b"zip", Content_Encoding="gzip"), "the server compressed it"),
        (lambda handler: handler.wfile.write(b"nonsense\r\n\r\n"), "no"),
        (lambda handler: None, "no answer ("),
    ],
    ids=["truncated", "chunk-cut", "error", "part", "compressed", "nonsense", "hung-up"],
)
def test_a_file_that_does_not_come_whole_is_named_and_the_others_come(
    site: Site, fetch: Fetch, temporary: Path, answer: Answer, word: str
) -> None:
    site.answers[FILE] = answer
    faults = fetch(site.address)
    assert len(faults) == 1
    assert faults[0].startswith(f"{site.address.rstrip('/')}{FILE}: ") and word in faults[0]
    there = {str(path.relative_to(site.folder)) for path in site.folder.rglob("*") if path.is_file()}
    came = {str(path.relative_to(temporary / "release")) for path in temporary.rglob("*") if path.is_file()}
    assert there - came == {FILE[1:]}


def test_a_length_that_is_no_number_is_no_length(site: Site, fetch: Fetch) -> None:
    body = site.bytes(FILE)
    site.answers[FILE] = lambda handler: handler.send(200, body, Content_Length="minus one")
    assert fetch(site.address) == []


def test_a_truncated_file_fails_the_verification(site: Site) -> None:
    site.answers[FILE] = lambda handler: handler.send(200, b"half", Content_Length=8)
    code, results = verify(site.address + "releases/1.1.0")
    assert code == 1
    told = f"{site.address.rstrip('/')}{FILE}: ends after 4 of 8 bytes"
    assert said(results)[:2] == [("fetch", told), ("files", "'countries.csv' is missing")]


def endless(handler: Handler) -> None:
    handler.send(200)
    try:
        while True:
            handler.wfile.write(b"x" * 65536)
    except OSError:
        pass


@pytest.mark.parametrize("answer", [endless, lambda handler: handler.send(200, b"x", Content_Length=1 << 40)])
def test_a_file_without_end_is_cut_off(site: Site, fetch: Fetch, answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "TOTAL_LIMIT", 4_000_000)
    site.answers[FILE] = answer
    faults = fetch(site.address + "releases/1.1.0")
    told = f"{site.address.rstrip('/')}{FILE}: is larger than "
    assert faults[0].startswith(told) and faults[0].endswith(" bytes, the rest of the limit; --max-size allows more")


def test_all_files_together_are_limited_as_the_auditor_says(site: Site) -> None:
    code, results = verify(site.address, "--max-size", "0.0002")
    assert code == 1 and any("the rest of the limit; --max-size allows more" in detail for _, detail in said(results))
    assert verify(site.address, "--max-size", "0.5")[0] == 0


def test_less_than_a_byte_is_no_byte_and_not_the_default(site: Site) -> None:
    code, results = verify(site.address, "--max-size", "0.0000000001")
    assert code == 1 and "is larger than 0 bytes" in said(results)[0][1]


def test_a_list_is_limited_whatever_the_auditor_says(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "LIST_LIMIT", 1000)
    code, results = verify(site.address, "--max-size", "100")
    (detail,) = (detail for _, detail in said(results))
    assert code == 1 and detail.endswith("releases.json: is larger than 1,000 bytes, the rest of the limit")


@pytest.mark.parametrize("size", ["0", "-1", "nan", "1e7"])
def test_a_size_that_is_none_is_wrong_use(site: Site, three: Path, size: str) -> None:
    assert run("verify", site.address, "--max-size", size).code == 2
    assert site.asked == []
    done = run("verify", three, "--max-size", "1")
    assert done.code == 2 and "a folder has no limit" in " ".join(done.err.split())


def dripping(stop: threading.Event) -> Answer:
    def answer(handler: Handler) -> None:
        handler.send(200, Content_Length=100)
        try:
            while not stop.wait(0.1):
                handler.wfile.write(b"x")
        except OSError:
            pass

    return answer


def test_a_server_that_drips_does_not_hold_the_auditor_up(site: Site, fetch: Fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "TIMEOUT", 1)
    stop = threading.Event()
    site.answers[FILE] = dripping(stop)
    faults = fetch(site.address)
    stop.set()
    assert any("comes too slowly" in fault for fault in faults)


def test_a_server_that_falls_silent_is_not_asked_for_every_file(
    site: Site, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "TIMEOUT", 1)
    stop = threading.Event()
    for path in site.folder.rglob("*"):
        if path.parent.name == "1.1.0" and path.name != "SHA256SUMS":
            site.answers[f"/{path.relative_to(site.folder)}"] = lambda handler: stop.wait(60)
    faults = fetch(site.address)
    stop.set()
    assert [path for path in site.asked if path.startswith("/releases/1.1.1/")] == []
    # SHA256SUMS came; then each file was waited for, until none was asked for any more.
    assert sum(path.startswith("/releases/1.1.0/") for path in site.asked) == fetching.SILENT_AT_MOST + 1
    assert len([fault for fault in faults if "releases/1.1.0/" in fault]) == fetching.SILENT_AT_MOST + 1
    assert all("does not answer any more" in fault for fault in faults[fetching.SILENT_AT_MOST :])


def test_an_index_that_moves_on_meanwhile_is_told(site: Site, fetch: Fetch) -> None:
    first = site.bytes("releases.json")

    def answer(handler: Handler) -> None:
        body = first if handler.site.asked.count("/releases.json") == 1 else first + b"\n"
        handler.send(200, body, Content_Length=len(body))

    site.answers["/releases.json"] = answer
    assert fetch(site.address) == [f"{site.address}releases.json: changed while the files were fetched; verify again"]


# --- lists that would lead out of the folder


@pytest.mark.parametrize(
    "name", ["../../x", "/etc/x", "a/../../x", "con", ".hidden", "a\\b", "http://x/y", "X.csv\n", "a%2fb"]
)
def test_a_list_of_files_that_leads_elsewhere_is_refused(site: Site, tmp_path: Path, name: str) -> None:
    lines = site.bytes(SUMS).decode() + f"{'0' * 64}  {name}\n"
    body = "".join(sorted(lines.splitlines(keepends=True), key=lambda line: line[66:])).encode()
    site.answers[SUMS] = lambda handler: handler.send(200, body, Content_Length=len(body))
    before = sorted(path.name for path in tmp_path.iterdir())
    code, results = verify(site.address + "releases/1.0.0")
    assert code == 1
    assert site.asked == [SUMS, *AROUND]
    assert "fetch" in dict(said(results))
    assert sorted(path.name for path in tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    "index",
    [
        b"",
        b"[]",
        b"{}",
        b"nonsense",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"releases": 1, "derived": {}}',
        b'{"releases": [{}], "derived": {}}',
        b'{"releases": [{"version": 1, "withdrawn": null, "digest": "x"}], "derived": {}}',
        b'{"releases": [{"version": "../..", "withdrawn": null, "digest": "x"}], "derived": {}}',
        b'{"releases": [], "derived": {"../x": "y"}}',
        b'{"releases": [], "derived": {"releases/1.0.0/x": "y"}}',
        b'{"releases": [], "derived": {"a": "y", "A": "y"}}',
        b'{"releases": [], "derived": ["a"]}',
    ],
    ids=range(14),
)
def test_an_index_that_is_none_fails_and_nothing_else_is_asked_for(site: Site, index: bytes) -> None:
    site.answers["/releases.json"] = lambda handler: handler.send(200, index, Content_Length=len(index))
    code, results = verify(site.address)
    assert code == 1
    assert said(results)
    assert set(site.asked) == {"/SHA256SUMS", "/releases.json", "/metadata/timestamp.json"}


# --- wrong use


def test_an_address_with_nothing_there_is_wrong_use(site: Site) -> None:
    done = run("verify", site.address + "nothing")
    assert (done.code, done.out) == (2, "")
    assert "has neither a release (SHA256SUMS) nor a store (releases.json)" in " ".join(done.err.split())


def test_an_address_that_does_not_answer_is_wrong_use(site: Site, three: Path) -> None:
    closed = Site(three)
    closed.close()
    done = run("verify", closed.address)
    assert (done.code, done.out) == (2, "")
    assert "no answer" in done.err


@pytest.mark.parametrize(
    "address",
    [
        "ftp://127.0.0.1/x",
        "file:///etc/",
        "http://",
        "http:///x",
        "http://user:secret@127.0.0.1/",
        "http://user:secret@127.0.0.1:x/",
        "http://127.0.0.1:70000/",
        "http://127.0.0.1/?q=1",
        "http://127.0.0.1/#part",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/a\r\nHost: x",
        "http://[::1/",
        "https://bücher.example/",
    ],
)
def test_what_is_no_plain_address_is_wrong_use(address: str) -> None:
    done = run("verify", address)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: ")
    assert "secret" not in done.err


def test_with_pins_nothing_is_fetched_of_a_release_for_which_no_key_vouches(site: Site, tmp_path: Path) -> None:
    pins = tmp_path / "pins.pem"
    pins.write_bytes(public_pem(OTHER.public_key()))
    done = run("verify", f"{site.address}releases/1.0.0", "--json", CBRN_DATA_TRUSTED_KEYS=str(pins))
    assert done.code == 1 and site.asked == [SUMS, *AROUND, "/releases/1.0.0/attestation.json"]
    assert "not signed by any pinned key" in dict(said(done.json["results"]))["fetch"]
