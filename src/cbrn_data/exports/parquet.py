"""A table as Parquet, with the types of its schema. Partial dates such as 2024-05 are text, as everywhere.

A column with a value that its type in Parquet cannot hold, such as an integer of 20 digits, is text too.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from cbrn_data.schema.model import Field, TableDefinition
from cbrn_data.schema.table import Table

_TYPES = {
    "integer": pa.int64(),
    "year": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
}
"""The type of a column by its type in the schema; all others are text."""


def write_parquet(table: Table, path: Path) -> None:
    """Write the rows of a table block by block. Raises ReleaseError if they cannot be read."""
    schema = _schema(table.definition)
    try:
        _write(table, path, schema)
    except pa.ArrowInvalid:
        _write(table, path, _schema(table.definition, [field.name for field in schema if not _fits(table, field)]))


def _schema(table: TableDefinition, text: Sequence[str] = ()) -> pa.Schema:
    """Return the columns of a table with their types, but for those that are ``text``.

    The metadata of a column are its title and description.
    """
    about = {"title": table.title, "description": table.description}
    return pa.schema([_field(field, pa.string() if field.name in text else None) for field in table.fields], about)


def _field(field: Field, kind: pa.DataType | None) -> pa.Field:
    about = {"title": field.title, "description": field.description.strip()}
    return pa.field(field.name, kind or _TYPES.get(field.type, pa.string()), metadata=about)


def _fits(table: Table, field: pa.Field) -> bool:
    try:
        return all(block[field.name].cast(field.type) is not None for block in table.blocks())
    except pa.ArrowInvalid:
        return False


def _write(table: Table, path: Path, schema: pa.Schema) -> None:
    with pq.ParquetWriter(path, schema) as writer:
        for block in table.blocks():
            writer.write_table(block.cast(schema))
