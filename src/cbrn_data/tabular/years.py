"""Years, year-months and durations, in the forms of XML Schema.

gYear and gYearMonth (https://www.w3.org/TR/xmlschema-2/#gYear): four digits or more, with an optional minus sign and zone;
comparisons ignore the zone. The year 0000 is accepted, as in XML Schema 1.1 and ISO 8601.

duration (https://www.w3.org/TR/xmlschema-2/#duration): months and seconds, which have no common unit. A comparison of two
durations holds if it holds when both are added to each of the four datetimes that XML Schema defines for this.
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pyarrow as pa

from cbrn_data.tabular.kind import Column, Compare, Kind, matches, where

_ZONE = r"(?:Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)?"
_YEAR_PART = r"-?(?:[1-9][0-9]{3,17}|0[0-9]{3})"
_YEAR = re.compile(rf"({_YEAR_PART}){_ZONE}")
_MONTH = re.compile(rf"({_YEAR_PART})-(0[1-9]|1[0-2]){_ZONE}")
_PLAIN_YEAR, _PLAIN_MONTH = matches(r"[0-9]{4}"), matches(r"[0-9]{4}-(?:0[1-9]|1[0-2])")
_DURATION = re.compile(
    r"(-?)P(?=[0-9T])(?:([0-9]+)Y)?(?:([0-9]+)M)?(?:([0-9]+)D)?"
    r"(?:T(?=[0-9])(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+(?:\.[0-9]+)?)S)?)?"
)
_MOST = 4000
_STARTS = ((1696, 9), (1697, 2), (1903, 3), (1903, 7))

Duration = tuple[int, Fraction]
"""Months and seconds, both negative or both non-negative."""


def _year(text: str) -> int | None:
    found = _YEAR.fullmatch(text)
    return int(found[1]) if found else None


def _literal_year(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return _year(value) if isinstance(value, str) else None
    return value


def _month(text: str) -> int | None:
    found = _MONTH.fullmatch(text)
    return int(found[1]) * 12 + int(found[2]) - 1 if found else None


def _duration(text: str) -> Duration | None:
    found = _DURATION.fullmatch(text) if len(text) <= _MOST else None
    if not found:
        return None
    sign, *parts, seconds = (part or "0" for part in found.groups())
    years, months, days, hours, minutes = map(int, parts)
    length = Fraction(Decimal(seconds)) + 60 * minutes + 3600 * hours + 86400 * days
    minus = -1 if sign == "-" else 1
    return minus * (12 * years + months), minus * length


def _end(start: tuple[int, int], value: Duration) -> Fraction:
    """Return the end, in seconds since day 0, of a duration that begins on the first day of the month ``start``."""
    months = start[0] * 12 + start[1] - 1 + value[0]
    year, month = months // 12, months % 12 + 1
    # The number of the first day of the month in the proleptic Gregorian calendar.
    shifted, of_year = (year, month - 3) if month > 2 else (year - 1, month + 9)
    days = 365 * shifted + shifted // 4 - shifted // 100 + shifted // 400 + (153 * of_year + 2) // 5
    return days * 86400 + value[1]


def _duration_holds(compare: Compare, value: Duration, limit: Duration) -> bool:
    return all(compare(_end(start, value), _end(start, limit)) for start in _STARTS)


def _plain_years(column: Column) -> Column:
    return where(_PLAIN_YEAR(column), column).cast(pa.int64())


YEAR = Kind(
    read=_year,
    literal=_literal_year,
    values=_plain_years,
    spelt=lambda column: _plain_years(column).cast(pa.string()),
    scalar=int,
)
YEARMONTH = Kind(
    read=_month,
    text=lambda months: f"{months // 12:04d}-{months % 12 + 1:02d}",
    certain=_PLAIN_MONTH,
    spelt=lambda column: where(_PLAIN_MONTH(column), column),
)
"""The kind of a yearmonth field; its values are numbers of months."""
DURATION = Kind(read=_duration, text=lambda value: f"{value[0]}M{value[1]}S", holds=_duration_holds)
