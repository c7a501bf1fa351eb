"""Each rule in use on right and wrong cells, beside the verdict of frictionless on the same small CSV file."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import frictionless
import pytest

from cbrn_data.errors import SchemaError
from cbrn_data.findings import catalogue
from cbrn_data.schema.check import compile_table, explained, refusals, table_check
from cbrn_data.schema.descriptor import table_schema
from cbrn_data.schema.model import Field, NamedCheck, TableDefinition
from cbrn_data.schema.table import block_of, text_table
from cbrn_data.tabular.issues import Issue
from tests.records import issues_of


def definition(type_: str = "string", format_: str = "default", /, **constraints: Any) -> Field:
    return Field("value", type_, "Value", "The value.", "x", format_, None, constraints, 7)


def table_of(field: Field, *checks: NamedCheck) -> TableDefinition:
    key = Field("id", "string", "Id", "The id.", "1", "default", None, {"required": True})
    return TableDefinition("things", "Things", "Some things.", "data", ("id",), (), checks, (key, field))


def rows_of(cells: list[str | None]) -> list[dict[str, str | None]]:
    return [{"id": str(number), "value": cell} for number, cell in enumerate(cells)]


OF_A_TEXT = {"text-active", "source-control-character", "source-invisible-character"}
"""Codes of texts that we do not publish, of which Table Schema says nothing."""


def ours(table: TableDefinition, rows: list[dict[str, str | None]]) -> list[Issue]:
    return [fault for fault in issues_of(table, rows) if fault.code not in OF_A_TEXT]


def theirs(table: TableDefinition, rows: list[dict[str, str | None]], folder: Path) -> set[tuple[int, str]]:
    """Return the rows, from 0, and the fields that frictionless refuses."""
    with (folder / "things.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, table.names)
        writer.writeheader()
        writer.writerows(rows)
    schema = table_schema(table, frozenset())
    schema["fields"] = [{key: value for key, value in field.items() if key != "example"} for field in schema["fields"]]
    descriptor = {"name": "things", "path": "things.csv", "schema": schema}
    report = frictionless.Resource.from_descriptor(descriptor, basepath=str(folder)).validate()
    assert not report.errors
    errors = [error.to_descriptor() for error in report.tasks[0].errors]
    return {(error["rowNumber"] - 2, error.get("fieldName", "")) for error in errors}


RULES: list[tuple[Field, str, list[str | None], list[str]]] = [
    (definition(), "", ["text", "=1+1", "2024", " padded ", "two\nlines", "Côte d’Ivoire", '"quoted"', None], []),
    (definition(required=True), "cell-missing", ["x"], [""]),
    (definition(unique=True), "cell-unique", ["a", "b", None, None, "A"], ["a", "b"]),
    (definition(enum=["exact", "about"]), "cell-enum", ["exact", "about", None], ["Exact", "exact ", "aboutexact"]),
    (definition("integer", enum=[1, 2]), "cell-enum", ["1", "2"], ["3"]),
    (definition(pattern="[A-Z]{3}"), "cell-pattern", ["KAZ", None], ["kaz", "KA", "KAZA", " KAZ"]),
    (definition(pattern="(ab|cd)"), "cell-pattern", ["ab", "cd"], ["abd", "acd", "xcd"]),
    (definition(pattern="é{2}"), "cell-pattern", ["éé"], ["é", "e\u0301e\u0301"]),
    (definition(minLength=2), "cell-length", ["ab", "éé", "🧪🧪", None], ["a", "é", "🧪"]),
    (definition(maxLength=2), "cell-length", ["ab", "éé", "🧪🧪", "a"], ["abc", "ééé"]),
    (
        definition("integer"),
        "cell-type",
        ["0", "7", "-12", "999999999999999999"],
        ["1.0", "1e3", "x", "1,000", "0x10", "--1"],
    ),
    (definition("integer", minimum=1), "cell-range", ["1", "999999"], ["0", "-1"]),
    (definition("integer", maximum=10), "cell-range", ["10", "-999"], ["11"]),
    (definition("year"), "cell-type", ["2025", "1066"], ["25", "20250", "20x5", "2025-01"]),
    (definition("year", minimum=2000, maximum=2030), "cell-range", ["2000", "2030"], ["1999", "2031"]),
    (definition("date"), "cell-type", ["2024-02-29", "0001-01-01"], ["2023-02-29", "2024-13-01", "01/02/2024", "2024-06"]),
    (
        definition("string", "uri"),
        "cell-format",
        ["https://example.org/a?b=c#d", "urn:isbn:1"],
        ["example", "/path", "//host/x"],
    ),
]


def rule_id(rule: tuple[Field, str, list[str | None], list[str]]) -> str:
    return f"{rule[0].type}-{rule[0].format}-{'-'.join(rule[0].constraints) or rule[1] or 'anything'}"


@pytest.mark.parametrize("rule", RULES, ids=rule_id)
def test_a_rule_parts_right_cells_from_wrong_ones_as_frictionless_does(
    rule: tuple[Field, str, list[str | None], list[str]], tmp_path: Path
) -> None:
    field, code, right, wrong = rule
    table = table_of(field)
    rows = rows_of([*right, *(cell or None for cell in wrong)])
    found = ours(table, rows)
    assert {(issue.row - 1, issue.field, issue.code) for issue in found} == {
        (place, "value", code) for place in range(len(right), len(rows))
    }
    assert {(issue.row - 1, issue.field) for issue in found} == theirs(table, rows, tmp_path)
    assert all(issue.value == rows[issue.row - 1]["value"] for issue in found)


STRICTER: list[tuple[str, Field, str, list[str]]] = [
    (
        "a number has one spelling, so that text and JSON are the same",
        definition("integer"),
        "cell-type",
        ["+5", "007", "-0"],
    ),
    ("digits are ASCII", definition("integer"), "cell-type", ["٣", "２"]),
    ("spaces are no part of a number", definition("integer"), "cell-type", [" 5", "5 ", "5\n"]),
    ("a number fits 64 bits", definition("integer"), "cell-type", ["9" * 19]),
    ("a pattern matches to the very end", definition(pattern="[A-Z]+"), "cell-pattern", ["KAZ\n"]),
    ("a pattern matches whole, whatever its branches", definition(pattern="ab|cd"), "cell-pattern", ["abx", "xcd"]),
    ("a year is four ASCII digits", definition("year"), "cell-type", ["２０２５", "0001"]),
    ("an address has no spaces or marks", definition("string", "uri"), "cell-format", ["https://a b", "https://a<b>"]),
]


@pytest.mark.parametrize("case", STRICTER, ids=lambda case: case[0])
def test_where_we_are_stricter_than_frictionless(case: tuple[str, Field, str, list[str]], tmp_path: Path) -> None:
    _, field, code, cells = case
    table, rows = table_of(field), rows_of(list(cells))
    assert [(issue.row - 1, issue.code) for issue in ours(table, rows)] == [(place, code) for place in range(len(cells))]
    assert theirs(table, rows, tmp_path) < {(place, "value") for place in range(len(cells))}


def test_no_right_cell_of_ours_is_wrong_for_frictionless(tmp_path: Path) -> None:
    """A release that we pass must pass with its consumers: whatever frictionless refuses, we refuse."""
    cells = ["", "0", "-0", "00", "1", "+1", "１", "1.", "1_000", "0000", "-001", "2024", "10000", "2024-1-1", "2024-01-01"]
    cells += [
        "2024-01-01T00:00:00",
        "20240101",
        "2024-W01-1",
        "true",
        "null",
        "NaN",
        "https://",
        "a:",
        ":a",
        "http:x",
        "a b:c",
    ]
    cells += [
        "\u00a05",
        "5\u00a0",
        "\t",
        " ",
        "https://example.org/\u00e9",
        "mailto:a@b",
        "HTTP://X",
        "https://[::1",
        "http://x:y",
    ]
    for number, field in enumerate(
        [definition("integer"), definition("year"), definition("date"), definition("string", "uri")]
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        table, rows = table_of(field), rows_of([cell or None for cell in cells])
        refused = {(issue.row - 1, issue.field) for issue in ours(table, rows)}
        assert theirs(table, rows, folder) <= refused, field.type


def test_a_key_that_repeats_is_told_once_for_the_later_row(tmp_path: Path) -> None:
    table = table_of(definition())
    rows: list[dict[str, str | None]] = [{"id": "a", "value": "1"}, {"id": "b", "value": "1"}, {"id": "a", "value": "2"}]
    assert ours(table, rows) == [
        Issue(3, 3, "id", "key-repeated", "primaryKey", "a", fields=("id",), values=("a",), twin=(1, 1, ""))
    ]
    assert theirs(table, rows, tmp_path) == {(2, "")}


def test_a_part_of_the_columns_is_judged_cell_by_cell_only() -> None:
    table = table_of(definition("integer", required=True, unique=True, minimum=1))
    data = text_table(["value"], rows_of(["1", "1", None, "0", "x"]))
    check = table_check(table, {}, compile_table(table).part(["value"], nullable=True))
    check.add(block_of(data))
    check.finish(lambda: [block_of(data)])
    assert [(fault.row, fault.code) for fault in check.tally.listed] == [(4, "cell-range"), (5, "cell-type")]


def test_an_empty_table_breaks_nothing() -> None:
    assert ours(table_of(definition("integer", required=True)), []) == []


REFUSED = {
    "the type 'number' is not supported for columns": definition("number"),
    "the type 'boolean' is not supported for columns": definition("boolean"),
    "the type 'geojson' is not supported for columns": definition("geojson"),
}


@pytest.mark.parametrize("message", REFUSED)
def test_a_rule_that_nothing_checks_is_refused_when_it_is_compiled(message: str) -> None:
    with pytest.raises(SchemaError) as refused:
        compile_table(table_of(REFUSED[message]))
    (finding,) = refused.value.findings
    assert (finding.code, finding.message, finding.place) == (
        "schema-unsupported",
        f"value: {message}",
        "schemas/things.yaml:7",
    )


def test_a_named_check_that_does_not_exist_is_refused() -> None:
    table = table_of(definition(), NamedCheck("in-tune", ("value",)), NamedCheck("in-order", ("value",)))
    assert [finding.message for finding in refusals(table)] == [
        "the check 'in-tune' does not exist; use one of partial-date, in-order, together, same-number",
        "the check 'in-order' needs two fields, not 1",
    ]


WORDS = [
    (definition(required=True), Issue(1, 1, "value", "cell-missing", "", None), "value must not be null"),
    (definition(unique=True), Issue(1, 1, "value", "cell-unique", "", "a"), "value 'a' is not unique"),
    (
        definition("integer"),
        Issue(1, 1, "value", "cell-type", "", "1.5"),
        "value '1.5' is not of type integer; an example: x",
    ),
    (
        definition("string", "uri"),
        Issue(1, 1, "value", "cell-format", "", "a"),
        "value 'a' is not of type string (uri); an example: x",
    ),
    (definition(enum=["a", "b"]), Issue(1, 1, "value", "cell-enum", "", "c"), "value 'c' is not one of a, b"),
    (
        definition(pattern="P[0-9]"),
        Issue(1, 1, "value", "cell-pattern", "", "Q"),
        "value 'Q' does not match P[0-9]; an example: x",
    ),
    (definition("integer", minimum=1), Issue(1, 1, "value", "cell-range", "", "0"), "value '0' must be at least 1"),
    (definition(maxLength=2), Issue(1, 1, "value", "cell-length", "", "abc"), "value 'abc' must have at most 2 characters"),
    (
        definition(categories=["a"]),
        Issue(1, 1, "value", "cell-category", "categories", "b"),
        "value 'b' breaks the rule categories",
    ),
    (
        definition("object", jsonSchema={}),
        Issue(1, 1, "value", "cell-json", "jsonSchema", "{}"),
        "value '{}' breaks the rule jsonSchema",
    ),
    (definition(), Issue(1, 1, "", "key-repeated", "", None), "the key (id) is not unique"),
    (definition(), Issue(1, 1, "value", "text-active", "", "=1"), "value looks like a formula: '=1'"),
    (
        definition(),
        Issue(1, 1, "value", "source-control-character", "", "a\x07b"),
        "value has a control character: 'a\\x07b'",
    ),
    (
        definition(),
        Issue(1, 1, "value", "source-invisible-character", "", "a\u200bb"),
        "value has an invisible character: 'a\\u200bb'; it has U+200B (ZERO WIDTH SPACE)",
    ),
    (
        definition(),
        Issue(1, 1, "id", "key-form", "", "A b"),
        "the key 'A b' must have only small letters, digits and hyphens",
    ),
    (definition(), Issue(1, 1, "id", "records-unordered", "", "a"), "the key 'a' comes after a greater one"),
    (
        definition(),
        Issue(1, 1, "value", "row-in-order", "in-order", "2", fields=("value", "id"), values=("2", "1")),
        "value 2 is after id 1",
    ),
    (definition(), Issue(1, 1, "", "csv-row-width", message="the row has 2 cells"), "the row has 2 cells"),
]


TEXTS = {
    "=1+1": "text-active",
    "a\x07bell": "source-control-character",
    "zero\u200bwidth": "source-invisible-character",
}


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_that_we_do_not_publish_is_found_in_every_table(text: str) -> None:
    (fault,) = issues_of(table_of(definition()), rows_of(["good", text]))
    assert (fault.row, fault.field, fault.code, fault.value) == (2, "value", TEXTS[text], text)


def test_a_rule_is_not_asked_of_cells_that_are_wrong() -> None:
    table = table_of(definition("integer"), NamedCheck("same-number", ("id", "value")))
    found = issues_of(table, [{"id": "1", "value": "1"}, {"id": "2", "value": "x"}, {"id": "3", "value": "4"}])
    assert [(fault.row, fault.code, explained(table, fault)) for fault in found] == [
        (2, "cell-type", "value 'x' is not of type integer; an example: x"),
        (3, "row-same-number", "id 3 has another number than value 4"),
    ]


@pytest.mark.parametrize("case", WORDS, ids=lambda case: case[1].code)
def test_every_fault_is_told_in_words(case: tuple[Field, Issue, str]) -> None:
    field, issue, message = case
    assert explained(table_of(field), issue) == message


def test_the_words_cover_every_code_that_a_fault_can_have() -> None:
    cells = {code for code in catalogue() if code.startswith("cell-")}
    ours = OF_A_TEXT | {"key-repeated", "key-form", "records-unordered", "row-in-order", "csv-row-width"}
    assert cells | ours == {fault.code for _, fault, _ in WORDS}


def test_a_value_is_told_cut_and_without_controls() -> None:
    issue = Issue(1, 1, "value", "cell-type", "", "\x1b[31m" + "9" * 500)
    assert len(explained(table_of(definition("integer")), issue)) < 140
    assert "\x1b" not in explained(table_of(definition("integer")), issue)
