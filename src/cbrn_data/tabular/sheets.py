"""The rows of a sheet in a workbook, and of a Parquet file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, time
from typing import Any, BinaryIO

from cbrn_data.isolated import Limits, UnreadableError, pieces_isolated
from cbrn_data.tabular.dialect import Dialect
from cbrn_data.tabular.rows import Row

LIMITS = Limits(cpu=300, seconds=600, memory=2 << 30, output=1 << 30)
"""The limits of the process that reads a workbook."""
_TYPES: dict[str, Callable[[str], Any]] = {"datetime": datetime.fromisoformat, "time": time.fromisoformat}


def sheet_rows(file: BinaryIO, sheet: int | str) -> Iterator[Row]:
    """Yield the rows of a sheet of an XLSX workbook, given by its number from 1 or its name. Raises UnreadableError."""
    number = 0
    for rows in pieces_isolated("cbrn_data.tabular.workbook:read_values", file, LIMITS, json.dumps(sheet)):
        for cells in rows:
            number += 1
            yield Row(number, number, [_value(cell) for cell in cells])


def _value(cell: Any) -> Any:
    return next(_TYPES[name](text) for name, text in cell.items()) if isinstance(cell, dict) else cell


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
    import pyarrow as pa
    import pyarrow.parquet as parquet

    try:
        table = parquet.ParquetFile(file)
    except (pa.ArrowInvalid, OSError) as error:
        raise UnreadableError(f"is not a Parquet file that can be read ({str(error)[:100]})") from error

    def rows() -> Iterator[Row]:
        number = 1
        for batch in table.iter_batches(batch_size=10_000):
            for cells in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                number += 1
                yield Row(number, number, cells)

    return list(table.schema_arrow.names), rows()
