"""A release read back from its folder: its tables from their bytes, its sources' texts, and frictionless's verdict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from cbrn_data.findings import Finding
from cbrn_data.schema.canonical import Row, csv_bytes, json_bytes, read_csv
from cbrn_data.schema.compile import cell_check, explained
from cbrn_data.schema.model import CHANGES, Package, Table
from cbrn_data.schema.nested import nested
from cbrn_data.schema.records import Reading, known_keys, read_records
from cbrn_data.schema.written import Compared, TableWriter
from cbrn_data.sources.document import Document, read_document
from cbrn_data.store import disk
from cbrn_data.store.folder import DESCRIPTOR, NESTED, source_file
from cbrn_data.strict_json import dumped, parse_object
from cbrn_data.tabular.blocks import Block, ahead, read_blocks, read_header
from cbrn_data.words.text import inert

ROWS_LIMIT = 256 << 20
"""The most bytes of a table whose rows are in memory at once: as objects they take ten times as much."""

FRICTIONLESS_ROWS = 100_000
"""Up to so many rows of a table frictionless reads all; of a larger one the first so many, and the report says so."""


@dataclass
class Released:
    """The tables of a release: ``rows`` of those whose evidence is by cell, and of all how many rows and cells there are.

    Tables of records, and what changed, may be of any size: they are judged by block where they are read, and not kept.
    """

    package: Package
    rows: dict[str, list[Row]]
    counts: dict[str, int] = field(default_factory=dict)
    cells: dict[str, int] = field(default_factory=dict)

    @property
    def tables(self) -> list[str]:
        """The tables that are there, in order."""
        return self.package.published(self.counts)


def read_tables(folder: Path, package: Package) -> tuple[Released, list[Finding]]:
    """Read every table back from its bytes; what is not canonical, differs in JSON, or from its source, is a finding."""
    released = Released(package, {name: [] for name in package.tables})
    findings: list[Finding] = []
    for name, table in package.tables.items():
        if table.by_line or (table.role == "record" and not disk.mode(folder / f"{name}.csv")):
            continue
        if name == CHANGES:
            findings += _changes_as_written(folder, table, released)
        else:
            findings += _as_written(folder, table, released)
    if not findings and dumped(nested(released.rows, package)) != disk.read(folder / NESTED):
        findings.append(Finding("release-json-differs", "the rows are not those of the tables", NESTED))
    for table in package.tables.values():
        if table.by_line:
            findings += _records_as_written(folder, table, released)
    return released, findings


def _as_written(folder: Path, table: Table, released: Released) -> Iterator[Finding]:
    name, data = table.name, disk.read(folder / f"{table.name}.csv", ROWS_LIMIT)
    header, rows = read_csv(data)
    released.rows[name] = rows
    released.counts[name] = len(rows)
    if table.role == "data":
        released.cells[name] = sum(value is not None for row in rows for value in row.values())
    if header != table.names or csv_bytes(header, rows) != data:
        yield Finding("release-not-canonical", "the bytes are not those of its rows", f"{name}.csv")
    if header == table.names and json_bytes(table, rows) != disk.read(folder / f"{name}.json"):
        yield Finding("release-json-differs", f"the rows are not those of {name}.csv", f"{name}.json")


def _changes_as_written(folder: Path, table: Table, released: Released) -> Iterator[Finding]:
    """Read what changed by block, hold it against its definition, and write it again to compare."""
    check = cell_check(table)
    with comparison(folder, table) as comparing:
        for block in ahead(_blocks(folder / f"{table.name}.csv", table, comparing.findings)):
            comparing.writer.add(check.add(block).table)
    check.finish(lambda: _blocks(folder / f"{table.name}.csv", table, []))
    released.counts[table.name] = check.rows
    yield from comparing.findings
    for fault in check.tally.listed:
        message = fault.message if fault.code.startswith("csv-") else explained(table, fault)
        yield Finding(fault.code, message, f"{table.name}.csv", fault.line, table.name, None, fault.field or None)


def _blocks(path: Path, table: Table, findings: list[Finding]) -> Iterator[Block]:
    with disk.opened(path) as file:
        header, begun, line = read_header(file)
        if header != table.names:
            findings.append(Finding("release-not-canonical", "the header is not that of the table", path.name, 1))
            return
        yield from read_blocks(file, header, begun, line)


def _records_as_written(folder: Path, table: Table, released: Released) -> Iterator[Finding]:
    """Read the source of a table of records again, from its copy in the release, and hold what it gives against the table.

    So every row is judged again, has the evidence of its line, and stands alike in CSV and JSON.
    """
    made_of = [row for row in released.rows["evidence"] if row["table_name"] == table.name]
    reading = Reading(table)
    with comparison(folder, table) as comparing:
        if made_of:
            source = next(row for row in released.rows["sources"] if row["source_id"] == made_of[0]["source_id"])
            for block in read_records(source_file(folder, source["path"]), reading, known_keys(released.rows, table)):
                comparing.writer.add(block)
    released.counts[table.name], released.cells[table.name] = reading.rows, reading.cells
    for finding in comparing.findings:
        yield replace(finding, code="evidence-unreproduced", message=f"{finding.message}: not what its source gives")
    aside = {row["line"] for row in released.rows["quarantine"] if row["table_name"] == table.name}
    if aside != {str(fault.line) for fault in reading.tally.listed} or reading.tally.unlisted:
        yield from reading.findings((source["path"] or "") if made_of else "")
    if len(made_of) > 1 or any(
        (row["row_id"], row["field"], row["quote"]) != ("*", "*", inert(reading.header)) for row in made_of
    ):
        yield Finding("evidence-span", "the evidence is not the one header of the source", f"{table.name}.csv")


@dataclass
class Comparison:
    """A writer of a table whose files are there already, and what it found once it is closed."""

    writer: TableWriter
    findings: list[Finding] = field(default_factory=list)


@contextmanager
def comparison(folder: Path, table: Table) -> Iterator[Comparison]:
    """Compare what is written with the two files of a table in ``folder``."""
    with disk.opened(folder / f"{table.name}.csv") as csv_file, disk.opened(folder / f"{table.name}.json") as json_file:
        csv, js = Compared(csv_file), Compared(json_file)
        comparing = Comparison(TableWriter(table, csv, js))
        yield comparing
        comparing.writer.close()
        for code, form, sink in (("release-not-canonical", "csv", csv), ("release-json-differs", "json", js)):
            sink.end()
            if sink.differs_at is not None:
                message = f"byte {sink.differs_at + 1:,} is not that of its rows"
                comparing.findings.append(Finding(code, message, f"{table.name}.{form}"))


def read_documents(folder: Path, rows: Mapping[str, list[Row]]) -> dict[str, Document]:
    """Read the texts of the sources again, from the copies in the release; those of records are read by block."""
    documents = {}
    for row in rows["sources"]:
        if row["media_type"] != "application/pdf" and row["kind"] != "records":
            path = row["path"] or ""
            data = disk.read(source_file(folder, path), below=folder)
            document, _ = read_document(path.replace("sources/", "raw/", 1), data, row["kind"] or "")
            if document:
                documents[row["source_id"] or ""] = document
    return documents


def by_frictionless(folder: Path, released: Released, is_foreign: bool = False) -> Iterator[Finding]:
    """Validate the descriptor, hashes, sizes and rows as a consumer would; every table must be described.

    Of a release that is ``is_foreign`` patterns are left to our own check: frictionless runs them in Python's engine, which
    some keep busy for ever.
    """
    import frictionless

    descriptor = parse_object(folder / DESCRIPTOR, disk.read(folder / DESCRIPTOR))
    for resource in descriptor["resources"] if is_foreign else ():
        for entry in resource["schema"]["fields"] if "schema" in resource else ():
            entry.get("constraints", {}).pop("pattern", None)
    try:
        found = frictionless.Package.from_descriptor(descriptor, basepath=str(folder))
    except frictionless.FrictionlessException as refusal:
        for error in refusal.reasons or [refusal.error]:
            yield Finding("frictionless", f"{error.type}: {error.message}", DESCRIPTOR)
        return
    described = sorted(resource.path or "" for resource in found.resources)
    if described != sorted(f"{table}.{form}" for table in released.tables for form in ("csv", "json")):
        yield Finding("frictionless", "the resources are not the tables of the release, each as CSV and JSON", DESCRIPTOR)
    longest = max(released.counts.values())
    report = found.validate(limit_rows=FRICTIONLESS_ROWS if longest > FRICTIONLESS_ROWS else None)
    for error in report.errors:
        yield Finding("frictionless", f"{error.type}: {error.message}", DESCRIPTOR)
    for task in report.tasks:
        for error in task.errors:
            yield Finding("frictionless", f"{error.type}: {error.message}", task.place, getattr(error, "row_number", None))
