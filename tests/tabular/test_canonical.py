"""Blocks of text to CSV and JSON: what Python's own writers write, byte for byte, and read back the same."""

from __future__ import annotations

import csv
import io
import json

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from cbrn_data.strict_json import dumped
from cbrn_data.tabular.canonical import JSON_CLOSE, JSON_EMPTY, JSON_OPEN, csv_header, csv_rows, json_rows

TEXTS = st.one_of(
    st.none(), st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), min_size=1, max_size=8)
)
ROWS = st.lists(st.fixed_dictionaries({"a": TEXTS, "b": TEXTS, 'n"': st.one_of(st.none(), st.integers())}), max_size=6)


@given(ROWS, st.integers(0, 3))
def test_rows_are_written_as_pythons_own_writers_do(rows: list[dict[str, str | int | None]], skipped: int) -> None:
    names = ["a", "b", 'n"']
    texts = [{name: None if row[name] is None else str(row[name]) for name in names} for row in rows]
    table = pa.table({name: pa.array([row[name] for row in texts], pa.string()) for name in names})
    table = pa.concat_tables([table.slice(0, 0), table]).combine_chunks() if skipped else table
    wanted = io.StringIO(newline="")
    writer = csv.DictWriter(wanted, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(texts)
    assert csv_header(names) + bytes(csv_rows(table)) == wanted.getvalue().encode()
    rows = [{name: row[name] for name in names} for row in rows]
    body = JSON_OPEN + json_rows(table, {'n"'}) + JSON_CLOSE if rows else JSON_EMPTY
    assert body == dumped(rows) and json.loads(body) == rows
    later = table.slice(skipped)
    assert csv_rows(later) == b"".join(csv_rows(table.slice(place, 1)) for place in range(skipped, len(rows)))


def test_a_carriage_return_is_quoted_so_that_every_reader_keeps_it() -> None:
    assert bytes(csv_rows(pa.table({"a": ["x\ry"]}))) == b'"x\ry"\n'
