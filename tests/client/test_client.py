"""``import cbrn_data as cbrn``: tables with their types, from a folder or an address, checked and kept."""

from __future__ import annotations

import functools
import hashlib
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import cbrn_data as cbrn
from cbrn_data import client
from cbrn_data.errors import CbrnDataError, UntrustedError, VerificationError
from cbrn_data.strict_json import dumped
from tests.trees import copied
from tests.verify import forging

pytestmark = pytest.mark.filterwarnings("ignore::cbrn_data.client.UnvouchedWarning")

TABLES = [
    "regions", "countries", "memberships", "projects", "project_regions", "project_listings", "project_countries",
    "achievements", "achievement_projects", "achievement_countries", "priorities", "figures", "sources", "evidence",
]  # fmt: skip
RELEASE = "releases/1.0.0"


def rows(folder: Path, table: str) -> int:
    """How many rows a table has, by what is published."""
    return len(json.loads((folder / RELEASE / f"{table}.json").read_text(encoding="utf-8")))


class Handler(SimpleHTTPRequestHandler):
    """A plain web server that writes down what it was asked for."""

    def __init__(self, *arguments: Any, asked: list[str], **options: Any) -> None:
        self.asked = asked
        super().__init__(*arguments, **options)

    def do_GET(self) -> None:
        self.asked.append(self.path.lstrip("/"))
        super().do_GET()

    def log_message(self, *arguments: Any) -> None:
        """Stay quiet."""


class Site:
    """A copy of ``published/``, its address, and what was asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[str] = []
        handler = functools.partial(Handler, asked=self.asked, directory=str(folder))
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()
        self.address = f"http://127.0.0.1:{self.server.server_port}/"

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def site(published: Path, tmp_path: Path) -> Iterator[Site]:
    """The first release of the real sources behind an address, without metadata, as older code published it."""
    served = Site(forging.older_form(Path(shutil.copytree(published, tmp_path / "site"))))
    yield served
    served.close()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the test's own."""
    monkeypatch.setenv("CBRN_DATA_STATE", str(tmp_path / "state"))
    return tmp_path / "state" / "cache"


@pytest.fixture
def copy(published: Path, tmp_path: Path) -> Path:
    """The first release of the real sources in a folder, to be spoilt."""
    return copied(published, tmp_path / "copy")


def edit_index(folder: Path, change: Callable[[Any], object]) -> None:
    index = json.loads((folder / "releases.json").read_text())
    change(index)
    (folder / "releases.json").write_bytes(dumped(index))


# --- what comes


