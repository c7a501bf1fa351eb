"""Dates and times: date, time and datetime in their default form, by a strptime pattern, or of any form.

The default forms are those of the standard, to the letter: ``yyyy-mm-dd``, ``hh:mm:ss``, and XML Schema's dateTime with its
optional fraction of a second and zone (https://www.w3.org/TR/xmlschema-2/#dateTime), for the years 0001 to 9999. Two
times of which only one has a zone are in order when they are in every zone there is, which is 14 hours either way.

``any`` is what dateutil reads, but never by the clock or the zone of the machine: what a text leaves out is taken from
1970-01-01, and the name of a zone that is not UTC is nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from dateutil import parser

from cbrn_data.tabular.kind import Column, Compare, Kind, matches, where
from cbrn_data.tabular.schema import Field
from cbrn_data.tabular.strptime import check_pattern, rearranged

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[0-9]{2}:[0-9]{2}:[0-9]{2}")
_DATETIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T)([0-9]{2})(:[0-9]{2}:[0-9]{2})(\.[0-9]+)?"
    r"(Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)?"
)
_PLAIN_DATETIME = matches(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?")
_ZONES = timedelta(hours=14)
_LONGEST = 100
"""Longer than any date; dateutil takes seconds over a megabyte."""
_BLANK = datetime(1970, 1, 1)
_FIRST_DAY = pa.scalar(date(1, 1, 1), pa.date32())
_FIRST_MOMENT = pa.scalar(datetime(1, 1, 1), pa.timestamp("us"))

Read = Callable[[str], Any]


def date_kind(field: Field) -> Kind:
    """Return the kind of a date field. Raises ValueError for a format that is no pattern of strptime."""
    if field.format == "default":
        return Kind(read=_date, text=date.isoformat, values=_dates, spelt=_spelt_dates, scalar=_itself)
    read = _reader(field.format, lambda found: found.date())
    to_default = rearranged(field.format, "date")
    if to_default is None:
        return Kind(read=read, text=date.isoformat)
    return Kind(
        read=read,
        text=date.isoformat,
        values=lambda column: _dates(to_default(column)),
        spelt=lambda column: _spelt_dates(to_default(column)),
        scalar=_itself,
    )


def time_kind(field: Field) -> Kind:
    """Return the kind of a time field. Raises ValueError for a format that is no pattern of strptime."""
    read = _time if field.format == "default" else _reader(field.format, lambda found: found.timetz())
    return Kind(
        read=read, text=_spelt_time, holds=lambda compare, value, limit: _hold(compare, _moment(value), _moment(limit))
    )


def datetime_kind(field: Field) -> Kind:
    """Return the kind of a datetime field. Raises ValueError for a format that is no pattern of strptime."""
    to_default = _itself if field.format == "default" else rearranged(field.format, "datetime")
    read = _datetime if field.format == "default" else _reader(field.format, _itself)
    if to_default is None:
        return Kind(read=read, text=_spelt_moment, holds=_hold)
    return Kind(
        read=read,
        text=_spelt_moment,
        certain=lambda column: pc.is_valid(_moments(_without_z(to_default(column)))),
        values=lambda column: _moments(to_default(column)),
        spelt=lambda column: _spelt_moments(to_default(column)),
        scalar=lambda limit: limit if limit.tzinfo is None else None,
        holds=_hold,
    )


def _itself(value: Any) -> Any:
    return value


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None


def _time(text: str) -> time | None:
    try:
        return time.fromisoformat(text) if _TIME.fullmatch(text) else None
    except ValueError:
        return None


def _datetime(text: str) -> datetime | None:
    """Return a dateTime of XML Schema, in which 24:00:00 is the end of a day; what is finer than a microsecond is cut."""
    found = _DATETIME.fullmatch(text)
    if not found:
        return None
    day, hour, rest, fraction, zone = found.groups(default="")
    midnight = hour == "24" and rest == ":00:00" and not fraction.strip(".0")
    try:
        moment = datetime.fromisoformat(day + ("00" if midnight else hour) + rest + fraction[:7] + zone)
        return moment + timedelta(days=1) if midnight else moment
    except (ValueError, OverflowError):
        return None


def _reader(form: str, wanted: Callable[[datetime], Any]) -> Read:
    """Return a reader by ``any`` or by a pattern of strptime. Raises ValueError for what is no pattern."""
    if form != "any":
        check_pattern(form)
    parse = _any if form == "any" else lambda text: datetime.strptime(text, form)

    def read(text: str) -> Any:
        try:
            return wanted(parse(text))
        except Exception:  # dateutil lets through whatever its attempts raise
            return None

    return read


def _any(text: str) -> datetime:
    if len(text) > _LONGEST:
        raise ValueError("too long for a date")
    found: datetime = parser.parse(text, default=_BLANK, tzinfos=lambda name, offset: offset)
    return found


def _hold(compare: Compare, value: datetime, limit: datetime) -> bool:
    """Compare two moments; when only one has a zone, in every zone that the other may be meant in."""
    if (value.tzinfo is None) == (limit.tzinfo is None):
        return compare(value, limit)
    try:
        first, second = value.replace(tzinfo=None) - (value.utcoffset() or timedelta()), limit.replace(tzinfo=None)
        second -= limit.utcoffset() or timedelta()
        return compare(first - _ZONES, second) and compare(first + _ZONES, second)
    except OverflowError:
        return False


def _moment(value: time) -> datetime:
    """Return a time as a moment of one day, so that times are compared as moments are."""
    return datetime.combine(_BLANK, value)


def _spelt_moment(value: datetime) -> str:
    if value.tzinfo is None:
        return value.isoformat()
    try:
        return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    except OverflowError:
        return value.isoformat()


def _spelt_time(value: time) -> str:
    return _spelt_moment(_moment(value)).partition("T")[2] if value.tzinfo is None else _spelt_moment(_moment(value))


def _dates(column: Column) -> Column:
    """Return dates as days. Arrow reads no other form than the default, but for the year 0000."""
    try:
        days = column.cast(pa.date32())
    except pa.ArrowInvalid:
        texts = pc.unique(column)
        read = pc.strptime(texts, format="%Y-%m-%d", unit="s", error_is_null=True).cast(pa.date32())
        days = where(pc.equal(read.cast(pa.string()), texts), read).take(pc.index_in(column, texts))
    return where(pc.greater_equal(days, _FIRST_DAY), days)


def _spelt_dates(column: Column) -> Column:
    return where(pc.is_valid(_dates(column)), column)


def _without_z(column: Column) -> Column:
    return pc.if_else(pc.ends_with(column, "Z"), pc.utf8_slice_codeunits(column, 0, -1), column)


def _spelt_moments(column: Column) -> Column:
    """Return moments that have no fraction, and no zone but Z: their default form is their text."""
    whole = _without_z(column)
    return where(pc.and_(pc.is_valid(_moments(whole)), pc.equal(pc.utf8_length(whole), 19)), column)


def _moments(column: Column) -> Column:
    """Return moments without a zone."""
    plain = where(_PLAIN_DATETIME(column), column)
    try:
        moments = plain.cast(pa.timestamp("us"))
    except pa.ArrowInvalid:
        days = _dates(pc.utf8_slice_codeunits(plain, 0, 10))
        moments = where(pc.is_valid(days), plain).cast(pa.timestamp("us"))
    return where(pc.greater_equal(moments, _FIRST_MOMENT), moments)
