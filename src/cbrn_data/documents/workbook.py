"""Read a workbook (XLSX, ISO/IEC 29500) as text: each cell as its value, without loss, or as a fault.

Runs in the reader process (``isolated``). A number becomes its shortest decimal text, and a date the part of it that its
format shows (``2018-06-30``, ``2018-06``, ``2018``). A cell is a fault if people see something else than it holds: a
formula, whose value may be old; an error; a format that rounds, scales or hides the value (``formats``). So are merged
cells, and rows and columns that are hidden.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time
from importlib.metadata import version
from typing import IO, Any

from cbrn_data.documents.formats import number_fault, read_moment, text_fault, text_of_number
from cbrn_data.findings import shown
from cbrn_data.isolated import UnreadableError
from cbrn_data.sources.document import REFUSED, refused_character
from cbrn_data.tabular.workbook import opened, unescaped

_DIGITS = 10**15
"""Spreadsheet programs keep 15 digits of a number; the others are lost when a person types them."""
_CELLS = 10**7
"""The most cells of a sheet, empty ones included."""
_FIRST_DAY = datetime(1900, 3, 1)
"""Before this day the programs disagree, because some count 29 February 1900."""

Fault = tuple[int, int, str, str]
"""Row and column from 1, the code of the finding, and its message."""


def read_xlsx(file: IO[bytes]) -> dict[str, Any]:
    """Return ``read_with``, and for each of ``sheets`` its name, whether it is hidden, its rows and its faults."""
    book = opened(file)
    if not book.worksheets:
        raise UnreadableError("has no sheet with cells")
    return {"read_with": f"openpyxl {version('openpyxl')}", "sheets": [_sheet(sheet) for sheet in book.worksheets]}


def _sheet(sheet: Any) -> dict[str, Any]:
    about = {"name": sheet.title, "hidden": sheet.sheet_state != "visible"}
    if sheet.max_row * sheet.max_column > _CELLS:
        message = "is far outside the table; delete all rows below it and all columns beside it"
        return about | {"rows": [["?"]], "faults": [(sheet.max_row, sheet.max_column, "sheet-layout", message)]}
    rows: list[list[str | None]] = []
    faults: list[Fault] = []
    for number, cells in enumerate(sheet.iter_rows(), start=1):
        rows.append([])
        for column, cell in enumerate(cells, start=1):
            text, wrong = _read(cell)
            rows[-1].append(text or None)
            faults += [(number, column, *wrong)] if wrong else []
    width = max((column for row in rows for column, text in enumerate(row, start=1) if text), default=0)
    height = max((number for number, row in enumerate(rows, start=1) if any(row)), default=0)
    faults += [one for one in _layout(sheet) if one[0] <= height and one[1] <= width] or _outside(rows)
    rows = [row[:width] if any(row) else [] for row in rows[:height]]
    return about | {"rows": rows, "faults": sorted(faults)}


def _outside(rows: list[list[str | None]]) -> Iterator[Fault]:
    """Yield a fault for each cell beside the columns of the header."""
    header = max((column for column, text in enumerate(rows[0] if rows else (), start=1) if text), default=0)
    for number, row in enumerate(rows, start=1):
        for column, text in enumerate(row[header:] if header else (), start=header + 1):
            if text:
                message = f"{shown(text, 60)!r} has no name of a column in row 1; name the column, or delete the cell"
                yield number, column, "sheet-layout", message


def _layout(sheet: Any) -> Iterator[Fault]:
    for merged in sheet.merged_cells.ranges:
        yield merged.min_row, merged.min_col, "sheet-layout", f"{merged.coord} are merged, so a value is in one of them only"
    for number, row in sheet.row_dimensions.items():
        if row.hidden:
            yield number, 1, "sheet-layout", f"row {number} is hidden"
    for name, column in sheet.column_dimensions.items():
        if column.hidden:
            yield 1, column.min or 1, "sheet-layout", f"column {name} is hidden"


def _read(cell: Any) -> tuple[str, tuple[str, str] | None]:
    """Return the text of a cell, and the code and message of its fault; a cell with a fault has a text that is not used."""
    value, kind = cell.value, cell.data_type
    if value is None:
        return "", None
    if kind == "f":
        return "?", ("sheet-formula", f"is a formula: {shown(str(getattr(value, 'text', value)), 80)}")
    if kind == "e":
        return "?", ("sheet-formula", f"is an error: {shown(str(value), 40)}")
    if isinstance(value, bool):
        return str(value).lower(), None
    if isinstance(value, str):
        text, fault = unescaped(value), text_fault(cell.number_format)
    else:
        text, fault = _shown(value, cell.number_format)
    for code, pattern in REFUSED:
        if found := re.search(pattern, text):
            return text, (code, f"has the character {refused_character(found[0])}")
    message = f"holds {shown(text, 60)}, but {fault} (format {shown(cell.number_format, 60)})"
    return text, ("sheet-format", message) if fault else None


def _shown(value: Any, form: str) -> tuple[str, str]:
    """Return a number, a date or a time as text, and what people see instead."""
    if isinstance(value, int | float):
        text = text_of_number(value)
        return text, "a spreadsheet keeps only 15 digits" if abs(value) >= _DIGITS else number_fault(value, form)
    if not isinstance(value, date | time):
        return str(value), "is a duration"
    moment = value if isinstance(value, datetime | time) else datetime(value.year, value.month, value.day)
    if isinstance(moment, datetime) and moment < _FIRST_DAY:
        return moment.date().isoformat(), "the programs disagree on days before March 1900"
    return read_moment(moment, form)
