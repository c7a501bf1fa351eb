"""Sources and their sidecars: what is read, and each reason for which it is not."""

import hashlib
import os
from pathlib import Path

import pytest

from cbrn_data.sources.source import name_findings, read_bytes, read_sources

DATA = b"a,b\n1,2\n"
SIDECAR = f"""id: some-table
kind: curated
table: projects
title: Some table
publisher: Somebody
url: null
retrieved_on: 2026-11-22
licence: CC-BY-4.0
sha256: {hashlib.sha256(DATA).hexdigest()}
bytes: {len(DATA)}
on_error: reject
"""


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    folder = tmp_path / "raw"
    folder.mkdir()
    put(folder, "some.csv", DATA, SIDECAR)
    return folder


def put(raw: Path, name: str, data: bytes, sidecar: str) -> None:
    (raw / name).write_bytes(data)
    (raw / f"{name}.yaml").write_text(sidecar, encoding="utf-8")


def findings(raw: Path) -> list[tuple[str, str, int | None]]:
    return [(finding.code, finding.source, finding.line) for finding in read_sources(raw)[1]]


def test_a_source_whose_sidecar_knows_it_is_read(raw: Path) -> None:
    (source,), found = read_sources(raw)
    assert found == []
    assert (source.source_id, source.kind, source.edition, source.place) == ("some-table", "curated", "", "raw/some.csv")
    assert (source.document.text, source.media_type, source.quarantines) == (DATA.decode(), "text/csv", False)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("id: some-table\n", "", 1, "id is missing"),
        ("id: some-table", "id: Some Table", 1, "must be small letters"),
        ("kind: curated", "kind: poem", 2, "must be one of leaflet"),
        ("table: projects\n", "", 2, "needs the key 'table'"),
        ("kind: curated", "kind: leaflet", 2, "is a .txt file"),
        ("title: Some table", "title:", 4, "is null and must be text"),
        ("title: Some table", "title: [a, b]", 4, "is a list and must be text"),
        ("title: Some table", "title: 2025", 4, "in quotation marks"),
        ("licence: CC-BY-4.0", "licence: 0", 8, "in quotation marks"),
        ("title: Some table", 'title: "Some\\u202etable"', 4, "RIGHT-TO-LEFT OVERRIDE"),
        ("title: Some table", 'title: "Some\\etable"', 4, "control character"),
        ("url: null", "url: javascript:alert(1)", 6, "must be an address"),
        ("url: null", "url: null\ncolour: red", 7, "colour is not known"),
        ("2026-11-22", "2026-02-30", 7, "a day of the calendar"),
        ("2026-11-22", "yesterday", 7, "a day of the calendar"),
        ("on_error: reject", "on_error: ignore", 11, "must be 'reject' or 'quarantine'"),
        ("title: Some table", "title: a\ntitle: b", 5, "is repeated"),
        ("title: Some table", "title: &a b\nnote: *a", 4, "aliases"),
        ("title: Some table", "title: !!python/name:os.system x", 4, "tags"),
        ("title: Some table", "title: 'a", 11, ""),
        (SIDECAR, "just words", 1, "must be keys and values"),
        (SIDECAR, "- a\n- b\n", 1, "must be keys and values"),
        (SIDECAR, "? [a]\n: b\n", 1, "plain text"),
        (SIDECAR, "[" * 5000, 1, ""),
    ],
)
def test_a_sidecar_means_one_thing_only(raw: Path, old: str, new: str, line: int, words: str) -> None:
    put(raw, "some.csv", DATA, SIDECAR.replace(old, new))
    sources, found = read_sources(raw)
    assert sources == []
    assert {(finding.code, finding.source) for finding in found} == {("sidecar-invalid", "raw/some.csv.yaml")}
    assert any(words in finding.message for finding in found)
    if words:
        assert line in {finding.line for finding in found}


def test_the_address_in_a_sidecar_is_without_language_and_traces(raw: Path) -> None:
    put(raw, "some.csv", DATA, SIDECAR.replace("url: null", "url: https://data.example/?id=7&prefLang=fi&utm_source=x"))
    (finding,) = read_sources(raw)[1]
    assert (finding.code, finding.place) == ("curated-address", "raw/some.csv.yaml:6")
    assert finding.message == "url has parameters that the page does not need: prefLang, utm_source"


def test_bytes_that_the_sidecar_does_not_know(raw: Path) -> None:
    (raw / "some.csv").write_bytes(b"a,b\n1,3\n")
    (finding,) = read_sources(raw)[1]
    assert finding.code == "source-changed"
    assert hashlib.sha256(DATA).hexdigest() in finding.message
    assert hashlib.sha256(b"a,b\n1,3\n").hexdigest() in finding.message


def test_what_is_missing_empty_or_no_file(raw: Path) -> None:
    (raw / "some.csv").write_bytes(b"")
    assert findings(raw) == [("source-empty", "raw/some.csv", None)]
    (raw / "some.csv").unlink()
    assert findings(raw) == [("source-missing", "raw/some.csv", None)]
    (raw / "some.csv").symlink_to("/etc/hostname")
    assert findings(raw) == [("source-unreadable", "raw/some.csv", None)]
    (raw / "some.csv").unlink()
    (raw / "some.csv").mkdir()
    assert findings(raw) == [("source-unreadable", "raw/some.csv", None)]
    (raw / "some.csv").rmdir()
    os.mkfifo(raw / "some.csv")
    assert findings(raw) == [("source-unreadable", "raw/some.csv", None)]
    (raw / "some.csv.yaml").unlink()
    assert findings(raw) == [("sidecar-missing", "raw/some.csv", None)]
    (raw / "some.csv").unlink()
    assert findings(raw) == [("source-missing", "raw", None)]
    assert findings(raw / "nowhere") == [("source-missing", "nowhere", None)]


def test_one_id_and_one_edition_stand_once(raw: Path) -> None:
    put(raw, "again.csv", DATA, SIDECAR)
    assert [code for code, *_ in findings(raw)] == ["source-repeated"]


@pytest.mark.parametrize(
    "name", ["a b.csv", "-a.csv", "é.csv", "CON.csv", "nul", "a.csv.", "a" * 101, "a:b.csv", "a\\b.csv", "..", ""]
)
def test_names_are_safe_paths_everywhere(name: str) -> None:
    assert [finding.code for finding in name_findings(name)] == ["source-name"]
    assert not name_findings("central-asia-2025.txt")


def test_size_is_checked_before_reading(raw: Path) -> None:
    data, found = read_bytes(raw / "some.csv", "raw/some.csv", 3)
    assert data is None and [finding.code for finding in found] == ["source-too-large"]
