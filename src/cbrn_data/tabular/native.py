"""Tables in JSON, an array of objects or of arrays whose first is the header, as the text that their CSV would have.

A value of JSON's own types is right only for a field whose type it is: a number in a field of text is a fault, a text in
a field of numbers is read as a CSV file's would be. The whole array is in memory at once; large tables belong into CSV.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from cbrn_data.tabular.blocks import Block
from cbrn_data.tabular.faults import Fault, Tally
from cbrn_data.tabular.header import header_faults, matched
from cbrn_data.tabular.resource import Resource, UnsupportedResource
from cbrn_data.tabular.schema import Field, TableSchema

AT_ONCE = 50_000
"""Rows of a block."""


class _Number(str):
    """A JSON number as it was written."""


_OWN_TYPES: dict[type, frozenset[str]] = {
    _Number: frozenset({"integer", "number", "year", "any"}),
    bool: frozenset({"boolean", "any"}),
    list: frozenset({"array", "list", "geopoint", "any"}),
    dict: frozenset({"object", "geojson", "geopoint", "any"}),
}


def read_json_rows(resource: Resource, schema: TableSchema, tally: Tally) -> Iterator[Block]:
    """Yield the rows of a JSON table as blocks; the line of a row is its number. Raises UnsupportedResource."""
    rows = resource.rows if resource.path is None else _loaded(resource)
    labels, records = _labelled(rows, resource)
    faults = header_faults(labels, schema)
    for fault in faults:
        tally.add(fault)
    for start in range(0, len(records) if not faults else 0, AT_ONCE):
        part = records[start : start + AT_ONCE]
        columns = [_column(schema, label, [record.get(label) for record in part], start, tally) for label in labels]
        table = pa.Table.from_arrays(columns, names=labels)
        yield matched(Block(table, start + 1, start + 2, len(part), len(part)), schema)


def _loaded(resource: Resource) -> Any:
    assert resource.path
    try:
        return json.loads(resource.path.read_bytes(), parse_int=_Number, parse_float=_Number)
    except OSError as error:
        raise UnsupportedResource(f"{resource.place}: cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:
        raise UnsupportedResource(f"{resource.place}: is no JSON ({error})") from error


def _labelled(rows: Any, resource: Resource) -> tuple[list[str], list[dict[str, Any]]]:
    if isinstance(rows, list) and rows and all(isinstance(row, dict) for row in rows):
        return list(dict.fromkeys(key for row in rows for key in row)), rows
    if isinstance(rows, list) and rows and all(isinstance(row, list) for row in rows):
        labels = [str(label) for label in rows[0]]
        return labels, [dict(zip(labels, row, strict=False)) for row in rows[1:]]
    raise UnsupportedResource(f"{resource.place}: is no array of objects, or of arrays with a header")


def _column(schema: TableSchema, label: str, values: list[Any], start: int, tally: Tally) -> pa.Array:
    field = schema.field(label) if label in schema.names else None
    texts: list[str | None] = []
    for row, value in enumerate(values, start=start + 1):
        value = _Number(value) if type(value) in (int, float) else value
        if field and type(value) in _OWN_TYPES and field.type not in _OWN_TYPES[type(value)]:
            tally.add(Fault(row, row + 1, label, "cell-type", "", str(value)))
            value = None
        texts.append(_text(field, value))
    return pa.array(texts, pa.string())


def _text(field: Field | None, value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        said = field.descriptor.get("trueValues" if value else "falseValues") if field else None
        return str(said[0]) if said else str(value).lower()
    return json.dumps(value, ensure_ascii=False)
