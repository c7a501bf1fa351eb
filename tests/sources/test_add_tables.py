"""Adding tables: each kind, each form, and what is wrong in the terms of the received file."""

from __future__ import annotations

import csv
import fcntl
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from cbrn_data.errors import CbrnDataError, SourceError
from cbrn_data.intake.add import add_file
from cbrn_data.intake.write import About, Added
from cbrn_data.pipeline import gather
from cbrn_data.settings import Settings
from cbrn_data.sources.source import read_source, read_sources
from tests import records
from tests.conftest import PROJECT
from tests.documents.test_tables import in_process, workbook

__all__ = ["in_process"]

BULK = records.row(2, project="")
JOINED = "region_id,country_id,joined,url,certainty\ncentral-asia,MNG,2018,https://data.example/m,medium\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with definitions, a leaflet and the countries."""
    root = tmp_path / "root"
    (root / "raw").mkdir(parents=True)
    (root / "schemas").symlink_to(PROJECT / "schemas")
    for name in ("countries.csv", "central-asia-2025.txt"):
        for file in (name, f"{name}.yaml"):
            (root / "raw" / file).write_bytes((PROJECT / "raw" / file).read_bytes())
    return root


def add(root: Path, name: str, data: bytes | str, **about: Any) -> Added:
    path = root.parent / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return add_file(path, Settings(root, root / "published"), About(today="2026-11-22", **about))


