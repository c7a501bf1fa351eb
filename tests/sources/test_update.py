"""Updating sources: what differs is shown, new bytes are checked before the sidecar takes them, and keys change."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cbrn_data.cli.sources import update_files
from cbrn_data.errors import CbrnDataError, SourceError
from cbrn_data.intake.add import add_file
from cbrn_data.intake.difference import Change, changes_of, find_difference
from cbrn_data.intake.update import Updated, changed_files, update_file
from cbrn_data.intake.write import About, sidecar_text
from cbrn_data.settings import Settings
from cbrn_data.sources.source import read_sources
from tests.documents.test_tables import in_process, workbook
from tests.sources.test_add import PAGE, REGION_PAGE, pdf
from tests.sources.test_add_tables import JOINED, add, root, sidecar
from tests.trees import stamped

__all__ = ["in_process", "root"]

NEWER = JOINED.replace("2018", "2018-06")


def update(root: Path, path: str | Path, dry_run: bool = False, sheet: str | None = None, **given: str) -> Updated:
    return update_file(root / "raw" / path, Settings(root, root / "published"), given, sheet, dry_run)


def release(root: Path) -> None:
    """Lay out a release with the sources that are there, as far as its reader looks."""
    folder = root / "published/releases/1.0.0"
    (folder / "sources").mkdir(parents=True)
    info = '{"version": "1.0.0", "sequence": 1, "date": "2026-11-22", "previous": null, "content_digest": "x"}'
    (folder / "release.json").write_text(info)
    (folder / "regions.csv").write_text("region_id,name\ncentral-asia,Central Asia\n")
    for path in (root / "raw").iterdir():
        (folder / "sources" / path.name).write_bytes(path.read_bytes())
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    lines = [f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in files]
    (folder / "SHA256SUMS").write_text("".join(lines))


@pytest.fixture
def joined(root: Path) -> Path:
    """The file of a table that was added and released."""
    add(root, "joined.csv", JOINED, table="memberships")
    release(root)
    return root / "raw/joined.csv"


def test_an_edited_table_is_shown_by_its_key_and_taken(root: Path, joined: Path) -> None:
    joined.write_text(NEWER)
    assert changed_files(root / "raw") == [joined]
    before = stamped(root / "raw")
    shown = update(root, "joined.csv", dry_run=True)
    assert stamped(root / "raw") == before
    assert shown.difference and shown.difference.known_from == "release 1.0.0"
    key = "central-asia/MNG/https://data.example/m"
    assert list(shown.difference.changes) == [Change("changed", key, "joined", "2018", "2018-06")]
    update(root, "joined.csv", retrieved_on="2026-11-20")
    assert (sidecar(root, "joined.csv")["retrieved_on"], read_sources(root / "raw")[1]) == ("2026-11-20", [])
    assert (changed_files(root / "raw"), update(root, "joined.csv").difference) == ([], None)


def test_a_newer_copy_of_a_file_is_taken(root: Path, joined: Path) -> None:
    copy = root.parent / "joined.csv"
    copy.write_text(NEWER)
    assert update(root, copy).name == "joined.csv"
    assert (joined.read_text(), read_sources(root / "raw")[1]) == (NEWER, [])


def test_wrong_bytes_are_refused_with_their_cells(root: Path, joined: Path) -> None:
    joined.write_text(JOINED.replace(",2018,", ",31.12.2018,"))
    before = stamped(root / "raw")
    with pytest.raises(SourceError) as caught:
        update(root, "joined.csv")
    assert [(each.code, each.cell) for each in caught.value.findings] == [("cell-pattern", "2:18")]
    assert stamped(root / "raw") == before
    assert [each.severity for each in update(root, "joined.csv", on_error="quarantine").findings] == ["warning"]
    assert sidecar(root, "joined.csv")["on_error"] == "quarantine"
    with pytest.raises(SourceError):
        update(root, "joined.csv", on_error="reject")


def test_keys_change_and_all_else_stays(root: Path, joined: Path) -> None:
    path = root / "raw/joined.csv.yaml"
    path.write_text(path.read_text().replace("url: null\n", "url: >-\n  https://data.example/old\n# kept\n"))
    updated = update(root, "joined.csv", url="https://data.example/new", note='By "us": \\1', title="When: joined")
    assert {(key, old) for _, key, old, _ in updated.keys} == {
        ("url", "https://data.example/old"),
        ("note", ""),
        ("title", "joined"),
    }
    assert "url: https://data.example/new\n# kept\n" in path.read_text()
    about = sidecar(root, "joined.csv")
    assert (about["note"], about["title"], updated.difference) == ('By "us": \\1', "When: joined", None)
    update(root, "joined.csv", url="", note="")
    assert sidecar(root, "joined.csv")["url"] is None and sidecar(root, "joined.csv")["note"] is None
    with pytest.raises(SourceError) as caught:
        update(root, "joined.csv", url="javascript:alert(1)")
    assert [each.code for each in caught.value.findings] == ["sidecar-invalid"]


def test_a_workbook_is_read_again_and_its_values_are_not_edited(root: Path, in_process: None) -> None:
    rows, newer = ([line.split(",") for line in text.splitlines()] for text in (JOINED, NEWER))
    add(root, "joined.xlsx", workbook(*rows), table="memberships")
    release(root)
    update(root, "joined.xlsx", title="When")
    assert {sidecar(root, name)["title"] for name in ("joined.csv", "joined.xlsx")} == {"When"}
    (root / "raw/joined.xlsx").write_bytes(workbook(*newer, name="New"))
    with pytest.raises(SourceError, match="cannot be read"):
        update(root, "joined.xlsx")
    updated = update(root, "joined.xlsx", sheet="New")
    assert (updated.name, (root / "raw/joined.csv").read_text()) == ("joined.csv", NEWER)
    assert updated.difference and [change.new for change in updated.difference.changes] == ["2018-06"]
    assert (sidecar(root, "joined.csv")["sheet"], read_sources(root / "raw")[1]) == ("New", [])
    (root / "raw/joined.csv").write_text(JOINED)
    (root / "raw/joined.xlsx").write_bytes(workbook(*newer))
    assert changed_files(root / "raw") == [root / "raw/joined.xlsx"]
    update(root, "joined.xlsx", sheet="Sheet1")
    (root / "raw/joined.csv").write_text(JOINED)
    with pytest.raises(CbrnDataError, match=r"has the values of raw/joined\.xlsx"):
        update(root, "joined.csv")


def test_a_leaflet_is_read_before_its_bytes_are_taken(root: Path) -> None:
    path = root / "raw/central-asia-2025.txt"
    text = path.read_text()
    release(root)
    path.write_text(text.replace("Tashkent", "Toshkent"))
    updated = update(root, path.name)
    assert updated.difference
    first = next(iter(updated.difference.changes))
    assert (first.kind, first.place.partition(" ")[0]) == ("changed", "line")
    path.write_text(text[:600])
    with pytest.raises(SourceError) as caught:
        update(root, path.name)
    assert {each.source for each in caught.value.findings} == {"raw/central-asia-2025.txt"}


@pytest.mark.parametrize(
    ("path", "given", "words"),
    [
        ("joined.csv.yaml", {}, "is a sidecar; name its file, joined.csv"),
        ("other.csv", {}, r"no sidecar of a file other.csv; add it with `cbrn-data add`"),
        ("central-asia-2025.txt", {"on_error": "reject"}, "is not a table"),
        ("central-asia-2025.txt", {"sheet": "A"}, "has no sheets"),
    ],
)
def test_what_does_not_fit_is_wrong_use(root: Path, joined: Path, path: str, given: Any, words: str) -> None:
    with pytest.raises(CbrnDataError, match=words):
        update(root, path, **given)


def test_the_command_shows_and_takes_all(root: Path, joined: Path, capsys: pytest.CaptureFixture[str]) -> None:
    joined.write_text(NEWER)
    (root / "raw/central-asia-2025.txt").write_text("x")
    with pytest.raises(SystemExit) as caught:
        update_files([], root, every=True)
    said = capsys.readouterr()
    assert caught.value.code == 1 and "raw/central-asia-2025.txt was not updated" in said.err
    assert [line.split() for line in said.out.splitlines()] == [
        "raw/joined.csv, compared with release 1.0.0".split(),
        ["change", "row", "field", "old", "new"],
        ["changed", "central-asia/MNG/https://data.example/m", "joined", "2018", "2018-06"],
        ["raw/joined.csv:", "updated"],
    ]
    update_files([joined], root, title="When", dry_run=True)
    assert capsys.readouterr().out.endswith("raw/joined.csv: would be updated\n")
    with pytest.raises(CbrnDataError, match="or give --all"):
        update_files([], root)


A = "k,url,a\n1,u,x\n2,u,y\n"


@pytest.mark.parametrize(
    ("new", "changes"),
    [
        (A, []),
        ("k,url,a\n2,u,y\n", [("removed", "1/u", "*", "k 1, url u, a x", "")]),
        (A + "3,u,\n", [("added", "3/u", "*", "", "k 3, url u")]),
        ("k,url,b\n1,u,x\n2,u,\n", [("changed", "1/u", "b", "", "x"), ("changed", "1/u", "a", "x", "")]),
        (A + "2,u,z\n", [("added", "line 4", "", "", "2,u,z")]),
        ("k,url,a\n1,u\n2,u,y\n", [("changed", "line 2", "", "1,u,x", "1,u")]),
    ],
)
def test_rows_are_compared_by_key_where_it_is_unique_else_by_line(new: str, changes: list[tuple[str, ...]]) -> None:
    found = [tuple(vars(each).values()) for each in changes_of(A.encode(), new.encode(), ("k", "url"))]
    assert found[: len(changes)] == changes and bool(found) == bool(changes)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            lambda text: text.replace("2,y", "2,z").replace("3,x\n", ""),
            {("changed", "2", "y", "z"), ("removed", "3", "k 3, a x", "")},
        ),
        (lambda text: text.replace("k,a", "k,b"), {("changed", "line 1", "k,a", "k,b")}),
        (lambda text: text + "0,x\n", {("added", "0", "", "k 0, a x")}),
        (lambda text: text + "3,x\n", {("added", "3", "", "k 3, a x")}),
        (lambda text: text.replace("1,x\n2,y\n", "2,y\n1,x\n"), set()),
    ],
)
def test_bulk_tables_are_compared_in_blocks(
    change: Callable[[str], str], expected: set[tuple[str, ...]], root: Path, tmp_path: Path
) -> None:
    text = "k,a\n1,x\n2,y\n3,x\n"
    (root / "raw/bulk.csv").write_text(text)
    release(root)
    new = tmp_path / "new.csv"
    new.write_text(change(text))
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    found = find_difference(root / "raw/bulk.csv", root / "published", sha256, new, ("k",))
    assert {(each.kind, each.place, each.old, each.new) for each in found.changes} == expected


def test_without_a_release_the_difference_is_not_guessed(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add(root, "joined.csv", JOINED, table="memberships")
    (root / "raw/joined.csv").write_text(NEWER)
    update_files([root / "raw/joined.csv"], root)
    assert "no release has the bytes that its sidecar knows" in capsys.readouterr().out
    assert sidecar_text({"id": "a"}, b"x").startswith(b"id: a\nsha256: ")


def test_a_corrected_document_replaces_the_one_that_is_there(root: Path, tmp_path: Path) -> None:
    raw, settings = root / "raw", Settings(root, root / "published")
    (tmp_path / "a.pdf").write_bytes(pdf(PAGE))
    ours = About(today="2026-11-22", title="Ours", url="https://data.example/a.pdf")
    add_file(tmp_path / "a.pdf", settings, ours)
    old = {path.name: path.read_bytes() for path in raw.iterdir()}
    corrected = tmp_path / "corrected.pdf"
    corrected.write_bytes(pdf([line.replace("Amman, Jordan", "Aqaba, Jordan") for line in PAGE]))
    updated = update_file(corrected, settings, {"note": "Sent by hand."}, dry_run=True)
    assert {path.name: path.read_bytes() for path in raw.iterdir()} == old
    assert updated.difference and updated.difference.known_from == "raw/middle-east-2026.txt"
    change = next(iter(updated.difference.changes))
    assert (change.kind, change.old, change.new) == ("changed", "Amman, Jordan", "Aqaba, Jordan")
    update_file(corrected, settings, {"note": "Sent by hand."})
    assert read_sources(raw)[1] == []
    changed = {path.name for path in raw.iterdir() if path.read_bytes() != old[path.name] and path.suffix != ".yaml"}
    assert changed == {f"middle-east-2026.{end}" for end in ("pdf", "txt", "lines.json", "pages.png")}
    about = sidecar(root, "middle-east-2026.txt")
    assert (about["title"], about["note"], about["url"]) == ("Ours", "Sent by hand.", "https://data.example/a.pdf")
    (raw / "middle-east-2026.pdf").write_bytes(pdf(PAGE))  # in its place under raw/
    assert changed_files(raw) == [raw / "middle-east-2026.pdf"]
    update_file(raw / "middle-east-2026.pdf", settings, {})
    assert (raw / "middle-east-2026.txt").read_bytes() == old["middle-east-2026.txt"] and read_sources(raw)[1] == []
    assert update_file(raw / "middle-east-2026.pdf", settings, {}) == Updated("middle-east-2026.txt")


@pytest.mark.parametrize("is_in_place", [True, False])
def test_a_corrected_page_of_a_region_keeps_its_day(root: Path, tmp_path: Path, is_in_place: bool) -> None:
    name = add(root, "a.txt", REGION_PAGE, read_on="2026-11-20", title="Ours").names[0]
    release(root)
    place = root / "raw" / name if is_in_place else tmp_path / name
    place.write_text(REGION_PAGE.replace("- Jordan\n", "- Jordan\n- Lebanon\n"))
    updated = update_file(place, Settings(root, root / "published"), {})
    assert updated.difference and [(one.kind, one.new) for one in updated.difference.changes] == [("added", "- Lebanon")]
    about = sidecar(root, name)
    assert (about["retrieved_on"], about["title"]) == ("2026-11-20", "Ours") and "edition" not in about
    assert (root / "raw" / name).read_text().endswith("- Lebanon\n") and read_sources(root / "raw")[1] == []


def test_a_leaflet_may_come_in_another_form_and_must_be_the_same(root: Path, tmp_path: Path) -> None:
    raw, settings = root / "raw", Settings(root, root / "published")
    (tmp_path / "a.pdf").write_bytes(pdf(PAGE))
    add_file(tmp_path / "a.pdf", settings, About(today="2026-11-22"))
    (tmp_path / "a.txt").write_bytes((raw / "middle-east-2026.txt").read_bytes().replace(b"Amman", b"Aqaba"))
    updated = update_file(tmp_path / "a.txt", settings, {})
    assert ("middle-east-2026.txt", "text_of", "middle-east-2026-pdf", "") in updated.keys
    assert sorted(path.name for path in raw.glob("middle*")) == ["middle-east-2026.txt", "middle-east-2026.txt.yaml"]
    update_file(tmp_path / "a.pdf", settings, {})
    assert read_sources(raw)[1] == [] and (raw / "middle-east-2026.pdf").exists()
    (raw / "middle-east-2026.txt").write_text("x")
    with pytest.raises(CbrnDataError, match=r"has the text of raw/middle-east-2026\.pdf; restore it"):
        update_file(raw / "middle-east-2026.txt", settings, {})
    (tmp_path / "central-asia-2025.pdf").write_bytes(pdf(PAGE))
    with pytest.raises(CbrnDataError, match="is the leaflet middle-east-2025, not central-asia-2025"):
        update_file(tmp_path / "central-asia-2025.pdf", settings, {})
    (tmp_path / "b.pdf").write_bytes(pdf([line.replace("2026", "2024") for line in PAGE]))
    with pytest.raises(CbrnDataError, match="raw/ has no leaflet middle-east of 2024; add it"):
        update_file(tmp_path / "b.pdf", settings, {})


def test_a_newer_copy_is_compared_with_what_is_there_and_nothing_to_do_is_said(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add(root, "joined.csv", JOINED, table="memberships")
    (tmp_path / "joined.csv").write_text(NEWER)
    update_files([tmp_path / "joined.csv"], root)
    assert "raw/joined.csv, compared with raw/joined.csv" in " ".join(capsys.readouterr().out.split())
    update_files([], root, every=True, title="When")
    assert "Nothing to update: every file under raw/ is as its sidecar says; to change" in capsys.readouterr().out
