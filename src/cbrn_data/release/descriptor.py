"""``datapackage.json``: a release as a Data Package 2.0, every table as CSV and as JSON.

Each resource has its schema. CSV resources have ``type: table``, so that any Data Package tool validates them row by row.
JSON resources have no ``type``: frictionless checks their hash and size, and the gate that their rows are those of the CSV.
``themes`` (codes of the EU table of data themes), ``spatial`` and ``temporal`` are properties of our own, which the standard
allows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cbrn_data.schema.coverage import Coverage, coverage_properties
from cbrn_data.schema.descriptor import PROFILE, package_properties, parted_resource, table_schema
from cbrn_data.schema.model import Package, TableDefinition
from cbrn_data.schema.table import Tables
from cbrn_data.store.disk import Data, sha256_of, size_of


def datapackage(
    package: Package,
    tables: list[str],
    files: Mapping[str, Data],
    content: Tables,
    cover: Coverage,
    version: str,
    date: str,
) -> dict[str, Any]:
    """Return the descriptor of a release; ``content`` are its tables, except that of changes, ``date`` is YYYY-MM-DD."""
    present = frozenset(tables)
    properties = package_properties(package.metadata)
    head = {key: properties.pop(key) for key in ("name", "title", "description")}
    return {
        "$schema": PROFILE,
        **head,
        "version": version,
        "created": f"{date}T00:00:00Z",
        **properties,
        **coverage_properties(package, cover),
        "sources": [
            {"title": row["title"] or "", "path": row["url"] or row["path"] or ""}
            | ({"version": row["edition"]} if row["edition"] else {})
            for row in content["sources"].rows
        ],
        "resources": [
            entry
            for name in tables
            for entry in (
                [parted_resource(content[name], present)]
                if name in content and content[name].parts
                else _resources(package.tables[name], files, present)
            )
        ],
    }


def _resources(table: TableDefinition, files: Mapping[str, Data], present: frozenset[str]) -> list[dict[str, Any]]:
    forms: list[dict[str, Any]] = [
        {"name": table.name, "type": "table", "path": f"{table.name}.csv", "format": "csv", "mediatype": "text/csv"},
        {"name": f"{table.name}-json", "path": f"{table.name}.json", "format": "json", "mediatype": "application/json"},
    ]
    return [_resource(table, form, files[form["path"]], present) for form in forms]


def _resource(table: TableDefinition, form: dict[str, Any], data: Data, present: frozenset[str]) -> dict[str, Any]:
    described = {
        "title": table.title if "type" in form else f"{table.title} (JSON)",
        "description": table.description.strip(),
        "encoding": "utf-8",
        "bytes": size_of(data),
        "hash": f"sha256:{sha256_of(data)}",
    }
    return form | described | {"schema": table_schema(table, present)}
