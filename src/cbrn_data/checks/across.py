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
    """Hold how many projects a leaflet claims against how many sources name up to its year, and say the difference."""
    for figure in rows["figures"]:
        if figure["measure"] == "projects_total" and figure["value"] is not None:
            there = {
                row["project_id"]
                for row in rows["project_regions"]
                if (row["region_id"], row["as_of_year"]) == (figure["region_id"], figure["as_of_year"])
            }
            claimed = int(figure["value"])
            if claimed != len(there):
                message = f"{len(there)} projects named here; the leaflet claims {claimed}"
                yield _finding("projects-named-differ", message, package.tables["figures"], figure, "value")


def _finding(code: str, message: str, table: Table, row: Row, field: str) -> Finding:
    value = row[field]
    return Finding(code, message, table=table.name, row=table.row_id(row), field=field, value=value and shown(value, 80))


def quoted(row: Row) -> str:
    """Return the words of an evidence row as they stand in the source; a broken quote is returned as it is."""
    try:
        return live(row["quote"] or "")
    except ValueError:
        return row["quote"] or ""
