"""Dates and times: date, time and datetime in their default form, with a strptime pattern, or in any form.

The default forms are exactly those of the standard: ``yyyy-mm-dd``, ``hh:mm:ss``, and XML Schema's dateTime with its
optional fraction of a second and zone (https://www.w3.org/TR/xmlschema-2/#dateTime), for the years 0001 to 9999. If only
one of two times has a zone, a comparison holds if it holds in every possible zone, up to 14 hours either way.

``any`` is everything that dateutil reads, independent of the clock and the zone of the machine: missing parts are those of
1970-01-01, and zone names other than UTC are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from dateutil import parser

from cbrn_data.tabular.doubt import Doubt, Look, Rows, either, extremes
from cbrn_data.tabular.kind import KERNELS, Column, Compare, Kernel, Kind, matches, where
from cbrn_data.tabular.schema import Field

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[0-9]{2}:[0-9]{2}:[0-9]{2}")
_DATETIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T)([0-9]{2})(:[0-9]{2}:[0-9]{2})(\.[0-9]+)?"
    r"(Z|[+-](?:0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)?"
)
_PLAIN_DATETIME = matches(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,6})?")
_ZONES = timedelta(hours=14)
_LONGEST = 100
"""The most characters of a date; dateutil takes seconds for a megabyte."""
_BLANK = datetime(1970, 1, 1)
_LAST_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31, *[0] * 243], dtype=np.uint8)
_NOUGHTS = np.frombuffer(b"0000-00-00", np.uint8)
_MOST = np.array([9, 9, 9, 9, 0, 9, 9, 0, 9, 9], dtype=np.uint8)
"""The largest allowed difference of each byte of a date from that of ``_NOUGHTS``."""
_FIRST_DAY, _FIRST_MOMENT = date(1, 1, 1), datetime(1, 1, 1)
_FORMS = {"date": "Y-m-d", "datetime": "Y-m-dTH:M:S"}
_MACHINE = frozenset({"%Z", "%c", "%x", "%X"})

Read = Callable[[str], Any]


def date_kind(field: Field) -> Kind:
    """Return the kind of a date field. Raises ValueError for an invalid format."""
    if field.format == "default":
        return Kind(
            read=_date,
            text=date.isoformat,
            values=_dates,
            spelt=_spelt_dates,
            scalar=_itself,
            doubt=lambda look: look.once(_no_dates),
            beyond=_beyond,
            respelt=lambda look: look.once(_no_dates),
        )
    read = _reader(field.format, lambda found: found.date())
    to_default = _rearranged(field.format, "date")
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
    """Return the kind of a time field. Raises ValueError for an invalid format."""
    read = _time if field.format == "default" else _reader(field.format, lambda found: found.timetz())
    return Kind(
        read=read, text=_spelt_time, holds=lambda compare, value, limit: _hold(compare, _moment(value), _moment(limit))
    )


def datetime_kind(field: Field) -> Kind:
    """Return the kind of a datetime field. Raises ValueError for an invalid format."""
    to_default = _itself if field.format == "default" else _rearranged(field.format, "datetime")
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
    """Return a dateTime of XML Schema, in which 24:00:00 is the end of a day, truncated to microseconds."""
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
    """Return a reader for ``any`` or for a strptime pattern. Raises ValueError for an invalid pattern."""
    if form != "any":
        _check_pattern(form)
    parse = _any if form == "any" else lambda text: datetime.strptime(text, form)

    def read(text: str) -> Any:
        try:
            return wanted(parse(text))
        except Exception:  # dateutil can raise any exception
            return None

    return read


def _any(text: str) -> datetime:
    if len(text) > _LONGEST:
        raise ValueError("too long for a date")
    found: datetime = parser.parse(text, default=_BLANK, tzinfos=lambda name, offset: offset)
    return found


def _hold(compare: Compare, value: datetime, limit: datetime) -> bool:
    """Compare two datetimes; if only one has a zone, for every possible zone of the other."""
    if (value.tzinfo is None) == (limit.tzinfo is None):
        return compare(value, limit)
    try:
        first, second = value.replace(tzinfo=None) - (value.utcoffset() or timedelta()), limit.replace(tzinfo=None)
        second -= limit.utcoffset() or timedelta()
        return compare(first - _ZONES, second) and compare(first + _ZONES, second)
    except OverflowError:
        return False


def _moment(value: time) -> datetime:
    """Return a time as a datetime of a fixed day, so that times are compared like datetimes."""
    return datetime.combine(_BLANK, value)


def _spelt_moment(value: datetime) -> str:
    if value.tzinfo is None:
        return value.isoformat()
    try:
        return value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    except OverflowError:
        return value.isoformat()


def _spelt_time(value: time) -> str:
    spelt = _spelt_moment(_moment(value))
    return spelt.partition("T")[2] if value.tzinfo is None else spelt


def _dates(column: Column) -> Column:
    """Return dates as Arrow dates. Arrow reads only the default form, but accepts the year 0000."""
    try:
        days = column.cast(pa.date32())
    except pa.ArrowInvalid:
        texts = pc.unique(column)
        read = pc.strptime(texts, format="%Y-%m-%d", unit="s", error_is_null=True).cast(pa.date32())
        days = where(pc.equal(read.cast(pa.string()), texts), read).take(pc.index_in(column, texts))
    return where(pc.greater_equal(days, _FIRST_DAY), days)


def _no_dates(look: Look) -> Rows:
    """Return the rows that are not a date in the default form, or of the year 0000."""
    rows, cells = look.of_length(10)
    # Bytes are numbers without a sign: those below 0 wrap to large ones.
    digits = cells - _NOUGHTS
    lowest, highest = extremes(digits)
    strange = np.zeros(len(rows), dtype=bool)
    for place in np.flatnonzero(highest > _MOST):
        strange |= digits[:, place] > _MOST[place]
    months, days = (10 * digits[:, place] + digits[:, place + 1] for place in (5, 8))
    is_no_day = (days > _LAST_DAYS[months]) | (days == 0)
    late = np.flatnonzero(is_no_day)
    years = digits[late, :4] @ np.array([1000, 100, 10, 1])
    is_leap = (years % 4 == 0) & ((years % 100 != 0) | (years % 400 == 0))
    is_no_day[late[is_leap & (months[late] == 2) & (days[late] == 29)]] = False
    strange |= is_no_day
    if not lowest[0]:
        strange |= ~digits[:, :4].any(axis=1)
    return either(look.rows(look.lengths != 10), rows[strange])  # type: ignore[return-value]


def _beyond(compare: Compare, limit: date) -> Doubt:
    """Return the doubt of a bound: the order of dates is that of their texts."""
    text, kernel = limit.isoformat(), KERNELS[compare]
    return lambda look: either(look.once(_no_dates), look.rows_without(kernel(look.column, text)))


def _spelt_dates(column: Column) -> Column:
    return where(pc.is_valid(_dates(column)), column)


def _without_z(column: Column) -> Column:
    return pc.if_else(pc.ends_with(column, "Z"), pc.utf8_slice_codeunits(column, 0, -1), column)


def _spelt_moments(column: Column) -> Column:
    """Return datetimes without a fraction, and without a zone other than Z: their text is canonical."""
    whole = _without_z(column)
    return where(pc.and_(pc.is_valid(_moments(whole)), pc.equal(pc.utf8_length(whole), 19)), column)


def _moments(column: Column) -> Column:
    """Return datetimes without a zone, else null."""
    plain = where(_PLAIN_DATETIME(column), column)
    try:
        moments = plain.cast(pa.timestamp("us"))
    except pa.ArrowInvalid:
        days = _dates(pc.utf8_slice_codeunits(plain, 0, 10))
        moments = where(pc.is_valid(days), plain).cast(pa.timestamp("us"))
    return where(pc.greater_equal(moments, _FIRST_MOMENT), moments)


def _check_pattern(form: str) -> None:
    """Raise ValueError unless a time written with the pattern can be read with it, with the same result on every machine."""
    directives = re.findall("%.?", form)
    if not set(directives) - {"%%"}:
        raise ValueError(f"the format {form!r} is not default, any or a strptime pattern")
    if _MACHINE & set(directives):
        raise ValueError(f"the format {form!r} depends on the machine")
    moment = datetime(2000, 1, 1, tzinfo=UTC)
    try:
        datetime.strptime(moment.strftime(form), form)
    except (ValueError, re.error) as error:
        raise ValueError(f"the format {form!r} is not a valid strptime pattern ({error})") from error


def _rearranged(form: str, kind: str) -> Kernel | None:
    """Return a kernel that converts texts of a pattern to the default form of ``kind``, with null for other texts.

    A pattern of only whole numbers (``%d/%m/%Y``) can be rearranged in Arrow, if every number has all its digits; strptime,
    which the standard names, reads other texts one at a time. None for a pattern with other parts, or an incomplete date.
    """
    parts = re.findall("%(.)|([^%]+)", form)
    names = [name for name, _ in parts if name]
    if not {"Y", "m", "d"} <= set(names) <= set(_FORMS.get(kind, "")) - set("-:T") or len(set(names)) < len(names):
        return None
    pattern = "".join(f"([0-9]{{{4 if name == 'Y' else 2}}})" if name else re.escape(text) for name, text in parts)
    places = {name: rf"\{number}" for number, name in enumerate(names, 1)}
    wanted = "".join(places.get(char, char if char in "-:T" else "00") for char in _FORMS[kind])
    is_plain, whole = matches(pattern), rf"\A{pattern}\z"

    def kernel(column: Column) -> Column:
        return pc.replace_substring_regex(where(is_plain(column), column), whole, wanted)

    return kernel
