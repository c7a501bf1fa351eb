"""Verify derived files: those of ``latest/`` with the releases, all with the index, for which the metadata vouch.

Of the exports, the ZIP files are compared with their releases. The other exports and the pages are compared with their
digests only; ``verify --rebuild`` derives them again.
"""

from __future__ import annotations

import hashlib
import re
import stat
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from cbrn_data.catalogue.feed import FEED
from cbrn_data.exports import EXPORTS, ZIP
from cbrn_data.progress import tracked
from cbrn_data.store import disk, history
from cbrn_data.store.folder import SUMS, UNLISTED, Release, checksums, latest_of, parse_checksums
from cbrn_data.store.history import INDEX, METADATA
from cbrn_data.verify.results import CUT_SHORT, DERIVED, NOT_CHECKED, PASSED, STORE, Result, checked
from cbrn_data.verify.vouched import Vouched

LATEST = "latest/"
DERIVED_FILES = "derived files"
"""The check of the derived files with their digests."""
UNDERIVED = f"pages, feed and catalogue agree with {INDEX}, but no pinned key vouches for it; --rebuild derives them again"
_PIECE = 1 << 20
_ENTRY = 1000
"""More than the bytes of an entry in the list of a ZIP file; the names of releases have at most 100 characters."""
_MADE = re.compile(
    r"catalog\.(ttl|rdf|jsonld)|croissant\.json|robots\.txt|sitemap\.xml|(404|compare|index|history|search)\.html"
    r"|(tables|regions|countries|projects|sources|history)/[^/]+\.html|tables/[^/]+\.js|pictures/([^/]+\.svg|preview\.png)"
    r"|history/[0-9.]+/[^/]+\.(html|js)|assets/[^/]+"
    r"|exports/(latest|[0-9.]+)/([a-z0-9_]+\.parquet|cbrn-data\.(zip|xlsx)|SHA256SUMS)"
    r"|api/(regions|countries|projects)/[^/]+\.json|cite/[0-9.]+/[^/]+"
)
"""The names of files that are made for readers."""


def listing_faults(known: Sequence[Release], derived: Mapping[str, str]) -> Iterator[str]:
    """Yield the differences between the derived files in the index and those that follow from its releases."""
    wanted = _latest(known)
    there = {name for name in derived if name.startswith(LATEST)}
    yield from (f"{name} is listed, but is not a file of the newest release" for name in sorted(there - wanted.keys()))
    yield from (
        f"{name} {'differs from' if name in derived else 'is not listed, but is a file of'} the newest release"
        for name in sorted(wanted)
        if derived.get(name) != wanted[name]
    )
    if FEED not in derived:
        yield f"{FEED} is not listed"
    yield from _export_faults(known, derived)
    others = derived.keys() - wanted.keys() - {FEED} - there
    yield from (f"{name} is listed, but is not a derived file" for name in sorted(others) if not _MADE.fullmatch(name))


def _latest(known: Sequence[Release]) -> dict[str, str]:
    """Return the digests of ``latest/``, which has the files of the newest release that is not withdrawn."""
    held = latest_of(known)
    names = [name for name, mode in disk.walk(held.folder) if stat.S_ISREG(mode) and name not in held.erased]
    return {f"{LATEST}{name}": disk.digest(held.folder / name) for name in names}


def _export_faults(known: Sequence[Release], derived: Mapping[str, str]) -> Iterator[str]:
    """Yield exports that do not match their release; only a rebuild compares the content of forms other than ZIP."""
    folders: dict[str, dict[str, str]] = defaultdict(dict)
    for name in (name for name in derived if name.startswith(f"{EXPORTS}/") and name.count("/") == 2):
        _, folder, file = name.split("/")
        folders[folder][file] = derived[name]
    versions = {release.version: release for release in known}
    for folder, files in folders.items():
        place = f"{EXPORTS}/{folder}/"
        if folder not in (*versions, LATEST.strip("/")):
            yield f"{place} is listed, but {folder} is not a release"
        elif folder in versions:
            yield from _zip_faults(versions[folder], place + ZIP, files.get(ZIP, ""))
        elif files != folders.get(latest_of(known).version):
            yield f"{place} differs from the exports of the newest release"
        if disk.sha256_of(checksums(files)) != files.get(SUMS):
            yield f"{place}{SUMS} does not list the files beside it"


