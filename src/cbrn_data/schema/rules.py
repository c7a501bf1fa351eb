"""Rules between the cells of a row, which Table Schema cannot express, by their names in definitions.

A rule takes whole columns of text and returns the rows that break it; its sentence is the message for one such row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cbrn_data.findings import Finding
from cbrn_data.schema.model import TableDefinition
from cbrn_data.tabular.arrays import only, places

_DAYS = "(?:(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|1[0-9]|2[0-8]))?|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
_LEAP = "(?:[12][0-9](?:0[48]|[2468][048]|[13579][26])|(?:12|16|20|24|28)00)"
_PARTIAL_DATE = f"^(?:[12][0-9]{{3}}(?:-{_DAYS})?|{_LEAP}-02-29)$"
"""A year from 1000 to 2999, a month of it, or a valid day, for Python and RE2."""

Row = Mapping[str, str | None]
Fields = tuple[str, ...]


def is_partial_date(text: str) -> bool:
    """Return whether ``text`` is ``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD`` of a valid day.

    >>> is_partial_date("2024-02"), is_partial_date("2023-02-29")
    (True, False)
    """
    return re.fullmatch(_PARTIAL_DATE, text, re.ASCII) is not None and not text.endswith("\n")


def is_day(text: str) -> bool:
    """Return whether ``text`` is ``YYYY-MM-DD`` of a valid day."""
    return len(text) == 10 and is_partial_date(text)


def _no_date(columns: Sequence[Any]) -> Any:
    """Each field is null, or a valid year, month or day."""
    return reduce(pc.or_, [_certain(pc.invert(pc.match_substring_regex(each, _PARTIAL_DATE))) for each in columns])


def _maybe_out_of_order(columns: Sequence[Any]) -> Any:
    """The texts have different lengths, or more than the ten characters of a date, or do not ascend."""
    one, other = map(pc.binary_length, columns)
    in_order = pc.and_(pc.less_equal(one, 10), pc.less_equal(*columns))
    return pc.invert(pc.fill_null(pc.and_(pc.equal(one, other), in_order), True))


def _out_of_order(columns: Sequence[Any]) -> Any:
    """The two values are in order: numbers by size, partial dates by their first days."""
    numbers = reduce(pc.and_kleene, [pc.match_substring_regex(each, "^[0-9]+$") for each in columns])
    by_size = pc.greater(*[pc.utf8_lpad(each, 20, "0") for each in columns])
    first_days = [pc.utf8_slice_codeunits(pc.binary_join_element_wise(each, "-01-01", ""), 0, 10) for each in columns]
    return _certain(pc.if_else(numbers, by_size, pc.greater(*first_days)))


def _apart(columns: Sequence[Any]) -> Any:
    """All fields are null, or none is."""
    return reduce(pc.or_, [pc.not_equal(pc.is_null(columns[0]), pc.is_null(each)) for each in columns])


def _another_number(columns: Sequence[Any]) -> Any:
    """The digits of an id are equal to a number."""
    return _certain(pc.not_equal(pc.replace_substring_regex(columns[0], "[^0-9]", ""), columns[1]))


def _certain(mask: Any) -> Any:
    return pc.fill_null(mask, False)


def _wrong_date(row: Row, fields: Fields) -> str:
    name = next(name for name in fields if row[name] is not None and not is_partial_date(row[name] or ""))
    return f"{name} {row[name]!r} is not in the calendar"


def _null_alone(row: Row, fields: Fields) -> str:
    null = next(name for name in fields if row[name] is None)
    return f"{null} is null, but {next(name for name in fields if row[name] is not None)} is not"


@dataclass(frozen=True)
class Rule:
    """``broken`` takes the columns of the fields and returns a mask; ``sentence`` returns the message for such a row.

    ``doubtful`` returns a mask too, at less cost: a row that breaks the rule is in it.
    """

    broken: Callable[[Sequence[Any]], Any]
    sentence: Callable[[Row, Fields], str]
    width: int | None = None
    doubtful: Callable[[Sequence[Any]], Any] | None = None


RULES: dict[str, Rule] = {
    "partial-date": Rule(_no_date, _wrong_date),
    "in-order": Rule(
        _out_of_order, lambda row, of: f"{of[0]} {row[of[0]]} is after {of[1]} {row[of[1]]}", 2, _maybe_out_of_order
    ),
    "together": Rule(_apart, _null_alone),
    "same-number": Rule(
        _another_number, lambda row, of: f"{of[0]} {row[of[0]]} has another number than {of[1]} {row[of[1]]}", 2
    ),
}


def broken_rows(table: pa.Table, name: str, fields: Fields) -> npt.NDArray[np.int64]:
    """Return the indices of rows that break the rule ``name``, in a table of text."""
    rule, columns = RULES[name], [table[field] for field in fields]
    if rule.doubtful is None:
        return places(rule.broken(columns))
    rows = places(rule.doubtful(columns))
    return rows[places(rule.broken([only(column, rows) for column in columns]))] if len(rows) else rows


def unsupported(table: TableDefinition) -> Iterator[Finding]:
    """Yield a finding for each unknown check of a definition, and for each with a wrong number of fields."""
    for check in table.checks:
        rule = RULES.get(check.name)
        if rule is None:
            message = f"the check {check.name!r} does not exist; use one of {', '.join(RULES)}"
        elif rule.width not in (None, len(check.fields)):
            message = f"the check {check.name!r} needs two fields, not {len(check.fields)}"
        else:
            continue
        yield Finding("schema-unsupported", message, f"schemas/{table.name}.yaml", 1)