def plain(frame: pd.DataFrame, resource: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of a frame as the JSON file has them."""
    for field in resource["schema"]["fields"]:
        if field["type"] == "date":
            frame[field["name"]] = frame[field["name"]].dt.strftime("%Y-%m-%d").astype("string")
    return [{str(name): _plain(value) for name, value in row.items()} for row in frame.astype(object).to_dict("records")]


def _plain(value: Any) -> Any:
    return value if isinstance(value, str) else None if pd.isna(value) else int(value)


@pytest.mark.parametrize("table", TABLES)
def test_each_table_comes_with_its_types_and_all_its_values(table: str, published: Path) -> None:
    (resource,) = [entry for entry in cbrn.package(source=published)["resources"] if entry["name"] == table]
    frame = cbrn.load(table, source=published)
    for field in resource["schema"]["fields"]:
        kind = str(frame.dtypes[field["name"]])
        expected = {"integer": "Int64", "year": "Int64", "date": "datetime64"}.get(field["type"], "string")
        assert kind.startswith(expected), field["name"]
    assert plain(frame, resource) == json.loads((published / RELEASE / f"{table}.json").read_text())


def test_the_list_of_tables_here_is_that_of_the_release(published: Path) -> None:
    assert [entry["name"] for entry in cbrn.package(source=published)["resources"] if "type" in entry] == TABLES


def test_text_that_looks_like_another_thing_stays_text() -> None:
    fields = [{"name": "a", "type": "string"}, {"name": "b", "type": "integer"}, {"name": "c", "type": "date"}]
    data = b"a,b,c\nNA,9007199254740993,1800-01-01\nnull,,\n004,-1,9999-12-31\n"
    frame = client._frame(data, fields)
    assert frame["a"].tolist() == ["NA", "null", "004"]
    assert frame["b"].tolist() == [9007199254740993, pd.NA, -1]
    assert [None if day is pd.NaT else day.year for day in frame["c"]] == [1800, None, 9999]


def test_a_table_says_where_it_is_from(published: Path) -> None:
    digest = hashlib.sha256((published / RELEASE / "SHA256SUMS").read_bytes()).hexdigest()
    assert cbrn.load("projects", source=published).attrs == {"table": "projects", "version": "1.0.0", "digest": digest}


def test_releases_are_listed_newest_first(copy: Path) -> None:
    def second(index: Any) -> None:
        index["releases"].insert(0, index["releases"][0] | {"version": "1.1.0", "date": "2027-01-01"})

    edit_index(copy, second)
    assert [(release.version, release.date) for release in cbrn.releases(copy)] == [
        ("1.1.0", "2027-01-01"),
        ("1.0.0", "2026-11-22"),
    ]


def test_without_a_source_it_is_the_configured_address_or_the_folder_here(
    site: Site, copy: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(copy.parent)
    with pytest.raises(CbrnDataError, match="set source= to the address or folder"):
        cbrn.releases()
    copy.rename(copy.parent / "published")
    assert len(cbrn.load("countries")) == rows(copy.parent / "published", "countries")
    assert not site.asked
    monkeypatch.setenv("CBRN_DATA_BASE_URL", site.address)
    assert len(cbrn.load("countries")) == rows(site.folder, "countries")
    assert site.asked[:2] == ["metadata/1.root.json", "releases.json"]


# --- who vouches


def test_an_address_without_metadata_warns_at_the_line_that_asked(site: Site, cache: Path) -> None:
    asking: list[Callable[[], object]] = [
        lambda: cbrn.load("countries", source=site.address),
        lambda: cbrn.package(source=site.address),
        lambda: cbrn.releases(site.address),
    ]
    for ask in asking:
        with pytest.warns(
            cbrn.UnvouchedWarning, match=f"{site.address}: has no signed metadata, so nobody vouches"
        ) as caught:
            ask()
        assert caught[0].filename == __file__


@pytest.mark.parametrize("way", ["folder", "address"])
def test_a_store_whose_metadata_were_taken_away_is_refused(way: str, published: Path, site: Site, cache: Path) -> None:
    """Its newest release says that it had them; so this needs no memory."""
    shutil.rmtree(site.folder)
    shutil.copytree(published, site.folder, ignore=shutil.ignore_patterns("metadata"))
    with pytest.raises(UntrustedError, match=r"but 1\.0\.0 was made when stores had it: somebody removed it"):
        cbrn.load("countries", source=site.folder if way == "folder" else site.address)


# --- what is withdrawn, or is not there


def test_a_withdrawn_release_comes_with_a_warning_at_the_line_that_asked(copy: Path) -> None:
    edit_index(
        copy, lambda index: index["releases"][0].update(withdrawn={"reason": "two rows swapped", "date": "2027-01-01"})
    )
    with pytest.warns(cbrn.WithdrawnWarning, match=r"1\.0\.0 is withdrawn: two rows swapped") as caught:
        frame = cbrn.load("countries", source=copy)
    assert len(frame) == rows(copy, "countries")
    assert caught[0].filename == __file__
    assert cbrn.releases(copy)[0].withdrawn == "two rows swapped"


def test_the_newest_is_the_newest_that_was_not_withdrawn(copy: Path, recwarn: pytest.WarningsRecorder) -> None:
    withdrawn = {"version": "1.1.0", "withdrawn": {"reason": "wrong", "date": "2027-01-01"}}
    edit_index(copy, lambda index: index["releases"].insert(0, index["releases"][0] | withdrawn))
    assert cbrn.package(source=copy)["version"] == "1.0.0"
    assert not recwarn


@pytest.mark.parametrize(
    ("table", "version", "said"),
    [
        ("project", None, "has no table 'project'; did you mean 'projects'"),
        ("weather", None, "has no table 'weather'; it has regions, countries"),
        ("projects-json", None, "has no table 'projects-json'"),
        ("../projects", None, "has no table"),
        ("projects", "2.0.0", "release '2.0.0' does not exist; the newest are 1.0.0"),
        ("projects", "", "release '' does not exist"),
    ],
)
def test_what_is_not_there_is_said(table: str, version: str | None, said: str, published: Path) -> None:
    with pytest.raises(CbrnDataError, match=said):
        cbrn.load(table, version, published)


# --- what was changed


@pytest.mark.parametrize("name", ["countries.csv", "SHA256SUMS", "datapackage.json"])
@pytest.mark.parametrize("way", ["folder", "address"])
def test_a_changed_file_is_refused(name: str, way: str, site: Site, cache: Path) -> None:
    path = site.folder / RELEASE / name
    path.write_bytes(path.read_bytes().replace(b"a", b"b", 1))
    with pytest.raises(VerificationError, match=f"{name}: is not the published file"):
        cbrn.load("countries", source=site.folder if way == "folder" else site.address)
    assert name == "SHA256SUMS" or not (cache / hashlib.sha256(path.read_bytes()).hexdigest()).exists()


@pytest.mark.parametrize(
    ("index", "said"),
    [
        (b"[]", "is not a JSON object"),
        (b"{", "cannot be read as JSON"),
        (b"{}", "is not an index of releases"),
        (b'{"releases": [{"version": "1.0.0"}]}', "is not an index of releases"),
        (b'{"releases": [{"version": "../..", "withdrawn": null}]}', "is not a version"),
        (b'{"releases": []}', "contains no release yet"),
    ],
)
def test_an_index_that_is_none_is_told_in_words(index: bytes, said: str, copy: Path) -> None:
    (copy / "releases.json").write_bytes(index)
    with pytest.raises(CbrnDataError, match=said):
        cbrn.load("countries", source=copy)


def test_a_page_in_the_place_of_the_index_is_told_with_its_address(site: Site, cache: Path) -> None:
    """Who must log in to a network first gets its page for every address."""
    (site.folder / "releases.json").write_bytes(b"<html>Log in</html>")
    with pytest.raises(VerificationError, match=rf"{site.address}: .*cannot be read as JSON"):
        cbrn.load("countries", source=site.address)


# --- addresses and the cache


def test_what_was_fetched_once_is_not_fetched_again(site: Site, cache: Path) -> None:
    first = cbrn.load("countries", source=site.address)
    names = ("SHA256SUMS", "datapackage.json", "release.json", "countries.csv")
    files = [f"{RELEASE}/{name}" for name in names]
    assert site.asked == ["metadata/1.root.json", "releases.json", *files]
    site.asked.clear()
    pd.testing.assert_frame_equal(cbrn.load("countries", source=site.address), first)
    assert site.asked == ["metadata/1.root.json", "releases.json"]
    assert all(hashlib.sha256(path.read_bytes()).hexdigest() == path.name for path in cache.iterdir())


def test_what_was_spoilt_in_the_cache_is_fetched_again(site: Site, cache: Path) -> None:
    cbrn.load("countries", source=site.address)
    for path in cache.iterdir():
        path.write_bytes(path.read_bytes()[:10])
    (cache / "coming-dead").mkdir()
    assert len(cbrn.load("countries", source=site.address)) == rows(site.folder, "countries")


def test_many_at_once_do_not_disturb_each_other(site: Site, cache: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        sizes = list(pool.map(lambda _: len(cbrn.load("evidence", source=site.address)), range(16)))
    assert set(sizes) == {rows(site.folder, "evidence")}
    assert len(list(cache.iterdir())) == 4


def test_a_new_release_is_seen_at_once(site: Site, cache: Path) -> None:
    assert not cbrn.releases(site.address)[0].withdrawn
    edit_index(site.folder, lambda index: index["releases"][0].update(withdrawn={"reason": "wrong", "date": "2027-01-01"}))
    assert cbrn.releases(site.address)[0].withdrawn == "wrong"


def test_offline_the_error_says_what_to_do(site: Site, cache: Path) -> None:
    cbrn.load("countries", source=site.address)
    site.close()
    with pytest.raises(CbrnDataError, match=r"no answer .*offline, set source= to the folder of a copy"):
        cbrn.load("countries", source=site.address)


def test_a_file_that_the_server_does_not_have_is_named(site: Site, cache: Path) -> None:
    (site.folder / RELEASE / "countries.csv").unlink()
    with pytest.raises(VerificationError, match=r"countries\.csv: the server answers 404"):
        cbrn.load("countries", source=site.address)


def test_a_cache_that_cannot_be_written_is_named(site: Site, cache: Path) -> None:
    cache.parent.mkdir()
    cache.write_text("a file where a folder belongs")
    with pytest.raises(CbrnDataError, match="set CBRN_DATA_STATE"):
        cbrn.load("countries", source=site.address)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("http://data.example/", "can be trusted only over https"),
        ("http://127.0.0.1.data.example/", "can be trusted only over https"),
        ("ftp://data.example/", "only http and https"),
        ("https://user:word@data.example/", "user name or password"),
        ("nowhere", "releases.json is missing; is this a store?"),
    ],
)
def test_a_source_that_cannot_be_trusted_or_is_none_is_refused(source: str, said: str, cache: Path) -> None:
    with pytest.raises(CbrnDataError, match=said):
        cbrn.load("countries", source=source)


def test_importing_it_loads_nothing_heavy() -> None:
    program = "import cbrn_data, sys; print(sorted({'pandas', 'cryptography', 'urllib.request'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert done.stdout == "[]\n"


def test_a_name_that_is_not_there_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="no attribute 'lod'"):
        _ = cbrn.lod


def test_what_can_be_asked_for_is_listed() -> None:
    """So that an editor or a notebook completes it, though it is loaded only when asked for."""
    assert {"load", "package", "releases", "UnvouchedWarning", "WithdrawnWarning"} <= set(dir(cbrn))
