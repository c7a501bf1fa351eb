"""Rules across rows and tables: references, keys that look alike, text that a spreadsheet would run, claims and lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cbrn_data.findings import Finding, shown
from cbrn_data.schema.model import Package, Table
from cbrn_data.tabular.alike import skeleton, unlike
from cbrn_data.tabular.faults import lost
from cbrn_data.words.text import is_active, live

Row = Mapping[str, str | None]
Rows = Mapping[str, list[dict[str, str | None]]]


def references(rows: Rows, package: Package) -> Iterator[Finding]:
    """Every foreign key names a row that is there."""
    for table in package.tables.values():
        for key in table.foreign_keys:
            there = {tuple(row[name] for name in key.references) for row in rows[key.resource]}
            for row in rows[table.name]:
                values = tuple(row[name] for name in key.fields)
                if None not in values and values not in there:
                    message = lost(key, [value or "" for value in values])
                    yield _finding("reference-missing", message, table, row, key.fields[0])


def keys_alike(rows: Rows, package: Package) -> Iterator[Finding]:
    """No two keys of a table look alike, whatever the case of their letters."""
    for table in package.with_role("data"):
        seen: dict[str, str] = {}
        for row in rows[table.name]:
            row_id = table.row_id(row)
            alike = skeleton(row_id).casefold()
            if seen.setdefault(alike, row_id) != row_id:
                points = unlike(row_id, [seen[alike]]).partition(" and has ")[2]
                message = f"the keys {shown(row_id, 80)!r} and {shown(seen[alike], 80)!r} look alike"
                message += f"; the first has {points}" if points else ""
                yield _finding("key-alike", message, table, row, table.primary_key[0])


def active_text(rows: Rows, package: Package) -> Iterator[Finding]:
    """No text cell is one that a spreadsheet would run; columns that keep words verbatim hold such text as JSON."""
    for table in package.tables.values():
        texts = [field.name for field in table.fields if field.type == "string"]
        for row in rows[table.name]:
            for name in texts:
                if is_active(row[name] or ""):
                    message = f"{name} begins like a formula: {shown(row[name] or '', 80)!r}"
                    yield _finding("text-active", message, table, row, name)


def claimed_projects(rows: Rows, package: Package) -> Iterator[Finding]:
    """Hold how many projects a leaflet or a page claims against how many sources name up to its year; say the difference."""
    for figure in rows["figures"]:
        if figure["measure"] == "projects_total" and figure["value"] is not None:
            there, claimed = named_projects(rows, figure), int(figure["value"])
            if claimed != len(there):
                message = f"{len(there)} projects named here; the {claimant(figure)} claims {claimed}"
                yield _finding("projects-named-differ", message, package.tables["figures"], figure, "value")


def claimant(figure: Row) -> str:
    """Return what claims a figure: a leaflet, or a public page."""
    return "leaflet" if figure["first_edition"] else "page"


def newest_totals(rows: Rows) -> dict[str, Row]:
    """Return for each region, in their order, the newest figure of all its projects that a leaflet or a page claims."""
    totals: dict[str, Row] = {}
    for figure in sorted(rows["figures"], key=lambda row: row["as_of_year"] or ""):
        if figure["measure"] == "projects_total" and figure["value"] is not None and figure["region_id"] is not None:
            totals[figure["region_id"]] = figure
    return dict(sorted(totals.items()))


def named_projects(rows: Rows, figure: Row) -> set[str]:
    """Return the projects that are named of a figure's region: those of the listing of its year, where there is one.

    Else those that involved it and are not known to have begun after that year.
    """
    region_id, year = figure["region_id"], figure["as_of_year"]
    listed = {
        row["project_id"] or "" for row in listings(rows) if (row["region_id"], row["as_of_year"]) == (region_id, year)
    }
    if listed or "project_listings" not in rows:
        return listed
    later = {row["project_id"] for row in rows["projects"] if year and (row["date_start"] or "")[:4] > year}
    return {
        row["project_id"] or ""
        for row in rows["project_regions"]
        if row["region_id"] == region_id and row["project_id"] not in later
    }


def listings(rows: Rows) -> list[dict[str, str | None]]:
    """Return which leaflet lists which project as on-going; releases before 2.0.0 have that as ``project_regions``."""
    return rows["project_listings"] if "project_listings" in rows else rows["project_regions"]


def _finding(code: str, message: str, table: Table, row: Row, field: str) -> Finding:
    value = row[field]
    return Finding(code, message, table=table.name, row=table.row_id(row), field=field, value=value and shown(value, 80))


def quoted(row: Row) -> str:
    """Return the words of an evidence row as they stand in the source; a broken quote is returned as it is."""
    try:
        return live(row["quote"] or "")
    except ValueError:
        return row["quote"] or ""
