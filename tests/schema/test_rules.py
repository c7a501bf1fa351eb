"""Rules within a row: partial dates, order, cells that stand together, ids and numbers."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbrn_data.schema.rules import RULES, broken_rows, in_order, is_partial_date, partial_date, same_number, together


@pytest.mark.parametrize("text", ["2024", "2024-02", "2024-02-29", "1999-12-31", "2024-01-01"])
def test_a_partial_date_is_a_year_month_or_day_of_the_calendar(text: str) -> None:
    assert is_partial_date(text)


@pytest.mark.parametrize(
    "text",
    ["", "24", "0999", "3000", "2024-13", "2024-00", "2024-2", "2023-02-29", "2024-06-31", "2024-01-00", "2024-01-01-01"],
)
def test_what_no_calendar_has_is_no_partial_date(text: str) -> None:
    assert not is_partial_date(text)


IN_ORDER = [
    ("2024", "2024"),
    ("2024", "2024-01"),
    ("2024-01", "2024"),
    ("2024-01-01", "2024"),
    ("2024-03", "2024-03-01"),
    ("2024-03-01", "2024-03"),
    ("2023-12-31", "2024"),
    ("2024-05-21", "2024-05-22"),
    ("9", "10"),
    ("0", "0"),
]


@pytest.mark.parametrize(("first", "last"), IN_ORDER)
def test_two_are_in_order_when_their_first_days_are(first: str, last: str) -> None:
    assert in_order({"first": first, "last": last}, ("first", "last")) is None


@pytest.mark.parametrize(
    ("first", "last"),
    [("2025", "2024"), ("2024-03", "2024"), ("2024-01-02", "2024"), ("2024-05-22", "2024-05-21"), ("10", "9")],
)
def test_what_is_first_may_not_come_after_what_is_last(first: str, last: str) -> None:
    assert in_order({"first": first, "last": last}, ("first", "last")) == f"first {first} is after last {last}"


def test_null_is_in_order_with_anything() -> None:
    assert in_order({"a": None, "b": "2024"}, ("a", "b")) is None
    assert in_order({"a": "2024", "b": None}, ("a", "b")) is None


def test_the_first_impossible_date_is_named() -> None:
    row: dict[str, str | None] = {"start": None, "end": "2024-13"}
    assert partial_date(row, ("start", "end")) == "end '2024-13' is in no calendar"
    assert partial_date(row, ("start",)) is None


def test_cells_stand_together_or_not_at_all() -> None:
    assert together({"a": None, "b": None}, ("a", "b")) is None
    assert together({"a": "1", "b": "2"}, ("a", "b")) is None
    assert together({"a": "1", "b": None}, ("a", "b")) == "b is null where a is not"


def test_an_id_and_its_number_are_one() -> None:
    assert same_number({"a": "P101", "b": "101"}, ("a", "b")) is None
    assert same_number({"a": "P101", "b": None}, ("a", "b")) is None
    assert same_number({"a": "P101", "b": "110"}, ("a", "b")) == "a P101 has another number than b 110"


CELLS = st.sampled_from(
    [None, "2024", "2024-02", "2024-02-29", "2023-02-29", "2023-13", "x", "", "5", "10", "46", "100", "2024\n", "P5"]
)


@given(st.lists(st.fixed_dictionaries({"a": CELLS, "b": CELLS}), max_size=8), st.sampled_from(sorted(RULES)))
def test_a_rule_says_the_same_of_a_block_as_of_each_row(rows: list[dict[str, str | None]], name: str) -> None:
    table = pa.table({field: pa.array([row[field] for row in rows], pa.string()) for field in "ab"})
    wrong = [place for place, row in enumerate(rows) if RULES[name](row, ("a", "b")) is not None]
    assert broken_rows(table, name, ("a", "b")).tolist() == wrong
