"""A received table to the CSV that is read: a workbook, or text with semicolons or tabs between its cells.

All tables are read as CSV with commas, in UTF-8. A table in another form stays as it was received, and the CSV of its cells
is kept with it, as the text of a PDF is, so that each value leads to characters that every reader counts alike. Each record
of the CSV is a row of the table: an empty line stays an empty line.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.util import find_spec
from io import BytesIO, StringIO
from itertools import accumulate
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

from cbrn_data import foreign
from cbrn_data.documents.received import by_bytes, is_locked, run_reader
from cbrn_data.documents.text import RefusedError
from cbrn_data.errors import CbrnDataError, SourceError, extra_missing
from cbrn_data.findings import Finding, shown
from cbrn_data.isolated import Limits
from cbrn_data.sources.cells import read_cells
from cbrn_data.sources.document import Document, read_document
from cbrn_data.sources.source import read_sidecar
from cbrn_data.tabular.grammar import COMMON, Dialect, breaks, records, split
from cbrn_data.tabular.magic import HEAD, likely_delimiter

SUFFIXES = (".csv", ".tsv", ".xlsx")
"""The file extensions of received tables."""
_WORDS = {";": "semicolons", "\t": "tabs", "|": "bars"}
_LIMITS = Limits(cpu=60, seconds=90, memory=2 << 30, output=64 << 20)
_LISTED = 20
"""The most cells of one workbook that are named; the others are counted."""


@dataclass(frozen=True)
class ReadTable:
    """The CSV of a table that was received as ``name``; ``read_with`` and ``sheet`` are "" if it was received as it is.

    ``received`` is the text in which people see the table, as it is written in ``dialect``; None for a workbook.
    """

    name: str
    csv: bytes
    read_with: str = ""
    sheet: str = ""
    received: Document | None = None
    dialect: Dialect = COMMON

    @property
    def is_as_received(self) -> bool:
        """Whether the received file is the CSV that is read."""
        return not self.read_with

    def placed(self, finding: Finding) -> Finding:
        """Return a finding about a line of the CSV with its place in the received file."""
        if finding.line is None:
            return replace(finding, source=self.name)
        return replace(finding, source=self.name, cell=self._cell(finding.line, finding.field))

    def _cell(self, line: int, field: str | None) -> str | None:
        """Return the place of a cell in the words of its program: ``Sheet1!C7``, or ``7:12`` for text."""
        if self.received is None:
            header = split(next(iter(self.csv.decode().splitlines()), ""))
            return sheet_cell(self.sheet, row_of(self.csv, line), header.index(field) + 1 if field in header else 1)
        cell = self._cells.get(line, {}).get(field or "")
        if cell is None:
            return None
        at = self.received.line(cell.span.start)
        return f"{at}:{cell.span.start - self.received.line_starts[at - 1] + 1}"

    @cached_property
    def _cells(self) -> dict[int, dict[str, Any]]:
        assert self.received is not None
        return {row.line: row.cells for row in read_cells(self.received, self.dialect).rows}


def read_table(name: str, data: bytes, sheet: str | None = None) -> ReadTable:
    """Return the CSV of a received table; ``sheet`` names the sheet of a workbook. Raises SourceError with every reason."""
    suffix, kind = Path(name).suffix.lower(), by_bytes(data)
    if not data.strip():
        raise _refused(name, [Finding("source-empty", "has only white space" if data else "is empty", name)])
    if suffix == ".xlsx" and data.startswith(b"PK") and not is_zipfile(BytesIO(data)):
        raise _refused(name, [Finding("document-damaged", "is cut off, as after a download that did not end", name)])
    if is_locked(kind, data):
        raise _refused(name, [Finding("document-locked", "is a workbook with a password", name)])
    if kind != ("XLSX" if suffix == ".xlsx" else "text"):
        message = f"is named {suffix}, but is {kind} by its bytes; save it as XLSX or CSV"
        raise _refused(name, [Finding("document-mislabelled", message, name)])
    if suffix == ".xlsx":
        return _read_workbook(name, data, sheet)
    if sheet:
        raise CbrnDataError(f"{name}: has no sheets; leave out --sheet")
    return _read_text(name, data)


def workbook_cell(folder: Path, name: str, line: int, field: str) -> str | None:
    """Return the cell of a workbook (``Sheet1!C7``) of which the CSV ``name`` of ``folder`` has the value; None if of none.

    ``line`` and ``field`` are those of the value in the CSV.
    """
    about = read_sidecar(folder, name)[0]
    if about is None or not about.get("sheet"):
        return None
    return ReadTable(name, foreign.read(folder / name), sheet=about["sheet"])._cell(line, field)


def _read_text(name: str, data: bytes) -> ReadTable:
    document, findings = read_document(name, data)
    if document is None:
        raise _refused(name, findings)
    delimiter = likely_delimiter(data[:HEAD])
    if delimiter is None:
        return ReadTable(name, data, received=document)
    dialect = Dialect(delimiter)
    spans = list(records(data, dialect))
    if any(start == end for start, end in spans):
        raise _refused(name, read_cells(document, dialect).findings)
    rows = [split(re.sub("[\r\n]+$", "", data[start:end].decode()), dialect) for start, end in spans]
    written = csv_of([[cell or None for cell in row] if any(row) else [] for row in rows])
    return ReadTable(name, written, f"cbrn_data {_WORDS[delimiter]}", "", document, dialect)


def _read_workbook(name: str, data: bytes, sheet: str | None) -> ReadTable:
    if find_spec("openpyxl") is None:
        raise CbrnDataError(extra_missing("reading XLSX", "validate", "openpyxl"))
    try:
        said = run_reader("cbrn_data.documents.workbook:read_xlsx", data, _LIMITS)
    except RefusedError as error:
        raise _refused(name, [Finding(error.code, f"{error}; save the sheet as CSV", name)]) from error
    chosen = _choose(name, said["sheets"], sheet)
    if chosen["faults"]:
        raise _refused(name, _faults(name, chosen))
    text = csv_of(chosen["rows"])
    document, findings = read_document(name, text)
    table = ReadTable(name, text, said["read_with"], chosen["name"])
    if document is None:
        raise _refused(name, [table.placed(finding) for finding in findings])
    return table


def _choose(name: str, sheets: list[dict[str, Any]], wanted: str | None) -> dict[str, Any]:
    """Return the wanted sheet, or the only one that has cells and is not hidden."""
    full = [sheet for sheet in sheets if sheet["rows"]]
    found = [sheet for sheet in full if sheet["name"] == wanted] if wanted else full
    if len(found) == 1 and (wanted or not found[0]["hidden"]):
        return found[0]
    if not full:
        raise _refused(name, [Finding("source-empty", "has no cell with a value in any sheet", name)])
    names = ", ".join(repr(each["name"]) + " (hidden)" * each["hidden"] for each in full)
    message = f"has no sheet {wanted!r} with cells" if wanted else "has several sheets with cells, or a hidden one"
    raise _refused(name, [Finding("sheet-choice", shown(f"{message}; it has {names}", 400), name)])


def _faults(name: str, sheet: dict[str, Any]) -> list[Finding]:
    findings = [
        Finding(code, message, name, row, cell=sheet_cell(sheet["name"], row, column))
        for row, column, code, message in sheet["faults"][:_LISTED]
    ]
    if more := len(sheet["faults"]) - _LISTED:
        findings += [Finding("findings-unlisted", f"{more:,} more cells are not listed", name)] if more > 0 else []
    return findings


def _refused(name: str, findings: Iterable[Finding]) -> SourceError:
    return SourceError(f"{name} cannot be read", findings)


def csv_of(rows: Iterable[Sequence[str | None]]) -> bytes:
    """Return rows as CSV with commas and LF; an empty row is an empty line.

    >>> csv_of([["a", "b"], [], ["1,5", None]])
    b'a,b\\n\\n"1,5",\\n'
    """
    out = StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    for row in rows:
        if row:
            writer.writerow(["" if cell is None else cell for cell in row])
        else:
            out.write("\n")
    return out.getvalue().encode(errors="surrogatepass")


def row_of(data: bytes, line: int) -> int:
    """Return the number of the record that begins on ``line``, or in which it is; both count from 1."""
    begins = accumulate((breaks(data, start, end) for start, end in records(data)), initial=1)
    return max((number for number, begin in enumerate(begins, start=1) if begin <= line), default=1)


def sheet_cell(sheet: str, row: int, column: int) -> str:
    """Return the name of a cell in formulas; row and column count from 1.

    >>> sheet_cell("Sheet1", 7, 3), sheet_cell("Joined '18", 1, 28)
    ('Sheet1!C7', "'Joined ''18'!AB1")
    """
    letters = ""
    while column:
        column, place = divmod(column - 1, 26)
        letters = chr(ord("A") + place) + letters
    quoted = sheet if re.fullmatch(r"\w+", sheet) else "'" + sheet.replace("'", "''") + "'"
    return f"{quoted}!{letters}{row}"
