"""A table as Parquet, with the types of its schema. Partial dates such as 2024-05 are text, as everywhere."""

from __future__ import annotations

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


def arrow_schema(table: TableDefinition) -> pa.Schema:
    """Return the columns of a table with their types; the metadata of a column are its title and description."""
    return pa.schema([_field(field) for field in table.fields], {"title": table.title, "description": table.description})


def _field(field: Field) -> pa.Field:
    about = {"title": field.title, "description": field.description.strip()}
    return pa.field(field.name, _TYPES.get(field.type, pa.string()), not field.required, about)


def write_parquet(table: Table, path: Path) -> None:
    """Write the rows of a table block by block. Raises ReleaseError if they cannot be read."""
    schema = arrow_schema(table.definition)
    with pq.ParquetWriter(path, schema) as writer:
        for block in table.blocks():
            writer.write_table(block.cast(schema))
