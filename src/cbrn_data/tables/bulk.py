"""Build bulk tables: read and validate sources by block, and write files, in bounded memory.

``schema.bulk`` reads the rows. This module writes the good rows into two files of a temporary folder (``TMPDIR``); a bad
row is an error, or goes to quarantine if the sidecar says so.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cbrn_data.findings import Finding
from cbrn_data.normalise.text import escape_formula
from cbrn_data.progress import step
from cbrn_data.schema.bulk import SET_ASIDE, BulkReading, begin, read_records
from cbrn_data.schema.check import known_keys
from cbrn_data.schema.model import Package, TableDefinition
from cbrn_data.schema.parts import Part
from cbrn_data.schema.table import Row, Table, Tables, table_in_file, table_in_parts, table_of_rows
from cbrn_data.schema.written import new_files
from cbrn_data.sources.source import Source
from cbrn_data.store.disk import FileRef
from cbrn_data.tables.parts import write_range

ROW_FAULTS = frozenset({"curated-header", "records-unordered", "findings-unlisted"})
"""Codes of faults that are not in one row, so that no row can be quarantined for them."""


@dataclass(frozen=True)
class BulkTable:
    """The table of a bulk source, its evidence, its findings, and its quarantined rows."""

    table: Table
    evidence: Row
    findings: list[Finding]
    quarantined: list[Row]


Write = Callable[[Source, Package, Tables, Path], BulkTable]
"""Makes the table of a bulk source: ``write_bulk``, or a function that calls it on another machine or uses a cache."""


def bulk_tables(package: Package) -> list[TableDefinition]:
    """Return the tables of bulk sources, whose evidence is by line."""
    return [table for table in package.tables.values() if table.by_line]


def misplaced(sources: list[Source], package: Package) -> Iterator[Finding]:
    """Yield a finding for each bulk source that is not the only one of a bulk table."""
    seen: dict[str, Source] = {}
    for source in (source for source in sources if source.kind == "bulk"):
        name = str(source.metadata["table"])
        names = [table.name for table in bulk_tables(package)]
        if name not in names:
            message = f"is for {name!r}, which is not a table with evidence by line ({', '.join(names) or 'none'})"
            yield Finding("curated-table", message, f"{source.place}.yaml", 1)
        elif name in seen:
            message = f"is a second source of {name} after {seen[name].place}; combine the two files"
            yield Finding("curated-table", message, f"{source.place}.yaml", 1)
        seen.setdefault(name, source)


def write_bulk(source: Source, package: Package, tables: Tables, folder: Path) -> BulkTable:
    """Read a bulk source and write its table into ``folder``; ``tables`` are those it refers to."""
    path = source.path
    assert path
    definition = package.tables[str(source.metadata["table"])]
    reading = BulkReading(definition)

    if definition.name in package.parted:
        known, whole = known_keys(definition, tables), begin(path, reading)
        parts = write_range(path, whole, reading, known, folder).parts if whole else []
        return parted_table(source, reading, parts)
    with new_files(definition, folder) as (writer, files), step(f"Build {definition.name}", total=1) as one:
        for block in read_records(path, reading, known_keys(definition, tables)):
            writer.add(block)
            one.move(reading.done)
    return bulk_table(source, reading, files)


def parted_table(source: Source, reading: BulkReading, parts: Sequence[Part]) -> BulkTable:
    """Return a table whose parts were written, with its evidence and findings."""
    table = table_in_parts(reading.table, parts)
    return BulkTable(table, evidence_row(source, reading), *_set_aside(source, reading))


def bulk_table(source: Source, reading: BulkReading, files: dict[str, FileRef]) -> BulkTable:
    """Return a table whose files were written, with its evidence and findings."""
    table = table_in_file(reading.table, files["csv"].path, files, reading.rows)
    return BulkTable(table, evidence_row(source, reading), *_set_aside(source, reading))


def _set_aside(source: Source, reading: BulkReading) -> tuple[list[Finding], list[Row]]:
    """Return the findings, and the rows for the quarantine: bad rows of a source that quarantines them, if they are few."""
    findings, records = reading.findings(source.place), list[Row]()
    beyond = any(finding.code in ROW_FAULTS for finding in findings) or len(reading.set_aside) > SET_ASIDE
    if source.quarantines and not beyond:  # few rows are bad
        findings, records = quarantined(source, findings, reading.set_aside)
    return findings, records


def judge_bulk(source: Source, package: Package, tables: Tables, folder: Path) -> BulkTable:
    """Read a bulk source only for its findings; the table has no rows. Nothing is written into ``folder``."""
    assert source.path
    definition = package.tables[str(source.metadata["table"])]
    reading = BulkReading(definition)
    for _ in read_records(source.path, reading, known_keys(definition, tables)):
        pass
    return BulkTable(table_of_rows(definition, []), evidence_row(source, reading), *_set_aside(source, reading))


def evidence_row(source: Source, reading: BulkReading) -> Row:
    """Return the one row of evidence: the header names the columns, and ``source_line`` of each row gives its line."""
    return {
        "table_name": reading.table.name,
        "row_id": "*",
        "field": "*",
        "source_id": source.source_id,
        "char_start": str(reading.header_start),
        "char_end": str(reading.header_start + len(reading.header)),
        "line_start": "1",
        "line_end": "1",
        "quote": escape_formula(reading.header),
        "method": "curated",
    }


def quarantined(source: Source, findings: list[Finding], rows: Mapping[int, object]) -> tuple[list[Finding], list[Row]]:
    """Return the findings about bad rows, and a record for each row and code with every reason; ``rows`` are by line."""
    reasons: dict[tuple[int, str], list[str]] = defaultdict(list)
    for finding in findings:
        reasons[finding.line or 0, finding.code].append(finding.message)
    records: list[Row] = [
        {
            "table_name": str(source.metadata["table"]),
            "source_id": source.source_id,
            "line": str(line),
            "code": code,
            "reason": "; ".join(messages),
            "row": json.dumps(rows.get(line), ensure_ascii=False),
        }
        for (line, code), messages in sorted(reasons.items())
    ]
    return [replace(each, code="row-quarantined", message=f"{each.code}: {each.message}") for each in findings], records
