"""Each constraint on whole columns: which rows break it, under which code, and what cannot be judged is refused."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from cbrn_data.tabular.compile import CompiledSchema, compile_schema
from cbrn_data.tabular.schema import UnsupportedSchema, read_schema


def compiled(**field: Any) -> CompiledSchema:
    return compile_schema(read_schema({"fields": [{"name": "x", **field}]}))


def failing(cells: list[str | None], **field: Any) -> list[tuple[str, str, list[int]]]:
    table = pa.table({"x": pa.array(cells, pa.string())})
    return [(found.code, found.constraint, found.rows.tolist()) for found in compiled(**field).failures(table)]


@pytest.mark.parametrize(
    ("field", "cells", "expected"),
    [
        ({"constraints": {"required": True}}, ["a", None, "b", None], [("cell-missing", "required", [1, 3])]),
        (
            {"type": "integer", "constraints": {"minimum": 2, "exclusiveMaximum": "10"}},
            ["1", "2", "9", "10", None, "x", "99999999999999999999"],
            [("cell-type", "", [5]), ("cell-range", "minimum", [0]), ("cell-range", "exclusiveMaximum", [3, 6])],
        ),
        (
            {"type": "number", "constraints": {"maximum": 0.1}},
            ["0.1", "0.10", "0.1000000000000000000000001", "1e-400", "INF", "nan", "-inf"],
            [("cell-range", "maximum", [2, 4, 5])],
        ),
        (
            {"type": "date", "constraints": {"minimum": "2024-02-01"}},
            ["2024-02-01", "2024-01-31", "2024-02-30", "2024-2-1", None],
            [("cell-type", "", [2, 3]), ("cell-range", "minimum", [1])],
        ),
        (
            {"type": "string", "constraints": {"pattern": "a|b", "minLength": 1, "maxLength": 1}},
            ["a", "ax", "b\n", "", None],
            [
                ("cell-pattern", "pattern", [1, 2, 3]),
                ("cell-length", "minLength", [3]),
                ("cell-length", "maxLength", [1, 2]),
            ],
        ),
        (
            {"type": "string", "format": "email", "constraints": {"pattern": ".*org", "maxLength": 7}},
            ["a@b.org", "aa@b.org", "a@b.com", "nobody at all"],
            [("cell-format", "", [3]), ("cell-pattern", "pattern", [2]), ("cell-length", "maxLength", [1])],
        ),
        (
            {"type": "number", "constraints": {"enum": [1, "2.50"]}},
            ["1.0", "01", "2.5", "3", "x"],
            [("cell-type", "", [4]), ("cell-enum", "enum", [3])],
        ),
        (
            {"type": "integer", "categories": [{"value": 0, "label": "no"}, {"value": 1, "label": "yes"}]},
            ["0", "01", "2", None],
            [("cell-category", "categories", [2])],
        ),
        (
            {"type": "object", "constraints": {"jsonSchema": {"required": ["a"]}, "maxLength": 1}},
            ['{"a": 1}', "{}", "[]", '{"a": 1, "b": 2}', None],
            [("cell-type", "", [2]), ("cell-json", "jsonSchema", [1]), ("cell-length", "maxLength", [3])],
        ),
    ],
    ids=lambda value: "",
)
def test_a_constraint_names_the_rows_that_break_it(field: Any, cells: Any, expected: Any) -> None:
    assert failing(cells, **field) == expected


def test_json_that_nests_without_end_is_malformed_and_stops_nothing() -> None:
    deep = "[" * 100 + "]" * 100
    cells: list[str | None] = [deep, f"[{deep}]", "[" * 990 + "]" * 990, "[" * 100_000, "[" + "[]," * 200 + "[]]"]
    assert failing(cells, type="array", constraints={"maxLength": 201}) == [("cell-type", "", [1, 2, 3])]
    assert compiled(type="array").comparable("x", pa.array(cells)).null_count == 3


def test_the_schema_of_a_stranger_can_refer_to_its_own_parts_and_use_patterns() -> None:
    schema = {"$defs": {"code": {"type": "string", "pattern": "^[A-Z]{2}"}}, "items": {"$ref": "#/$defs/code"}}
    assert failing(['["KZ"]', '["kz"]', "[1]"], type="array", constraints={"jsonSchema": schema}) == [
        ("cell-json", "jsonSchema", [1, 2])
    ]


def refused(**field: Any) -> str:
    with pytest.raises(UnsupportedSchema) as caught:
        compiled(**field)
    return "; ".join(said for _, said in caught.value.faults)


def test_what_cannot_be_judged_is_refused_and_all_of_it_at_once() -> None:
    constraints = {"pattern": "a", "minimum": "x", "mystery": 1, "required": "yes", "maxLength": 3}
    said = refused(type="integer", constraints=constraints)
    for part in (
        "pattern: does not apply",
        'minimum: "x" is not a value',
        "mystery: unknown constraint",
        "required: must be",
        "maxLength: does not",
    ):
        assert part in said
