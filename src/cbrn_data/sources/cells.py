"""CSV as cells that know where they stand: RFC 4180 with a header, comma and double quote, LF or CR LF.

A single quotation mark within a cell that does not begin with one is text, as every common reader takes it. Every cell
keeps its span (within the quotation marks where there are any), so that a curated value can be followed to its
characters. A row with too many or too few cells, or a quotation mark that is not closed, is a finding with its line.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from cbrn_data.findings import Finding, shown
from cbrn_data.sources.document import Document
from cbrn_data.words.text import Span

_CELL = re.compile(r'(?:"(?P<quoted>(?:[^"]|"")*)"|(?P<plain>(?:[^",\r\n](?:[^",\r\n]|"(?!"))*)?))(?P<end>,|\r\n|\n|\r|\Z)')

CERTAINTIES = ("high", "medium")
"""How certain a curated fact may be."""


@dataclass(frozen=True)
class CsvCell:
    """The text of a cell (None where it is empty) and where it stands."""

    value: str | None
    span: Span


@dataclass(frozen=True)
class CsvRow:
    """One record: its first line, and its cells by the header's names."""

    line: int
    cells: dict[str, CsvCell]

    def text(self, name: str) -> str | None:
        """Return the text of a cell, or None where it is empty or the column absent."""
        cell = self.cells.get(name)
        return cell.value if cell else None

    def values(self) -> dict[str, str | None]:
        """Return the row as text by name."""
        return {name: cell.value for name, cell in self.cells.items()}


@dataclass(frozen=True)
class CsvTable:
    """The header, the rows that fit it, and what is wrong with the others; ``misfits`` are their cells by line."""

    header: list[str]
    rows: list[CsvRow]
    findings: list[Finding]
    misfits: dict[int, list[str | None]] = field(default_factory=dict)


def unquoted(quote: str) -> str:
    """Return the value of a cell from the characters at its span.

    >>> unquoted('the ""Centre""')
    'the "Centre"'
    """
    return quote.replace('""', '"')


def read_cells(document: Document) -> CsvTable:
    """Read a CSV document; broken rows become findings, and the rest is still read."""
    records, findings = _records(document)
    if not records:
        return CsvTable([], [], findings)
    _, header_cells = records[0]
    header = [cell.value or "" for cell in header_cells]
    findings += _header_findings(document, header)
    rows, misfits = [], {}
    for line, cells in records[1:]:
        if len(cells) == 1 and cells[0].value is None:
            continue
        if len(cells) != len(header):
            message = f"the row has {len(cells)} cells and the header {len(header)}"
            findings.append(Finding("csv-row-width", message, document.place, line))
            misfits[line] = [cell.value for cell in cells]
            continue
        rows.append(CsvRow(line, dict(zip(header, cells, strict=True))))
    return CsvTable(header, rows, findings, misfits)


def _records(document: Document) -> tuple[list[tuple[int, list[CsvCell]]], list[Finding]]:
    text, place = document.text, int(document.text.startswith("\ufeff"))
    records: list[tuple[int, list[CsvCell]]] = []
    cells: list[CsvCell] = []
    start = place
    while place < len(text) or cells:
        match = _CELL.match(text, place)
        if match is None:
            problem = "a quotation mark is not closed, or is followed by more than a comma"
            message = f"{problem}: {shown(text[place : place + 80].splitlines()[0], 80)}"
            return records, [Finding("csv-quote", message, document.place, document.line(place))]
        kind = "quoted" if match["quoted"] is not None else "plain"
        cells.append(CsvCell(unquoted(match[kind]) or None, Span(*match.span(kind))))
        place = match.end()
        if match["end"] != ",":
            records.append((document.line(start), cells))
            cells, start = [], place
    return records, []


def _header_findings(document: Document, header: list[str]) -> list[Finding]:
    twice = sorted(name for name, times in Counter(header).items() if times > 1)
    messages = [f"the column {shown(name, 80)!r} stands twice" for name in twice]
    if "" in header:
        messages.append(f"column {header.index('') + 1} has no name")
    return [Finding("csv-header", message, document.place, 1) for message in messages]