def _zip_faults(release: Release, name: str, sha256: str) -> Iterator[str]:
    """Compare a ZIP file with the digests of its release, unless its own digest is wrong, which another check reports."""
    path = release.folder.parents[1] / name
    if not stat.S_ISREG(disk.mode(path)) or disk.digest(path) != sha256:
        return
    listed = parse_checksums(release.folder / SUMS, disk.read(release.folder / SUMS))
    wanted = {name: sha256 for name, sha256 in listed.items() if name not in release.erased} | {SUMS: release.digest}
    sizes = {one: disk.size(release.folder / one) for one in wanted}
    with disk.opened(path) as file:
        end = zipfile._EndRecData(file)  # type: ignore[attr-defined]
        if end is None or end[5] > _ENTRY * (len(wanted) + 1):  # zipfile would read a list of any size into memory
            yield f"{name} does not have the files of release {release.version}"
            return
        with zipfile.ZipFile(file) as archive:
            there = [entry for entry in archive.infolist() if entry.filename not in UNLISTED - {SUMS}]
            is_same = sorted((entry.filename, entry.file_size) for entry in there) == sorted(sizes.items())
            if not is_same or not all(_has(archive, entry, wanted[entry.filename]) for entry in there):
                yield f"{name} does not have the files of release {release.version}"


def _has(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, sha256: str) -> bool:
    """Return whether an entry has a digest; unpacking stops at the size that the entry states."""
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return False
    total, left = hashlib.sha256(), entry.file_size
    with archive.open(entry) as packed:
        while left > 0 and (piece := packed.read(min(left, _PIECE))):
            total.update(piece)
            left -= len(piece)
    return total.hexdigest() == sha256


def check_derived(subject: str, published: Path, derived: Mapping[str, str], vouched: Vouched) -> Iterator[Result]:
    """Compare the derived files with the digests ``derived`` in the index, and find those that were added.

    A publication that was cut short leaves files of the next state, or of the one before; the metadata vouch for both.
    """
    moving: list[str] = []
    # Folders whose files are already removed, or not yet written.
    others = _folders({*vouched.before, *vouched.after})

    def run() -> Iterator[str]:
        there = {name: mode for name, mode in disk.walk(published) if not is_elsewhere(name)}
        known = derived.keys() | {name for name in there if vouched.right(name)}
        folders = _folders(known)
        for name, mode in tracked("Check the pages", there.items(), len(there)):
            if stat.S_ISDIR(mode) and name in folders | others:
                continue
            actual = disk.digest(published / name) if stat.S_ISREG(mode) else ""
            if actual and actual == derived.get(name):
                continue
            if actual in vouched.right(name):
                moving.append(name)
            else:
                yield f"{name} was {'changed' if name in derived or name in folders else 'added'}"
        gone = derived.keys() - there.keys()
        moving.extend(name for name in gone if vouched.may_be_missing(name))
        yield from (f"{name} is missing" for name in sorted(gone) if not vouched.may_be_missing(name))

    yield from checked(subject, DERIVED_FILES, run, f"{len(derived)} files are as {INDEX} lists them")
    if moving:
        detail = f"{_some(sorted(moving))}: of the state before or to come; repeat what was cut short, or publish"
        yield Result(subject, DERIVED_FILES, CUT_SHORT, detail)


def _folders(names: Iterable[str]) -> set[str]:
    return {str(parent) for name in names for parent in Path(name).parents}


def not_derived(results: Sequence[Result], pinned: bool) -> Iterator[Result]:
    """Yield "not checked" for the pages, if the files of a store were checked and no pinned key vouches for them."""
    vouched = pinned and any(result.check == METADATA and result.result == PASSED for result in results)
    if not vouched and any(result.check == DERIVED_FILES for result in results):
        yield Result(STORE, DERIVED, NOT_CHECKED, UNDERIVED)


def _some(names: Sequence[str]) -> str:
    return f"{', '.join(names[:3])}{' and others' if names[3:] else ''}"


def is_elsewhere(name: str) -> bool:
    """Return whether a file is not derived: releases, their code, metadata, the index, and hidden files."""
    folders = (history.RELEASES, history.CODE, METADATA)
    return name.startswith((".", *(f"{folder}/" for folder in folders))) or name in (INDEX, *folders)
