"""The gate: read a staged release from its folder, and check it with our checks, pandera and frictionless.

Why two validators: pandera runs the rules that we compile from the definitions, frictionless reads the published descriptor
like a consumer. An error in our compiler, in the descriptor or in the writers shows as a disagreement. The report has the
checks, their tools, and every finding of the release. It has no times or paths, so that the same bytes give the same report.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from cbrn_data import beside, spread
from cbrn_data.checks.complete import Reasons, reasoned
from cbrn_data.checks.left_out import COMPLETE, LEFT_OUT, LeftOut, as_report, unexplained
from cbrn_data.checks.released import (
    Released,
    arrival,
    by_frictionless,
    check_release,
    covered,
    verdict_of_worker,
)
from cbrn_data.checks.run import CHECKS
from cbrn_data.checks.second import FRICTIONLESS_ROWS, by_profile, frictionless_verdict
from cbrn_data.errors import GateError
from cbrn_data.findings import Finding, errors_of
from cbrn_data.release.code import is_of_this_code
from cbrn_data.schema.model import read_package
from cbrn_data.store import disk
from cbrn_data.store.folder import DESCRIPTOR, Release, is_part


@dataclass(frozen=True)
class Verdict:
    """The result of the gate for a staged folder; ``report`` is the content of ``report.json``."""

    findings: list[Finding]
    report: dict[str, Any]


def judge(
    folder: Path, known: list[Finding], reasons: Reasons | None = None, before: Release | None = None, longest: int = 0
) -> Verdict:
    """Check a staged release; ``known`` are the findings from reading its sources, ``reasons`` those of lines left out.

    Parts of tables that the release ``before`` has too are not checked again if this code checked them then; frictionless
    skips tables that are the same there. A second process, or a worker of a cluster, runs frictionless in parallel, and
    assumes that the ``longest`` table has its planned number of rows.

    Raises GateError with the errors.
    """
    package = read_package(folder / "schemas")
    is_in_parts = any(is_part(name) for name, _ in disk.walk(folder))
    judged, early = before.folder if before and is_of_this_code(before.info) else None, None
    if beside.is_open() and not is_in_parts:
        early = beside.begin(frictionless_verdict, folder, (longest > FRICTIONLESS_ROWS, {}), judged)
    profile = beside.begin(by_profile, json.loads(disk.read(folder / DESCRIPTOR)))

    def begin(tables: Released) -> None:
        nonlocal early
        if is_in_parts and spread.is_open():
            early = verdict_of_worker(folder, tables)

    released, findings = check_release(folder, package, judged, begin=begin)
    findings += profile()
    findings += by_frictionless(folder, released, early and early(), judged)
    left_out = [] if errors_of(findings) else reasoned(arrival(folder, released), reasons or {}, known)
    findings = sorted({*known, *findings, *unexplained(left_out)})
    if errors_of(findings):
        raise GateError("the release does not pass its checks", errors_of(findings))
    return Verdict(findings, _report(folder, released, findings, left_out))


def _report(folder: Path, released: Released, findings: list[Finding], left_out: list[LeftOut]) -> dict[str, Any]:
    tables = released.published
    sampled = [name for name in tables if released.counts[name] > FRICTIONLESS_ROWS]
    return {
        "valid": True,
        "checked": {name: disk.digest(folder / name) for name in sorted([DESCRIPTOR, *released.files])},
        "checks": [
            *({"check": name, "by": "cbrn_data", "result": "passed"} for name in CHECKS),
            {"check": COMPLETE, "by": "cbrn_data", "result": "passed"},
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
        LEFT_OUT: as_report(left_out),
        "findings": {
            "counts": dict(sorted(Counter(finding.code for finding in findings).items())),
            "listed": [finding.as_dict() for finding in findings],
        },
    }
