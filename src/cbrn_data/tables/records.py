"""Sources of records to their tables: read by block, judged, and written where there is room, never held in memory.

What a good row gives is for ``schema.records`` to say. Here a source finds its table, its rows go into two files of a
temporary folder (``TMPDIR``), and what is wrong with a row blocks or sets it aside, as the sidecar says.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from cbrn_data.findings import Finding
from cbrn_data.schema.model import Package, Table
from cbrn_data.schema.records import SET_ASIDE, Reading, known_keys, read_records
from cbrn_data.schema.written import new_files
from cbrn_data.sources.source import Source
from cbrn_data.store.disk import Large
from cbrn_data.tables.resolve import Row
from cbrn_data.words.text import inert

ROW_FAULTS = frozenset({"curated-header", "records-unordered", "findings-unlisted"})
"""Codes of faults that are not of one row, so that no row can be set aside for them."""


@dataclass(frozen=True)
class Records:
    """A table of records: its files, what was counted, its evidence, what is wrong, and the rows that were set aside."""

    table: Table
    csv: Large
    json: Large
    rows: int
    cells: int
    evidence: Row
    findings: list[Finding]
    quarantined: list[Row]


Write = Callable[[Source, Package, Mapping[str, list[Row]], Path], Records]
"""What makes the table of a source of records: ``write_records``, or what calls it here, elsewhere or only if need be."""

Tell = Callable[[str, float], None]
"""Takes the name of a table and how much of its source was read, from 0 to 1."""


def silent(name: str, share: float) -> None:
    """Tell nobody."""


def misplaced(sources: list[Source], package: Package) -> Iterator[Finding]:
    """Yield a finding for each source of records without a table of its own."""
    seen: dict[str, Source] = {}
    for source in (source for source in sources if source.kind == "records"):
        name = str(source.about["table"])
        if name not in package.tables or not package.tables[name].by_line:
            names = ", ".join(table.name for table in package.tables.values() if table.by_line) or "no table"
            message = f"is of {name!r}, which is no table with evidence by line (there is {names})"
            yield Finding("curated-table", message, f"{source.place}.yaml", 1)
        elif name in seen:
            message = f"is a second source of {name}, which {seen[name].place} is already; put them together"
            yield Finding("curated-table", message, f"{source.place}.yaml", 1)
        seen.setdefault(name, source)


def write_records(
    source: Source, package: Package, rows: Mapping[str, list[Row]], folder: Path, tell: Tell = silent
) -> Records:
    """Read a source of records and write its table into ``folder``; ``rows`` are those of the tables it refers to."""
    assert source.path
    table = package.tables[str(source.about["table"])]
    reading = Reading(table)
    with new_files(table, folder) as (writer, csv, js):
        for block in read_records(source.path, reading, known_keys(rows, table)):
            writer.add(block)
            tell(table.name, reading.done)
    return records_of(source, reading, Large(*csv.whole), Large(*js.whole))


def records_of(source: Source, reading: Reading, csv: Large, js: Large) -> Records:
    """Return a table whose files were written, with what was seen of its source."""
    findings, quarantined = _set_aside(source, reading)
    return Records(
        table=reading.table,
        csv=csv,
        json=js,
        rows=reading.rows,
        cells=reading.cells,
        evidence=evidence_row(source, reading),
        findings=findings,
        quarantined=quarantined,
    )


def evidence_row(source: Source, reading: Reading) -> Row:
    """Return the one row of evidence: the header names the columns, and ``source_line`` of each row its line."""
    return {
        "table_name": reading.table.name,
        "row_id": "*",
        "field": "*",
        "source_id": source.source_id,
        "char_start": str(reading.header_start),
        "char_end": str(reading.header_start + len(reading.header)),
        "line_start": "1",
        "line_end": "1",
        "page": None,
        "quote": inert(reading.header),
        "method": "curated",
        "url": None,
        "read_on": None,
        "certainty": None,
        "archived_url": None,
    }


def _set_aside(source: Source, reading: Reading) -> tuple[list[Finding], list[Row]]:
    """Return the findings and, where bad rows are to be set aside and are few, these rows with their reasons."""
    findings = reading.findings(source.place)
    of_rows = [finding for finding in findings if finding.code not in ROW_FAULTS]
    if not source.quarantines or len(of_rows) < len(findings) or len(reading.set_aside) > SET_ASIDE:
        return findings, []
    records: list[Row] = []
    for line, code in sorted({(finding.line or 0, finding.code) for finding in of_rows}):
        reasons = [finding.message for finding in of_rows if (finding.line, finding.code) == (line, code)]
        records.append({
            "table_name": reading.table.name,
            "source_id": source.source_id,
            "line": str(line),
            "code": code,
            "reason": "; ".join(reasons),
            "row": json.dumps(reading.set_aside.get(line), ensure_ascii=False),
        })  # fmt: skip
    told = [replace(finding, code="row-quarantined", message=f"{finding.code}: {finding.message}") for finding in of_rows]
    return told, records
