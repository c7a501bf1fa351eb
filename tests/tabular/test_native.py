"""Cells with a type of their own become the text of their field, or are an issue."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from cbrn_data.tabular.compile import compile_schema
from cbrn_data.tabular.issues import Tally
from cbrn_data.tabular.native import json_number
from cbrn_data.tabular.rows import Row, in_blocks
from cbrn_data.tabular.schema import read_schema
from cbrn_data.tabular.stream import TableCheck

COMMA = {"type": "number", "decimalChar": ",", "groupChar": "."}
DAY, MOMENT = date(2024, 1, 31), datetime(2024, 1, 31, 10, 30)


@pytest.mark.parametrize(
    ("field", "cell", "text"),
    [
        (COMMA, 1234.5, "1234,5"),
        (COMMA, json_number("1234.5"), "1234,5"),
        (COMMA, Decimal("0.50"), "0,50"),
        (COMMA, 1234, "1234"),
        ({"type": "number"}, 1e21, "1000000000000000000000"),
        ({"type": "integer"}, json_number("1E3"), "1000"),
        ({"type": "integer"}, json_number("0.0"), "0"),
        ({"type": "integer", "groupChar": "."}, json_number("1.5"), None),
        ({"type": "integer", "groupChar": "."}, 1.5, None),
        ({"type": "integer", "groupChar": "."}, Decimal("1.5"), None),
        ({"type": "date", "format": "%d/%m/%Y"}, DAY, "31/01/2024"),
        ({"type": "date", "format": "%d/%m/%Y"}, datetime(2024, 1, 31), "31/01/2024"),
        ({"type": "date", "format": "%d/%m/%Y"}, MOMENT, "2024-01-31T10:30:00"),
        ({"type": "date", "format": "any"}, DAY, "2024-01-31"),
        ({"type": "datetime", "format": "%d.%m.%Y %H:%M"}, MOMENT, "31.01.2024 10:30"),
        ({"type": "datetime", "format": "%d.%m.%Y %H:%M"}, DAY, "2024-01-31"),
        ({"type": "time", "format": "%H:%M"}, time(10, 30), "10:30"),
        ({"type": "list", "itemType": "integer", "delimiter": ";"}, [1, 2], "1;2"),
        ({"type": "array"}, [json_number("1.50"), "2", [json_number("3")], None, True], '[1.50, "2", [3], null, true]'),
        ({"type": "object"}, {'a"b': {"c": json_number("9007199254740993")}}, '{"a\\"b": {"c": 9007199254740993}}'),
        ({"type": "duration"}, timedelta(hours=-30), "-PT108000.0S"),
        ({"type": "time"}, timedelta(hours=10), "10:00:00"),
        ({"type": "boolean", "trueValues": ["ja"]}, True, "ja"),
        ({"type": "string"}, json_number("5"), None),
    ],
)
@pytest.mark.parametrize("typed", [True, False])
def test_a_cell_is_written_as_its_field_is(field: dict[str, Any], cell: Any, text: str | None, typed: bool) -> None:
    tally = Tally()
    schema = read_schema({"fields": [{"name": "a", **field}]})
    (block,) = in_blocks([Row(1, 1, [cell])], ["a"], schema, tally, 0, typed)
    if field["type"] == "string" and not typed:
        text = "5"  # in a workbook, people see no difference
    assert block.table.column("a").to_pylist() == [text]
    assert [issue.code for issue in tally.listed] == ([] if text else ["cell-type"])


@pytest.mark.parametrize("text", ["1.50", "1e999", "1e-999999999999999999999", "1.00000000000000000000001"])
def test_a_number_that_is_not_whole_stays_as_it_is_written(text: str) -> None:
    assert json_number(text) == text


@pytest.mark.parametrize(
    ("missing", "expected"), [(["NA"], ["", None, None]), ([], ["", None, "NA"]), ([""], [None, None, "NA"])]
)
def test_a_null_is_missing_also_where_the_empty_text_is_not(missing: list[str], expected: list[str | None]) -> None:
    schema = read_schema({"fields": [{"name": "a"}], "missingValues": missing})
    rows = [Row(number, number, [cell]) for number, cell in enumerate(["", None, "NA"], start=1)]
    (block,) = in_blocks(rows, ["a"], schema, Tally(), 0)
    assert compile_schema(schema).nulled(block.table, block.has_nulls).column("a").to_pylist() == expected


def test_a_cell_of_another_type_is_told_once() -> None:
    schema = read_schema(
        {"fields": [{"name": "a", "constraints": {"required": True}, "type": "string"}], "primaryKey": ["a"]}
    )
    check = TableCheck(compile_schema(schema), tally := Tally(), as_frictionless=True)
    for block in in_blocks([Row(1, 1, [json_number("5")]), Row(2, 2, [None]), Row(3, 3, ["x"])], ["a"], schema, tally, 0):
        check.add(block)
    assert [(issue.code, issue.row) for issue in tally.listed] == [("cell-type", 1), ("row-blank", 2)]
