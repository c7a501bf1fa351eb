"""Check a release in its folder: its tables from their bytes, the texts of sources, and other validators' verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from cbrn_data.checks.complete import Arrival
from cbrn_data.checks.evidence import of_evidence, rows_by_evidence
from cbrn_data.checks.once import judge_fields_once
from cbrn_data.checks.run import check_tables
from cbrn_data.errors import ReleaseError
from cbrn_data.findings import Finding, errors_of, shown
from cbrn_data.progress import step
from cbrn_data.schema.check import KnownKeysOf
from cbrn_data.schema.model import Package, TableDefinition
from cbrn_data.schema.nested import nested
from cbrn_data.schema.table import Table, Tables, cell_count, released_tables
from cbrn_data.schema.written import ComparingWriter, TableWriter
from cbrn_data.sources.document import Document, read_document
from cbrn_data.sources.sidecar import SIDECAR_LIMIT
from cbrn_data.store import disk
from cbrn_data.store.folder import DESCRIPTOR, NESTED, source_file
from cbrn_data.strict_json import dumped, parse_object
from cbrn_data.strict_yaml import load_yaml
from cbrn_data.tabular.profile import profile_errors

FRICTIONLESS_ROWS = 100_000
"""The most rows of a table that frictionless validates; the report names larger tables."""


@dataclass
class Released:
    """The tables of a release, with their numbers of rows and of cells with data."""

    package: Package
    tables: dict[str, Table]
    counts: dict[str, int] = field(default_factory=dict)
    cells: dict[str, int] = field(default_factory=dict)

    @property
    def published(self) -> list[str]:
        """The published tables, in order."""
        return self.package.published(self.counts)


def check_release(folder: Path, package: Package) -> tuple[Released, list[Finding]]:
    """Read every table from its bytes, once, and check it.

    Non-canonical bytes, and differences from JSON or from the source, are findings.
    """
    released = Released(package, released_tables(folder, package))

    def rows(table: Table, known: KnownKeysOf) -> Iterator[Finding]:
        yield from _as_written(folder, table, known, released)

    findings = check_tables(released.tables, package, read_documents(folder, released.tables), rows)
    if not errors_of(findings) and dumped(nested(released.tables, package)) != disk.read(folder / NESTED):
        findings.append(Finding("release-json-differs", "the rows differ from the tables", NESTED))
    return released, findings


def _as_written(folder: Path, table: Table, known: KnownKeysOf, released: Released) -> Iterator[Finding]:
    """Check the rows of a table, write them again, and compare the bytes with the files of the release."""
    definition, name = table.definition, table.name
    released.counts[name] = 0
    if definition.role == "log" and not disk.mode(folder / f"{name}.csv"):
        return
    released.cells |= {name: 0} if definition.role == "data" else {}
    with comparison(folder, definition) as (writer, differences):

        def write(block: pa.Table) -> None:
            writer.add(block)
            released.counts[name] += block.num_rows
            if definition.role == "data":
                released.cells[name] += cell_count(block)

        yield from rows_by_evidence(folder, table, released.tables, known, write)
    yield from (of_evidence(table, difference) for difference in differences)


@contextmanager
def comparison(folder: Path, table: TableDefinition) -> Iterator[tuple[TableWriter, list[Finding]]]:
    """Yield a writer that compares with the two files of a table in ``folder``, and findings, complete after the block."""
    with disk.opened(folder / f"{table.name}.csv") as csv_file, disk.opened(folder / f"{table.name}.json") as json_file:
        csv, js = ComparingWriter(csv_file), ComparingWriter(json_file)
        writer, findings = TableWriter(table, csv, js), list[Finding]()
        yield writer, findings
        writer.close()
        for code, form, sink in (("release-not-canonical", "csv", csv), ("release-json-differs", "json", js)):
            sink.end()
            if sink.differs_at is not None:
                message = f"byte {sink.differs_at + 1:,} differs from the rows"
                findings.append(Finding(code, message, f"{table.name}.{form}"))


def read_documents(folder: Path, tables: Tables) -> dict[str, Document]:
    """Return the texts of the sources, from the copies in the release, except bulk sources.

    One that cannot be read is left out: all its quotes are findings then, and ``verify`` reports its file.
    """
    documents = {}
    for row in tables["sources"].rows:
        if row["media_type"] != "application/pdf" and row["kind"] not in ("bulk", "records"):
            path = row["path"] or ""
            with suppress(ReleaseError):
                data = disk.read(source_file(folder, path), below=folder)
                document, _ = read_document(path.replace("sources/", "raw/", 1), data, row["kind"] or "")
                if document:
                    documents[row["source_id"] or ""] = document
    return documents


def arrival(folder: Path, released: Released) -> Arrival:
    """Return what shows whether every source arrived, with the sidecars in the release. Raises ReleaseError, YamlError."""
    tables, sidecars = released.tables, {}
    for row in tables["sources"].rows:
        data = disk.read(source_file(folder, f"{row['path']}.yaml"), SIDECAR_LIMIT, folder)
        sidecars[row["source_id"] or ""] = load_yaml(data.decode())
    return Arrival(tables, released.package, read_documents(folder, tables), sidecars)


Verdict = tuple[bool, list[str] | None, list[Finding]]
"""What frictionless says of a release: whether of first rows only, the paths that it describes (None: none), findings."""


def frictionless_verdict(folder: Path, first_rows: bool) -> Verdict:
    """Validate descriptor, hashes, sizes and rows like a consumer, of each table all or the ``FRICTIONLESS_ROWS`` first.

    This is for releases of our own definitions: frictionless runs patterns in Python's engine, which can take exponential
    time.
    """
    import frictionless

    judge_fields_once()
    descriptor = parse_object(folder / DESCRIPTOR, disk.read(folder / DESCRIPTOR))
    try:
        found = frictionless.Package.from_descriptor(descriptor, basepath=str(folder))
    except frictionless.FrictionlessException as refusal:
        errors = refusal.reasons or [refusal.error]
        return first_rows, None, [Finding("frictionless", f"{one.type}: {one.message}", DESCRIPTOR) for one in errors]
    with step("Validate with frictionless"):
        report = found.validate(limit_rows=FRICTIONLESS_ROWS if first_rows else None)
    findings = [Finding("frictionless", f"{error.type}: {error.message}", DESCRIPTOR) for error in report.errors]
    for task in report.tasks:
        for error in task.errors:
            row = getattr(error, "row_number", None)
            findings.append(Finding("frictionless", f"{error.type}: {error.message}", task.place, row))
    return first_rows, sorted(resource.path or "" for resource in found.resources), findings


def by_frictionless(folder: Path, released: Released, known: Verdict | None = None) -> list[Finding]:
    """Return the findings of frictionless; every table must be described. ``known`` is its verdict, if that is known."""
    first_rows = max(released.counts.values()) > FRICTIONLESS_ROWS
    verdict = known if known and known[0] == first_rows else frictionless_verdict(folder, first_rows)
    _, described, findings = verdict
    if described is not None and described != sorted(
        f"{table}.{form}" for table in released.published for form in ("csv", "json")
    ):
        message = "the resources are not the tables of the release, each as CSV and JSON"
        return [Finding("frictionless", message, DESCRIPTOR)]
    return findings


def by_profile(descriptor: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield a finding for each place where a descriptor violates the official profile, which frictionless does not use."""
    for _, message in profile_errors(descriptor, "2.0"):
        yield Finding("data-package-profile", shown(message, 200), DESCRIPTOR)


def covered(released: Released) -> dict[str, Any]:
    """Return the numbers for ``report.json``; a row that is quarantined for two reasons counts once."""
    methods = Counter(row["method"] or "" for row in released.tables["evidence"].rows)
    return {
        "tables": {name: {"rows": released.counts[name]} for name in released.published},
        "quarantined": len({(row["source_id"], row["line"]) for row in released.tables["quarantine"].rows}),
        "coverage": {"cells": sum(released.cells.values()), "evidence": dict(sorted(methods.items()))},
    }
