"""A doubt never hides a broken rule: every row that the exact mask of a rule refuses is in doubt."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cbrn_data.tabular.compile import compile_schema
from cbrn_data.tabular.doubt import Look, Rows
from cbrn_data.tabular.schema import read_schema

_DIGITS = st.from_regex("-?[0-9]{0,20}", fullmatch=True) | st.sampled_from(["100000", "99999", "0007", "1_0", "٣", " 5"])
_DATES = st.dates().map(str) | st.sampled_from(
    ["soon", "2024-02-30", "0000-01-01", "2000-01-01", "2023-02-29", "1900-02-29", ""]
)
_ADDRESSES = st.builds(
    "{}{}{}".format,
    st.sampled_from(["https://", "http://", "ftp://", "https:/", "", "x"]),
    st.text("a/?=.", max_size=6),
    st.sampled_from(["", ":80", "@b@c", "#a#b", "%20", "%2", "é", " ", "\n"]),
)
_IDS = st.from_regex("[a-z]{1,2}-[0-9]{3}|[a-z0-9 -]{0,7}", fullmatch=True) | st.sampled_from(["r-12\n", "é-123", "r-٣٣٣"])
_RULES: list[tuple[dict[str, Any], st.SearchStrategy[str]]] = [
    ({"type": "integer", "constraints": {"minimum": 0, "maximum": 100_000, "exclusiveMaximum": 10**17}}, _DIGITS),
    ({"type": "integer", "constraints": {"minimum": -5, "exclusiveMinimum": 0, "maximum": -1}}, _DIGITS),
    ({"type": "integer", "groupChar": "0", "constraints": {"maximum": 9}}, _DIGITS),
    ({"type": "integer", "constraints": {"enum": [7, 99999]}}, _DIGITS),
    ({"type": "number", "constraints": {"minimum": 0.5, "maximum": "99999.5"}}, _DIGITS),
    ({"type": "date", "constraints": {"minimum": "2000-01-01", "exclusiveMaximum": "2024-01-01"}}, _DATES),
    ({"type": "string", "format": "uri", "constraints": {"maxLength": 12, "minLength": 3}}, _ADDRESSES),
    ({"type": "string", "constraints": {"enum": ["", "r-123"], "minLength": 2, "maxLength": 5, "required": True}}, _IDS),
    *[
        ({"type": "string", "constraints": {"pattern": pattern}}, _IDS)
        for pattern in [
            r"^r-\d{3}$",
            "[a-z]-[0-9]{3}",
            "[a-z0-9-]+",
            "[0-9a-c]{2,3}",
            r"[a-z]*",
            "r?",
            r"a\.b",
            "[a-b-9]+",
            "a-z",
            "^[a-z0-9][a-z0-9-]*$",
            "[a-c][a-z-]{1,3}",
            "[0-9][a-z]+",
        ]
    ],
]


@pytest.mark.parametrize(("field", "cells"), _RULES, ids=lambda value: str(value)[:60] if isinstance(value, dict) else "")
def test_every_broken_row_is_in_doubt(field: dict[str, Any], cells: st.SearchStrategy[str]) -> None:
    compiled = compile_schema(read_schema({"fields": [{"name": "x", **field}]}))

    @given(st.lists(cells | st.none(), max_size=5), st.lists(cells, max_size=4), st.sampled_from([0, 1, 70]))
    @settings(max_examples=25, deadline=None)
    def all_in_doubt(some: list[str | None], others: list[str], times: int) -> None:
        whole = pa.chunked_array([pa.array([*some, *others] * times, pa.string()), pa.array(others * times, pa.string())])
        column = whole.slice(min(2, len(whole)))
        kind = compiled.kinds["x"]
        as_spelt = pc.or_(pc.fill_null(pc.equal(kind.comparable(column), column), False), pc.is_null(column))
        judged = [(kind.respelt, as_spelt), *((rule.doubt, rule.mask(column)) for rule in compiled.rules)]
        for doubt, mask in judged:
            broken = {place for place, holds in enumerate(mask.to_pylist()) if holds is False}
            doubtful = doubt(Look(column))
            assert doubtful is None or broken <= set(doubtful.tolist())
            assert doubtful is None or doubtful.tolist() == sorted(set(doubtful.tolist()))

    all_in_doubt()


def test_a_sound_column_leaves_no_doubt() -> None:
    cells = {
        "integer": ["7", "99999", None],
        "date": ["2000-01-01", None],
        "uri": ["https://a.org/b?c=d", "http://a.org", None],
        "string": ["r-123", "r-456", None],
    }
    fields: list[dict[str, Any]] = [
        {"name": "integer", "type": "integer", "constraints": {"minimum": 0, "maximum": 100_000}},
        {"name": "date", "type": "date", "constraints": {"minimum": "2000-01-01"}},
        {"name": "uri", "type": "string", "format": "uri", "constraints": {"maxLength": 20}},
        {"name": "string", "type": "string", "constraints": {"pattern": "^r-[0-9]{3}$", "enum": ["r-123", "r-456"]}},
    ]
    for rule in compile_schema(read_schema({"fields": fields})).rules:
        doubtful = rule.doubt(Look(pa.array(cells[rule.field], pa.string())))
        assert doubtful is not None, rule
        assert not len(doubtful), rule


def test_a_leap_day_leaves_no_doubt() -> None:
    days = ["2024-02-29", "2000-02-29", "2024-01-31", None, "2024-02-30", "2023-02-29", "1900-02-29"]
    kind = compile_schema(read_schema({"fields": [{"name": "x", "type": "date"}]})).kinds["x"]
    assert _listed(kind.maybe_malformed(Look(pa.array(days)))) == [4, 5, 6]


@pytest.mark.parametrize("text", ["", "abc", "a b", 'a"b#c', "é", "".join(map(chr, range(128)))])
def test_the_rows_with_other_bytes(text: str) -> None:
    found = _listed(Look(pa.array(["abc", text, None, "cab"])).rows_besides(b"abc"))
    assert found == (None if len(text) > 100 else [1] if set(text) - set("abc") else [])


def _listed(rows: Rows | None) -> list[int] | None:
    return None if rows is None else list(rows.tolist())
