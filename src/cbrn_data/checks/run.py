"""Run all checks on all tables; findings have the place in a source, if it is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from cbrn_data.checks.across import claimed_projects, keys_alike
from cbrn_data.checks.evidence import evidence_holds
from cbrn_data.checks.rows import table_findings
from cbrn_data.findings import Finding
from cbrn_data.progress import BYTES, step, tracked
from cbrn_data.schema.check import KnownKeysOf, check_supported, known_keys
from cbrn_data.schema.model import Package
from cbrn_data.schema.table import Table, Tables
from cbrn_data.sources.document import Document

CHECKS = ("table-schema", "row-rules", "references", "keys-alike", "active-text", "claimed-projects", "evidence")
"""The names of the checks of ``check_tables``, for reports."""

FOUND_AT_MOST = 10_000
"""The most findings about evidence: an untrusted release can have millions of wrong rows."""

_MALFORMED = ("cell-", "csv-", "key-repeated")
"""The prefixes of the codes of rows that the checks across rows cannot read."""

RowFindings = Callable[[Table, KnownKeysOf], Iterable[Finding]]


def check_tables(
    tables: Tables,
    package: Package,
    documents: Mapping[str, Document],
    rows: RowFindings = table_findings,
    evident: set[tuple[Any, ...]] | None = None,
) -> list[Finding]:
    """Return the findings of every check; ``documents`` are the texts of the sources, by id.

    ``evident`` remembers good evidence from release to release, as in ``evidence_holds``.

    ``rows`` checks the rows of each table. If a cell or a key is wrong, references to its table are not checked, because all
    of them would be reported, and the other checks do not run, because they need well-formed tables. Raises SchemaError for
    an unsupported rule in a definition.
    """
    check_supported(*package.tables.values())
    findings: list[Finding] = []
    malformed: set[str] = set()
    for table in tracked("Check tables", tables.values(), len(tables)):
        known = known_keys(table.definition, tables)
        with step(f"Check {table.name}", table.size, BYTES):
            found = list(rows(table, {key: keys for key, keys in known.items() if key.resource not in malformed}))
        findings += found
        if any(finding.code.startswith(_MALFORMED) for finding in found):
            malformed.add(table.name)
    if not malformed:
        findings += keys_alike(tables, package)
        findings += claimed_projects(tables)
        findings += islice(evidence_holds(tables, package, documents, evident), FOUND_AT_MOST)
    places = _places(findings, tables, documents)
    return sorted({_placed(finding, places, documents) for finding in findings})


_Place = tuple[str, int | None]


def _places(
    findings: Iterable[Finding], tables: Tables, documents: Mapping[str, Document]
) -> dict[tuple[str | None, ...], _Place]:
    """Return the first place of evidence for each row with a finding and for its cells; that of a source is its sidecar."""
    found = {(finding.table, finding.row) for finding in findings}
    places: dict[tuple[str | None, ...], _Place] = {
        ("sources", row["source_id"], None): (f"{(row['path'] or '').replace('sources/', 'raw/', 1)}.yaml", None)
        for row in tables["sources"].rows
    }
    for row in tables["evidence"].rows if found else ():
        if (row["table_name"], row["row_id"]) not in found:
            continue
        document, line = documents.get(row["source_id"] or ""), row["line_start"] or ""
        if document and line.isdigit():
            places.setdefault((row["table_name"], row["row_id"], row["field"]), (document.place, int(line)))
            places.setdefault((row["table_name"], row["row_id"], None), (document.place, int(line)))
    return places


def _placed(finding: Finding, places: Mapping[tuple[str | None, ...], _Place], documents: Mapping[str, Document]) -> Finding:
    if finding.source in documents:
        return replace(finding, source=documents[finding.source].place)
    if finding.line:
        return finding
    key = (finding.table, finding.row, finding.field)
    place = places.get(key) or places.get((finding.table, finding.row, None))
    return replace(finding, source=place[0], line=place[1]) if place else finding
