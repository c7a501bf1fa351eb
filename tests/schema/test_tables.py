"""Every table of the project is described whole: titles, descriptions, examples that hold to their own rules."""

from __future__ import annotations

import json
import re

import frictionless
import pytest

from cbrn_data.schema.descriptor import table_schema
from cbrn_data.schema.dictionary import dictionary
from cbrn_data.schema.model import Field, TableDefinition, read_package
from tests.conftest import PROJECT
from tests.records import issues_of

PACKAGE = read_package(PROJECT / "schemas")
TABLES = list(PACKAGE.tables.values())
FIELDS = [pytest.param(table, field, id=f"{table.name}.{field.name}") for table in TABLES for field in table.fields]
PROFILES = PROJECT.parent / "shared" / "standards" / "data" / "datapackage-2.0"


def example(table: TableDefinition) -> dict[str, str | None]:
    return {field.name: field.example for field in table.fields}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_the_example_of_a_table_holds_to_its_own_rules(table: TableDefinition) -> None:
    assert issues_of(table, [example(table)]) == []


@pytest.mark.parametrize(("table", "field"), FIELDS)
def test_a_field_says_what_it_means(table: TableDefinition, field: Field) -> None:
    assert field.title[0].isupper() and not field.title.endswith(".")
    assert field.description[0].isupper() and field.description.endswith(".") and len(field.description) > 15
    assert field.required or "null" in field.description or table.role != "data" or field.name in table.primary_key
    assert field.unit is None or field.type == "integer"


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_table_says_what_a_row_is_and_its_key_is_never_null(table: TableDefinition) -> None:
    assert table.description.startswith("One row per ") and table.description.strip().endswith(".")
    assert all(table.field(name).required for name in table.primary_key)


def test_the_same_column_has_the_same_rules_everywhere() -> None:
    """A key and the columns that refer to it are judged alike, so that a reference can always be made."""
    for table in TABLES:
        for key in table.foreign_keys:
            for name, there in zip(key.fields, key.references, strict=True):
                ours, theirs = table.field(name), PACKAGE.tables[key.resource].field(there)
                assert (ours.type, ours.constraints.get("pattern")) == (theirs.type, theirs.constraints.get("pattern"))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_the_descriptor_is_a_table_schema_of_data_package_2(table: TableDefinition) -> None:
    schema = table_schema(table, frozenset(PACKAGE.tables))
    assert frictionless.Schema.from_descriptor(json.loads(json.dumps(schema))).field_names == table.names
    assert schema["primaryKey"] == list(table.primary_key)
    assert [key["reference"]["resource"] for key in schema.get("foreignKeys", [])] == [
        key.resource for key in table.foreign_keys
    ]
    for field, described in zip(table.fields, schema["fields"], strict=True):
        assert described.get("constraints", {}) == field.constraints
        assert described.get("format", "default") == field.format


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_the_descriptor_holds_to_the_official_profile(table: TableDefinition) -> None:
    profile = PROFILES / "tableschema.json"
    if not profile.exists():
        pytest.skip(f"the official profile is not here: {profile.name}")
    import jsonschema

    schema = json.loads(profile.read_text(encoding="utf-8"))
    validator = jsonschema.validators.validator_for(schema)(schema)
    assert list(validator.iter_errors(table_schema(table, frozenset(PACKAGE.tables)))) == []


def test_foreign_keys_lead_to_published_tables_only() -> None:
    schema = table_schema(PACKAGE.tables["memberships"], frozenset({"memberships", "regions"}))
    assert [key["reference"]["resource"] for key in schema["foreignKeys"]] == ["regions"]


def test_the_dictionary_has_every_table_and_column() -> None:
    text = dictionary(PACKAGE)
    assert re.findall(r"(?m)^## (.+)$", text) == list(PACKAGE.tables)
    rows = re.findall(r"(?m)^\| `([a-z0-9_]+)` \|", text)
    assert rows == [field.name for table in TABLES for field in table.fields]
