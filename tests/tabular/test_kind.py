"""A fast way never changes a verdict: whole columns by Arrow's kernels against the exact reader, cell by cell."""

from __future__ import annotations

import operator
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cbrn_data.tabular.compile import kind_of
from cbrn_data.tabular.constraints import demands
from cbrn_data.tabular.schema import Field

_OPERATORS = {
    "minimum": operator.ge,
    "maximum": operator.le,
    "exclusiveMinimum": operator.gt,
    "exclusiveMaximum": operator.lt,
}
_NUMBER = st.text("0123456789+-.eEx ,", max_size=8) | st.decimals().map(str) | st.integers().map(str) | st.floats().map(repr)
_NUMBER |= st.sampled_from(
    ["0x1F", "0X1f", "1e400", "1e-400", "0.1", "0.1000000000000000000001", "-0.0", "inf", "999999999999999999"]
)
_DATE = st.dates().map(str) | st.text("0123456789-", max_size=10) | st.sampled_from(["2023-02-29", "0000-01-01", "2024-1-1"])
_MOMENT = st.builds(
    "{}T{:02d}:{:02d}:{:02d}{}".format,
    _DATE,
    *[st.integers(0, 61)] * 3,
    st.sampled_from(["", "Z", ".5", ".1234567", "+14:00", "-00:30", "+15:00"]),
)
_MOMENT |= st.sampled_from(["2024-12-31T24:00:00", "9999-12-31T24:00:00", "0001-01-01T00:00:00+14:00"])
_TURNED = st.dates().map(lambda day: f"{day:%d/%m}/{day.year:04d}")
_TURNED |= st.text("0123/", max_size=10) | st.sampled_from(["31/02/2024", "1/2/2024", "2024-01-02", "29/02/2024"])
_ADDRESS = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["http://", "https://", "urn:", "", "1a:", "a+b-c.1://"]),
    st.sampled_from(["example.org", "[::1]", "[::1", "user@h:80", "ü.de", "a b", "", "x_y.org", "-a.org", "a..b"]),
    st.text("/?#[]%20aé &=~", max_size=6),
    st.sampled_from(["", "#a", "#a#b", "?a=b", "\n"]),
)
_MAIL = st.from_regex(r"[a-zA-Z0-9._-]{0,8}@?[a-z0-9.-]{0,12}\.(com|org|x|museum)", fullmatch=True) | st.emails()
_HEX = st.uuids().map(str) | st.text("0123456789abcdefABCDEF-{}", max_size=38)
_DURATION = st.from_regex(
    r"-?P([0-9]{1,3}Y)?([0-9]{1,3}M)?([0-9]{1,3}D)?(T([0-9]{1,3}H)?([0-9]{1,2}(\.[0-9])?S)?)?", fullmatch=True
)

KINDS: list[tuple[dict[str, Any], st.SearchStrategy[str], list[Any]]] = [
    ({"type": "integer"}, _NUMBER, [0, 10**18, "-99999999999999999999"]),
    ({"type": "integer", "groupChar": ","}, _NUMBER, [0]),
    ({"type": "integer", "bareNumber": False}, _NUMBER, [0]),
    ({"type": "number"}, _NUMBER, [0, 0.1, "1e-400", "1e400", "INF", "NaN", "0.10000000000000000000001"]),
    ({"type": "number", "groupChar": ",", "decimalChar": "x"}, _NUMBER, ["0x1"]),
    ({"type": "boolean"}, st.sampled_from(["true", "1", "0", "FALSE", "x"]), []),
    ({"type": "date"}, _DATE, ["2000-01-01", "0001-01-01"]),
    ({"type": "date", "format": "%d/%m/%Y"}, _TURNED, ["01/02/2000"]),
    (
        {"type": "datetime", "format": "%d/%m/%Y %H:%M"},
        _TURNED.map(lambda text: f"{text} 1{text[:1]}:3{text[1:2]}"),
        ["01/02/2000 00:00"],
    ),
    ({"type": "date", "format": "%d %b %y"}, st.dates().map(lambda day: day.strftime("%d %b %y")), ["01 Feb 00"]),
    ({"type": "datetime"}, _MOMENT, ["2000-01-01T00:00:00", "2000-01-01T00:00:00Z"]),
    ({"type": "time"}, st.times().map(str) | st.text("0123456789:", max_size=9), ["12:00:00"]),
    ({"type": "year"}, st.text("0123456789-Z+:", max_size=7), [2000, "-0001"]),
    ({"type": "yearmonth"}, st.text("0123456789-Z", max_size=8) | _DATE.map(lambda text: text[:7]), ["2000-01"]),
    ({"type": "duration"}, _DURATION, ["P1M", "PT0S", "-P30D"]),
    ({"type": "string", "format": "uri"}, _ADDRESS, []),
    ({"type": "string", "format": "email"}, _MAIL, []),
    ({"type": "string", "format": "uuid"}, _HEX, []),
    (
        {"type": "string", "format": "binary"},
        st.text("ABab01+/= \n", max_size=9) | st.binary().map(lambda data: data.hex()),
        [],
    ),
    ({"type": "list", "itemType": "integer"}, st.text("01,x", max_size=5), []),
    ({"type": "geopoint"}, st.builds("{},{}".format, _NUMBER, _NUMBER) | st.text("0123456789,.- ", max_size=9), []),
]


