"""``verify --rebuild``: make a release again from its own sources and definitions, and compare every byte.

The only part of the verification that loads the producer. Binding where the release was made by this very code and
these libraries; where another made it, that is said and not judged. The signature is checked elsewhere and not made
again: what is compared of the attestation is its payload.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from cbrn_data.checks.rows import released_rows
from cbrn_data.pipeline import build, gather
from cbrn_data.release.assemble import draft, release_files
from cbrn_data.release.code import code_version
from cbrn_data.release.gate import judge
from cbrn_data.release.sign import release_statement
from cbrn_data.release.version import STEPS
from cbrn_data.schema.delta import delta
from cbrn_data.schema.model import read_package
from cbrn_data.settings import Settings
from cbrn_data.signing.attestation import ATTESTATION, read_envelope
from cbrn_data.signing.keys import PUBLIC_KEY
from cbrn_data.store import disk
from cbrn_data.store.folder import REPORT, SUMS, Release, read_release
from cbrn_data.strict_json import dumped
from cbrn_data.verify.results import NOT_CHECKED, Result, checked
from cbrn_data.words.text import live

CHECK = "rebuild"
SHOWN = 10
"""How many differing cells are named; the others are counted."""


def rebuilt(folder: Path, previous: Path | None) -> Iterator[Result]:
    """Say whether a release is what its sources and definitions give; ``previous`` is the folder of the one before."""
    release = read_release(folder)
    code = release.info.get("code")
    if code != code_version():
        name = f"{code['name']} {code['version']} ({code['digest'][:12]})" if isinstance(code, dict) else "unknown"
        yield Result(folder.name, CHECK, NOT_CHECKED, f"needs code {name}")
    elif release.previous is not None and previous is None:
        yield Result(folder.name, CHECK, NOT_CHECKED, "predecessor absent")
    else:
        good = "every file is the same byte for byte"
        yield from checked(folder.name, CHECK, lambda: _differences(release, previous), good)


def _differences(release: Release, previous: Path | None) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="cbrn-data-") as name:
        made = _make(release, previous, Path(name))
        there = {file for file, mode in disk.walk(release.folder) if (release.folder / file).is_file()}
        signed = {ATTESTATION, PUBLIC_KEY, SUMS}
        yield from (f"{file} is not made again" for file in sorted(there - made.keys() - signed))
        yield from (f"{file} is made and not there" for file in sorted(made.keys() - there))
        differing = [
            file for file in sorted(made.keys() & there) if disk.digest(release.folder / file) != disk.sha256_of(made[file])
        ]
        yield from (f"{file} is made otherwise" for file in differing)
        if any(file.endswith(".csv") for file in differing):
            yield from _cells(release, Path(name) / "made")
        payload = read_envelope(disk.read(release.folder / ATTESTATION)).payload
        if not differing and payload != release_statement(release.folder):
            yield f"the payload of {ATTESTATION} is not what this release attests"


def _make(release: Release, previous: Path | None, place: Path) -> dict[str, disk.Data]:
    """Build the release in ``place`` and return its files but those of the signature."""
    for kind, room in (("sources", "raw"), ("schemas", "schemas")):
        shutil.copytree(release.folder / kind, place / room)
    built = build(gather(Settings(place, place / "published")))
    before = read_release(previous) if previous else None
    steps = [draft(built.content, before, step, release.date) for step in STEPS]
    planned = next((planned for planned in steps if planned.version == release.version), steps[0])
    files = release_files(planned, release.date)
    target = place / "made"
    for name, data in files.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        disk.create(target / name, data)
    judged = judge(target, [*built.findings, *planned.findings])
    return files | {REPORT: dumped(judged.report)}


def _cells(release: Release, made: Path) -> Iterator[str]:
    """Name the cells that differ: table, row, field, what is published and what is made."""
    package = read_package(made / "schemas")
    again = Release(release.version, release.sequence, release.date, "", None, "", made, {})
    changes = delta(released_rows(release, package), released_rows(again, package), package)
    for change in changes[:SHOWN]:
        old, new = (None if change[side] is None else live(change[side] or "") for side in ("old", "new"))
        yield f"{change['table_name']}, row {change['row_id']}, {change['field']}: published {old!r}, made {new!r}"
    if len(changes) > SHOWN:
        yield f"and {len(changes) - SHOWN} more cells"
