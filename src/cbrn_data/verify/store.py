"""A whole ``published/``: every release, the chain that holds them, the index, and what is derived from them."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cbrn_data.errors import CbrnDataError, VerificationError
from cbrn_data.findings import shown
from cbrn_data.store import disk, history
from cbrn_data.store.derived import LEAVING
from cbrn_data.store.folder import Release
from cbrn_data.store.index import INDEX, index_bytes, read_index, with_withdrawals
from cbrn_data.strict_json import dumped, parse_object
from cbrn_data.verify.derived import check_derived, listing_faults
from cbrn_data.verify.release import ReleaseAudit
from cbrn_data.verify.results import CUT_SHORT, FAILED, KEY, NOT_CHECKED, PASSED, Result, checked

STORE = "store"
LEFT = (disk.STAGING, LEAVING)
"""How the names begin of what a publication that was cut short leaves."""


def verify_store(published: Path, trusted: Sequence[Ed25519PublicKey]) -> Iterator[Result]:
    """Yield the results of every release, oldest first, and then of the store that holds them."""
    try:
        releases = history.read_history(published)
    except Exception as error:
        yield Result(STORE, "chain", FAILED, shown(str(error), 300))
        yield from _each_alone(published, trusted)
        return
    if not releases:
        yield Result(STORE, "chain", FAILED, "there is no release")
        return
    previous: Path | None = None
    signer: str | None = None
    for release in releases:
        audit = ReleaseAudit(release.folder, trusted, previous)
        yield from audit.run()
        if not trusted and signer and audit.signer and audit.signer != signer:
            detail = f"the key changed from {signer[:16]}… to {audit.signer[:16]}…; ask the publisher whether that was meant"
            yield Result(release.version, KEY, NOT_CHECKED, detail)
        previous, signer = release.folder, audit.signer or signer
    head = releases[-1]
    good = f"the newest is release {head.sequence}, {head.digest} of {head.date}"
    yield from checked(STORE, "chain", lambda: _order_faults(releases), good)
    yield from _index(published, releases)


def _order_faults(releases: list[Release]) -> Iterator[str]:
    """Say where a later release has no higher version, or an earlier date, than the one before."""
    for before, after in pairwise(releases):
        if _number(after.version) <= _number(before.version):
            yield f"{after.version} follows {before.version}"
        if after.date < before.date:
            yield f"{after.version} is of {after.date}, before {before.version} of {before.date}"


def _number(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def _each_alone(published: Path, trusted: Sequence[Ed25519PublicKey]) -> Iterator[Result]:
    """Where the chain is broken, still say of each folder whether it holds alone."""
    folder = published / history.RELEASES
    if not folder.is_dir():
        return
    for name in disk.entries(folder):
        if not name.startswith("."):
            yield from ReleaseAudit(folder / name, trusted).run()


def _index(published: Path, releases: list[Release]) -> Iterator[Result]:
    yield from checked(STORE, "files", lambda: _strangers(published), "nothing is here that no publication leaves")
    try:
        known = with_withdrawals(releases, read_index(published, releases))
        count, derived = _listed(published, known)
    except Exception as error:
        yield Result(STORE, "index", FAILED, shown(str(error), 300))
        return
    if count:
        good = f"{INDEX} lists {count} release{'s' if count > 1 else ''} and the files that follow from them"
        yield from checked(STORE, "index", lambda: listing_faults(known[:count], derived), good)
    if count < len(releases):
        detail = f"{INDEX} does not list {releases[-1].version} yet; the next publication finishes that"
        yield Result(STORE, "index", CUT_SHORT, detail)
    yield from check_derived(STORE, published, known, count, derived)
    if leftovers := [name for name in disk.entries(published) if name.startswith(LEFT)]:
        detail = f"a publication left {', '.join(leftovers)[:120]}; the next one sweeps it"
        yield Result(STORE, "leftovers", CUT_SHORT, shown(detail, 300))


def _strangers(published: Path) -> Iterator[str]:
    """Name hidden entries that no publication leaves: what is not hidden must be in the history or the index."""
    for name, mode in disk.entries(published).items():
        is_left = (name == LEAVING and stat.S_ISREG(mode)) or (name.startswith(disk.STAGING) and stat.S_ISDIR(mode))
        if name.startswith(".") and not is_left:
            yield f"{name} was added"
    for name in disk.entries(published / history.RELEASES):
        if name.startswith("."):
            yield f"{history.RELEASES}/{name} was added"


def _listed(published: Path, known: list[Release]) -> tuple[int, dict[str, str]]:
    """Return how many releases the index lists (all, or all but the newest) and its derived files.

    Only the first publication can be cut short before there is an index. Raises VerificationError otherwise.
    """
    if len(known) == 1 and not disk.mode(published / INDEX):
        return 0, {}
    data = disk.read(published / INDEX)
    content = parse_object(published / INDEX, data)
    derived: dict[str, str] = content.get("derived", {})
    for count in (len(known), len(known) - 1):
        if count and index_bytes(known[:count], derived, content.get("derived_by", "")) == data:
            return count, derived
    raise VerificationError(f"{INDEX} is not the list of the releases that are there")


def held_against(memory: Path, releases: list[Release]) -> Iterator[Result]:
    """Hold a store against what an auditor remembers of it: a store put back as a whole, or forked, shows only so."""

    def run() -> Iterator[str]:
        if memory.exists():
            seen = parse_object(memory, memory.read_bytes())
            digests = {release.sequence: release.digest for release in releases}
            if seen["sequence"] not in digests:
                yield f"the store was put back: it had {seen['sequence']} releases and has {len(releases)}"
            elif digests[seen["sequence"]] != seen["digest"]:
                yield f"release {seen['sequence']} is another than the one seen before ({seen['digest'][:16]}…)"

    yield from checked(STORE, "memory", run, f"nothing that {memory.name} remembers was taken back")


def remember(memory: Path, head: Release) -> None:
    """Write down the newest release that was seen and found intact. Raises CbrnDataError where that cannot be written."""
    temporary = memory.with_name(f".{memory.name}.new")
    try:
        temporary.write_bytes(dumped({"sequence": head.sequence, "digest": head.digest, "date": head.date}))
        temporary.replace(memory)
    except OSError as error:
        raise CbrnDataError(f"{memory}: cannot be written ({error.strerror}), so nothing will be remembered") from error


def fresh(head: Release, max_age: int, today: str) -> Iterator[Result]:
    """Say whether the newest release is at most ``max_age`` days old, and not of a day to come."""
    age = (date.fromisoformat(today) - date.fromisoformat(head.date)).days
    result = PASSED if 0 <= age <= max_age else FAILED
    yield Result(STORE, "age", result, f"the newest release is {age} days old; 0 to {max_age} are allowed")
