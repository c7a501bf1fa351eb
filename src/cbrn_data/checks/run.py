"""All checks on all tables, in one order, with the place in a source wherever one is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from cbrn_data.checks.across import Rows, active_text, claimed_projects, keys_alike, references
from cbrn_data.checks.evidence import evidence_holds
from cbrn_data.errors import SchemaError
from cbrn_data.findings import Finding, shown
from cbrn_data.schema.compile import cell_faults, compile_table, explained, refusals, text_table
from cbrn_data.schema.model import Package, Table
from cbrn_data.schema.rules import RULES
from cbrn_data.sources.document import Document

CHECKS = ("table-schema", "row-rules", "references", "keys-alike", "active-text", "claimed-projects", "evidence")
"""What ``check_tables`` checks, by name, for reports."""


def check_tables(rows: Rows, package: Package, documents: Mapping[str, Document]) -> list[Finding]:
    """Return the findings of every check; ``documents`` are the texts of the sources, by id.

    Where a cell breaks its own column's rules only that is said: the other checks take well-formed tables for granted.
    Raises SchemaError for a definition that asks for a rule which nothing checks.
    """
    refused = [finding for table in package.tables.values() for finding in refusals(table)]
    if refused:
        raise SchemaError("a definition asks for what is not checked", refused)
    findings = [finding for table in package.tables.values() for finding in schema_findings(table, rows[table.name])]
    if not findings:
        findings += _row_findings(rows, package)
        findings += references(rows, package)
        findings += keys_alike(rows, package)
        findings += active_text(rows, package)
        findings += claimed_projects(rows, package)
        findings += evidence_holds(rows, package, documents)
    places = _places(rows, documents)
    return sorted({_placed(finding, places, documents) for finding in findings})


def schema_findings(table: Table, rows: list[dict[str, str | None]]) -> Iterator[Finding]:
    """Yield what pandera finds: cells and keys that break the table's definition."""
    for fault in cell_faults(compile_table(table), text_table(table.names, rows)):
        row_id = table.row_id(rows[fault.row - 1])
        value = fault.value and shown(fault.value, 80)
        yield Finding(fault.code, explained(table, fault), "", None, table.name, row_id, fault.field or None, value)


def _row_findings(rows: Rows, package: Package) -> Iterator[Finding]:
    for table in package.tables.values():
        for check in table.checks:
            for row in rows[table.name]:
                if wrong := RULES[check.name](row, check.fields):
                    field = check.fields[0]
                    yield Finding(f"row-{check.name}", wrong, "", None, table.name, table.row_id(row), field, row[field])


def _places(rows: Rows, documents: Mapping[str, Document]) -> dict[tuple[str | None, ...], tuple[str, int | None]]:
    """Return the first place of the words for each cell and for each row; what is said of a source is in its sidecar."""
    places: dict[tuple[str | None, ...], tuple[str, int | None]] = {
        ("sources", row["source_id"], None): (f"{(row['path'] or '').replace('sources/', 'raw/', 1)}.yaml", None)
        for row in rows["sources"]
    }
    for row in rows["evidence"]:
        document, line = documents.get(row["source_id"] or ""), row["line_start"] or ""
        if document and line.isdigit():
            places.setdefault((row["table_name"], row["row_id"], row["field"]), (document.place, int(line)))
            places.setdefault((row["table_name"], row["row_id"], None), (document.place, int(line)))
    return places


def _placed(
    finding: Finding, places: dict[tuple[str | None, ...], tuple[str, int | None]], documents: Mapping[str, Document]
) -> Finding:
    if finding.source in documents:
        return replace(finding, source=documents[finding.source].place)
    if finding.line:
        return finding
    key = (finding.table, finding.row, finding.field)
    place = places.get(key) or places.get((finding.table, finding.row, None))
    return replace(finding, source=place[0], line=place[1]) if place else finding
