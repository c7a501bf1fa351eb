"""Every form of a release has the rows and the bytes of the release, whatever opens it, and is made once."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cbrn_data.exports import WORKBOOK, ZIP, exports, files, workbook
from cbrn_data.exports.parquet import write_parquet
from cbrn_data.kept import keeping
from cbrn_data.schema.model import Package, read_package
from cbrn_data.schema.table import released_tables, table_of_rows
from cbrn_data.schema.written import json_row
from cbrn_data.store import disk
from cbrn_data.store.folder import Release, parse_checksums
from cbrn_data.store.store import Store
from tests.trees import tree


@pytest.fixture(scope="module")
def release(small: Path) -> Release:
    return Store(small).releases()[-1]


@pytest.fixture(scope="module")
def package(release: Release) -> Package:
    return read_package(release.folder / "schemas")


@pytest.fixture(scope="module")
def made(release: Release) -> dict[str, bytes]:
    """The exports of the only release, by name."""
    return {
        name.removeprefix("exports/latest/"): whole(data) for name, data in exports([release]).items() if "latest" in name
    }


def whole(data: disk.Data) -> bytes:
    return b"".join(disk.pieces(data))


def test_the_files_are_exactly_these_and_their_digests_are_beside_them(
    release: Release, package: Package, made: dict[str, bytes]
) -> None:
    tables = [name for name in package.tables if (release.folder / f"{name}.csv").exists()]
    assert made.keys() == {ZIP, WORKBOOK, "SHA256SUMS", *(f"{name}.parquet" for name in tables)}
    listed = parse_checksums(Path("SHA256SUMS"), made["SHA256SUMS"])
    assert listed == {name: disk.sha256_of(data) for name, data in made.items() if name != "SHA256SUMS"}


def test_latest_is_the_newest_that_is_not_withdrawn(release: Release) -> None:
    wrong = replace(release, version="9.0.0", withdrawn={"reason": "wrong", "date": "2026-12-01"})
    found = exports([release, wrong])
    for folder in ("latest", "9.0.0"):
        names = {name.split("/")[-1] for name in found if name.startswith(f"exports/{folder}/")}
        assert all(found[f"exports/{folder}/{name}"] for name in names) and ZIP in names
    assert found[f"exports/latest/{WORKBOOK}"] == found[f"exports/{release.version}/{WORKBOOK}"]
    assert found[f"exports/latest/{WORKBOOK}"] != found[f"exports/9.0.0/{WORKBOOK}"]


def test_the_zip_is_the_folder_of_the_release(release: Release, made: dict[str, bytes], tmp_path: Path) -> None:
    with zipfile.ZipFile(BytesIO(made[ZIP])) as archive:
        assert archive.namelist() == sorted(archive.namelist())
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        archive.extractall(tmp_path)
    there, here = ({name: data for name, (_, data) in tree(folder).items()} for folder in (release.folder, tmp_path))
    assert there == here


def test_parquet_has_the_types_of_the_schema_and_the_rows_of_the_csv(
    release: Release, package: Package, made: dict[str, bytes]
) -> None:
    types = {"integer": pa.int64(), "year": pa.int64(), "date": pa.date32()}
    for table in released_tables(release.folder, package).values():
        if table.files:
            found = pq.read_table(BytesIO(made[f"{table.name}.parquet"]))
            fields = table.definition.fields
            assert found.schema.types == [types.get(field.type, pa.string()) for field in fields]
            assert [one.metadata[b"title"].decode() for one in found.schema] == [field.title for field in fields]
            text = found.cast(pa.schema([(field.name, pa.string()) for field in fields]))
            assert text.to_pylist() == table.rows


def test_in_the_workbook_text_is_text_and_every_table_has_a_sheet(
    release: Release, package: Package, made: dict[str, bytes]
) -> None:
    book = openpyxl.load_workbook(BytesIO(made[WORKBOOK]))
    tables = {table.name: table for table in released_tables(release.folder, package).values() if table.files}
    assert book.sheetnames == ["definitions", *tables]
    for name, table in tables.items():
        head, *rows = book[name].iter_rows()
        assert [cell.value for cell in head] == table.definition.names
        assert [[cell.value for cell in row] for row in rows] == [
            list(json_row(table.definition, row).values()) for row in table.rows
        ]
        assert {cell.number_format for row in rows for cell in row if isinstance(cell.value, str)} == {"@"}
    said = {(row[0], row[1]): row[4] for row in book["definitions"].iter_rows(min_row=2, values_only=True)}
    for name, table in tables.items():
        assert all(said[name, field.name] == " ".join(field.description.split()) for field in table.definition.fields)
    assert (book.properties.title or "").endswith(release.version) and release.digest in (book.properties.description or "")
    assert str(book.properties.created) == str(book.properties.modified) == f"{release.date} 00:00:00"


def test_what_a_sheet_cannot_hold_is_cut_or_left_out_and_said(
    release: Release, package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook, "ROWS_AT_MOST", 2)
    texts = ["=1+1", "004", "_x0041_", "a\tb\nc", "ж" * 40_000]
    rows: list[dict[str, str | None]] = [{"country_id": f"A{n}", "name": text} for n, text in enumerate(texts)]
    number = "99999999999999999999"
    small = table_of_rows(package.tables["countries"], rows[3:])
    large = table_of_rows(package.tables["regions"], rows)
    figures = table_of_rows(
        package.tables["figures"], [{"figure_id": "a", "value": number}, {"figure_id": "b", "value": "7"}]
    )
    others = table_of_rows(replace(package.tables["countries"], name="definitions"), rows[:2])
    workbook.write_workbook(release, package, [small, large, figures, others], tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    assert book.sheetnames == ["definitions", "countries", "figures", "definitions2"]

    def column(sheet: str, name: str) -> list[Any]:
        head, *found = book[sheet].iter_rows()
        return [row[[cell.value for cell in head].index(name)] for row in found]

    tab, long = (cell.value for cell in column("countries", "name"))
    assert tab == "a\tb\nc" and len(long) == workbook.TEXT_AT_MOST and long.endswith("(cut; the CSV file has all)")
    assert [(cell.value, cell.data_type) for cell in column("definitions2", "name")] == [("=1+1", "s"), ("004", "s")]
    assert [cell.value for cell in column("figures", "value")] == [number, 7]
    write_parquet(figures, tmp_path / "figures.parquet")
    found = pq.read_table(tmp_path / "figures.parquet")
    assert found["value"].to_pylist() == [number, "7"] and found.schema.field("as_of_year").type == pa.int64()
    (left_out,) = [row for row in book["definitions"].iter_rows(values_only=True) if row[0] == "regions" and not row[1]]
    assert left_out[3] == "5 rows" and left_out[4].endswith("take regions.csv or regions.parquet.")


def test_what_was_made_once_is_kept_unless_it_is_damaged(
    release: Release, made: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    write = files._write
    monkeypatch.setattr(files, "_write", lambda of, folder: written.append(of.version) or write(of, folder))  # type: ignore[func-returns-value]

    def again(pages: str = "1") -> dict[str, bytes]:
        with keeping(tmp_path / "kept", pages):
            return {name.split("/")[-1]: whole(data) for name, data in exports([release]).items()}

    assert again() == again() == again("2") == made and written == [release.version]  # other pages make none anew
    (entry,) = (tmp_path / "kept").iterdir()
    (entry / ZIP).write_bytes(b"other")
    assert again() == made and written == [release.version] * 2
    monkeypatch.setattr(files, "exports_version", lambda: {"digest": "another"})
    assert again() == made and written == [release.version] * 3
    (tmp_path / "file").touch()
    with keeping(tmp_path / "file" / "kept", "1"):
        assert {whole(data) for data in exports([release]).values()} == set(made.values())
