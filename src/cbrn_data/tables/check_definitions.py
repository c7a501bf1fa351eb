"""Check that the definitions have every table and field that sources fill, so that no value is dropped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cbrn_data.errors import SchemaError
from cbrn_data.schema.model import Package, wrong_definition
from cbrn_data.tables.claims import Claim

Row = Mapping[str, str | None]

TABLES = frozenset(
    """achievement_countries achievement_projects achievements changes countries evidence figures memberships priorities
    project_countries project_listings project_regions projects quarantine regions sources""".split()
)
"""The tables that the pipeline makes; a package must define them all."""


def refuse_missing(package: Package) -> None:
    """Raise SchemaError if a table of ``TABLES`` is not defined."""
    missing = sorted(TABLES - package.tables.keys())
    if missing:
        findings = [wrong_definition("package", f"the table {name!r} is missing, but sources fill it") for name in missing]
        raise SchemaError("the definitions do not fit the sources", findings)


def refuse_unfit(claims: Iterable[Claim], rows: Mapping[str, Sequence[Row]], package: Package) -> None:
    """Raise SchemaError unless every claim and every column of the ``rows`` of a table without claims has a defined place.

    Such a table must have exactly the columns of its rows, because nothing would fill another.
    """
    claimed = {claim.table for claim in claims}
    columns = {name: list(found[0]) for name, found in rows.items() if found and name not in claimed}
    filled = {(claim.table, claim.field) for claim in claims} | {
        (name, field) for name in columns for field in columns[name]
    }
    there = {(table.name, field) for table in package.tables.values() for field in table.names}
    findings = [
        wrong_definition(name, f"the field {field!r} is missing, but sources fill it") for name, field in filled - there
    ]
    for name, made_columns in columns.items():
        unfilled = [field for field in package.tables[name].names if field not in made_columns]
        findings += [wrong_definition(name, f"no source fills the field {field!r}") for field in unfilled]
    if findings:
        raise SchemaError("the definitions do not fit the sources", findings)
