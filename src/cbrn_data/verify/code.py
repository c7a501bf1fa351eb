"""Verify the code that a store keeps of its releases: its files, and that the metadata vouch for it. It is not run here."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from cbrn_data.findings import shown
from cbrn_data.store import disk
from cbrn_data.store.code import DIGEST, code_digest, sums_name
from cbrn_data.store.folder import SUMS, Release, parse_checksums, problems
from cbrn_data.store.history import CODE, RELEASES
from cbrn_data.verify.results import CODE_CHECK, CUT_SHORT, FAILED, STORE, Result, checked
from cbrn_data.verify.vouched import Vouched


def check_code(published: Path, releases: Sequence[Release], vouched: Vouched) -> Iterator[Result]:
    """Check every folder of code; a store of the older form has none."""
    if not disk.mode(published / CODE):
        return
    if not stat.S_ISDIR(disk.mode(published / CODE)):
        yield Result(STORE, CODE_CHECK, FAILED, f"{CODE} is not a folder, or is a link to one")
        return
    named: dict[str | None, list[str]] = {}
    for release in releases:
        named.setdefault(code_digest(release.info), []).append(release.version)
    left: list[str] = []

    def run() -> Iterator[str]:
        for name, mode in disk.entries(published / CODE).items():
            place = f"{CODE}/{name}"
            if not DIGEST.fullmatch(name) or not stat.S_ISDIR(mode):
                yield f"{place} was added"
            elif name not in named or not _is_due(vouched, name, named[name]):
                left.append(place)
            else:
                yield from (f"{place}: {fault}" for fault in _faults(published, name, vouched))

    found = [digest for digest in named if digest and disk.mode(published / CODE / digest)]
    versions = [version for digest in found for version in named[digest]]
    yield from checked(STORE, CODE_CHECK, run, f"the code of {len(versions)} of {len(releases)} releases is here")
    if left:
        detail = f"{', '.join(left)}: nobody vouches for it yet; the next publication signs or removes it"
        yield Result(STORE, CODE_CHECK, CUT_SHORT, shown(detail, 300))


def _is_due(vouched: Vouched, digest: str, versions: Sequence[str]) -> bool:
    """Return whether the code is to be judged: without metadata, or if they vouch for it or for one of its releases."""
    names = [sums_name(digest), *(f"{RELEASES}/{version}/{SUMS}" for version in versions)]
    return (vouched.said is None and not vouched.after) or any(vouched.right(name) for name in names)


def _faults(published: Path, digest: str, vouched: Vouched) -> Iterator[str]:
    folder = published / CODE / digest
    sums = disk.read(folder / SUMS)
    right = vouched.right(sums_name(digest))
    if (vouched.said or vouched.after) and disk.sha256_of(sums) not in right:
        yield f"{SUMS} was changed" if right else "was added"
    else:
        yield from problems(folder, parse_checksums(folder / SUMS, sums))
