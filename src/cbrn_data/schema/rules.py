"""Rules within a row that Table Schema cannot say, by the name that a definition calls them with."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator, Mapping

from cbrn_data.findings import Finding
from cbrn_data.schema.model import Table

Rule = Callable[[Mapping[str, str | None], tuple[str, ...]], str | None]
"""Takes a row and the fields of the check; returns in words what is wrong, or None."""


def partial_date(row: Mapping[str, str | None], fields: tuple[str, ...]) -> str | None:
    """Each field is null or names a year, month or day that the calendar has."""
    wrong = [name for name in fields if row[name] is not None and not is_partial_date(row[name] or "")]
    return f"{wrong[0]} {row[wrong[0]]!r} is in no calendar" if wrong else None


def is_partial_date(text: str) -> bool:
    """Whether ``text`` is ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD`` of a day that exists.

    >>> is_partial_date("2024-02"), is_partial_date("2023-02-29")
    (True, False)
    """
    if not re.fullmatch(r"[12][0-9]{3}(?:-[0-9]{2}){0,2}", text):
        return False
    year, month, day = (*map(int, text.split("-")), 1, 1)[:3]
    return 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]


def in_order(row: Mapping[str, str | None], fields: tuple[str, ...]) -> str | None:
    """Two values are in order: numbers by size, partial dates by their first days."""
    first, last = (row[name] for name in fields)
    if first is None or last is None or _comparable(first) <= _comparable(last):
        return None
    return f"{fields[0]} {first} is after {fields[1]} {last}"


def _comparable(text: str) -> tuple[int, ...]:
    """Return a number, or the first day of a partial date, in a form that sorts."""
    return (*map(int, re.findall(r"[0-9]+", text)), 1, 1)[:3]


def together(row: Mapping[str, str | None], fields: tuple[str, ...]) -> str | None:
    """The fields are null together or not at all."""
    null = [name for name in fields if row[name] is None]
    if not null or len(null) == len(fields):
        return None
    return f"{null[0]} is null where {next(name for name in fields if name not in null)} is not"


def same_number(row: Mapping[str, str | None], fields: tuple[str, ...]) -> str | None:
    """An id and a number say the same: the digits of the first are the second."""
    named, number = (row[name] for name in fields)
    if named is None or number is None or re.sub(r"[^0-9]", "", named) == number:
        return None
    return f"{fields[0]} {named} has another number than {fields[1]} {number}"


RULES: dict[str, Rule] = {
    "partial-date": partial_date,
    "in-order": in_order,
    "together": together,
    "same-number": same_number,
}
_OF_TWO = frozenset({"in-order", "same-number"})


def unsupported(table: Table) -> Iterator[Finding]:
    """Yield a finding for each check of a definition that does not exist or looks at another number of fields."""
    for check in table.checks:
        if check.name not in RULES:
            message = f"the check {check.name!r} does not exist; there are {', '.join(RULES)}"
        elif check.name in _OF_TWO and len(check.fields) != 2:
            message = f"the check {check.name!r} looks at two fields, not at {len(check.fields)}"
        else:
            continue
        yield Finding("schema-unsupported", message, f"schemas/{table.name}.yaml", 1)
