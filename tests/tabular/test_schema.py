"""Reading descriptors: what the standard asks a consumer to accept, and every fault told at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from frictionless import FrictionlessException, Schema

from cbrn_data.tabular.compile import compile_schema
from cbrn_data.tabular.schema import ForeignKey, UnsupportedSchema, read_schema

CORPUS = Path(__file__).parents[3] / "shared" / "badinputs" / "frictionless"
DESCRIPTORS = sorted(CORPUS.glob("schema*.json")) + sorted(CORPUS.glob("*schema.json")) + [CORPUS / "unique-field.json"]

A_AND_B = [{"name": "a"}, {"name": "b"}]


def faults(**descriptor: Any) -> list[tuple[str, str]]:
    with pytest.raises(UnsupportedSchema) as caught:
        compile_schema(read_schema(descriptor))
    return caught.value.faults


def test_the_spellings_of_version_1_mean_the_same() -> None:
    reference = {"resource": "", "fields": "b"}
    old = read_schema({"fields": A_AND_B, "primaryKey": "a", "foreignKeys": [{"fields": "a", "reference": reference}]})
    new = read_schema(
        {"fields": A_AND_B, "primaryKey": ["a"], "foreignKeys": [{"fields": ["a"], "reference": {"fields": ["b"]}}]}
    )
    assert old == new
    assert new.primary_key == ("a",) and new.foreign_keys == (ForeignKey(("a",), "", ("b",)),)


def test_a_field_has_its_own_missing_values_or_those_of_the_schema() -> None:
    fields = [
        {"name": "a"},
        {"name": "b", "missingValues": []},
        {"name": "c", "missingValues": [{"value": "-", "label": "none"}]},
    ]
    schema = read_schema({"fields": fields, "missingValues": ["", "NA"]})
    assert [field.missing_values for field in schema.fields] == [("", "NA"), (), ("-",)]


@pytest.mark.parametrize("match", ["exact", "equal", "subset", "superset", "partial", ["subset"]])
def test_fields_match_is_a_text_or_the_list_of_one_that_the_profile_asks_for(match: Any) -> None:
    assert read_schema({"fields": A_AND_B, "fieldsMatch": match}).fields_match in (
        "exact",
        "equal",
        "subset",
        "superset",
        "partial",
    )


@pytest.mark.parametrize(
    ("descriptor", "said"),
    [
        ({}, "fields must be a list"),
        ({"fields": []}, "fields must be a list"),
        ({"fields": ["a"]}, "field 1 must be an object with a name"),
        ({"fields": [{"name": "a", "type": 1}]}, "type must be a text"),
        ({"fields": [{"name": "a", "constraints": []}]}, "constraints must be an object"),
        ({"fields": [{"name": "a", "required": True}]}, "required must be in constraints"),
        ({"fields": [{"name": "a"}, {"name": "a"}]}, "two fields have this name"),
        ({"fields": A_AND_B, "primaryKey": ["c"]}, "primaryKey names 'c'"),
        ({"fields": A_AND_B, "primaryKey": [1]}, "primaryKey must be a list"),
        ({"fields": A_AND_B, "primaryKey": []}, "primaryKey must be a list of at least one"),
        ({"fields": A_AND_B, "foreignKeys": []}, "foreignKeys must be a list of at least one"),
        ({"fields": A_AND_B, "foreignKeys": [{"fields": [], "reference": {"fields": []}}]}, "of at least one field name"),
        ({"fields": A_AND_B, "primaryKey": ["a", "a"]}, "names a field twice"),
        ({"fields": A_AND_B, "uniqueKeys": ["a"]}, "uniqueKeys must be a list of lists"),
        ({"fields": A_AND_B, "uniqueKeys": [["c"]]}, "uniqueKeys names 'c'"),
        ({"fields": A_AND_B, "foreignKeys": {}}, "foreignKeys must be a list"),
        ({"fields": A_AND_B, "foreignKeys": [{"fields": "a"}]}, "foreignKeys must be a list"),
        (
            {"fields": A_AND_B, "foreignKeys": [{"fields": ["a", "b"], "reference": {"fields": "a"}}]},
            "has 2 fields and refers to 1",
        ),
        ({"fields": A_AND_B, "foreignKeys": [{"fields": "a", "reference": {"fields": "c"}}]}, "foreignKeys names 'c'"),
        ({"fields": A_AND_B, "fieldsMatch": "most"}, "fieldsMatch must be one of"),
        ({"fields": A_AND_B, "missingValues": ""}, "missingValues must be a list"),
        ({"fields": A_AND_B, "missingValues": [{"value": "a"}, {"value": "a"}]}, "duplicate value or label"),
        ({"fields": [{"name": "a", "type": "currency"}]}, "unknown type 'currency'"),
        ({"fields": [{"name": "a", "type": "string", "format": "wkt"}]}, "has no format 'wkt'"),
        ({"fields": [{"name": "a", "type": "any", "format": "x"}]}, "has no format 'x'"),
        ({"fields": [{"name": "a", "type": "date", "format": "day"}]}, "is not default, any or a strptime pattern"),
        ({"fields": [{"name": "a", "type": "date", "format": "%Q"}]}, "is not a valid strptime pattern"),
        ({"fields": [{"name": "a", "type": "date", "format": "%d %d"}]}, "is not a valid strptime pattern"),
        ({"fields": [{"name": "a", "type": "datetime", "format": "%c"}]}, "depends on the machine"),
        ({"fields": [{"name": "a", "type": "number", "decimalChar": ""}]}, "decimalChar must be a text"),
        ({"fields": [{"name": "a", "type": "number", "groupChar": "."}]}, "decimalChar must be a text that differs"),
        ({"fields": [{"name": "a", "type": "integer", "bareNumber": "no"}]}, "bareNumber must be true or false"),
        ({"fields": [{"name": "a", "type": "boolean", "trueValues": []}]}, "trueValues must be a list"),
        ({"fields": [{"name": "a", "type": "boolean", "trueValues": ["0"]}]}, "both trueValues and falseValues"),
        ({"fields": [{"name": "a", "type": "list", "itemType": "object"}]}, "itemType must be one of"),
        ({"fields": [{"name": "a", "type": "list", "delimiter": ""}]}, "delimiter must not be empty"),
        ({"fields": [{"name": "a", "type": "array", "arrayItem": {}}]}, "arrayItem is not in the standard"),
        ({"fields": [{"name": "a", "constraints": {"pattern": "x"}}]}, "pattern: does not apply to the type any"),
        ({"fields": [{"name": "a", "constraints": {"enum": []}}]}, "enum: must be a list"),
        ({"fields": [{"name": "a", "constraints": {"enum": ["x", "y", "x"]}}]}, "enum: has a value twice"),
        ({"fields": [{"name": "a"}], "uniqueKeys": [["a"], ["a"]]}, "uniqueKeys has a key twice"),
        ({"fields": [{"name": "a", "constraints": {"unique": "yes"}}]}, "unique: must be true or false"),
        ({"fields": [{"name": "a", "type": "string", "constraints": {"enum": [1]}}]}, "enum: 1 is not a value"),
        (
            {"fields": [{"name": "a", "type": "string", "constraints": {"minLength": -1}}]},
            "minLength: must be a non-negative integer",
        ),
        (
            {"fields": [{"name": "a", "type": "string", "constraints": {"pattern": "(?=a)"}}]},
            "cannot be evaluated in linear time",
        ),
        (
            {"fields": [{"name": "a", "type": "string", "constraints": {"pattern": r"(a)\1"}}]},
            "cannot be evaluated in linear time",
        ),
        (
            {"fields": [{"name": "a", "type": "string", "constraints": {"pattern": "a)(b"}}]},
            "cannot be evaluated in linear time",
        ),
        (
            {"fields": [{"name": "a", "type": "string", "constraints": {"pattern": "[a-z-[aeiou]]"}}]},
            "uses class subtraction",
        ),
        (
            {"fields": [{"name": "a", "type": "date", "constraints": {"minimum": "2024-02-30"}}]},
            "is not a value of the type",
        ),
        ({"fields": [{"name": "a", "type": "boolean", "constraints": {"minimum": 0}}]}, "minimum: does not apply"),
        ({"fields": [{"name": "a", "type": "number", "categories": [1]}]}, "categories: does not apply to the type number"),
        ({"fields": [{"name": "a", "type": "integer", "categories": ["x"]}]}, "categories: "),
        (
            {"fields": [{"name": "a", "type": "integer", "categories": [1, 2], "constraints": {"enum": [1, 3]}}]},
            "enum: 3 is not among the categories",
        ),
        (
            {"fields": [{"name": "a", "type": "object", "constraints": {"jsonSchema": True}}]},
            "jsonSchema: must be an object",
        ),
        (
            {"fields": [{"name": "a", "type": "object", "constraints": {"jsonSchema": {"type": "x"}}}]},
            "is not a valid JSON Schema",
        ),
        (
            {"fields": [{"name": "a", "type": "object", "constraints": {"jsonSchema": {"$ref": "https://example.org/x"}}}]},
            "is not found in the schema",
        ),
        (
            {"fields": [{"name": "a", "type": "object", "constraints": {"jsonSchema": {"patternProperties": {}}}}]},
            "patternProperties cannot be evaluated",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_fault_is_named(descriptor: dict[str, Any], said: str) -> None:
    assert said in "; ".join(message for _, message in faults(**descriptor))


def test_every_fault_is_named_at_once() -> None:
    fields = [
        {"name": "a", "type": "x"},
        {"name": "b", "type": "date", "format": "y"},
        {"name": "c", "constraints": {"z": 1}},
    ]
    assert [field for field, _ in faults(fields=fields)] == ["a", "b", "c"]


def test_the_format_of_version_0_loses_its_prefix() -> None:
    assert read_schema({"fields": [{"name": "a", "type": "date", "format": "fmt:%d"}]}).fields[0].format == "%d"


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpora are not here")
@pytest.mark.parametrize("path", DESCRIPTORS, ids=lambda path: path.name)
def test_descriptors_of_frictionless_get_its_verdict(path: Path) -> None:
    descriptor = json.loads(path.read_text(encoding="utf-8"))
    assert _is_usable(descriptor) == _is_valid(descriptor)


def _is_usable(descriptor: Any) -> bool:
    try:
        compile_schema(read_schema(descriptor))
    except UnsupportedSchema:
        return False
    return True


def _is_valid(descriptor: Any) -> bool:
    try:
        Schema.from_descriptor(descriptor)
    except FrictionlessException:
        return False
    return True
