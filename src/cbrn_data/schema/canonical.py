"""Rows to bytes and back: the one CSV and the one JSON form that a release has.

CSV (RFC 4180): UTF-8, LF, a header, cells quoted only where they must be, null as nothing. JSON: a plain array of
objects with every field, numbers as numbers, indent 2, a final newline. Rows stand in the order of the table's key.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cbrn_data.schema.descriptor import typed
from cbrn_data.schema.model import Field, Table
from cbrn_data.strict_json import dumped

Row = dict[str, str | None]


def csv_bytes(names: Sequence[str], rows: Iterable[Mapping[str, str | None]]) -> bytes:
    """Return rows of text as canonical CSV.

    >>> csv_bytes(["a", "b"], [{"a": "x, y", "b": None}])
    b'a,b\\n"x, y",\\n'
    """
    lines = [",".join(names)]
    lines += [",".join(_cell(row[name]) for name in names) for row in rows]
    return ("\n".join(lines) + "\n").encode()


def _cell(text: str | None) -> str:
    if text is None:
        return ""
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in ',"\r\n') else text


def read_csv(data: bytes) -> tuple[list[str], list[Row]]:
    """Return the header and the rows of canonical CSV; an empty cell is null."""
    csv.field_size_limit(1 << 30)
    reader = csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True)
    header = next(reader)
    return header, [dict(zip(header, (cell or None for cell in record), strict=True)) for record in reader]


def json_bytes(table: Table, rows: Iterable[Mapping[str, str | None]]) -> bytes:
    """Return rows of text as a canonical JSON array, typed by the table's definition."""
    return dumped([json_row(table, row) for row in rows])


def json_row(table: Table, row: Mapping[str, str | None]) -> dict[str, Any]:
    """Return one row as JSON has it."""
    return {field.name: _typed(field, row[field.name]) for field in table.fields}


def _typed(field: Field, text: str | None) -> str | int | None:
    return None if text is None else typed(field, text)
