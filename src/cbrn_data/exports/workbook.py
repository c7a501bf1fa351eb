"""A release as a workbook (XLSX, ISO/IEC 29500): a sheet of definitions, and a sheet for each table.

Text stays text, also when a cell is edited: a code such as 004, a partial date, a day. Integers and years are numbers, up to
the largest that a spreadsheet keeps exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from cbrn_data.exports.spreadsheet import Cell, workbook
from cbrn_data.schema.dictionary import type_words
from cbrn_data.schema.model import Package
from cbrn_data.schema.table import Table
from cbrn_data.schema.written import NUMBERS
from cbrn_data.store.folder import Release

ROWS_AT_MOST = 100_000
"""The most rows of a sheet; the workbook names larger tables, which are in other files. Excel takes ten times as many."""

TEXT_AT_MOST = 32_767
"""The most characters of a cell (https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3)."""
_EXACT = 2**53
_SHEET_NAME = 31
_WIDTHS = (10, 60)
DEFINITIONS = ("Table", "Column", "Title", "Type", "Meaning", "Example")
_CUT = "… (cut; the CSV file has all)"


def write_workbook(release: Release, package: Package, tables: Sequence[Table], path: Path) -> None:
    """Write the tables of a release as ``path``. Raises ReleaseError if they cannot be read."""
    about = {
        "title": f"{package.metadata['title']} {release.version}",
        "creator": package.metadata["publisher"]["name"],
        "description": f"Version {release.version}, sha256 {release.digest}, {package.metadata['licence']['name']}",
    }
    small = [table for table in tables if table.count <= ROWS_AT_MOST]
    definitions = [line for table in tables for line in _definitions(table, table in small)]
    names = set[str]()
    # The file says when it was made: on the day of the release, whenever that is.
    with workbook(path, about, release.date) as book:
        book.add(_free("definitions", names), DEFINITIONS, _widths(DEFINITIONS), definitions)
        for table in small:
            titles = table.definition.names
            book.add(_free(table.name, names), titles, _widths(titles), _rows(table))


def _rows(table: Table) -> Iterator[tuple[Cell, ...]]:
    are_numbers = [field.type in NUMBERS for field in table.definition.fields]
    for block in table.blocks():
        columns = (
            [_number(cell) if is_number and cell else _cut(cell) for cell in column.to_pylist()]
            for column, is_number in zip(block.columns, are_numbers, strict=True)
        )
        yield from zip(*columns, strict=True)


def _number(text: str) -> Cell:
    return int(text) if abs(int(text)) <= _EXACT else text


def _cut(text: str | None) -> str | None:
    return text if text is None or len(text) <= TEXT_AT_MOST else text[: TEXT_AT_MOST - len(_CUT)] + _CUT


def _widths(titles: Sequence[str]) -> list[int]:
    return [min(max(_WIDTHS[0], len(title) + 2), _WIDTHS[1]) for title in titles]


def _definitions(table: Table, has_sheet: bool) -> Iterator[tuple[str, ...]]:
    of = table.definition
    files = f"the files in {of.name}/" if table.parts else f"{of.name}.csv or {of.name}.parquet"
    more = "" if has_sheet else f" It has too many rows for a sheet: take {files}."
    yield of.name, "", of.title, f"{table.count} rows", f"{' '.join(of.description.split())}{more}", ""
    for field in of.fields:
        yield of.name, field.name, field.title, type_words(field), " ".join(field.description.split()), field.example


def _free(name: str, names: set[str]) -> str:
    """Return the name of a sheet that is short enough and not in ``names`` yet, also with other letter case; add it."""
    endings = (str(number) if number > 1 else "" for number in range(1, len(names) + 2))
    free = next(made for end in endings if (made := name[: _SHEET_NAME - len(end)] + end).lower() not in names)
    names.add(free.lower())
    return free
