"""A delta and its application are inverse, whatever the text is; so are a table's bytes and its rows."""

from __future__ import annotations

import csv
import io
import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cbrn_data.schema.canonical import Row, csv_bytes, json_bytes, json_row, read_csv
from cbrn_data.schema.delta import applied, delta
from cbrn_data.schema.model import Field, Package, Table
from cbrn_data.words.text import inert, is_active, live

HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r\n",
    "\n",
    "\r",
    '"',
    '""',
    '"=1"',
    ",",
    " ",
    "\ufeff",
    "\u2028",
    "\x00",
    "＝1",
    "\\",
    "null",
    "0042",
    "a/b",
    "'",
    "é",
    "e\u0301",
    "𝒳",
    "<script>alert(1)</script>",
]
TEXT = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(codec="utf-8"), min_size=1, max_size=12))
QUICK = settings(max_examples=40, deadline=None)


def field(name: str, kind: str = "string") -> Field:
    return Field(name, kind, name, name, "", "default", None, {})


def table(name: str, *fields: Field, key: tuple[str, ...] = ("id",)) -> Table:
    return Table(name, name, name, "data", key, (), (), fields)


THINGS = table("things", field("id"), field("text"), field("number", "integer"))
PAIRS = table("pairs", field("left"), field("right", "integer"), field("said"), key=("left", "right"))
CHANGES = table("changes", *map(field, ["table_name", "row_id", "field", "change", "old", "new"]))
PACKAGE = Package({}, {one.name: one for one in (THINGS, PAIRS, CHANGES)}, {})

NUMBER = st.one_of(st.none(), st.integers(-(10**17), 10**17).map(str))


@st.composite
def tables(draw: st.DrawFn) -> dict[str, list[Row]]:
    """All rows of both tables, sorted as a release has them."""
    things = draw(st.dictionaries(TEXT, st.tuples(st.none() | TEXT, NUMBER), max_size=6))
    pairs = draw(st.dictionaries(st.tuples(st.sampled_from("abc"), st.integers(0, 12)), st.none() | TEXT, max_size=6))
    rows: dict[str, list[Row]] = {
        "things": [{"id": key, "text": text, "number": number} for key, (text, number) in things.items()],
        "pairs": [{"left": left, "right": str(right), "said": said} for (left, right), said in pairs.items()],
    }
    return {name: sorted(found, key=PACKAGE.tables[name].order) for name, found in rows.items()}


def as_bytes(rows: dict[str, list[Row]]) -> dict[str, bytes]:
    return {name: csv_bytes(PACKAGE.tables[name].names, rows[name]) for name in ("things", "pairs")}


@QUICK
@given(tables(), tables())
def test_a_delta_applied_to_the_old_tables_gives_the_new_ones(old: dict[str, list[Row]], new: dict[str, list[Row]]) -> None:
    published = csv_bytes(CHANGES.names, delta(old, new, PACKAGE))
    assert as_bytes(applied(read_csv(published)[1], old, PACKAGE)) == as_bytes(new)


@QUICK
@given(tables(), tables())
def test_a_delta_holds_exactly_the_cells_that_differ(old: dict[str, list[Row]], new: dict[str, list[Row]]) -> None:
    def cells(rows: dict[str, list[Row]]) -> set[tuple[str, str, str, str]]:
        return {
            (name, PACKAGE.tables[name].row_id(row), column, value)
            for name, found in rows.items()
            for row in found
            for column, value in row.items()
            if value is not None
        }

    changes = delta(old, new, PACKAGE)

    def side(which: str) -> set[tuple[str, str, str, str]]:
        return {
            (row["table_name"] or "", live(row["row_id"] or ""), row["field"] or "", live(row[which] or ""))
            for row in changes
            if row[which] is not None
        }

    assert side("old") == cells(old) - cells(new)
    assert side("new") == cells(new) - cells(old)


@QUICK
@given(tables(), tables())
def test_no_cell_of_a_delta_is_one_that_a_spreadsheet_would_run(
    old: dict[str, list[Row]], new: dict[str, list[Row]]
) -> None:
    assert not [cell for row in delta(old, new, PACKAGE) for cell in row.values() if cell and is_active(cell)]


def test_a_change_that_does_not_fit_is_refused() -> None:
    old: dict[str, list[Row]] = {"things": [{"id": "a", "text": "was", "number": None}], "pairs": []}
    new: dict[str, list[Row]] = {"things": [{"id": "a", "text": "is", "number": None}], "pairs": []}
    changes = delta(old, new, PACKAGE)
    with pytest.raises(ValueError, match="things/a/text is not 'was'"):
        applied(changes, new, PACKAGE)


def test_a_field_or_key_that_is_new_and_a_table_that_is_gone_are_no_obstacle() -> None:
    old: dict[str, list[Row]] = {
        "things": [{"id": "a", "gone": "x"}, {"id": "b", "gone": None}],
        "pairs": [{"left": "a", "said": "x"}],
        "no_more": [{"id": "a"}],
    }
    new: dict[str, list[Row]] = {
        "things": [{"id": "a", "text": "new", "number": None}],
        "pairs": [{"left": "a", "right": "1", "said": "x"}],
    }
    changes = delta(old, new, PACKAGE)
    assert as_bytes(applied(changes, old, PACKAGE)) == as_bytes(new)
    assert [tuple(row.values()) for row in changes] == [
        ("things", "a", "text", "changed", None, "new"),
        ("things", "b", "id", "removed", "b", None),
        ("pairs", "a/", "left", "removed", "a", None),
        ("pairs", "a/", "said", "removed", "x", None),
        ("pairs", "a/1", "left", "added", None, "a"),
        ("pairs", "a/1", "right", "added", None, "1"),
        ("pairs", "a/1", "said", "added", None, "x"),
    ]


# --- bytes


@QUICK
@given(tables())
def test_csv_is_read_back_as_it_was_written_by_us_and_by_the_standard_library(rows: dict[str, list[Row]]) -> None:
    for name in ("things", "pairs"):
        names = PACKAGE.tables[name].names
        data = csv_bytes(names, rows[name])
        assert read_csv(data) == (names, rows[name])
        assert csv_bytes(*read_csv(data)) == data
        reader = csv.reader(io.StringIO(data.decode(), newline=""), strict=True)
        assert [*reader] == [names, *([row[column] or "" for column in names] for row in rows[name])]


@QUICK
@given(tables())
def test_json_has_the_rows_that_the_csv_has(rows: dict[str, list[Row]]) -> None:
    for name in ("things", "pairs"):
        shape = PACKAGE.tables[name]
        from_json = json.loads(json_bytes(shape, rows[name]))
        assert from_json == [json_row(shape, row) for row in rows[name]]
        _, from_csv = read_csv(csv_bytes(shape.names, rows[name]))
        as_text = [{column: None if value is None else str(value) for column, value in row.items()} for row in from_json]
        assert as_text == from_csv


def test_numbers_are_numbers_in_json_and_text_stays_text() -> None:
    row: Row = {"id": "007", "text": "1", "number": "-7"}
    assert json_row(THINGS, row) == {"id": "007", "text": "1", "number": -7}
    assert json_bytes(THINGS, [row]) == b'[\n  {\n    "id": "007",\n    "text": "1",\n    "number": -7\n  }\n]\n'


@QUICK
@given(TEXT)
@example('"')
@example("=")
def test_inert_text_is_given_back_and_never_runs(text: str) -> None:
    assert live(inert(text)) == text
    assert not is_active(inert(text))
    assert inert(text) == text or inert(text).startswith('"')
