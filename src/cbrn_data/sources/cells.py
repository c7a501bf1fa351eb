"""Read CSV as cells with their spans in the text, with ``tabular.grammar``: comma, double quote, LF or CR LF.

Every cell keeps its span, quotation marks excluded, so that a curated value leads to its characters. A ragged row, or an
unclosed quotation mark, is a finding with its line.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import lru_cache

from cbrn_data.findings import Finding, shown
from cbrn_data.normalise.text import Span
from cbrn_data.sources.document import Document
from cbrn_data.tabular.grammar import COMMON, Dialect, cells, records
from cbrn_data.tabular.issues import row_width

CERTAINTIES = ("high", "medium")
"""The allowed certainties of a curated row."""


@dataclass(frozen=True)
class CsvCell:
    """The text of a cell (None if it is empty) and its span."""

    value: str | None
    span: Span


@dataclass(frozen=True)
class CsvRow:
    """One record: its first line, and its cells by column name."""

    line: int
    cells: dict[str, CsvCell]

    def text(self, name: str) -> str | None:
        """Return the text of a cell, or None if the cell is empty or the column is missing."""
        cell = self.cells.get(name)
        return cell.value if cell else None

    def values(self) -> dict[str, str | None]:
        """Return the texts of the row by column name."""
        return {name: cell.value for name, cell in self.cells.items()}


@dataclass(frozen=True)
class CsvTable:
    """The header, the rows that fit it, and findings; ``misfits`` are the cells of ragged rows by line."""

    header: list[str]
    rows: list[CsvRow]
    findings: list[Finding]
    misfits: dict[int, list[str | None]] = field(default_factory=dict)


def unquoted(quote: str) -> str:
    """Return the value of a cell from the text of its span.

    >>> unquoted('the ""Centre""')
    'the "Centre"'
    """
    return quote.replace('""', '"')


@lru_cache(32)
def read_cells(document: Document, dialect: Dialect = COMMON) -> CsvTable:
    """Read a CSV document in a dialect; ragged rows become findings, and the other rows are still read.

    The result is cached, because a run reads the same documents many times; callers must not change it.
    """
    found, findings = _records(document, dialect)
    if not found:
        return CsvTable([], [], findings)
    _, header_cells = found[0]
    header = [cell.value or "" for cell in header_cells]
    findings += _header_findings(document, header)
    rows, misfits = [], {}
    for line, row in found[1:]:
        if len(row) == 1 and row[0].value is None:
            continue
        if len(row) != len(header):
            message = row_width(line, line, [cell.value or "" for cell in row], len(header)).message
            findings.append(Finding("csv-row-width", message, document.place, line))
            misfits[line] = [cell.value for cell in row]
            continue
        rows.append(CsvRow(line, dict(zip(header, row, strict=True))))
    return CsvTable(header, rows, findings, misfits)


def cells_by_start(document: Document) -> dict[int, tuple[CsvRow, str]]:
    """Return the row and the column of each cell by the offset at which it begins."""
    return {cell.span.start: (row, name) for row in read_cells(document).rows for name, cell in row.cells.items()}


def _records(document: Document, dialect: Dialect) -> tuple[list[tuple[int, list[CsvCell]]], list[Finding]]:
    text, data = document.text, document.text.encode()
    found: list[tuple[int, list[CsvCell]]] = []
    place = int(text.startswith("\ufeff"))
    for start, end in records(data, dialect):
        if start == end:
            problem = "a quotation mark is not closed, or a closing one is not followed by a comma"
            message = f"{problem}: {shown(text[place : place + 80].splitlines()[0], 80)}"
            return found, [Finding("csv-quote", message, document.place, document.line(place))]
        record = data[start:end].decode()
        row = cells(record.removesuffix("\n").removesuffix("\r"), dialect)
        found.append((document.line(place), [CsvCell(value or None, Span(place + a, place + b)) for value, a, b in row]))
        place += len(record)
    return found, []


def _header_findings(document: Document, header: list[str]) -> list[Finding]:
    twice = sorted(name for name, times in Counter(header).items() if times > 1)
    messages = [f"the column {shown(name, 80)!r} is repeated" for name in twice]
    if "" in header:
        messages.append(f"column {header.index('') + 1} has no name")
    return [Finding("csv-header", message, document.place, 1) for message in messages]
