"""A table's definition as a Frictionless Table Schema (Data Package 2.0)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cbrn_data.schema.model import Field, TableDefinition
from cbrn_data.schema.parts import PARTS
from cbrn_data.schema.table import Table

PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
TABLE_SCHEMA = "https://datapackage.org/profiles/2.0/tableschema.json"


def package_properties(about: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties of a data package from ``package.yaml``."""
    licence, publisher = about["licence"], about["publisher"]
    homepage = {"homepage": about["homepage"]} if "homepage" in about else {}
    return {
        "name": about["name"],
        "title": about["title"],
        "description": f"{about['description'].strip()} {about.get('licence_note', '').strip()}".strip(),
        **homepage,
        "keywords": list(about["keywords"]),
        "themes": list(about.get("themes", ())),
        "licenses": [{"name": licence["name"], "title": licence["title"], "path": licence["path"]}],
        "contributors": [{"title": publisher["name"], "email": publisher["email"], "roles": ["publisher"]}],
    }


def table_schema(table: TableDefinition, present: frozenset[str]) -> dict[str, Any]:
    """Return the Table Schema of a table, with foreign keys only to tables that are ``present``.

    ``fieldsMatch`` is left out: its specification and its JSON Schema disagree, and the default is correct.
    """
    schema: dict[str, Any] = {
        "$schema": TABLE_SCHEMA,
        "fields": [_field(field) for field in table.fields],
        "primaryKey": list(table.primary_key),
    }
    keys = [
        {"fields": list(key.fields), "reference": {"resource": key.resource, "fields": list(key.references)}}
        for key in table.foreign_keys
        if key.resource in present
    ]
    return schema | ({"foreignKeys": keys} if keys else {}) | {"missingValues": [""]}


def parted_resource(table: Table, present: frozenset[str]) -> dict[str, Any]:
    """Return the resource of a table in parts: files with a header each, of which readers make one table."""
    definition = table.definition
    return {
        "name": table.name,
        "type": "table",
        "path": list(table.written),
        "format": "csv",
        "mediatype": "text/csv",
        "title": definition.title,
        "description": definition.description.strip(),
        "encoding": "utf-8",
        "schema": table_schema(definition, present),
        PARTS: [part.described() for part in table.parts],
    }


def _field(field: Field) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": field.name, "type": field.type}
    if field.format != "default":
        entry["format"] = field.format
    entry |= {"title": field.title, "description": field.description, "example": field.example}
    if field.unit:
        entry["unit"] = field.unit
    return entry | ({"constraints": field.constraints} if field.constraints else {})
