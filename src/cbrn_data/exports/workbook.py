"""A release as a workbook (XLSX, ISO/IEC 29500): a sheet of definitions, and a sheet for each table.

Text stays text, also when a cell is edited: a code such as 004, a partial date, a day. Integers and years are numbers, up to
the largest that a spreadsheet keeps exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

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
    options = {"constant_memory": True, "tmpdir": str(path.parent)}
    with xlsxwriter.Workbook(str(path), options) as book:
        about = package.metadata
        # The stated time of creation is the day of the release, so that the bytes are reproducible.
        book.set_properties(
            {
                "title": f"{about['title']} {release.version}",
                "author": about["publisher"]["name"],
                "comments": f"Version {release.version}, sha256 {release.digest}, {about['licence']['name']}",
                "created": datetime.fromisoformat(release.date),
            }
        )
        sheets = _Sheets(book)
        small = [table for table in tables if table.count <= ROWS_AT_MOST]
        definitions = [line for table in tables for line in _definitions(table, table in small)]
        sheets.add("definitions", DEFINITIONS, [], definitions)
        for table in small:
            of = table.definition
            numbers = [place for place, field in enumerate(of.fields) if field.type in NUMBERS]
            rows = (
                row
                for block in table.blocks()
                for row in zip(*(column.to_pylist() for column in block.columns), strict=True)
            )
            sheets.add(of.name, of.names, numbers, rows)


def _definitions(table: Table, has_sheet: bool) -> Iterator[tuple[str, ...]]:
    of = table.definition
    files = f"the files in {of.name}/" if table.parts else f"{of.name}.csv or {of.name}.parquet"
    more = "" if has_sheet else f" It has too many rows for a sheet: take {files}."
    yield of.name, "", of.title, f"{table.count} rows", f"{' '.join(of.description.split())}{more}", ""
    for field in of.fields:
        yield of.name, field.name, field.title, type_words(field), " ".join(field.description.split()), field.example


class _Sheets:
    """The sheets of a workbook."""

    def __init__(self, book: xlsxwriter.Workbook) -> None:
        self._book = book
        self._names: set[str] = set()
        self._head, self._text = book.add_format({"bold": True}), book.add_format({"num_format": "@"})

    def add(self, name: str, columns: Sequence[str], numbers: Sequence[int], rows: Any) -> None:
        """Add a sheet; ``numbers`` are the places of the columns whose cells are numbers."""
        sheet = self._book.add_worksheet(self._free(name))
        sheet.freeze_panes(1, 0)
        for place, title in enumerate(columns):
            width = min(max(_WIDTHS[0], len(title) + 2), _WIDTHS[1])
            sheet.set_column(place, place, width, None if place in numbers else self._text)
            sheet.write_string(0, place, title, self._head)
        last = 0
        for last, row in enumerate(rows, 1):
            for place, cell in enumerate(row):
                if cell:
                    self._write(sheet, last, place, cell, place in numbers)
        sheet.autofilter(0, 0, last, len(columns) - 1)

    def _write(self, sheet: Worksheet, row: int, place: int, cell: str, is_number: bool) -> None:
        if is_number and abs(int(cell)) <= _EXACT:
            sheet.write_number(row, place, int(cell))
        else:
            cut = cell if len(cell) <= TEXT_AT_MOST else cell[: TEXT_AT_MOST - len(_CUT)] + _CUT
            sheet.write_string(row, place, cut, self._text)

    def _free(self, name: str) -> str:
        """Return the name of a sheet that is short enough and not used yet, also with other letter case."""
        endings = (str(number) if number > 1 else "" for number in range(1, len(self._names) + 2))
        free = next(made for end in endings if (made := name[: _SHEET_NAME - len(end)] + end).lower() not in self._names)
        self._names.add(free.lower())
        return free
