"""Write columns of text as canonical bytes, block by block: one form of CSV, and one of JSON.

CSV (RFC 4180): UTF-8, LF, cells quoted only if they must be, null as an empty cell. JSON: an array of objects with every
field, numbers as numbers, indent 2. One Arrow join over the columns makes all rows, and its buffer is written as it is.
Cells are examined one by one only in a column whose bytes have a character to quote or to escape.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cbrn_data.tabular.keys import content, flat

JSON_OPEN, JSON_BETWEEN, JSON_CLOSE = b"[\n", b",\n", b"\n]\n"
JSON_EMPTY = b"[]\n"


def csv_header(names: Iterable[str]) -> bytes:
    """Return the first line of a table as CSV."""
    return csv_rows(
        pa.table([pa.array([name], pa.string()) for name in names], names=list(map(str, range(len(list(names))))))
    )


def csv_bytes(table: pa.Table) -> bytes:
    """Return a table of text as CSV with its header.

    >>> csv_bytes(pa.table({"a": ["x, y"], "b": pa.array([None], pa.string())}))
    b'a,b\\n"x, y",\\n'
    """
    return csv_header(table.column_names) + (csv_rows(table) if table.num_rows else b"")


def csv_rows(table: pa.Table) -> bytes:
    """Return the rows of a table of text as CSV, each with its line break.

    >>> csv_rows(pa.table({"a": ["x, y"], "b": pa.array([None], pa.string())}))
    b'"x, y",\\n'
    """
    cells = [_quoted(flat(column)) for column in table.columns]
    cells[-1] = pc.binary_join_element_wise(cells[-1], "", "\n")
    return _bytes(pc.binary_join_element_wise(*cells, ","))


def _quoted(column: pa.Array) -> pa.Array:
    text = pc.fill_null(column, "") if column.null_count else column
    data = _bytes(text)
    if not any(mark in data for mark in (b",", b'"', b"\n", b"\r")):
        return text
    marked = pc.match_substring_regex(text, '[,"\r\n]')
    quoted = pc.binary_join_element_wise('"', pc.replace_substring(text.filter(marked), '"', '""'), '"', "")
    return pc.replace_with_mask(text, marked, quoted)


def json_rows(table: pa.Table, numbers: Collection[str]) -> memoryview:
    """Return the rows of a table of text as JSON objects, separated by ``JSON_BETWEEN``; ``numbers`` are not quoted.

    The bytes are those of an Arrow buffer, which is not copied.

    >>> print(bytes(json_rows(pa.table({"a": ["é"], "n": ["1"]}), {"n"})).decode())
      {
        "a": "é",
        "n": 1
      }
    """
    if not table.num_rows:
        return memoryview(b"")
    parts: list[pa.Array | str] = [""]
    for name, column in zip(table.column_names, map(flat, table.columns), strict=True):
        parts[-1] += f"{'  {' if len(parts) == 1 else ','}\n    {json.dumps(name, ensure_ascii=False)}: "
        if name in numbers:
            parts += [pc.fill_null(column, "null") if column.null_count else column, ""]
        elif column.null_count:
            quoted = pc.binary_join_element_wise('"', _escaped(column), '"', "")
            parts += [pc.fill_null(quoted, "null"), ""]
        else:
            parts[-1] += '"'
            parts += [_escaped(column), '"']
    parts[-1] += "\n  }" + JSON_BETWEEN.decode()
    return content(pc.binary_join_element_wise(*parts, "")).data[: -len(JSON_BETWEEN)]


def _escaped(column: pa.Array) -> pa.Array:
    """Return text escaped for a JSON string, without its quotation marks; null stays null."""
    data = _bytes(column)
    if b'"' not in data and b"\\" not in data and not (np.frombuffer(data, np.uint8) < 0x20).any():
        return column
    marked = pc.fill_null(pc.match_substring_regex(column, '["\\\\\\x00-\\x1f]'), False)
    escaped = [json.dumps(value, ensure_ascii=False)[1:-1] for value in column.filter(marked).to_pylist()]
    return pc.replace_with_mask(column, marked, pa.array(escaped, column.type))


def _bytes(column: pa.Array) -> bytes:
    """Return a copy of the concatenated bytes of the cells of a column."""
    return content(column).tobytes()
