"""The rows of a sheet in a workbook, and of a Parquet file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import BinaryIO

from cbrn_data.isolated import Limits, pieces_isolated
from cbrn_data.tabular.cells import decoded
from cbrn_data.tabular.dialect import Dialect
from cbrn_data.tabular.rows import Row

LIMITS = Limits(cpu=300, seconds=600, memory=2 << 30, output=1 << 30)
"""The limits of the process that reads a workbook or a Parquet file."""


def sheet_rows(file: BinaryIO, sheet: int | str) -> Iterator[Row]:
    """Yield the rows of a sheet of an XLSX workbook, given by its number from 1 or its name. Raises UnreadableError."""
    number = 0
    for rows in pieces_isolated("cbrn_data.tabular.workbook:read_values", file, LIMITS, json.dumps(sheet)):
        for cells in rows:
            number += 1
            yield Row(number, number, [decoded(cell) for cell in cells])


def trimmed(rows: Iterator[Row], dialect: Dialect, fields: int) -> Iterator[Row]:
    """Give each row the width of the header, or of ``fields`` if there is none: a sheet has no ragged rows.

    Empty cells beyond it are left out, and empty rows at the end; a value beyond it stays, and is a fault.
    """
    width, empty = 0 if dialect.has_header else fields, list[Row]()
    last = dialect.header_rows[-1] if dialect.has_header else 1
    for row in rows:
        cells = list(row.cells)
        while cells and cells[-1] in (None, ""):
            cells.pop()
        if row.number <= last:
            width = max(width, len(cells))
        if not cells:
            empty.append(row)
            continue
        for each in empty:
            yield each._replace(cells=[None] * width)
        empty = []
        yield row._replace(cells=cells + [None] * (width - len(cells)))


def parquet_rows(file: BinaryIO) -> tuple[list[str], Iterator[Row]]:
    """Return the labels and the rows of a Parquet file; the header counts as row 1. Raises UnreadableError."""
    pieces = pieces_isolated("cbrn_data.tabular.parquet:read_values", file, LIMITS)
    labels = list(next(pieces))

    def rows() -> Iterator[Row]:
        number = 1
        for piece in pieces:
            for cells in piece:
                number += 1
                yield Row(number, number, [decoded(cell) for cell in cells])

    return labels, rows()
