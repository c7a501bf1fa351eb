"""Changes and their application are inverse, whatever the text is; so are a table's bytes and its rows."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cbrn_data.normalise.text import escape_formula, looks_like_formula, unescape_formula
from cbrn_data.release.changes import KEPT, TableChanges, apply_changes, cells_of, content_of, find_changes
from cbrn_data.schema.model import Field, Package, TableDefinition
from cbrn_data.schema.table import Row, Table, Tables, table_of_rows
from cbrn_data.schema.written import TableWriter, json_row, write_table
from cbrn_data.tabular import grammar
from tests.records import in_blocks, read_csv, tables_of

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
    return Field(name, kind, name, name, "x", "default", None, {})


def table(name: str, *fields: Field, key: tuple[str, ...] = ("id",)) -> TableDefinition:
    return TableDefinition(name, name, name, "data", key, (), (), fields)


THINGS = table("things", field("id"), field("text"), field("number", "integer"))
PAIRS = table("pairs", field("left"), field("right", "integer"), field("said"), key=("left", "right"))
LISTS = replace(table("lists", field("id"), field("text"), field("source_line", "integer")), evidence="by-line")
CHANGES = table("changes", *map(field, ["table_name", "row_id", "field", "change", "old", "new"]))
PACKAGE = Package({}, {one.name: one for one in (THINGS, PAIRS, LISTS, CHANGES)}, {})

NUMBER = st.one_of(st.none(), st.integers(-(10**17), 10**17).map(str))


# No key of ours is "*", which in ``changes`` means all rows.
KEYS = TEXT.filter(lambda text: text != "*")

Rows = dict[str, list[Row]]


@st.composite
def tables(draw: st.DrawFn) -> Rows:
    """All rows of the tables, sorted as a release has them."""
    things = draw(st.dictionaries(KEYS, st.tuples(st.none() | TEXT, NUMBER), max_size=6))
    pairs = draw(st.dictionaries(st.tuples(st.sampled_from("abc"), st.integers(0, 12)), st.none() | TEXT, max_size=6))
    lists = draw(st.dictionaries(st.sampled_from("abcdef"), st.tuples(st.none() | TEXT, st.integers(2, 9)), max_size=6))
    rows: Rows = {
        "things": [{"id": key, "text": text, "number": number} for key, (text, number) in things.items()],
        "pairs": [{"left": left, "right": str(right), "said": said} for (left, right), said in pairs.items()],
        "lists": [{"id": key, "text": text, "source_line": str(line)} for key, (text, line) in lists.items()],
    }
    return {name: sorted(found, key=PACKAGE.tables[name].order) for name, found in rows.items()}


def as_tables(rows: Rows, size: int = 9, package: Package = PACKAGE) -> dict[str, Table]:
    """Return tables whose rows come in blocks of ``size``."""
    return {name: in_blocks(package.tables[name], found, size) for name, found in rows.items()}


def changes_of(old: Tables, new: Tables, package: Package = PACKAGE) -> list[Row]:
    """Return the rows of ``changes``."""
    blocks: list[pa.Table] = []
    find_changes(old, new, package, blocks.append)
    return [row for block in blocks for row in block.to_pylist()]


def content(new: Tables) -> Rows:
    return {name: content_of(table) for name, table in new.items()}


def cell_by_cell(changes: Sequence[Row]) -> list[Row]:
    """Return the changes in their older form: added and removed rows have one for each cell that has a value."""
    found = []
    for change in changes:
        for name, *sides in cells_of(change):
            old, new = (None if side is None else escape_formula(side) for side in sides)
            found.append(change | {"field": name, "old": old, "new": new})
    return found


SIZES = st.tuples(st.integers(1, 7), st.integers(1, 7))


@QUICK
@given(tables(), tables(), SIZES)
def test_changes_applied_to_the_old_tables_give_the_new_ones(old: Rows, new: Rows, sizes: tuple[int, int]) -> None:
    """Whatever the blocks are, the changes are the same; as CSV they give rows without a look at the new tables."""
    before, after = as_tables(old, sizes[0]), as_tables(new, sizes[1])
    changes = changes_of(before, after)
    assert changes == changes_of(as_tables(old), as_tables(new))
    published = grammar.rows(written(CHANGES, changes)[0])
    nothing = tables_of({}, PACKAGE)
    assert apply_changes(published, before, nothing) == content(after)
    assert apply_changes(cell_by_cell(published), before, nothing) == content(after)


@QUICK
@given(tables(), tables())
def test_changes_of_whole_rows_in_their_older_form_are_applied(old: Rows, new: Rows) -> None:
    """Changed rows of a table with evidence by line were once whole, as added and removed ones are."""
    before, after = as_tables({"lists": old["lists"]}), as_tables({"lists": new["lists"]})
    there = ({row["id"]: row for row in content_of(side["lists"])} for side in (before, after))
    was, now = there
    changes: list[Row] = [
        {
            "table_name": "lists",
            "row_id": key,
            "field": "*",
            "change": "changed" if key in was and key in now else "added" if key in now else "removed",
            "old": json.dumps(was[key]) if key in was else None,
            "new": json.dumps(now[key]) if key in now else None,
        }
        for key in sorted({*was, *now}, key=str)
        if was.get(key) != now.get(key)
    ]
    assert apply_changes(changes, before, after) == content(after)


@QUICK
@given(tables(), tables())
def test_changes_hold_exactly_the_cells_that_differ(old: Rows, new: Rows) -> None:
    def cells(rows: Rows) -> set[tuple[str, str, str, str]]:
        return {
            (name, PACKAGE.tables[name].row_id(row), column, value)
            for name, found in rows.items()
            for row in found
            for column, value in row.items()
            if value is not None and column != "source_line"
        }

    changes = changes_of(as_tables(old), as_tables(new))

    def side(which: int) -> set[tuple[str, str, str, str]]:
        return {
            (change["table_name"] or "", unescape_formula(change["row_id"] or ""), cell[0], str(cell[which]))
            for change in changes
            for cell in cells_of(change)
            if cell[which] is not None
        }

    assert side(1) == cells(old) - cells(new)
    assert side(2) == cells(new) - cells(old)
    rows = [(change["table_name"], change["row_id"]) for change in changes if change["field"] == "*"]
    assert len(rows) == len(set(rows)), "an added or removed row is one change"


@QUICK
@given(tables(), tables())
def test_rows_are_counted_by_kind_and_the_first_are_kept(old: Rows, new: Rows) -> None:
    found = {each.table.name: each for each in find_changes(as_tables(old, 2), as_tables(new, 3), PACKAGE)}
    for name, table in ((name, PACKAGE.tables[name]) for name in old):
        was, now = ({table.row_id(row): [row[key] for key in table.content] for row in rows[name]} for rows in (old, new))
        ids = {
            "added": [key for key in now if key not in was],
            "changed": [key for key in now if key in was and was[key] != now[key]],
            "removed": [key for key in was if key not in now],
        }
        each = found.get(name, TableChanges(table))
        assert dict(each.kinds) == {kind: len(keys) for kind, keys in ids.items() if keys}
        assert {kind: [change.row_id for change in each.of_kind(kind)] for kind in ids} == ids


def test_of_many_changed_rows_the_first_are_kept() -> None:
    rows: list[Row] = [{"id": f"{number:03}", "text": None, "number": None} for number in range(3 * KEPT)]
    (found,) = find_changes(as_tables({"things": [], "pairs": [], "lists": []}), as_tables({"things": rows}, 7), ONE)
    assert found.counts["added"] == 3 * KEPT
    assert [change.row_id for change in found.first] == [row["id"] for row in rows[:KEPT]]


ONE = Package({}, {"things": THINGS}, {})


@QUICK
@given(tables(), tables())
def test_no_cell_of_the_changes_is_one_that_a_spreadsheet_would_run(old: Rows, new: Rows) -> None:
    changes = changes_of(as_tables(old), as_tables(new))
    assert not [cell for row in changes for cell in row.values() if cell and looks_like_formula(cell)]


def test_a_change_that_does_not_fit_or_changes_nothing_is_refused() -> None:
    old = as_tables({"things": [{"id": "a", "text": "was", "number": None}]})
    new = as_tables({"things": [{"id": "a", "text": "is", "number": None}]})
    changes = changes_of(old, new, ONE)
    with pytest.raises(ValueError, match="things/a/text is not 'was'"):
        apply_changes(changes, new, new)
    with pytest.raises(ValueError, match="things/a/text is not 'was'"):
        apply_changes([changes[0] | {"new": "was"}], old, new)
    added = changes_of(as_tables({"things": []}), new, ONE)
    with pytest.raises(ValueError, match="things/a/id is not None"):
        apply_changes(added, old, new)


def without(package: Package, name: str, *columns: str) -> Package:
    table = package.tables[name]
    kept = replace(table, fields=tuple(field for field in table.fields if field.name not in columns))
    return replace(package, tables=package.tables | {name: kept})


@QUICK
@given(tables(), tables())
def test_the_cells_of_a_new_field_are_not_repeated(old: Rows, new: Rows) -> None:
    before = as_tables(old, package=without(PACKAGE, "things", "text"))
    after = as_tables(new)
    changes = changes_of(before, after)
    assert apply_changes(changes, before, after) == content(after)
    of_field = [change for change in changes if change["table_name"] == "things" and change["field"] == "text"]
    is_told = bool(old["things"] and new["things"])
    assert [(change["row_id"], change["change"]) for change in of_field] == [("*", "added")] * is_told


@QUICK
@given(tables())
def test_the_rows_of_a_new_table_are_not_repeated(new: Rows) -> None:
    after = as_tables(new)
    before = {name: table for name, table in after.items() if name == "pairs"}
    changes = changes_of(before, after)
    assert apply_changes(changes, before, after) == content(after)
    assert [(change["table_name"], change["row_id"], change["field"], change["change"]) for change in changes] == [
        (name, "*", "*", "added") for name in ("things", "lists") if new[name]
    ]


def test_a_field_or_key_that_is_new_and_a_table_that_is_gone_are_no_obstacle() -> None:
    no_more, gone = table("no_more", field("id")), table("things", field("id"), field("gone"))
    left = table("pairs", field("left"), field("said"), key=("left",))
    old = {
        "things": table_of_rows(gone, [{"id": "a", "gone": "x"}, {"id": "b", "gone": None}]),
        "pairs": table_of_rows(left, [{"left": "a", "said": "x"}]),
        "no_more": table_of_rows(no_more, [{"id": "a"}]),
        "lists": table_of_rows(LISTS, []),
    }
    new = as_tables({
        "things": [{"id": "a", "text": "new", "number": None}, {"id": "c", "text": "=1", "number": "3"}],
        "pairs": [{"left": "a", "right": "1", "said": "x"}],
        "lists": [],
    })  # fmt: skip
    changes = changes_of(old, new)
    assert apply_changes(changes, old, new) == content(new)
    assert [tuple(row.values()) for row in changes] == [
        ("things", "*", "text", "added", None, '{"rows": 2}'),
        ("things", "*", "number", "added", None, '{"rows": 2}'),
        ("things", "b", "*", "removed", '{"id": "b", "text": null, "number": null}', None),
        ("things", "c", "*", "added", None, '{"id": "c", "text": "=1", "number": "3"}'),
        ("pairs", "*", "*", "added", None, '{"rows": 1}'),
        ("no_more", "*", "*", "removed", '{"rows": 1}', None),
    ]


def test_a_table_in_a_file_is_named_by_its_digest_and_not_read_where_it_is_the_same(tmp_path: Path) -> None:
    kept = write_table(as_tables({"things": [{"id": "a", "text": None, "number": None}]})["things"], tmp_path)
    (change,) = changes_of({}, {"things": kept}, ONE)
    sha256 = kept.files["csv"].sha256
    assert json.loads(change["new"] or "") == {"file": "things.csv", "sha256": sha256, "rows": 1}
    unreadable = replace(kept, read=lambda: pytest.fail("the table is read"))
    assert find_changes({"things": unreadable}, {"things": unreadable}, ONE) == []


# --- bytes


def written(table: TableDefinition, rows: Sequence[Row]) -> tuple[bytes, bytes]:
    """Return the CSV and the JSON of a table, written in blocks of two rows."""
    csv, js = io.BytesIO(), io.BytesIO()
    writer = TableWriter(table, csv, js)
    for block in in_blocks(table, rows, 2).blocks():
        writer.add(block)
    writer.close()
    return csv.getvalue(), js.getvalue()


@QUICK
@given(tables())
def test_csv_is_read_back_as_it_was_written_by_us_and_by_the_standard_library(rows: Rows) -> None:
    for name, found in rows.items():
        data, _ = written(PACKAGE.tables[name], found)
        assert grammar.rows(data) == found
        assert written(PACKAGE.tables[name], grammar.rows(data))[0] == data
        assert read_csv(data) == (PACKAGE.tables[name].names, found)


@QUICK
@given(tables())
def test_json_has_the_rows_that_the_csv_has(rows: Rows) -> None:
    for name, found in rows.items():
        table = PACKAGE.tables[name]
        data, as_json = written(table, found)
        from_json = json.loads(as_json)
        assert from_json == [json_row(table, row) for row in found]
        as_text = [{column: None if value is None else str(value) for column, value in row.items()} for row in from_json]
        assert as_text == grammar.rows(data)


def test_numbers_are_numbers_in_json_and_text_stays_text() -> None:
    row: Row = {"id": "007", "text": "1", "number": "-7"}
    assert json_row(THINGS, row) == {"id": "007", "text": "1", "number": -7}
    assert written(THINGS, [row])[1] == b'[\n  {\n    "id": "007",\n    "text": "1",\n    "number": -7\n  }\n]\n'


@QUICK
@given(TEXT)
@example('"')
@example("=")
def test_inert_text_is_given_back_and_never_runs(text: str) -> None:
    assert unescape_formula(escape_formula(text)) == text
    assert not looks_like_formula(escape_formula(text))
    assert escape_formula(text) == text or escape_formula(text).startswith('"')
