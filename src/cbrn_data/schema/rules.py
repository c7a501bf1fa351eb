"""Rules within a row that Table Schema cannot say, by the name that a definition calls them with.

Each is defined by a function that says in words what is wrong with one row. Beside it stands an Arrow kernel that tells
for a whole block where a row surely holds; only the other rows are asked one by one.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cbrn_data.findings import Finding
from cbrn_data.schema.model import Table
from cbrn_data.tabular.keys import places

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


def is_day(text: str) -> bool:
    """Whether ``text`` is ``YYYY-MM-DD`` of a day that exists."""
    return len(text) == 10 and is_partial_date(text)


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


def _surely_dates(columns: Sequence[Any]) -> Any:
    usual = "^[12][0-9]{3}(-(0[1-9]|1[0-2])(-(0[1-9]|1[0-9]|2[0-8]))?)?$"
    sure = [_holds_or_null(pc.match_substring_regex(column, usual)) for column in columns]
    return reduce(pc.and_, sure)


def _surely_in_order(columns: Sequence[Any]) -> Any:
    """Compare the first days of partial dates as text; what does not begin with a year is left to the row's rule.

    Two texts of ten characters, be they days or numbers, are in the order of their characters.
    """
    alike = [pc.equal(pc.binary_length(column), 10) for column in columns]
    if pc.all(quick := _holds_or_null(pc.and_kleene(pc.and_kleene(*alike), pc.less_equal(*columns)))).as_py():
        return quick
    days = [pc.utf8_slice_codeunits(pc.binary_join_element_wise(column, "-01-01", ""), 0, 10) for column in columns]
    begin = [pc.match_substring_regex(column, "^[12][0-9]{3}(-[0-9]{2}){0,2}$") for column in columns]
    return _holds_or_null(pc.and_kleene(pc.and_kleene(*begin), pc.less_equal(*days)))


def _surely_together(columns: Sequence[Any]) -> Any:
    is_null = [pc.is_null(column) for column in columns]
    return reduce(pc.and_, [pc.equal(is_null[0], other) for other in is_null])


def _surely_same_number(columns: Sequence[Any]) -> Any:
    return _holds_or_null(pc.equal(pc.replace_substring_regex(columns[0], "[^0-9]", ""), columns[1]))


def _holds_or_null(mask: Any) -> Any:
    return pc.fill_null(mask, True)


_SURELY: dict[str, Callable[[Sequence[Any]], Any]] = {
    "partial-date": _surely_dates,
    "in-order": _surely_in_order,
    "together": _surely_together,
    "same-number": _surely_same_number,
}


def broken_rows(table: pa.Table, name: str, fields: tuple[str, ...]) -> npt.NDArray[np.int64]:
    """Return the places of the rows of a table of text that break the rule ``name``."""
    sure = _SURELY[name]([table[field] for field in fields])
    doubtful = places(pc.invert(sure))
    if not len(doubtful):
        return doubtful
    rows = table.select(list(dict.fromkeys(fields))).take(pa.array(doubtful)).to_pylist()
    return doubtful[[RULES[name](row, fields) is not None for row in rows]]


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
