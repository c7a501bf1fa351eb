"""The spatial and temporal coverage of a package, computed from the cells of its tables.

``coverage`` in ``package.yaml`` names the tables: ``spatial`` the table of countries (``country_id`` and ``name``),
``temporal`` the tables whose dates count. The period is from the first day of the earliest date to the last day of the
latest, which can be in the future (the end of a project). Dates are the cells of fields of type ``date`` or ``year``, and of
fields with the check ``partial-date``. Without ``coverage``, a catalogue has the countries of ``countries`` and the dates of
all data tables, and the data package has no coverage.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cbrn_data.schema.days import dated_fields, first_day, last_day
from cbrn_data.schema.model import Package, TableDefinition
from cbrn_data.schema.table import Table, Tables

COUNTRIES = "countries"


@dataclass(frozen=True)
class Coverage:
    """``countries`` are (ISO 3166-1 alpha-3 or user-assigned code, name); days are YYYY-MM-DD, or None without dates."""

    countries: tuple[tuple[str, str], ...]
    first_day: str | None
    last_day: str | None


def coverage(package: Package, tables: Tables) -> Coverage:
    """Return the coverage of tables."""
    spatial, temporal = _tables(package)
    dates = {text for table in temporal if table.name in tables for text in _dates(tables[table.name])}
    return Coverage(
        tuple((row["country_id"] or "", row["name"] or "") for row in (tables[spatial].rows if spatial in tables else ())),
        min(map(first_day, dates), default=None),
        max(map(last_day, dates), default=None),
    )


def coverage_properties(package: Package, cover: Coverage) -> dict[str, Any]:
    """Return ``spatial`` and ``temporal`` of a data package; nothing if ``package.yaml`` has no ``coverage``.

    They are properties of our own, which the standard allows: countries as in schema.org, the period as in Camtrap DP.
    """
    if "coverage" not in package.metadata:
        return {}
    spatial = [{"identifier": country_id, "name": name} for country_id, name in cover.countries]
    period = {"start": cover.first_day, "end": cover.last_day}
    return {"spatial": spatial} | ({"temporal": period} if cover.first_day else {})


def _tables(package: Package) -> tuple[str, list[TableDefinition]]:
    declared = package.metadata.get("coverage")
    if declared is None:
        return COUNTRIES, package.with_role("data")
    return declared["spatial"], [package.tables[name] for name in declared["temporal"]]


def _dates(table: Table) -> Iterator[str]:
    """Yield the dates of a table, or the first and last day of each part."""
    names = dated_fields(table.definition)
    if table.parts:
        yield from (day for part in table.parts for day in part.days)
        return
    for block in table.blocks() if names else ():
        yield from (text for name in names for text in block[name].unique().to_pylist() if text)
