"""A release read back from its folder: its tables from their bytes, its sources' texts, and frictionless's verdict."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from cbrn_data.findings import Finding
from cbrn_data.schema.canonical import Row, csv_bytes, json_bytes, read_csv
from cbrn_data.schema.model import Package
from cbrn_data.schema.nested import nested
from cbrn_data.sources.document import Document, read_document
from cbrn_data.store import disk
from cbrn_data.store.folder import DESCRIPTOR, NESTED
from cbrn_data.strict_json import dumped

FRICTIONLESS_ROWS = 100_000
"""Up to so many rows of a table frictionless reads all; of a larger one the first so many, and the report says so."""


def read_tables(folder: Path, package: Package) -> tuple[dict[str, list[Row]], list[Finding]]:
    """Read every table back from its bytes; what is not canonical, or differs in JSON, is a finding."""
    rows: dict[str, list[Row]] = {name: [] for name in package.tables}
    findings = []
    for name, table in package.tables.items():
        if table.role == "record" and not (folder / f"{name}.csv").exists():
            continue
        data = disk.read(folder / f"{name}.csv")
        header, rows[name] = read_csv(data)
        if header != table.names or csv_bytes(header, rows[name]) != data:
            findings.append(Finding("release-not-canonical", "the bytes are not those of its rows", f"{name}.csv"))
        if header == table.names and json_bytes(table, rows[name]) != disk.read(folder / f"{name}.json"):
            findings.append(Finding("release-json-differs", f"the rows are not those of {name}.csv", f"{name}.json"))
    if not findings and dumped(nested(rows, package)) != disk.read(folder / NESTED):
        findings.append(Finding("release-json-differs", "the rows are not those of the tables", NESTED))
    return rows, findings


def read_documents(folder: Path, rows: Mapping[str, list[Row]]) -> dict[str, Document]:
    """Read the texts of the sources again, from the copies in the release."""
    documents = {}
    for row in rows["sources"]:
        if row["media_type"] != "application/pdf":
            path = row["path"] or ""
            document, _ = read_document(path.replace("sources/", "raw/", 1), disk.read(folder / path))
            if document:
                documents[row["source_id"] or ""] = document
    return documents


def by_frictionless(folder: Path, package: Package, rows: Mapping[str, list[Row]]) -> Iterator[Finding]:
    """Validate the descriptor, hashes, sizes and rows as a consumer would; every table must be described."""
    import frictionless

    descriptor = json.loads(disk.read(folder / DESCRIPTOR))
    try:
        found = frictionless.Package.from_descriptor(descriptor, basepath=str(folder))
    except frictionless.FrictionlessException as refusal:
        for error in refusal.reasons or [refusal.error]:
            yield Finding("frictionless", f"{error.type}: {error.message}", DESCRIPTOR)
        return
    described = sorted(resource.path or "" for resource in found.resources)
    if described != sorted(f"{table}.{form}" for table in package.published(rows) for form in ("csv", "json")):
        yield Finding("frictionless", "the resources are not the tables of the release, each as CSV and JSON", DESCRIPTOR)
    longest = max(map(len, rows.values()))
    report = found.validate(limit_rows=FRICTIONLESS_ROWS if longest > FRICTIONLESS_ROWS else None)
    for error in report.errors:
        yield Finding("frictionless", f"{error.type}: {error.message}", DESCRIPTOR)
    for task in report.tasks:
        for error in task.errors:
            yield Finding("frictionless", f"{error.type}: {error.message}", task.place, getattr(error, "row_number", None))
