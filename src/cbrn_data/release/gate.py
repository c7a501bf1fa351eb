"""The gate: a staged release is read back from its folder and judged, by our checks, by pandera and by frictionless.

Why two validators: pandera runs the rules that we compiled from the definitions, frictionless reads the published
descriptor as any consumer will. A fault in our compiler, in the descriptor or in the writing of bytes shows as a
disagreement. The report says what was checked, with what, and every finding the release is published with; it holds
neither times nor paths, so that the same bytes give the same report.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from cbrn_data.checks.coverage import covered
from cbrn_data.checks.profile import by_profile
from cbrn_data.checks.released import FRICTIONLESS_ROWS, Released, by_frictionless, read_documents, read_tables
from cbrn_data.checks.run import CHECKS, check_tables
from cbrn_data.errors import GateError
from cbrn_data.findings import Finding, blocking
from cbrn_data.schema.model import read_package
from cbrn_data.store import disk
from cbrn_data.store.folder import DESCRIPTOR


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
    released, findings = read_tables(folder, package)
    findings += check_tables(released.rows, package, read_documents(folder, released.rows))
    findings += by_profile(json.loads(disk.read(folder / DESCRIPTOR)))
    findings += by_frictionless(folder, released)
    findings = sorted({*known, *findings})
    if blocking(findings):
        raise GateError("the release does not pass its checks", blocking(findings))
    return Judged(findings, _report(folder, released, findings))


def _report(folder: Path, released: Released, findings: list[Finding]) -> dict[str, Any]:
    tables = released.tables
    sampled = [name for name in tables if released.counts[name] > FRICTIONLESS_ROWS]
    return {
        "valid": True,
        "checked": {
            name: disk.digest(folder / name)
            for name in sorted([DESCRIPTOR, *(f"{table}.{form}" for table in tables for form in ("csv", "json"))])
        },
        "checks": [
            *({"check": name, "by": "cbrn_data", "result": "passed"} for name in CHECKS),
            {"check": "json-equals-csv", "by": "cbrn_data", "result": "passed"},
            {"check": "table-schema", "by": f"pandera {installed('pandera')}", "result": "passed"},
            {"check": "data-package-profile", "by": f"jsonschema {installed('jsonschema')}", "result": "passed"},
            {
                "check": "data-package",
                "by": f"frictionless {installed('frictionless')}",
                "result": "passed",
                "first_rows_only": dict.fromkeys(sampled, FRICTIONLESS_ROWS),
            },
        ],
        **covered(released),
        "findings": {
            "counts": dict(sorted(Counter(finding.code for finding in findings).items())),
            "listed": [finding.as_dict() for finding in findings],
        },
    }
