"""What a release covers, in space and time: said once for the whole, from its tables.

Space: the countries of ``countries``, where every country stands that another table refers to. Time: from the first day
of the earliest date in a data table to the last day of the latest, which may lie ahead (a project's stated end). Dates
are the cells of fields of type ``date`` or ``year``, and of those under the check ``partial-date``.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cbrn_data.schema.canonical import read_csv
from cbrn_data.schema.model import Package, Table
from cbrn_data.store import disk

COUNTRIES = "countries"
IN_MEMORY = 16 << 20
"""Files of more bytes are read in blocks."""


@dataclass(frozen=True)
class Coverage:
    """``countries`` are (ISO 3166-1 alpha-3 or user-assigned code, name); days are YYYY-MM-DD, None without any date."""

    countries: tuple[tuple[str, str], ...]
    first_day: str | None
    last_day: str | None


def coverage(folder: Path, package: Package) -> Coverage:
    """Read what the release in ``folder`` covers; ``package`` holds its definitions. Raises ReleaseError."""
    dates = {text for table in package.with_role("data") for text in _dates(folder, table)}
    countries = read_csv(disk.read(folder / f"{COUNTRIES}.csv"))[1] if COUNTRIES in package.tables else []
    return Coverage(
        tuple((row["country_id"] or "", row["name"] or "") for row in countries),
        min(map(first_day, dates), default=None),
        max(map(last_day, dates), default=None),
    )


def _dates(folder: Path, table: Table) -> Iterator[str]:
    partial = {name for check in table.checks if check.name == "partial-date" for name in check.fields}
    fields = [field.name for field in table.fields if field.type in {"date", "year"} or field.name in partial]
    if fields:
        yield from _distinct(folder / f"{table.name}.csv", fields)


def _distinct(path: Path, names: list[str]) -> set[str]:
    """Return the texts in some columns; a large file is read in blocks, by what only that is worth loading."""
    if path.stat().st_size <= IN_MEMORY:
        return {text for row in read_csv(disk.read(path))[1] for name in names if (text := row[name])}
    from pyarrow import csv, string

    convert = csv.ConvertOptions(include_columns=names, column_types=dict.fromkeys(names, string()))
    blocks = csv.open_csv(path, parse_options=csv.ParseOptions(newlines_in_values=True), convert_options=convert)
    return {text for block in blocks for column in block for text in column.unique().to_pylist() if text}


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
