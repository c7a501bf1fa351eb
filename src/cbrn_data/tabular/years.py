"""Years, months of years, and lengths of time, as XML Schema spells them.

gYear and gYearMonth (https://www.w3.org/TR/xmlschema-2/#gYear): four digits or more, perhaps with a minus before and a zone
behind, which has no part in any comparison. The year 0000 is accepted, as in XML Schema 1.1 and ISO 8601.

duration (https://www.w3.org/TR/xmlschema-2/#duration): months and seconds, which have no common measure. One duration is
more than another when it is from each of the four moments that XML Schema names for this; else a bound does not hold.
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pyarrow as pa

from cbrn_data.tabular.kind import Column, Compare, Kind, matches, where
from cbrn_data.tabular.schema import Field

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
"""Months and seconds, both below zero or both not."""


def year(field: Field) -> Kind:
    """Return the kind of a year field."""

    def values(column: Column) -> Column:
        return where(_PLAIN_YEAR(column), column).cast(pa.int64())

    return Kind(
        read=_year, literal=_literal_year, values=values, spelt=lambda column: values(column).cast(pa.string()), scalar=int
    )


def yearmonth(field: Field) -> Kind:
    """Return the kind of a field of months; they are in order as numbers of months, and as text when both are plain."""
    return Kind(
        read=_month,
        text=lambda months: f"{months // 12:04d}-{months % 12 + 1:02d}",
        certain=_PLAIN_MONTH,
        spelt=lambda column: where(_PLAIN_MONTH(column), column),
    )


def duration(field: Field) -> Kind:
    """Return the kind of a field of durations."""
    return Kind(read=_duration, text=lambda value: f"{value[0]}M{value[1]}S", holds=_duration_holds)


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


def _duration_holds(compare: Compare, value: Duration, limit: Duration) -> bool:
    return all(compare(_end(start, value), _end(start, limit)) for start in _STARTS)


def _end(start: tuple[int, int], value: Duration) -> Fraction:
    """Return, in seconds since the day 0, when a duration ends that begins on the first day of a month."""
    months = start[0] * 12 + start[1] - 1 + value[0]
    return _days(months // 12, months % 12 + 1) * 86400 + value[1]


def _days(year: int, month: int) -> int:
    """Return the number of the first day of a month in the Gregorian calendar, of any year."""
    shifted, of_year = (year, month - 3) if month > 2 else (year - 1, month + 9)
    return 365 * shifted + shifted // 4 - shifted // 100 + shifted // 400 + (153 * of_year + 2) // 5
