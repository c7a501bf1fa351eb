"""Rebuild a release from its own sources and definitions in an empty folder, for ``verify --rebuild``.

``python -m cbrn_data.release.rebuild RELEASE PLACE [PREVIOUS]`` writes its files into the folder ``made`` of ``PLACE``. An
auditor runs the code that made a release in this way, so command, arguments and result stay the same in later versions.
Nothing is signed: ``attestation.json`` holds the payload to be signed.

All that shapes the bytes of a release is imported from here, so the digest of the code begins with this module.
"""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path

from cbrn_data.release.assemble import draft, release_files
from cbrn_data.release.build import build, gather
from cbrn_data.release.code import code_version
from cbrn_data.release.gate import judge
from cbrn_data.release.guard import Allowed
from cbrn_data.release.sign import release_statement
from cbrn_data.release.version import STEPS, next_version
from cbrn_data.schema.table import released_tables
from cbrn_data.settings import Settings
from cbrn_data.signing.attestation import ATTESTATION
from cbrn_data.signing.keys import PUBLIC_KEY
from cbrn_data.store import disk
from cbrn_data.store.folder import REPORT, SUMS, Release, checksums, read_release
from cbrn_data.strict_json import dumped

MADE = "made"


def rebuild(release: Release, previous: Path | None, place: Path) -> Path:
    """Build a release in the empty folder ``place``; return the folder with its files. ``previous`` is the release before.

    Facts that do not follow from the tables are copied from the release: the step of its version, allowed losses, the
    approval, the commit, the code of the pages, and the public key. Raises CbrnDataError.
    """
    for kind, folder in (("sources", "raw"), ("schemas", "schemas")):
        shutil.copytree(release.folder / kind, place / folder)
    gathered = gather(Settings(place, place / "published"))
    in_parts = (name for name, table in released_tables(release.folder, gathered.package).items() if table.parts)
    built = build(replace(gathered, package=replace(gathered.package, parted=frozenset(in_parts))))
    before = read_release(previous) if previous else None
    planned = draft(built.content, before, date=release.date)
    if before and release.version in {next_version(before.version, planned.why, step) for step in STEPS}:
        planned = replace(planned, version=release.version)
    allowed = [Allowed(**entry) for entry in release.info.get("allowed", ())]
    planned = replace(planned, allowed=allowed, approval=release.info.get("approval"))
    code = {**release.info.get("code", {}), **code_version()}
    target = place / MADE
    files = release_files(planned, release.date, code)
    _write(target, files)
    files |= {REPORT: dumped(judge(target, [*built.findings, *planned.findings], built.content.built.reasons).report)}
    files |= {PUBLIC_KEY: disk.read(release.folder / PUBLIC_KEY)}
    files |= {SUMS: checksums({name: disk.sha256_of(data) for name, data in files.items()})}
    _write(target, {name: files[name] for name in (REPORT, PUBLIC_KEY, SUMS)})
    _write(target, {ATTESTATION: release_statement(target)})
    return target


def _write(target: Path, files: dict[str, disk.Data]) -> None:
    for name, data in files.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        disk.create(target / name, data)


def main(release: str, place: str, previous: str | None = None) -> None:
    """Run ``rebuild`` with paths."""
    rebuild(read_release(Path(release)), Path(previous) if previous else None, Path(place))


if __name__ == "__main__":
    main(*sys.argv[1:])
