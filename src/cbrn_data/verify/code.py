"""Verify the code of releases in a store: its files, and that the metadata vouch for it. This module does not run it."""

from __future__ import annotations

import re
import stat
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from cbrn_data.findings import shown
from cbrn_data.release.kept import LOCK, RECORD, fits
from cbrn_data.store import disk
from cbrn_data.store.code import DIGEST, code_digest, sums_name
from cbrn_data.store.folder import SUMS, Release, parse_checksums, problems
from cbrn_data.store.history import CODE, RELEASES
from cbrn_data.strict_json import dumped, parse_object
from cbrn_data.verify.results import CODE_CHECK, CUT_SHORT, FAILED, STORE, Result, checked
from cbrn_data.verify.vouched import Vouched
from cbrn_data.verify.wheel import LIMIT, wheel_fault

SMALL = 4 << 20
"""The most bytes of a lock, and of the description of a code."""
WHEEL = re.compile(r"cbrn_data-[A-Za-z0-9.!+]+-py3-none-any\.whl")
_LOCKED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(\[[a-z0-9,_-]+\])?==[A-Za-z0-9.!_]+")
_MARKER = re.compile(r"[A-Za-z0-9_.<>=!~'\"();]+")
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


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
    """Return whether to check the code: without metadata, or if they vouch for it or for one of its releases."""
    names = [sums_name(digest), *(f"{RELEASES}/{version}/{SUMS}" for version in versions)]
    return (vouched.said is None and not vouched.after) or any(vouched.right(name) for name in names)


def _faults(published: Path, digest: str, vouched: Vouched) -> Iterator[str]:
    folder = published / CODE / digest
    sums = disk.read(folder / SUMS)
    right = vouched.right(sums_name(digest))
    if (vouched.said or vouched.after) and disk.sha256_of(sums) not in right:
        yield f"{SUMS} was changed" if right else "was added"
        return
    listed = parse_checksums(folder / SUMS, sums)
    yield from (changed := list(problems(folder, listed)))
    if not changed:
        yield from _misfits(folder, digest, listed)


def _misfits(folder: Path, digest: str, names: Collection[str]) -> Iterator[str]:
    """Yield why intact files are not the code of a release. They are installed and run, so other files are refused."""
    if len(names) != 3 or not {LOCK, RECORD} < set(names) or len([name for name in names if WHEEL.fullmatch(name)]) != 1:
        yield f"has other files than one wheel, {LOCK} and {RECORD}"
        return
    record = parse_object(folder / RECORD, disk.read(folder / RECORD, SMALL))
    if record.get("digest") != digest:
        yield f"{RECORD} is about another code"
    yield from (faults := list(lock_faults(lock := disk.read(folder / LOCK, SMALL))))
    libraries = record.get("libraries")
    if (
        not isinstance(libraries, dict)
        or faults
        or not fits({name: str(version) for name, version in libraries.items()}, lock)
    ):
        yield f"{LOCK} has other libraries than {RECORD}"
        return
    (name,) = (name for name in names if WHEEL.fullmatch(name))
    if fault := wheel_fault(disk.read(folder / name, LIMIT), digest, dumped(libraries).decode()):
        yield f"{name} {fault}"


def lock_faults(data: bytes) -> Iterator[str]:
    """Yield the first line of a lock that is not one library with its version and hashes.

    A lock can hold options of pip too, which name other indexes or let it run the code of a library to install it.
    """
    if not data.isascii() or b"coding:" in data or b"coding=" in data:  # pip reads it in the encoding of such a comment
        yield f"{LOCK} is not plain ASCII"
        return
    text = re.sub(r"(?m)^[ ]*#.*$", "", data.decode()).replace("\\\n", "")
    for words in filter(None, map(str.split, text.split("\n"))):
        hashes = [word for word in words if _HASH.fullmatch(word)]
        name, *marker = [word for word in words if word not in hashes] or [""]
        if not hashes or not _LOCKED.fullmatch(name) or not all(map(_MARKER.fullmatch, marker)):
            yield f"{LOCK}: {shown(' '.join(words)[:200], 80)!r} is not a library with its version and hashes"
            return
