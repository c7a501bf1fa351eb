"""Rules within a row: partial dates, order, cells that stand together, ids and numbers."""

from __future__ import annotations

import calendar
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cbrn_data.schema.rules import RULES, broken_rows, is_partial_date
from cbrn_data.schema.table import Row, text_table


def said(name: str, row: Row, *fields: str) -> str | None:
    """Return what a rule says of a row, None where it holds."""
    of = fields or tuple(row)
    return RULES[name].sentence(row, of) if broken_rows(text_table(list(row), [row]), name, of).size else None


@pytest.mark.parametrize("text", ["2024", "2024-02", "2024-02-29", "1999-12-31", "2024-01-01"])
def test_a_partial_date_is_a_year_month_or_day_of_the_calendar(text: str) -> None:
    assert is_partial_date(text)


@pytest.mark.parametrize(
    "text",
    ["", "24", "0999", "3000", "2024-13", "2024-00", "2024-2", "2023-02-29", "2024-06-31", "2024-01-00", "2024-01-01-01"],
)
def test_what_no_calendar_has_is_no_partial_date(text: str) -> None:
    assert not is_partial_date(text)


@pytest.mark.parametrize("year", [1000, 1582, 1700, 1900, 2000, 2023, 2024, 2100, 2400, 2999])
def test_the_calendar_has_its_months_days_and_leap_years(year: int) -> None:
    dates = [f"{year}-{month:02}-{day:02}" for month in range(14) for day in range(33)]
    assert list(filter(is_partial_date, dates)) == [
        f"{year}-{month:02}-{day:02}" for month in range(1, 13) for day in range(1, calendar.monthrange(year, month)[1] + 1)
    ]


def test_every_leap_day_is_one_of_the_calendar() -> None:
    years = range(900, 3100)
    assert [year for year in years if is_partial_date(f"{year:04}-02-29")] == [
        year for year in years if calendar.isleap(year) and 1000 <= year < 3000
    ]


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
    assert said("in-order", {"first": first, "last": last}) is None


@pytest.mark.parametrize(
    ("first", "last"),
    [("2025", "2024"), ("2024-03", "2024"), ("2024-01-02", "2024"), ("2024-05-22", "2024-05-21"), ("10", "9")],
)
def test_what_is_first_may_not_come_after_what_is_last(first: str, last: str) -> None:
    assert said("in-order", {"first": first, "last": last}) == f"first {first} is after last {last}"


def test_null_is_in_order_with_anything() -> None:
    assert said("in-order", {"a": None, "b": "2024"}) is None
    assert said("in-order", {"a": "2024", "b": None}) is None


def test_the_first_impossible_date_is_named() -> None:
    row: dict[str, str | None] = {"start": None, "end": "2024-13"}
    assert said("partial-date", row) == "end '2024-13' is not in the calendar"
    assert said("partial-date", row, "start") is None


def test_cells_stand_together_or_not_at_all() -> None:
    assert said("together", {"a": None, "b": None}) is None
    assert said("together", {"a": "1", "b": "2"}) is None
    assert said("together", {"a": "1", "b": None}) == "b is null, but a is not"


def test_an_id_and_its_number_are_one() -> None:
    assert said("same-number", {"a": "P101", "b": "101"}) is None
    assert said("same-number", {"a": "P101", "b": None}) is None
    assert said("same-number", {"a": "P101", "b": "110"}) == "a P101 has another number than b 110"


CELLS = st.sampled_from(
    [None, "2024", "2024-02", "2024-02-29", "2023-02-29", "2023-13", "x", "", "5", "10", "46", "100", "2024\n", "P5"]
)


@given(st.lists(st.fixed_dictionaries({"a": CELLS, "b": CELLS}), max_size=8), st.sampled_from(sorted(RULES)))
def test_a_rule_says_the_same_of_a_block_as_of_each_row(rows: list[Row], name: str) -> None:
    wrong = [place for place, row in enumerate(rows) if said(name, row, "a", "b") is not None]
    assert broken_rows(text_table(["a", "b"], rows), name, ("a", "b")).tolist() == wrong


def holds(name: str, first: str | None, last: str | None) -> bool:
    """Whether a rule holds of two cells that are well-formed, worked out in Python."""
    if name == "partial-date":
        return all(text is None or is_partial_date(text) for text in (first, last))
    if name == "together":
        return (first is None) == (last is None)
    if first is None or last is None:
        return True
    if name == "same-number":
        return re.sub("[^0-9]", "", first) == last
    return first_day(first) <= first_day(last)


def first_day(text: str) -> tuple[int, ...]:
    """Return a number, or the first day of a partial date, in a form that sorts."""
    return (*map(int, text.split("-")), 1, 1)[:3]


NUMBERS = st.none() | st.integers(0, 10**18 - 1).map(str) | st.integers(0, 120).map(str)
DATES = st.none() | st.dates().map(str).flatmap(lambda day: st.sampled_from([day, day[:7], day[:4]])).filter(is_partial_date)


@given(st.one_of(st.tuples(NUMBERS, NUMBERS), st.tuples(DATES, DATES)), st.sampled_from(sorted(RULES)))
def test_a_rule_holds_of_numbers_and_dates_as_its_definition_says(cells: tuple[str | None, str | None], name: str) -> None:
    assert (said(name, {"a": cells[0], "b": cells[1]}) is None) == holds(name, *cells)
