"""What tables cover, in space and time: read off their cells, and said once for the whole package.

``coverage`` of ``package.yaml`` names the tables: ``spatial`` the one whose rows are the countries (``country_id`` and
``name``), ``temporal`` those whose dates count. The period goes from the first day of the earliest date to the last day
of the latest, which may lie ahead (a project's stated end). Dates are the cells of fields of type ``date`` or ``year``,
and of those under the check ``partial-date``. Without that key the countries of ``countries`` and all dates of data
tables are what a catalogue says, and the data package says nothing.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cbrn_data.schema.canonical import Row
from cbrn_data.schema.model import Package, Table

COUNTRIES = "countries"


@dataclass(frozen=True)
class Coverage:
    """``countries`` are (ISO 3166-1 alpha-3 or user-assigned code, name); days are YYYY-MM-DD, None without any date."""

    countries: tuple[tuple[str, str], ...]
    first_day: str | None
    last_day: str | None


def coverage(package: Package, rows: Mapping[str, Sequence[Row]], records: Mapping[str, Path]) -> Coverage:
    """Return what tables cover: ``rows`` of those in memory, and the canonical CSV files of tables of ``records``."""
    spatial, temporal = _tables(package)
    dates = {text for table in temporal for text in _dates(table, rows, records.get(table.name))}
    return Coverage(
        tuple((row["country_id"] or "", row["name"] or "") for row in rows.get(spatial, ())),
        min(map(first_day, dates), default=None),
        max(map(last_day, dates), default=None),
    )


def coverage_properties(package: Package, cover: Coverage) -> dict[str, Any]:
    """Return ``spatial`` and ``temporal`` of a data package, nothing where ``package.yaml`` does not ask for them.

    They are properties of our own, which the standard allows: countries as schema.org has them, the period as Camtrap DP.
    """
    if "coverage" not in package.about:
        return {}
    spatial = [{"identifier": country_id, "name": name} for country_id, name in cover.countries]
    period = {"start": cover.first_day, "end": cover.last_day}
    return {"spatial": spatial} | ({"temporal": period} if cover.first_day else {})


def _tables(package: Package) -> tuple[str, list[Table]]:
    declared = package.about.get("coverage")
    if declared is None:
        return COUNTRIES, package.with_role("data")
    return declared["spatial"], [package.tables[name] for name in declared["temporal"]]


def _dates(table: Table, rows: Mapping[str, Sequence[Row]], file: Path | None) -> Iterator[str]:
    partial = {name for check in table.checks if check.name == "partial-date" for name in check.fields}
    fields = [field.name for field in table.fields if field.type in {"date", "year"} or field.name in partial]
    if fields and file:
        yield from _distinct(file, fields)
    elif fields:
        yield from (text for row in rows.get(table.name, ()) for name in fields if (text := row[name]))


def _distinct(path: Path, names: list[str]) -> Iterator[str]:
    """Yield the texts in some columns of a file of any size, by block."""
    from pyarrow import csv, string

    convert = csv.ConvertOptions(include_columns=names, column_types=dict.fromkeys(names, string()))
    for block in csv.open_csv(path, parse_options=csv.ParseOptions(newlines_in_values=True), convert_options=convert):
        yield from (text for column in block for text in column.unique().to_pylist() if text)


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