def sidecar(root: Path, name: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((root / "raw" / f"{name}.yaml").read_bytes())
    return content


def places(caught: pytest.ExceptionInfo[SourceError]) -> list[tuple[str, str]]:
    return [(each.code, each.place.rpartition("/")[2]) for each in caught.value.findings]


KINDS = {
    "curated": (JOINED, {"table": "memberships"}),
    "corrections": (
        "table_name,row_id,field,expect,value,reason,url\n"
        "regions,central-asia,secretariat_city,Tashkent,Toshkent,its spelling,https://data.example/city\n",
        {},
    ),
    "renames": ("new_id,achievement_id,reason\na-1,a-2,the edition of 2026 corrects a misprint\n", {}),
    "regions": (
        "region_id,name,other_names,url,certainty\ncentral-asia,Central Asia,CA,https://data.example/c,high\n",
        {"kind": "regions"},
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_found_by_its_table_or_its_columns(kind: str, root: Path) -> None:
    data, about = KINDS[kind]
    assert add(root, "my table.csv", data, **about).names == ["my-table.csv"]
    assert (root / "raw/my-table.csv").read_text() == data
    source, findings = read_source(root / "raw", "my-table.csv")
    assert source and (source.kind, source.metadata.get("table"), findings) == (kind, about.get("table"), [])
    assert add(root, "my table.csv", data, **about).names == []


@pytest.mark.parametrize("form", ["semicolons", "tabs", "xlsx"])
def test_another_form_is_kept_beside_the_csv_of_its_cells(form: str, root: Path, in_process: None) -> None:
    rows = [line.split(",") for line in JOINED.splitlines()]
    data = workbook(*rows) if form == "xlsx" else JOINED.replace(",", ";" if form == "semicolons" else "\t").encode()
    name, kept = {
        "semicolons": ("joined.csv", "joined.received.csv"),
        "tabs": ("joined.tsv", "joined.tsv"),
        "xlsx": ("joined.xlsx", "joined.xlsx"),
    }[form]
    assert add(root, name, data, table="memberships", url="https://data.example/list").names == ["joined.csv", kept]
    assert ((root / "raw" / kept).read_bytes(), (root / "raw/joined.csv").read_text()) == (data, JOINED)
    about, document = sidecar(root, "joined.csv"), sidecar(root, kept)
    assert (about["text_of"], about.get("sheet")) == (document["id"], "Sheet1" if form == "xlsx" else None)
    assert document["kind"] == "document" and document["url"] == about["url"] == "https://data.example/list"
    assert read_sources(root / "raw")[1] == []
    assert add(root, name, data, table="memberships").names == []


@pytest.mark.parametrize(
    ("old", "new", "code", "text", "sheet"),
    [
        (",2018,", ",31.12.2018,", "cell-pattern", "2:18", "Sheet1!C2"),
        ("MNG", "XXX", "reference-missing", "2:14", "Sheet1!B2"),
        ("medium", "low", "curated-certainty", "2:46", "Sheet1!E2"),
        ("joined", "begun", "curated-header", "1", "Sheet1!A1"),
    ],
)
def test_what_is_wrong_is_said_in_the_terms_of_the_file(
    old: str, new: str, code: str, text: str, sheet: str, root: Path, in_process: None
) -> None:
    data = JOINED.replace(old, new)
    before = sorted((root / "raw").iterdir())
    for name, given, place in (
        ("a.csv", data.encode(), text),
        ("a.tsv", data.replace(",", "\t").encode(), text),
        ("a.xlsx", workbook(*(line.split(",") for line in data.splitlines())), sheet),
    ):
        with pytest.raises(SourceError) as caught:
            add(root, name, given, table="memberships")
        assert places(caught) == [(code, f"{name}:{place}")]
    assert sorted((root / "raw").iterdir()) == before


@pytest.mark.parametrize(
    ("name", "data", "about", "words"),
    [
        ("a.csv", JOINED, {}, "with --table; its columns fit memberships"),
        ("a.csv", KINDS["regions"][0], {}, "its columns fit regions, or the list of regions with --kind regions"),
        ("a.csv", "a,b\n1,2\n", {}, "with --table; `cbrn-data new-table` makes a table of its own"),
        ("a.csv", JOINED, {"table": "members"}, "--table members is not one of regions, countries"),
        ("a.csv", JOINED, {"table": "memberships", "kind": "bulk"}, "are of the kind curated, not bulk"),
        ("a.csv", JOINED, {"table": "memberships", "kind": "renames"}, "has no table"),
        ("a.csv", JOINED, {"kind": "leaflet"}, "is not one of curated"),
        ("a.txt", "x", {"kind": "curated"}, "does not fit a .txt file"),
        ("a.txt", "x", {"table": "memberships"}, "is not a table"),
        ("a.csv", JOINED, {"table": "memberships", "sheet": "A"}, "has no sheets"),
    ],
)
def test_options_that_do_not_fit_are_wrong_use(root: Path, name: str, data: str, about: dict[str, str], words: str) -> None:
    with pytest.raises(CbrnDataError) as caught:
        add(root, name, data, **about)
    assert caught.value.exit_code == 2 and words in str(caught.value)


def test_the_publisher_of_a_table_is_that_of_the_project(root: Path) -> None:
    (root / "schemas").unlink()
    shutil.copytree(PROJECT / "schemas", root / "schemas")
    package = root / "schemas/package.yaml"
    package.write_text(package.read_text().replace("name: cbrn_data maintainers", "name: An agency", 1))
    add(root, "a.csv", JOINED.replace(",", ";"), table="memberships")
    assert {sidecar(root, name)["publisher"] for name in ("a.csv", "a.received.csv")} == {"An agency"}
    add(root, "b.csv", JOINED, table="memberships", publisher="Somebody")
    assert sidecar(root, "b.csv")["publisher"] == "Somebody"


@pytest.fixture
def with_bulk(root: Path) -> Path:
    """A project with the bulk table ``trainings``."""
    (root / "schemas").unlink()
    shutil.copytree(PROJECT / "schemas", root / "schemas")
    records.define(root)
    return root


def test_all_rows_of_a_bulk_table_are_checked_and_the_file_is_copied(with_bulk: Path, in_process: None) -> None:
    good, bad = ("\n".join([records.HEADER, *rows, ""]) for rows in ([BULK], [BULK, records.row(1, people="0")]))
    assert add(with_bulk, "trainings.csv", good, table="trainings").names == ["trainings.csv"]
    assert sidecar(with_bulk, "trainings.csv")["kind"] == "bulk"
    source, findings = read_source(with_bulk / "raw", "trainings.csv")
    assert source and source.path and (source.path.read_text(), findings) == (good, [])
    cells = [next(csv.reader([line])) for line in bad.splitlines()]
    for name, data, place in (
        ("more.csv", bad, "more.csv:3"),
        ("more.xlsx", workbook(*cells), "more.xlsx:Sheet1!"),
        ("more.tsv", "".join("\t".join(line) + "\n" for line in cells), "more.tsv:3:"),
    ):
        with pytest.raises(SourceError) as caught:
            add(with_bulk, name, data, table="trainings")
        assert {code for code, _ in places(caught)} >= {"cell-range", "records-unordered"}
        assert {where for code, where in places(caught) if not where.startswith(place)} == {name}  # a second source


def test_changed_bytes_hide_no_other_finding(root: Path) -> None:
    add(root, "a.csv", JOINED, table="memberships")
    (root / "raw/a.csv").write_text(JOINED.replace("MNG", "XXX"))
    with pytest.raises(SourceError) as caught:
        gather(Settings(root, root / "published"))
    assert [each for each in places(caught) if each[1].startswith("a.csv")] == [
        ("source-changed", "a.csv"),
        ("reference-missing", "a.csv:2"),
    ]


def test_an_error_that_a_table_causes_in_another_file_is_its_own(root: Path) -> None:
    add(root, "b.csv", JOINED, table="memberships")
    with pytest.raises(SourceError) as caught:
        add(root, "c.csv", JOINED.replace("2018", "2019"), table="memberships")
    (finding,) = caught.value.findings
    assert finding.code == "curated-conflict" and "raw/b.csv:2" in f"{finding.place} {finding.message}"


def test_a_day_in_another_form_is_told_how_to_write_it(root: Path) -> None:
    data = JOINED.replace("certainty\n", "certainty,read_on\n").replace("medium\n", "medium,28.11.2026\n")
    with pytest.raises(SourceError) as caught:
        add(root, "a.csv", data, table="memberships")
    (finding,) = caught.value.findings
    assert finding.message == "read_on '28.11.2026' is not a day, as in 2026-11-28"


def test_a_wrong_option_is_told_of_the_file_that_was_given(root: Path) -> None:
    leaflet = (PROJECT / "raw/central-asia-2025.txt").read_bytes().replace(b"in 2025:", b"in 2024:")
    for name, data, about in (("my a.csv", JOINED, {"table": "memberships"}), ("my leaflet.txt", leaflet, {})):
        with pytest.raises(SourceError) as caught:
            add(root, name, data, url="https://page.example/?utm_source=x", **about)
        assert places(caught) == [("curated-address", name)]


def test_a_bad_row_can_be_set_aside(root: Path) -> None:
    data = JOINED + "central-asia,MNG,soon,https://data.example/m,medium\n"
    added = add(root, "a.csv", data, table="memberships", on_error="quarantine", note="As received.")
    assert [(each.code, each.cell) for each in added.findings] == [("row-quarantined", "3:18")]
    about = sidecar(root, "a.csv")
    assert (about["on_error"], about["note"]) == ("quarantine", "As received.")


def test_other_options_of_a_file_that_is_there_are_not_dropped(root: Path) -> None:
    add(root, "a.csv", JOINED, table="memberships", title="One")
    with pytest.raises(CbrnDataError, match=r"is there with title 'One'.*cbrn-data update raw/a.csv --title"):
        add(root, "a.csv", JOINED, table="memberships", title="Two")
    assert sidecar(root, "a.csv")["title"] == "One"


def test_other_bytes_and_edited_files_name_update(root: Path) -> None:
    add(root, "my a.csv", JOINED, table="memberships")
    with pytest.raises(SourceError, match=r"is there with other bytes; .*cbrn-data update '/.*/my a.csv'"):
        add(root, "my a.csv", JOINED.replace("2018", "2019"), table="memberships")
    (root / "raw/my-a.csv").write_text(JOINED.replace("2018", "2019"))
    with pytest.raises(SourceError) as caught:
        add_file(root / "raw/my-a.csv", Settings(root, root / "published"), About(today="2026-11-22", table="memberships"))
    assert places(caught) == [("source-changed", "my-a.csv")]
    assert "cbrn-data update raw/my-a.csv" in caught.value.findings[0].message


def test_another_source_that_is_wrong_stops_nothing(root: Path) -> None:
    add(root, "a.csv", JOINED, table="memberships")
    (root / "raw/a.csv").write_text(JOINED.replace("MNG", "XXX"))
    assert add(root, "b.csv", JOINED, table="memberships").names == ["b.csv"]
    with pytest.raises(SourceError) as caught:
        add(root, "c.csv", JOINED.replace("MNG", "YYY"), table="memberships")
    assert places(caught) == [("reference-missing", "c.csv:2:14")]


def test_a_conflict_with_another_file_names_the_file_that_was_given(root: Path, in_process: None) -> None:
    add(root, "joined.csv", JOINED, table="memberships")
    other = workbook(*(line.split(",") for line in JOINED.replace("2018", "2019").splitlines()))
    for name, place in ("a.csv", "a.csv:2:18"), ("a.xlsx", "a.xlsx:Sheet1!C2"):
        data = other if name == "a.xlsx" else JOINED.replace("2018", "2019")
        with pytest.raises(SourceError) as caught:
            add(root, name, data, table="memberships")
        (finding,) = caught.value.findings
        assert finding.message.endswith(f"'2018' here and '2019' in {root.parent / place}")
    with pytest.raises(SourceError, match=r"joined.csv: raw/joined.csv is there with other bytes; .*update .*/joined.csv`$"):
        add(root, "joined.csv", JOINED.replace("2018", "2019"), table="memberships")


@pytest.mark.parametrize("table", ["memberships", "trainings"])
def test_a_table_without_rows_is_not_added(table: str, with_bulk: Path) -> None:
    header = JOINED.partition("\n")[0] if table == "memberships" else records.HEADER
    with pytest.raises(SourceError) as caught:
        add(with_bulk, "a.csv", header + "\n , \n", table=table)
    assert [(each.code, each.message) for each in caught.value.findings] == [("source-empty", "has a header and no rows")]


def test_what_a_killed_addition_left_is_removed_and_one_that_runs_is_not(root: Path) -> None:
    left, running = root / "raw/.add-left", root / "raw/.add-running"
    left.write_text("half")
    with running.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        add(root, "joined.csv", JOINED, table="memberships")
    assert (left.exists(), running.exists()) == (False, True)
