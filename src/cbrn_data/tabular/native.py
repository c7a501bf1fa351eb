"""Cells with a type of their own, in JSON, Parquet and workbooks: each becomes the text that it would be in CSV.

So a number is written with the ``decimalChar`` of its field, a date in its format. A cell is valid only in a field of its
type: a number in a text field is an issue.
"""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from cbrn_data.tabular.schema import Field


class Number(str):
    """A JSON number as written."""


_OWN_TYPES: dict[type, frozenset[str]] = {
    Number: frozenset({"integer", "number", "year", "any"}),
    bool: frozenset({"boolean", "any"}),
    list: frozenset({"array", "list", "geopoint", "any"}),
    dict: frozenset({"object", "geojson", "geopoint", "any"}),
}


def json_number(text: str) -> Number:
    """Return a number of JSON, in which 1.0 and 1e2 are integers.

    >>> json_number("1.0"), json_number("1E2"), json_number("1.50"), json_number("1e999")
    ('1', '100', '1.50', '1e999')
    """
    return Number(_whole(text) if float(text).is_integer() else text)


def _whole(text: str) -> str:
    """Return a number that rounds to a whole double as digits, if it is whole."""
    try:
        value = Decimal(text)
    except ArithmeticError:  # the exponent is too small for a decimal
        return text
    return f"{value.to_integral_value():f}" if value == value.to_integral_value() else text


def is_own(field: Field, value: Any, typed: bool) -> bool:
    """Return whether a cell may be in a field; ``typed``: its own type has to be that of the field."""
    is_number = isinstance(value, (Number, int, float, Decimal)) and not isinstance(value, bool)
    if is_number and field.type == "integer" and "." in (as_text(None, value) or ""):
        return False  # it may be the ``groupChar``
    kind = Number if is_number else type(value)
    return not typed or kind not in _OWN_TYPES or field.type in _OWN_TYPES[kind]


def as_text(field: Field | None, value: Any) -> str | None:
    """Return a cell as its text in CSV; None if it is empty."""
    if isinstance(value, (datetime, date, time)):
        return _moment(field, value)
    if isinstance(value, (Number, int, float, Decimal)) and not isinstance(value, bool):
        point = field.descriptor.get("decimalChar", ".") if field and field.type == "number" else "."
        return _number(value).replace(".", point)
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        texts = field.descriptor.get("trueValues" if value else "falseValues") if field else None
        return str(texts[0]) if texts else str(value).lower()
    if isinstance(value, timedelta):  # also a time of day in a workbook
        seconds = Decimal(str(value.total_seconds()))
        return f"{'-' * (seconds < 0)}PT{abs(seconds):f}S" if field and field.type == "duration" else str(value)
    if isinstance(value, bytes):  # in Parquet, where text is not always marked as such
        is_binary = field and field.format == "binary"
        return b64encode(value).decode() if is_binary else value.decode("utf-8", "surrogateescape") or None
    if isinstance(value, list) and field and field.type == "list":
        return str(field.descriptor.get("delimiter", ",")).join(as_text(None, item) or "" for item in value) or None
    return _json(value)


def _json(value: Any) -> str:
    """Return a value as JSON, with its numbers as they are written."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_json, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_json(str(name))}: {_json(item)}' for name, item in value.items())}}}"
    return json.dumps(value, ensure_ascii=False, default=str)


def _number(value: str | float | Decimal) -> str:
    return _whole(repr(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _moment(field: Field | None, value: date | time) -> str:
    """Return a date or time in the format of a field of its type, else in that of ISO 8601."""
    kind = field.type if field else ""
    if kind == "date" and isinstance(value, datetime) and value.time() == time():
        value = value.date()
    has_pattern = field is not None and "%" in field.format
    return value.strftime(field.format) if has_pattern and kind == type(value).__name__ else value.isoformat()  # type: ignore[union-attr]
