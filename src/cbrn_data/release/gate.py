"""The gate: a staged release is read back from its folder and judged, by our checks, by pandera and by frictionless.

Why two validators: pandera runs the rules that we compiled from the definitions, frictionless reads the published
descriptor as any consumer will. A fault in our compiler, in the descriptor or in the writing of bytes shows as a
disagreement. The report says what was checked, with what, and every finding the release is published with; it holds
neither times nor paths, so that the same bytes give the same report.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from cbrn_data.checks.run import CHECKS, check_tables
from cbrn_data.errors import GateError
from cbrn_data.findings import Finding, blocking
from cbrn_data.release import disk
from cbrn_data.release.canonical import Row, csv_bytes, dumped, json_bytes, read_csv
from cbrn_data.release.content import NESTED, nested, published_tables
from cbrn_data.release.descriptor import DESCRIPTOR
from cbrn_data.schema.model import Package, read_package
from cbrn_data.sources.document import Document, read_document
from cbrn_data.sources.source import digest

FRICTIONLESS_ROWS = 100_000
"""Up to so many rows of a table frictionless reads all; of a larger one the first so many, and the report says so."""


@dataclass(frozen=True)
class Judged:
    """What the gate found in a staged folder; ``report`` is for ``report.json``."""

    findings: list[Finding]
    report: dict[str, Any]


def judge(folder: Path, known: list[Finding]) -> Judged:
    """Judge a staged release; ``known`` are the findings of the reading of its sources.

    Raises GateError with the findings that block.
    """
    package = read_package(folder / "schemas")
    rows, findings = _read_tables(folder, package)
    documents = _documents(folder, rows)
    findings += check_tables(rows, package, documents)
    if not blocking(findings) and dumped(nested(rows, package)) != disk.read(folder / NESTED):
        findings.append(Finding("release-json-differs", "the rows are not those of the tables", NESTED))
    findings += _frictionless(folder, published_tables(package, rows), max(map(len, rows.values())))
    findings = sorted({*known, *findings})
    if blocking(findings):
        raise GateError("the release does not pass its checks", blocking(findings))
    return Judged(findings, _report(folder, package, rows, findings))


def _read_tables(folder: Path, package: Package) -> tuple[dict[str, list[Row]], list[Finding]]:
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
    return rows, findings


def _documents(folder: Path, rows: Mapping[str, list[Row]]) -> dict[str, Document]:
    """Read the texts of the sources again, from the copies in the release."""
    documents = {}
    for row in rows["sources"]:
        if row["media_type"] != "application/pdf":
            path = row["path"] or ""
            document, _ = read_document(path.replace("sources/", "raw/", 1), disk.read(folder / path))
            if document:
                documents[row["source_id"] or ""] = document
    return documents


def _frictionless(folder: Path, tables: list[str], longest: int) -> Iterator[Finding]:
    """Validate the descriptor, hashes, sizes and rows as a consumer would; every table must be described."""
    import frictionless

    descriptor = json.loads(disk.read(folder / DESCRIPTOR))
    try:
        package = frictionless.Package.from_descriptor(descriptor, basepath=str(folder))
    except frictionless.FrictionlessException as refusal:
        for error in refusal.reasons or [refusal.error]:
            yield Finding("frictionless", f"{error.type}: {error.message}", DESCRIPTOR)
        return
    described = sorted(resource.path or "" for resource in package.resources)
    if described != sorted(f"{table}.{form}" for table in tables for form in ("csv", "json")):
        yield Finding("frictionless", "the resources are not the tables of the release, each as CSV and JSON", DESCRIPTOR)
    report = package.validate(limit_rows=FRICTIONLESS_ROWS if longest > FRICTIONLESS_ROWS else None)
    for error in report.errors:
        yield Finding("frictionless", f"{error.type}: {error.message}", DESCRIPTOR)
    for task in report.tasks:
        for error in task.errors:
            yield Finding("frictionless", f"{error.type}: {error.message}", task.place, getattr(error, "row_number", None))


def _report(folder: Path, package: Package, rows: Mapping[str, list[Row]], findings: list[Finding]) -> dict[str, Any]:
    tables = published_tables(package, rows)
    sampled = [name for name in tables if len(rows[name]) > FRICTIONLESS_ROWS]
    evidence = Counter(row["method"] for row in rows["evidence"])
    data = package.with_role("data")
    cells = sum(value is not None for table in data for row in rows[table.name] for value in row.values())
    return {
        "valid": True,
        "checked": {
            name: digest(disk.read(folder / name))
            for name in sorted([DESCRIPTOR, *(f"{table}.{form}" for table in tables for form in ("csv", "json"))])
        },
        "checks": [
            *({"check": name, "by": "cbrn_data", "result": "passed"} for name in CHECKS),
            {"check": "json-equals-csv", "by": "cbrn_data", "result": "passed"},
            {"check": "table-schema", "by": f"pandera {installed('pandera')}", "result": "passed"},
            {
                "check": "data-package",
                "by": f"frictionless {installed('frictionless')}",
                "result": "passed",
                "first_rows_only": dict.fromkeys(sampled, FRICTIONLESS_ROWS),
            },
        ],
        "tables": {name: {"rows": len(rows[name])} for name in tables},
        "quarantined": len(rows["quarantine"]),
        "coverage": {"cells": cells, "evidence": dict(sorted((key or "", number) for key, number in evidence.items()))},
        "findings": {
            "counts": dict(sorted(Counter(finding.code for finding in findings).items())),
            "listed": [finding.as_dict() for finding in findings],
        },
    }
