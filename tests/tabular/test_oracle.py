"""The same verdicts as frictionless, cell by cell, for fields and cells that hypothesis makes.

Its own cases are in ``tests/conformance``, and those where the two are meant to differ (``docs/departures.md``).
"""

from __future__ import annotations

import json
import re
from typing import Any

import pyarrow as pa
from frictionless import Resource, Schema, validate
from hypothesis import given, settings
from hypothesis import strategies as st

from cbrn_data.tabular.compile import compile_schema
from cbrn_data.tabular.schema import read_schema

VERSION_2 = {"$schema": "https://datapackage.org/profiles/2.0/tableschema.json"}
RESOURCE_2 = "https://datapackage.org/profiles/2.0/dataresource.json"

Verdict = set[tuple[int, str, str]]
"""Row from 0, field, and the constraint that is broken; "" for the type."""


def ours(descriptor: dict[str, Any], columns: dict[str, list[str]]) -> Verdict:
    compiled = compile_schema(read_schema(descriptor))
    table = compiled.nulled(pa.table({name: _text(cells) for name, cells in columns.items()}))
    return {(int(row), found.field, found.constraint) for found in compiled.failures(table) for row in found.rows}


def _text(cells: list[str]) -> pa.Array:
    return pa.array([cell or None for cell in cells], pa.string())


def theirs(descriptor: dict[str, Any], columns: dict[str, list[str]]) -> Verdict:
    schema = Schema.from_descriptor(VERSION_2 | descriptor)
    found = set()
    for field in schema.fields:
        read = field.create_cell_reader()
        for row, cell in enumerate(columns[field.name]):
            found |= {(row, field.name, "" if note == "type" else note) for note in read(cell)[1] or {}}
    return found


# What hypothesis may write into a cell of each type: likely characters in any order, and values that are nearly right.
# Left out is only what docs/departures.md names, such as a line end after the last character of a text.
_NUMBERS = st.one_of(
    st.text("0123456789+-.eE ,", max_size=12),
    st.integers().map(str),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.sampled_from(["NaN", "nan", "INF", "-INF", "0", "-0", "1E5", "x", "1e-5"]),
)
_DATES = st.one_of(
    st.dates().map(str),
    st.builds("{:04d}-{:02d}-{:02d}".format, st.integers(1, 9999), st.integers(0, 13), st.integers(0, 32)),
    st.text("0123456789/x", max_size=10),
)
_MOMENTS = st.one_of(
    st.datetimes().map(lambda moment: moment.isoformat()),
    st.builds(
        "{}T{:02d}:{:02d}:{:02d}{}".format, _DATES, *[st.integers(0, 62)] * 3, st.sampled_from(["", "Z", ".5", "+01:00"])
    ),
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=2), part, max_size=3),
    max_leaves=5,
).map(json.dumps)
_WORDS = st.text("abcXYZ 09äß\n-_", max_size=6).map(lambda text: text.rstrip("\n"))
_CELLS: dict[str, st.SearchStrategy[str]] = {
    "any": _WORDS,
    "string": _WORDS,
    "integer": _NUMBERS,
    "number": _NUMBERS,
    "boolean": st.sampled_from("true True TRUE 1 false False FALSE 0 yes tRUE".split()) | _WORDS,
    "date": _DATES,
    "datetime": _MOMENTS,
    "year": st.integers(0, 9999).map("{:04d}".format) | st.text("0123456789x", max_size=3),
    "yearmonth": st.builds("{:04d}-{:02d}".format, st.integers(1000, 9999), st.integers(0, 14)),
    "object": _JSON,
    "array": _JSON,
    "list": st.text("ab,1", max_size=6),
    "geopoint": st.builds("{},{}".format, _NUMBERS, _NUMBERS),
}
_RANGED = {
    "integer": st.integers(),
    "number": st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    "date": st.dates().map(str),
}
_SIZED = {"string", "object", "array", "list"}


@st.composite
def fields(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """A field of any type with constraints that go with it."""
    kind = draw(st.sampled_from(sorted(_CELLS)))
    constraints: dict[str, Any] = {"required": draw(st.booleans())}
    for bound in (
        draw(st.sets(st.sampled_from("minimum maximum exclusiveMinimum exclusiveMaximum".split())))
        if kind in _RANGED
        else ()
    ):
        constraints[bound] = draw(_RANGED[kind])
    for length in draw(st.sets(st.sampled_from(["minLength", "maxLength"]))) if kind in _SIZED else ():
        constraints[length] = draw(st.integers(0, 5))
    if kind == "string" and draw(st.booleans()):
        constraints["pattern"] = draw(
            st.sampled_from([r"[a-z]*", r"\w+", r"(a|b|ä).*", r"[^0-9]{2}", r"\S*\s\S*", r"[\w -]+"])
        )
    if kind in ("any", "string", "integer", "year") and draw(st.booleans()):
        values = st.integers(0, 9999) if kind in ("integer", "year") else _WORDS
        constraints["enum"] = draw(st.lists(values, min_size=1, max_size=4, unique=True))
    missing = draw(st.sampled_from([None, [""], ["", "0"], ["-", "NaN"]]))
    return {"name": name, "type": kind, "constraints": constraints, **({"missingValues": missing} if missing else {})}


@st.composite
def tables(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """A schema of up to four fields and a table of its cells."""
    found = [draw(fields(f"f{number}")) for number in range(draw(st.integers(1, 4)))]
    rows = draw(st.integers(1, 8))
    columns = {field["name"]: draw(st.lists(_CELLS[field["type"]], min_size=rows, max_size=rows)) for field in found}
    return {"fields": found}, columns


@given(tables())
@settings(max_examples=200, deadline=None)
def test_any_schema_and_any_cells(made: tuple[dict[str, Any], dict[str, list[str]]]) -> None:
    descriptor, columns = made
    assert ours(descriptor, columns) == theirs(descriptor, columns)


@given(tables())
@settings(max_examples=60, deadline=None)
def test_the_report_of_frictionless_names_the_same_cells(made: tuple[dict[str, Any], dict[str, list[str]]]) -> None:
    """Through ``validate`` on a whole table: the same rows, fields and constraints, but for rows of nothing but null."""
    descriptor, columns = made
    names = list(columns)
    rows = [row for row in zip(*columns.values(), strict=True) if any(row)]
    if not rows:
        return
    columns = {name: [row[number] for row in rows] for number, name in enumerate(names)}
    schema = VERSION_2 | descriptor
    resource = {"$schema": RESOURCE_2, "name": "x", "type": "table", "data": [names, *map(list, rows)], "schema": schema}
    report = validate(Resource.from_descriptor(resource), limit_errors=10_000)
    errors = report.to_descriptor()["tasks"][0]["errors"]
    blank = {error["rowNumber"] - 2 for error in errors if error["type"] == "blank-row"}
    found = {(error["rowNumber"] - 2, error["fieldName"], _rule(error)) for error in errors if error["type"] != "blank-row"}
    assert {broken for broken in ours(descriptor, columns) if broken[0] not in blank} == found


def _rule(error: dict[str, Any]) -> str:
    named = re.search(r'constraint "(\w+)"', error["note"])
    return named[1] if named else ""
