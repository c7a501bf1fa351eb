"""What the rows of a table can be filtered by: a choice of values, or a range of numbers or dates.

The kind of filter depends on the values, not on the name of a column: a column of few repeated values, such as regions,
years and states, is a choice; otherwise numbers and dates have a range. Words in other columns are found by the search over
the whole rows.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from cbrn_data.normalise.text import natural_order
from cbrn_data.portal.rows import LABEL, cut, is_ours
from cbrn_data.portal.view import ReleaseView
from cbrn_data.schema.model import Field, TableDefinition
from cbrn_data.schema.table import Row

NUMBERS = ("integer", "number")
"""The types whose values are compared as numbers."""

NOTHING = "–"
"""The choice of the rows without a value."""

_CHOICES = 100
_YEAR = re.compile(r"(19|20)[0-9]{2}")
_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2}([T ].*)?)?)?")


@dataclass(frozen=True)
class Filter:
    """The filter of a column: ``kind`` is choice, number or date; ``choices`` are value, its name, and number of rows.

    ``is_ours`` if the values are words of the definition.
    """

    name: str
    title: str
    kind: str
    choices: tuple[tuple[str, str, int], ...] = ()
    is_ours: bool = False


def filters(view: ReleaseView, table: TableDefinition, fields: Sequence[Field], rows: Sequence[Row]) -> list[Filter]:
    """Return the filters of the columns that have one, choices first."""
    found = [one for field in fields if (one := _filter(view, table, field, rows))]
    return sorted(found, key=lambda one: one.kind != "choice")


def _filter(view: ReleaseView, table: TableDefinition, field: Field, rows: Sequence[Row]) -> Filter | None:
    counts = Counter(row[field.name] for row in rows)
    nothing = counts.pop(None, 0)
    title, is_number = field.title.removesuffix(" ID"), field.type in NUMBERS
    is_year = all(_YEAR.fullmatch(value or "") for value in counts)
    is_date = not is_number and all(_DATE.fullmatch(value or "") for value in counts)
    repeat = 0 < len(counts) <= _CHOICES and 2 * len(counts) <= counts.total()
    if repeat and len(counts) + bool(nothing) > 1 and (is_year or not (is_number or is_date)):
        choices = (*_choices(view, table, field, rows, counts), *_without(nothing))
        return Filter(field.name, title, "choice", choices, is_ours(field))
    if len(counts) > 1 and (is_date or (is_number and table.role == "data")):  # a range of positions in a text is useless
        return Filter(field.name, title, "number" if is_number else "date")
    return None


def _choices(
    view: ReleaseView, table: TableDefinition, field: Field, rows: Sequence[Row], counts: Counter[str | None]
) -> list[tuple[str, str, int]]:
    first = {value: row for row in reversed(rows) if (value := row[field.name])}
    names = {value: cut(_name(view, table, field, row), LABEL) for value, row in first.items()}
    return [(value, names[value], counts[value]) for value in sorted(names, key=lambda one: natural_order(names[one]))]


def _name(view: ReleaseView, table: TableDefinition, field: Field, row: Row) -> str:
    """Return what a page calls the value of a row."""
    if referred := view.referred(table, row, field.name):
        return view.label(*referred)
    text = row[field.name] or ""
    return text.replace("_", " ") if is_ours(field) else text


def _without(nothing: int) -> list[tuple[str, str, int]]:
    return [(NOTHING, NOTHING, nothing)] if nothing else []
