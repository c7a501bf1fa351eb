"""Integers, numbers and booleans: read every form of the standard, and compare exactly.

An integer is ASCII digits, with an optional sign; a number can also have a decimal part or an exponent, or be NaN, INF or
-INF in any letter case. Surrounding white space is ignored, as in XML Schema (https://www.w3.org/TR/xmlschema-2/#decimal).
A ``groupChar`` between digits of the whole part is removed; if ``bareNumber`` is false, text before and after the number is
removed too.

Fast kernels: an integer of at most 18 digits fits 64 bits. A number is rounded to a double, which keeps the order of numbers
unless they round to the same double; these are compared as decimals.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cbrn_data.tabular.doubt import Doubt, Look, Rows, either, every_row
from cbrn_data.tabular.kind import Column, Compare, Kernel, Kind, matches, where
from cbrn_data.tabular.schema import Field, option

_BLANKS = " \t\r\n"
_MOST_DIGITS = 4300
"""The limit of Python's int; longer texts cost quadratic time."""
_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_SPECIAL = {"nan": Decimal("NaN"), "inf": Decimal("Infinity"), "-inf": Decimal("-Infinity")}
_SMALL_INTEGER = matches(r"-?[0-9]{1,18}")
_PLAIN_NUMBER = matches(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
_SPELT_NUMBER = matches(r"0|-?(?:[1-9][0-9]{0,29}(?:\.[0-9]{0,29}[1-9])?|0\.[0-9]{0,29}[1-9])")


def integer(field: Field) -> Kind:
    """Return the kind of an integer field. Raises ValueError for an invalid option."""
    plain, kernel = _plain(field, None)

    def values(column: Column) -> Column:
        return _small_integers(kernel(column))

    is_plain = not {"groupChar", "bareNumber"} & set(field.descriptor)
    return Kind(
        doubt=(lambda look: look.once(_not_digits)) if is_plain else None,
        beyond=_beyond if is_plain else lambda compare, limit: every_row,
        respelt=_maybe_respelt if is_plain else every_row,
        read=lambda text: _integer(plain(text)),
        literal=lambda value: _whole(value) if not isinstance(value, str) else _integer(plain(value)),
        values=values,
        spelt=lambda column: values(column).cast(pa.string()),
        scalar=lambda limit: limit if abs(limit) < 10**18 else None,
    )


def _not_digits(look: Look) -> Rows | None:
    """Return the rows that are not 1 to 18 digits."""
    misfit = look.lengths > 18
    if look.lengths.min(initial=1) == 0:
        misfit |= look.lengths == 0
    return either(look.rows(misfit), look.rows_besides(b"0123456789"))


def _maybe_respelt(look: Look) -> Rows | None:
    """Return the rows that are not 1 to 18 digits, or begin with a zero of several."""
    return either(look.once(_not_digits), look.rows((look.first == ord("0")) & (look.lengths > 1)))


def _beyond(compare: Compare, limit: int) -> Doubt:
    """Return the doubt of a bound that all numbers of so many digits hold."""
    digits = 0 if not compare(0, limit) else 18
    while digits and not compare(10**digits - 1, limit):
        digits -= 1
    if not digits:
        return every_row

    def doubt(look: Look) -> Rows | None:
        longer = look.rows(look.lengths > digits)
        return either(look.once(_not_digits), longer) if 4 * len(longer) < len(look.lengths) else None

    return doubt


def number(field: Field) -> Kind:
    """Return the kind of a number field. Raises ValueError for an invalid option."""
    plain, kernel = _plain(field, option(field, "decimalChar", ".", str))
    return Kind(
        read=lambda text: decimal(plain(text)),
        literal=lambda value: json_decimal(value) if not isinstance(value, str) else decimal(plain(value)),
        values=lambda column: _doubles(kernel(column)),
        rounded=True,
        spelt=lambda column: where(_SPELT_NUMBER(kernel(column)), kernel(column)),
        scalar=lambda limit: float(limit) if limit.is_finite() else None,
        # NaN never satisfies a limit.
        holds=lambda compare, value, limit: not value.is_nan() and not limit.is_nan() and compare(value, limit),
        text=spelt,
    )


def boolean(field: Field) -> Kind:
    """Return the kind of a boolean field. Raises ValueError for an invalid option."""
    true = _texts(field, "trueValues", ["true", "True", "TRUE", "1"])
    false = _texts(field, "falseValues", ["false", "False", "FALSE", "0"])
    if set(true) & set(false):
        raise ValueError("a text is in both trueValues and falseValues")
    meant = dict.fromkeys(true, True) | dict.fromkeys(false, False)
    both, yes = pa.array([*true, *false], pa.string()), pa.array(true, pa.string())

    def spell(column: Column) -> Column:
        texts = pc.if_else(pc.is_in(column, value_set=yes), "true", "false")
        return where(pc.is_in(column, value_set=both), texts)

    return Kind(
        read=meant.get,
        literal=lambda value: value if isinstance(value, bool) else meant.get(str(value)),
        certain=lambda column: pc.is_in(column, value_set=both),
        spelt=spell,
        text=lambda value: "true" if value else "false",
    )


def decimal(text: str | None) -> Decimal | None:
    """Return the number of a text in the plain form of the standard, or None.

    >>> decimal("-1.50"), decimal("1_000"), decimal("inf")
    (Decimal('-1.50'), None, Decimal('Infinity'))
    """
    bare = (text or "").strip(_BLANKS)
    if not _NUMBER.fullmatch(bare):
        return _SPECIAL.get(bare.lower())
    try:
        return Decimal(bare)
    except ArithmeticError:  # the exponent is too large for a decimal
        return None


def spelt(value: Decimal) -> str:
    """Return a number as text; equal numbers have equal text.

    >>> spelt(Decimal("1.50")), spelt(Decimal("-0.0")), spelt(Decimal("1E+2")), spelt(Decimal("1E-999"))
    ('1.5', '0', '100', '1E-999')
    """
    if not value.is_finite():
        return "NaN" if value.is_nan() else ("INF" if value > 0 else "-INF")
    sign, digits, exponent = value.as_tuple()
    shown = "".join(map(str, digits)).lstrip("0")
    kept = shown.rstrip("0")
    power = int(exponent) + len(shown) - len(kept)
    minus = "-" if sign else ""
    if not kept:
        return "0"
    if abs(power) > 30:
        return f"{minus}{kept}E{power}"
    if power >= 0:
        return minus + kept + "0" * power
    padded = kept.rjust(1 - power, "0")
    return f"{minus}{padded[:power]}.{padded[power:]}"


def _integer(text: str | None) -> int | None:
    bare = (text or "").strip(_BLANKS)
    return int(bare) if len(bare) <= _MOST_DIGITS and _INTEGER.fullmatch(bare) else None


def _whole(value: Any) -> int | None:
    """Return a JSON number as an integer, or None; 5.0 is an integer."""
    is_whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return int(value) if is_whole and not isinstance(value, bool) else None


def json_decimal(value: Any) -> Decimal | None:
    """Return a JSON number as it is written, or None for another value."""
    return Decimal(repr(value)) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _plain(field: Field, point: str | None) -> tuple[Callable[[str], str | None], Kernel]:
    """Return functions that convert a cell, and a column, to the plain form; ``point`` is None for an integer."""
    group, bare = option(field, "groupChar", "", str), option(field, "bareNumber", True, bool)
    if point is not None and (not point or point == group):
        raise ValueError("decimalChar must be a text that differs from groupChar")
    foreign = point is not None and point != "."
    mark, fraction = re.escape(group), rf"|{re.escape(point)}.*{re.escape(group)}" if point else ""
    stray = re.compile(rf"(?<![0-9]){mark}|{mark}(?![0-9]){fraction}", re.DOTALL)
    is_grouped = matches(rf"[+-]?[0-9]+(?:{mark}[0-9]+)*" + (rf"(?:{re.escape(point)}[0-9]*)?" if point else ""))
    before = re.compile(rf"[^0-9-]*?(?=[+-]?(?:{re.escape(point)})?[0-9])" if point else r"[^0-9-]*?(?=[+-]?[0-9])")

    def plain(text: str) -> str | None:
        if not bare and text.strip(_BLANKS).lower() not in _SPECIAL:
            start = before.match(text)
            text = text[start.end() if start else 0 : 1 + max(map(text.rfind, "0123456789"))]
        if group and stray.search(text.strip(_BLANKS)):
            return None
        text = text.replace(group, "") if group else text
        return None if foreign and "." in text else text.replace(point or ".", ".")

    def kernel(column: Column) -> Column:
        if not bare:
            return pa.nulls(len(column), pa.string())
        column = pc.replace_substring(where(is_grouped(column), column), group, "") if group else column
        if not foreign:
            return column
        return pc.replace_substring(where(pc.invert(pc.match_substring(column, ".")), column), point, ".")

    return plain, kernel


def _small_integers(column: Column) -> Column:
    """Return integers of at most 18 digits, else null; the pattern excludes 0x1F, which Arrow would read."""
    try:
        return where(pc.invert(pc.or_(pc.starts_with(column, "0x"), pc.starts_with(column, "0X"))), column.cast(pa.int64()))
    except pa.ArrowInvalid:
        return where(_SMALL_INTEGER(column), column).cast(pa.int64())


def _doubles(column: Column) -> Column:
    try:
        values = column.cast(pa.float64())
    except pa.ArrowInvalid:
        values = where(_PLAIN_NUMBER(column), column).cast(pa.float64())
    return where(pc.is_finite(values), values)


def _texts(field: Field, name: str, default: list[str]) -> list[str]:
    found = option(field, name, default, list)
    if not found or not all(isinstance(text, str) for text in found):
        raise ValueError(f"{name} must be a list of at least one text")
    return list(found)
