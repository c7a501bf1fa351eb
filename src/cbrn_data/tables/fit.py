"""Whether the definitions have every table and field that sources fill: a value with no place to go is never dropped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cbrn_data.errors import SchemaError
from cbrn_data.findings import Finding
from cbrn_data.schema.model import Package
from cbrn_data.tables.claims import Claim

Row = Mapping[str, str | None]

TABLES = frozenset(
    """achievement_countries achievement_projects achievements changes countries evidence figures memberships priorities
    project_countries project_listings project_regions projects quarantine regions sources""".split()
)
"""The tables that the pipeline makes; a package may define no fewer."""


def refuse_missing(package: Package) -> None:
    """Raise SchemaError where a table of ``TABLES`` is not defined."""
    missing = sorted(TABLES - package.tables.keys())
    if missing:
        findings = [_finding("package", f"the table {name!r} is missing, and sources fill it") for name in missing]
        raise SchemaError("the definitions do not fit what sources say", findings)


def refuse_unfit(claims: Iterable[Claim], made: Mapping[str, Sequence[Row]], package: Package) -> None:
    """Raise SchemaError unless every claim and every column of the ``made`` rows has a defined place.

    A made table must have exactly the columns of its rows, because nothing would fill another.
    """
    columns = {name: list(rows[0]) for name, rows in made.items() if rows}
    filled = {(claim.table, claim.field) for claim in claims} | {
        (name, field) for name in columns for field in columns[name]
    }
    there = {(table.name, field) for table in package.tables.values() for field in table.names}
    findings = [_finding(name, f"the field {field!r} is missing, and sources fill it") for name, field in filled - there]
    for name, made_columns in columns.items():
        unfilled = [field for field in package.tables[name].names if field not in made_columns]
        findings += [_finding(name, f"nothing fills the field {field!r}") for field in unfilled]
    if findings:
        raise SchemaError("the definitions do not fit what sources say", findings)


def _finding(name: str, message: str) -> Finding:
    return Finding("schema-invalid", message, f"schemas/{name}.yaml", 1)
