"""Days of partial dates: 2024, 2024-05 or 2024-05-21."""

from __future__ import annotations

from calendar import monthrange

from cbrn_data.schema.model import TableDefinition


def dated_fields(table: TableDefinition) -> list[str]:
    """Return the columns of a table that have dates."""
    partial = {name for check in table.checks if check.name == "partial-date" for name in check.fields}
    return [field.name for field in table.fields if field.type in {"date", "year"} or field.name in partial]


def first_day(date: str) -> str:
    """Return the first day of a partial date.

    >>> first_day("2024"), first_day("2024-05"), first_day("2024-05-21")
    ('2024-01-01', '2024-05-01', '2024-05-21')
    """
    return date + "-01-01"[len(date) - 4 :]


def last_day(date: str) -> str:
    """Return the last day of a partial date.

    >>> last_day("2023"), last_day("2024-02"), last_day("2024-05-21")
    ('2023-12-31', '2024-02-29', '2024-05-21')
    """
    if len(date) == 10:
        return date
    year, month = int(date[:4]), int(date[5:7] or 12)
    return f"{year:04}-{month:02}-{monthrange(year, month)[1]:02}"
