"""Checks across rows, tables and releases: keys that look alike, claimed numbers of projects, replaced editions, dates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cbrn_data.findings import Finding, shown
from cbrn_data.normalise.text import unescape_formula
from cbrn_data.schema.model import Package, TableDefinition
from cbrn_data.schema.table import Tables
from cbrn_data.tabular.alike import skeleton, unlike
from cbrn_data.tabular.keys import COMPARED

Row = Mapping[str, str | None]


def keys_alike(tables: Tables, package: Package) -> Iterator[Finding]:
    """Find keys of a table that look alike, ignoring letter case; large tables are not checked."""
    for table in package.with_role("data"):
        seen: dict[str, str] = {}
        rows = tables[table.name].first(COMPARED + 1)
        for row in rows if len(rows) <= COMPARED else ():
            row_id = table.row_id(row)
            alike = skeleton(row_id).casefold()
            if seen.setdefault(alike, row_id) != row_id:
                points = unlike(row_id, [seen[alike]]).partition(" and has ")[2]
                message = f"the keys {shown(row_id, 80)!r} and {shown(seen[alike], 80)!r} look alike"
                message += f"; the first has {points}" if points else ""
                yield _finding("key-alike", message, table, row, table.primary_key[0])


def claimed_projects(tables: Tables) -> Iterator[Finding]:
    """Compare the number of projects that a leaflet or a page claims with the number that sources name up to its year."""
    for figure in tables["figures"].rows:
        if figure["measure"] == "projects_total" and figure["value"] is not None:
            there, claimed = named_projects(tables, figure), int(figure["value"])
            if claimed != len(there):
                message = f"{len(there)} projects named here; the {claimant(figure)} claims {claimed}"
                yield _finding("projects-named-differ", message, tables["figures"].definition, figure, "value")


def claimant(figure: Row) -> str:
    """Return the kind of source that claims a figure: a leaflet, or a public page."""
    return "leaflet" if figure["first_edition"] else "page"


def newest_totals(tables: Tables) -> dict[str, Row]:
    """Return for each region, in order, the newest total number of projects that a leaflet or a page claims."""
    totals: dict[str, Row] = {}
    for figure in sorted(tables["figures"].rows, key=lambda row: row["as_of_year"] or ""):
        if figure["measure"] == "projects_total" and figure["value"] is not None and figure["region_id"] is not None:
            totals[figure["region_id"]] = figure
    return dict(sorted(totals.items()))


def named_projects(tables: Tables, figure: Row) -> set[str]:
    """Return the named projects of a figure's region: those in the listing of its year, if it exists.

    Else those that involve the region and are not known to begin after that year.
    """
    region_id, year = figure["region_id"], figure["as_of_year"]
    listed = {
        row["project_id"] or "" for row in listings(tables) if (row["region_id"], row["as_of_year"]) == (region_id, year)
    }
    if listed or "project_listings" not in tables:
        return listed
    later = {row["project_id"] for row in tables["projects"].rows if year and (row["date_start"] or "")[:4] > year}
    return {
        row["project_id"] or ""
        for row in tables["project_regions"].rows
        if row["region_id"] == region_id and row["project_id"] not in later
    }


def listings(tables: Tables) -> list[dict[str, str | None]]:
    """Return the on-going projects that leaflets list; releases before 2.0.0 have them in ``project_regions``."""
    return tables["project_listings"].rows if "project_listings" in tables else tables["project_regions"].rows


def _finding(code: str, message: str, table: TableDefinition, row: Row, field: str) -> Finding:
    value = row[field]
    return Finding(code, message, table=table.name, row=table.row_id(row), field=field, value=value and shown(value, 80))


def quoted(row: Row) -> str:
    """Return the quote of an evidence row as in the source; a malformed quote is returned unchanged."""
    try:
        return unescape_formula(row["quote"] or "")
    except ValueError:
        return row["quote"] or ""


def since(old: Tables, new: Tables) -> Iterator[Finding]:
    """Yield a finding for each leaflet or document whose bytes differ from those published with its id."""
    before = {row["source_id"]: row for row in old["sources"].rows}
    for row in new["sources"].rows:
        was = before.get(row["source_id"])
        if was and row["edition"] and was["sha256"] != row["sha256"]:
            place = (row["path"] or "").replace("sources/", "raw/", 1)
            message = f"edition {row['edition']} was published with sha256 {was['sha256']} and now has {row['sha256']}"
            yield Finding("source-replaced", message, place, table="sources", row=row["source_id"], field="sha256")


def dated(date: str, newest: str, newest_date: str) -> Iterator[Finding]:
    """Yield a finding if a release of ``date`` would follow the release ``newest`` of a later date."""
    if date < newest_date:
        message = f"this release is dated {date} and the one before it, {newest}, {newest_date}"
        yield Finding("date-behind", message, "release.json", field="date")
