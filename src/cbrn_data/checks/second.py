"""Validators that read a release from its descriptor, like a consumer: the official profile, and frictionless.

A second process runs both (``beside``), so this module does not import our own checks of rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cbrn_data.checks.once import judge_fields_once, judged_before
from cbrn_data.findings import Finding, shown
from cbrn_data.progress import step
from cbrn_data.store import disk
from cbrn_data.store.folder import DESCRIPTOR
from cbrn_data.strict_json import parse_object
from cbrn_data.tabular.profile import profile_errors

FRICTIONLESS_ROWS = 100_000
"""The most rows of a table that frictionless validates; the report names larger tables."""

Sample = tuple[bool, dict[str, list[str]]]
"""What frictionless reads: whether first rows only, and which parts of each table in parts."""

Verdict = tuple[Sample, list[str] | None, list[Finding]]
"""The verdict of frictionless on a release: what it read, the paths that it describes (None: none), and findings."""


def prepare() -> None:
    """Import what frictionless imports when it reads its first package."""
    import frictionless

    _ = frictionless.system.plugins, frictionless.system.http_session


def by_profile(descriptor: Mapping[str, Any]) -> list[Finding]:
    """Return a finding for each place where a descriptor violates the official profile, which frictionless does not use."""
    errors = profile_errors(descriptor, "2.0")
    return [Finding("data-package-profile", shown(message, 200), DESCRIPTOR) for _, message in errors]


def frictionless_verdict(folder: Path, sample: Sample, before: Path | None = None) -> Verdict:
    """Validate descriptor, hashes, sizes and rows like a consumer, of each table all or the ``FRICTIONLESS_ROWS`` first.

    ``before`` is the folder of a release that passed: of tables that are the same there, only the descriptor is validated.
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
        return sample, None, [Finding("frictionless", f"{one.type}: {one.message}", DESCRIPTOR) for one in errors]
    described = sorted(path for resource in found.resources for path in [resource.path or "", *resource.extrapaths])
    first_rows, parts = sample
    for name, paths in parts.items():
        if paths:
            found.get_resource(name).path, found.get_resource(name).extrapaths = paths[0], paths[1:]
        else:
            found.remove_resource(name)
    known = judged_before(folder, before, descriptor) if before else set()
    with step("Validate with frictionless"):
        limit = FRICTIONLESS_ROWS if first_rows else None
        reports = [resource.validate(limit_rows=limit) for resource in found.resources if resource.name not in known]
    errors = [error for report in reports for error in report.errors]
    findings = [Finding("frictionless", f"{error.type}: {error.message}", DESCRIPTOR) for error in errors]
    for task in (task for report in reports for task in report.tasks):
        for error in task.errors:
            row = getattr(error, "row_number", None)
            findings.append(Finding("frictionless", f"{error.type}: {error.message}", task.place, row))
    return sample, described, findings
