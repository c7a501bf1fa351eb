"""Tables in JSON, an array of objects or of arrays whose first is the header, as the text that their CSV would have.

A value of JSON's own types is right only for a field whose type it is: a number in a field of text is a fault, a text in
a field of numbers is read as a CSV file's would be. The whole array is in memory at once; large tables belong into CSV.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from cbrn_data import foreign
from cbrn_data.tabular.blocks import Block, Ragged
from cbrn_data.tabular.faults import Fault, Tally
from cbrn_data.tabular.header import columns, header_faults, matched
from cbrn_data.tabular.resource import Resource, UnsupportedResource, parse_file
from cbrn_data.tabular.schema import Field, TableSchema

AT_ONCE = 50_000
"""Rows of a block."""
SPARSE = 100
"""So many times the values that are there may the cells of a table be: keys of one row each make a table of squares."""


class _Number(str):
    """A JSON number as it was written."""


_OWN_TYPES: dict[type, frozenset[str]] = {
    _Number: frozenset({"integer", "number", "year", "any"}),
    bool: frozenset({"boolean", "any"}),
    list: frozenset({"array", "list", "geopoint", "any"}),
    dict: frozenset({"object", "geojson", "geopoint", "any"}),
}


def read_json_rows(resource: Resource, schema: TableSchema, tally: Tally, labels: list[str]) -> Iterator[Block]:
    """Yield the rows of a JSON table as blocks; the line of a row is its number.

    ``labels`` is filled with those of the table. Raises UnsupportedResource.
    """
    rows = resource.rows if resource.path is None else _loaded(resource)
    found, records = _labelled(rows, resource, schema)
    labels.extend(label.strip().encode(errors="replace").decode() for label in found)
    for fault in header_faults(labels, schema):
        tally.add(fault)
    names = columns(labels, schema)
    for start in range(0, len(records) if names else 0, AT_ONCE):
        yield matched(_block(names, records[start : start + AT_ONCE], start, schema, tally), schema)


def _block(names: list[str], records: list[list[Any]], start: int, schema: TableSchema, tally: Tally) -> Block:
    width = len(names)
    ragged = [
        Ragged(row, row + 1, ["" if cell is None else str(cell) for cell in record])
        for row, record in enumerate(records, start=start + 1)
        if len(record) != width
    ]
    cells = zip(*((*record[:width], *[None] * (width - len(record))) for record in records), strict=True)
    found = [_column(schema, name, values, start, tally) for name, values in zip(names, cells, strict=True)]
    table = pa.Table.from_arrays(found, names=names)
    return Block(table, start + 1, start + 2, len(records), len(records), ragged)


def _loaded(resource: Resource) -> Any:
    try:
        with resource.opened() as file:
            return parse_file(foreign.read_open(file), parse_int=_Number, parse_float=_Number)
    except ValueError as error:
        raise UnsupportedResource(f"{resource.place}: is no JSON ({error})") from error


def _labelled(rows: Any, resource: Resource, schema: TableSchema) -> tuple[list[str], list[list[Any]]]:
    """Return the labels and rows of a table; an array without rows has the labels of its schema."""
    if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
        labels = list(dict.fromkeys(key for row in rows for key in row)) if rows else list(schema.names)
        if len(rows) * len(labels) > SPARSE * sum(map(len, rows)) + AT_ONCE:
            raise UnsupportedResource(f"{resource.place}: has {len(labels):,} different keys, of which each row has few")
        return labels, [[row.get(label) for label in labels] for row in rows]
    if isinstance(rows, list) and all(isinstance(row, list) for row in rows):
        return ["" if label is None else str(label) for label in rows[0]], rows[1:]
    raise UnsupportedResource(f"{resource.place}: is no array of objects, or of arrays with a header")


def _column(schema: TableSchema, label: str, values: Sequence[Any], start: int, tally: Tally) -> pa.Array:
    field = schema.field(label) if schema.has(label) else None
    texts: list[str | None] = []
    for row, value in enumerate(values, start=start + 1):
        value = _Number(value) if type(value) in (int, float) else value
        if field and type(value) in _OWN_TYPES and field.type not in _OWN_TYPES[type(value)]:
            tally.add(Fault(row, row + 1, label, "cell-type", "", str(value)))
            value = None
        text = _text(field, value)
        if text and not text.isascii() and _is_torn(text):
            tally.add(Fault(row, row + 1, label, "csv-encoding", message="half a surrogate pair is no text"))
            text = None
        texts.append(text)
    return pa.array(texts, pa.string())


def _is_torn(text: str) -> bool:
    """Return whether a text has a surrogate without the other half, which JSON can write and UTF-8 cannot."""
    return any("\ud800" <= character <= "\udfff" for character in text)


def _text(field: Field | None, value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        said = field.descriptor.get("trueValues" if value else "falseValues") if field else None
        return str(said[0]) if said else str(value).lower()
    return json.dumps(value, ensure_ascii=False)
