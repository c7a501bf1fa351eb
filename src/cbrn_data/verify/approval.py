"""Verify the approval that a release records: it must be for the plan of this release, by a key other than the publisher's.

The key ships with the release, so the result names its fingerprint, which an auditor compares with that of the approver.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cbrn_data.errors import ReleaseError
from cbrn_data.release.approval import approval_faults, plan_digest
from cbrn_data.schema.model import CHANGES
from cbrn_data.store import disk
from cbrn_data.store.folder import SUMS, Release, parse_checksums, read_release
from cbrn_data.verify.results import PASSED, Result, checked

APPROVAL = "approval"
"""The name of the check."""


def approval_results(folder: Path, subject: str, signer: str | None) -> Iterator[Result]:
    """Yield the result for a release with an approval, else nothing; ``signer`` is the publisher's fingerprint."""
    try:
        release = read_release(folder)
    except ReleaseError:  # the check of the record reports it
        return
    if APPROVAL not in release.info:
        return
    keys: list[str] = []

    def run() -> Iterator[str]:
        faults, key = approval_faults(release.info[APPROVAL], _digest(release), signer)
        keys.append(key)
        yield from faults

    for result in checked(subject, APPROVAL, run, ""):
        detail = f"approved by {keys[0]}" if result.result == PASSED else result.detail
        yield Result(result.subject, result.check, result.result, detail)


def _digest(release: Release) -> str:
    """Return the digest of the plan from which a release was made."""
    listed = parse_checksums(release.folder / SUMS, disk.read(release.folder / SUMS))
    changes, allowed = listed.get(f"{CHANGES}.csv"), release.info.get("allowed", ())
    return plan_digest(release.previous, release.version, release.content_digest, changes, allowed)