def _field(descriptor: dict[str, Any], constraints: dict[str, Any] | None = None) -> Field:
    form = descriptor.get("format", "default")
    return Field("x", descriptor["type"], form, constraints or {}, ("",), descriptor)


@pytest.mark.parametrize(
    ("descriptor", "cells", "limits"), KINDS, ids=lambda value: str(value) if isinstance(value, dict) else ""
)
def test_a_fast_way_never_changes_a_verdict(
    descriptor: dict[str, Any], cells: st.SearchStrategy[str], limits: list[Any]
) -> None:
    kind = kind_of(_field(descriptor))

    @given(st.lists(cells | st.none(), max_size=16))
    @settings(max_examples=60, deadline=None)
    def agrees(texts: list[str | None]) -> None:
        column = pa.array(texts, pa.string())
        values = [None if text is None else kind.read(text) for text in texts]
        assert kind.well_formed(column).to_pylist() == [
            text is None or value is not None for text, value in zip(texts, values, strict=True)
        ]
        assert kind.comparable(column).to_pylist() == [None if value is None else kind.text(value) for value in values]
        for limit in limits:
            constraints = dict.fromkeys(_OPERATORS, limit)
            for demand in demands(_field(descriptor, constraints), kind, []):
                compare = _OPERATORS[demand.constraint]
                expected = [value is None or kind.holds(compare, value, kind.meant(limit)) for value in values]
                assert demand.mask(column).to_pylist() == expected

    agrees()


@pytest.mark.parametrize(
    ("descriptor", "alike"),
    [
        ({"type": "integer"}, ["1", "01", "+1", " 1 "]),
        ({"type": "integer", "groupChar": ","}, ["1000", "1,000"]),
        ({"type": "number"}, ["100", "1e2", "100.00", "+0100"]),
        ({"type": "number"}, ["0", "-0", "0.000", "0e5"]),
        ({"type": "number"}, ["INF", "inf"]),
        ({"type": "boolean"}, ["true", "1", "TRUE"]),
        ({"type": "datetime"}, ["2024-01-01T00:00:00Z", "2024-01-01T01:00:00+01:00", "2023-12-31T24:00:00.0Z"]),
        ({"type": "duration"}, ["P1Y", "P12M"]),
        ({"type": "duration"}, ["P1D", "PT24H", "PT86400.0S"]),
        ({"type": "object"}, ['{"a": 1, "b": [2.0]}', '{"b":[2],"a":1.0}']),
        ({"type": "geopoint"}, ["1,2", "1.0, 2.00"]),
        ({"type": "list", "itemType": "number"}, ["1,2", "1.0,2.0"]),
        ({"type": "date", "format": "%d.%m.%Y"}, ["01.02.2024", "1.2.2024"]),
    ],
    ids=str,
)
def test_equal_values_have_equal_text(descriptor: dict[str, Any], alike: list[str]) -> None:
    texts = kind_of(_field(descriptor)).comparable(pa.array(alike, pa.string())).to_pylist()
    assert len(set(texts)) == 1 and texts[0] is not None


def test_values_that_differ_have_texts_that_differ() -> None:
    kind = kind_of(_field({"type": "datetime"}))
    assert len(set(kind.comparable(pa.array(["2024-01-01T00:00:00", "2024-01-01T00:00:00Z"])).to_pylist())) == 2
    assert kind.comparable(pa.array(["nonsense", None])).to_pylist() == [None, None]


def test_lengths_of_time_compare_only_where_every_start_agrees() -> None:
    kind = kind_of(_field({"type": "duration"}))
    month, days = kind.read("P1M"), kind.read("P30D")
    assert not kind.holds(operator.ge, month, days) and not kind.holds(operator.le, month, days)
    assert kind.holds(operator.gt, kind.read("P1M"), kind.read("P27D"))
    assert kind.holds(operator.le, kind.read("P1M"), kind.read("P31D"))


def test_a_time_without_zone_compares_only_where_every_zone_agrees() -> None:
    kind = kind_of(_field({"type": "datetime"}))
    limit = kind.read("2024-01-02T00:00:00Z")
    assert kind.holds(operator.ge, kind.read("2024-01-02T14:00:00"), limit)
    assert not kind.holds(operator.ge, kind.read("2024-01-02T13:59:59"), limit)
    assert not kind.holds(operator.le, kind.read("2024-01-02T13:59:59"), limit)
