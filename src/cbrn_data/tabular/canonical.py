"""Write columns of text as canonical bytes, block by block: one form of CSV, and one of JSON.

CSV (RFC 4180): UTF-8, LF, cells quoted only if they must be, null as an empty cell. JSON: an array of objects with every
field, numbers as numbers, indent 2. One Arrow join over the columns makes all rows, and its buffer is written as it is.
Cells are examined one by one only in a column whose bytes have a character to quote or to escape.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cbrn_data.tabular.arrays import content, flat
from cbrn_data.tabular.verbatim import WRITTEN

JSON_OPEN, JSON_BETWEEN, JSON_CLOSE = b"[\n", b",\n", b"\n]\n"
JSON_EMPTY = b"[]\n"
_SCANNED = 1 << 17
"""The bytes that are scanned at once, which stay in the cache of a processor."""


def csv_header(names: Iterable[str]) -> bytes:
    """Return the first line of a table as CSV."""
    return bytes(csv_rows(pa.table({str(place): [name] for place, name in enumerate(names)})))


def csv_bytes(table: pa.Table) -> bytes:
    """Return a table of text as CSV with its header.

    >>> csv_bytes(pa.table({"a": ["x, y"], "b": pa.array([None], pa.string())}))
    b'a,b\\n"x, y",\\n'
    """
    return b"".join([csv_header(table.column_names), csv_rows(table)])


def csv_rows(table: pa.Table) -> memoryview:
    """Return the rows of a table of text as CSV, each with its line break; a last column ``WRITTEN`` has most of them.

    The bytes are those of an Arrow buffer, which is not copied.

    >>> bytes(csv_rows(pa.table({"a": ["x, y"], "b": pa.array([None], pa.string())})))
    b'"x, y",\\n'
    """
    return content(_csv_rows(table)).data


def _csv_rows(table: pa.Table) -> pa.Array:
    if table.column_names[-1] != WRITTEN:
        *before, last = (_quoted(flat(column)) for column in table.columns)
        return pc.binary_join_element_wise(*before, pc.binary_join_element_wise(last, "", "\n"), ",")
    number, written = map(flat, table.columns[-2:])
    rows = pc.binary_join_element_wise(written, number, "\n", "")
    if not rows.null_count:
        return rows
    made = rows.is_null()
    return pc.replace_with_mask(rows, made, _csv_rows(table.drop_columns(WRITTEN).filter(made)))


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
    escaped = _escaped
    if table.column_names[-1] == WRITTEN:
        written, table = flat(table[WRITTEN]), table.drop_columns(WRITTEN)
        if not written.null_count and not _has_escapes(content(written)):  # one scan instead of one for each column
            escaped = _as_it_is
    parts: list[pa.Array | str] = [""]
    for name, column in zip(table.column_names, map(flat, table.columns), strict=True):
        parts[-1] += f"{'  {' if len(parts) == 1 else ','}\n    {json.dumps(name, ensure_ascii=False)}: "
        if name in numbers:
            parts += [pc.fill_null(column, "null") if column.null_count else column, ""]
        elif column.null_count:
            quoted = pc.binary_join_element_wise('"', escaped(column), '"', "")
            parts += [pc.fill_null(quoted, "null"), ""]
        else:
            parts[-1] += '"'
            parts += [escaped(column), '"']
    parts[-1] += "\n  }" + JSON_BETWEEN.decode()
    return content(pc.binary_join_element_wise(*parts, "")).data[: -len(JSON_BETWEEN)]


def _escaped(column: pa.Array) -> pa.Array:
    """Return text escaped for a JSON string, without its quotation marks; null stays null."""
    if not _has_escapes(content(column)):
        return column
    marked = pc.fill_null(pc.match_substring_regex(column, '["\\\\\\x00-\\x1f]'), False)
    escaped = [json.dumps(value, ensure_ascii=False)[1:-1] for value in column.filter(marked).to_pylist()]
    return pc.replace_with_mask(column, marked, pa.array(escaped, column.type))


def _as_it_is(column: pa.Array) -> pa.Array:
    return column


def _has_escapes(data: npt.NDArray[np.uint8]) -> bool:
    """Return whether text has a character that JSON escapes."""
    parts = (data[start : start + _SCANNED] for start in range(0, len(data), _SCANNED))
    return any(part.min() < 0x20 or b'"' in (text := part.tobytes()) or b"\\" in text for part in parts)


def _bytes(column: pa.Array) -> bytes:
    """Return a copy of the concatenated bytes of the cells of a column."""
    return content(column).tobytes()
