"""``verify --report``: the page says what was checked, holds no text that a browser would run, and survives any release."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from cbrn_data.store.folder import checksums, parse_checksums
from cbrn_data.verify.audit import Asked
from cbrn_data.verify.report import page
from cbrn_data.verify.results import Result
from tests.cli.conftest import run

DAY = "2026-11-22"
HOSTILE = "</style></td><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7*7 }}{% raw %}&amp;\u202e\x1b[31m\u200b'\""


class Tags(HTMLParser):
    """The structure of a page: its tags with the names of their attributes, and what is in text and attributes."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, ...]] = []
        self.values: list[tuple[str, str | None]] = []
        self.words = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, *(name for name, _ in attrs)))
        self.words += " "
        self.values += attrs

    def handle_endtag(self, tag: str) -> None:
        self.tags.append((f"/{tag}",))

    def handle_data(self, data: str) -> None:
        self.words += data


def text_of(content: bytes) -> str:
    return " ".join(Tags(content.decode()).words.split())


@pytest.fixture(scope="session")
def reported(published: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The page about the real store, by the command line."""
    target = tmp_path_factory.mktemp("report") / "report.html"
    done = run("verify", "--published", published, "--report", target)
    assert (done.code, done.err) == (0, "")
    return target.read_bytes()


def test_the_page_says_what_was_checked_and_what_was_found(reported: bytes, published: Path) -> None:
    text = text_of(reported)
    release = published / "releases/1.0.0"
    head = hashlib.sha256((release / "SHA256SUMS").read_bytes()).hexdigest()
    assert "All checks passed." in text
    assert (
        f"Store {published} Head 1.0.0 of {DAY}, number 1 in the history Digest {head} Verified on {DAY} 00:00 (UTC)" in text
    )
    assert "Pinned keys none" in text and "No key was pinned." in text
    for check in ("files", "record", "data package", "tables", "evidence", "sources", "report", "signature", "delta"):
        assert f"1.0.0 {check} ✓ passed" in text
    for source in sorted((release / "sources").iterdir()):
        if source.suffix != ".yaml":
            assert f"sources/{source.name} {hashlib.sha256(source.read_bytes()).hexdigest()}" in text
    assert "warning projects-named-differ raw/central-asia-2025.txt:50 12 projects named here; the leaflet claims 18" in text
    claims = "the leaflet of Central Asia claims 18 (2025); the page of South East and Eastern Europe claims 29 (undated)"
    assert f"61 projects are named; {claims}." in text


def test_both_times_and_what_was_asked_for_are_said_everywhere(small: Path, tmp_path: Path) -> None:
    target, memory = tmp_path / "report.html", tmp_path / "memory.json"
    pinned = shutil.copy(small / "releases/1.0.0/public-key.pem", tmp_path / "pins.pem")
    options = ("--remember", memory, "--max-age", 400, "--report", target)
    done = run("verify", small, "--json", *options, CBRN_DATA_TRUSTED_KEYS=str(pinned)).json
    assert (done["verified_on"], done["newest"]["version"], done["newest"]["date"]) == (f"{DAY} 00:00", "1.0.0", DAY)
    assert done["options"] == {"keys.trusted": str(pinned), "--remember": str(memory), "--max-age": "400"}
    assert done["not_requested"] == {"--rebuild": "no release, text or page was made again, and no leaflet was read again"}
    text = text_of(target.read_bytes())
    assert "--max-age 400 Not requested --rebuild: no release, text or page was made again, and no leaflet was read" in text
    assert "No key was pinned" not in text and "Keep a memory" not in text and "Nothing was made again" in text
    said = " ".join(run("verify", small).out.split())
    assert (
        f"Verified on {DAY} 00:00 UTC; newest release 1.0.0 is of {DAY}. Options: none. Not requested: keys.trusted ("
        in said
    )
    said = " ".join(run("verify", small / "releases/1.0.0").out.split())
    assert f"; release 1.0.0 is of {DAY}." in said and "--remember" not in said


def test_coverage_is_counted_from_the_cells_themselves(reported: bytes, published: Path) -> None:
    report = json.loads((published / "releases/1.0.0/report.json").read_text())
    cells = f"{report['coverage']['cells']:,}"
    assert f"{cells} of {cells} cells with a value have evidence." in text_of(reported)


def test_the_page_is_the_same_again_and_of_the_day_that_is_given(reported: bytes, published: Path, tmp_path: Path) -> None:
    target = tmp_path / "again.html"
    run("verify", "--published", published, "--report", target)
    assert target.read_bytes() == reported
    run("verify", "--published", published, "--report", target, SOURCE_DATE_EPOCH="0")
    assert b"1970-01-01 00:00 (UTC)" in target.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["again.html"]


# --- nothing in it runs, and nothing is asked for


def test_the_page_stands_alone(reported: bytes) -> None:
    text = reported.decode()
    tags = Tags(text)
    assert not {tag[0] for tag in tags.tags} & {"script", "img", "link", "iframe", "object", "embed", "base", "form", "a"}
    assert not {name for name, _ in tags.values} & {"src", "href", "style", "srcset", "action", "background"}
    assert not [name for name, _ in tags.values if name.startswith("on")]
    assert "url(" not in text and "@import" not in text


def test_the_policy_allows_exactly_the_one_style(reported: bytes) -> None:
    styles = re.findall(r"<style>(.*?)</style>", reported.decode(), flags=re.DOTALL)
    assert len(styles) == 1
    digest = base64.b64encode(hashlib.sha256(styles[0].encode()).digest()).decode()
    policy = dict(Tags(reported.decode()).values)
    assert f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'" in [
        value for name, value in Tags(reported.decode()).values if name == "content"
    ]
    assert "unsafe" not in str(policy)


def altered(published: Path, folder: Path, text: str) -> Path:
    """Copy a release and put ``text`` wherever the page shows words of it; its sums are made to fit."""
    release = shutil.copytree(published / "releases/1.0.0", folder / "1.0.0")
    edits: dict[str, Callable[[Any], Any]] = {
        "datapackage.json": lambda value: {**value, "title": text},
        "release.json": lambda value: {
            **value,
            "summary": text,
            "code": {"version": text, "digest": text, "libraries": {text: text}},
        },
        "report.json": lambda value: {
            **value,
            "findings": {"listed": [dict.fromkeys(("severity", "code", "source", "line", "table", "message"), text)]},
        },
    }
    for name, edit in edits.items():
        (release / name).write_text(json.dumps(edit(json.loads((release / name).read_text()))), encoding="utf-8")
    quoted = '"' + text.replace('"', '""') + '"'
    header = (release / "sources.csv").read_text(encoding="utf-8").splitlines()[0]
    columns = ",".join(quoted for _ in header.split(","))
    (release / "sources.csv").write_text("\n".join([header, columns]) + "\n", encoding="utf-8")
    listed = parse_checksums(release / "SHA256SUMS", (release / "SHA256SUMS").read_bytes())
    fitting = {name: hashlib.sha256((release / name).read_bytes()).hexdigest() for name in listed}
    (release / "SHA256SUMS").write_bytes(checksums(fitting))
    return release


def test_hostile_text_is_inert_and_the_page_keeps_its_structure(small: Path, tmp_path: Path) -> None:
    pages = []
    for name, text in (("harmless", "harmless"), ("hostile", HOSTILE)):
        (tmp_path / name).mkdir()
        release = altered(small, tmp_path / name, text)
        results = [Result(text, text, word, text) for word in ("passed", "failed", "not checked", "cut short")]
        pages.append(page(text, release, results, 1, [], Asked(DAY)).decode())
    harmless, hostile = map(Tags, pages)
    assert hostile.tags == harmless.tags
    assert [value for name, value in hostile.values if name != "content"] == [
        value for name, value in harmless.values if name != "content"
    ]
    assert hostile.words.count("{{ 7*7 }}") == harmless.words.count("harmless") > 20
    assert not set(pages[1]) & {"\u202e", "\x1b", "\u200b"}


# --- whatever is wrong with a release, there is a page about it


READ = (
    "SHA256SUMS release.json report.json datapackage.json attestation.json cbrn-data.json countries.json "
    "sources.csv evidence.csv regions.csv figures.csv schemas/package.yaml schemas/sources.yaml"
).split()


@pytest.mark.parametrize("spoil", [None, b"", b"{}\n", b"[]\n", b"\xff\x00,\n"], ids=["gone", "empty", "{}", "[]", "bytes"])
def test_a_page_is_made_of_any_release_whatever_file_is_spoilt(small: Path, tmp_path: Path, spoil: bytes | None) -> None:
    release = shutil.copytree(small / "releases/1.0.0", tmp_path / "releases/1.0.0")
    for name in READ:
        whole = (release / name).read_bytes()
        (release / name).unlink()
        if spoil is not None:
            (release / name).write_bytes(spoil)
        text = text_of(page("a place", tmp_path, [Result("1.0.0", "files", "failed", name)], 1, [], Asked(DAY)))
        assert "A check failed." in text
        assert "A check of this release failed. Do not rely on its own statements below." in text
        assert str(tmp_path) not in text
        (release / name).write_bytes(whole)


def test_a_page_tells_what_cannot_be_read(small: Path, tmp_path: Path) -> None:
    store = shutil.copytree(small, tmp_path / "published")
    (store / "releases/1.0.0/report.json").unlink()
    (store / "releases/1.0.0/sources.csv").write_text("title\n")
    target = tmp_path / "report.html"
    done = run("verify", "--published", store, "--report", target)
    text = text_of(target.read_bytes())
    assert done.code == 1
    assert "'sources.csv' was changed" in text and "'report.json' is missing" in text
    assert "report.json: is not there; restore it" in text


def test_failed_checks_are_listed_before_all_else(small: Path) -> None:
    good, bad = Result("1.0.0", "chain", "passed", "all"), [Result("1.0.0", "files", "failed", f"f{n}.") for n in range(22)]
    texts = [text_of(page("a place", small, [good, *some], 1, [], Asked(DAY))) for some in ([], bad[:1], bad)]
    heads = [text.partition("Verified on")[0] for text in texts]
    assert ["Failed checks" in head for head in heads] == [False, True, True]
    assert "1.0.0, files: f0." in heads[1] and "more, among" not in heads[1]
    assert "f19." in heads[2] and "f20." not in heads[2] and "2 more, among the results below" in heads[2]


def test_a_page_about_no_release_at_all(tmp_path: Path) -> None:
    (tmp_path / "published").mkdir()
    target = tmp_path / "report.html"
    assert run("verify", "--published", tmp_path / "published", "--report", target).code == 1
    assert "none: no release could be read" in text_of(target.read_bytes())


@pytest.mark.usefixtures("without_pages")
def test_a_withdrawn_release_is_told(small: Path, tmp_path: Path) -> None:
    store = shutil.copytree(small, tmp_path / "published")
    assert run("withdraw", "1.0.0", "--reason", "a <b>wrong</b> date", "--published", store).code == 0
    target = tmp_path / "report.html"
    run("verify", "--published", store, "--report", target)
    assert f"Withdrawn on {DAY}: a <b>wrong</b> date" in text_of(target.read_bytes())


def test_a_publication_that_was_cut_short_has_words_of_its_own(small: Path) -> None:
    text = text_of(page("a place", small, [Result("store", "index", "cut short", "one behind")], 3, [], Asked(DAY)))
    assert "All releases are intact; a publication was cut short." in text
    assert "! cut short" in text


def test_pinned_keys_are_named(small: Path, tmp_path: Path) -> None:
    pins = shutil.copy(small / "releases/1.0.0/public-key.pem", tmp_path / "pins.pem")
    target = tmp_path / "report.html"
    done = run("verify", "1.0.0", "--published", small, "--report", target, CBRN_DATA_TRUSTED_KEYS=str(pins))
    text = text_of(target.read_bytes())
    assert done.code == 0
    assert re.search(
        r"Pinned keys [0-9a-f]{64} Options keys.trusted \S+ Not requested --rebuild: ",
        text,
    )
    assert "No key was pinned." not in text
    assert f"Release {small}/releases/1.0.0 Version 1.0.0 of {DAY}" in text


# --- where it is written


@pytest.mark.parametrize(
    "name", ["published/report.html", "published/releases/1.0.0/report.json", "nowhere/report.html", "."]
)
def test_a_page_is_not_written_where_it_does_not_belong(small: Path, tmp_path: Path, name: str) -> None:
    store = shutil.copytree(small, tmp_path / "published")
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    done = run("verify", "--published", store, "--report", tmp_path / name)
    assert (done.code, done.out) == (2, "")
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
