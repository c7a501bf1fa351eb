"""Verify a store, ``published/``: its metadata, every release, their chain, the index, and the derived files."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from itertools import pairwise
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cbrn_data.checks.released import Good
from cbrn_data.errors import VerificationError
from cbrn_data.findings import shown
from cbrn_data.progress import tracked
from cbrn_data.refusals import is_of_machine
from cbrn_data.store import disk, history
from cbrn_data.store.code import is_of_signed_store
from cbrn_data.store.derived import LEAVING
from cbrn_data.store.folder import Release
from cbrn_data.store.history import INDEX
from cbrn_data.store.index import index_bytes, read_index, with_withdrawals
from cbrn_data.strict_json import parse_object
from cbrn_data.verify.code import check_code
from cbrn_data.verify.derived import check_derived, listing_faults
from cbrn_data.verify.release import ReleaseAudit
from cbrn_data.verify.results import CUT_SHORT, FAILED, KEY, NOT_CHECKED, PASSED, STORE, Result, checked
from cbrn_data.verify.signature import signer
from cbrn_data.verify.vouched import Vouched, check_vouched

LEFT = (disk.STAGING, LEAVING)
"""Prefixes of the names of files that a publication leaves if it is cut short."""


def verify_store(
    published: Path, trusted: Sequence[Ed25519PublicKey], kept: Path | None = None, served: bool = False
) -> Iterator[Result]:
    """Yield the results of the metadata, of every release, oldest first, and then of the store.

    ``kept`` is the folder of the trusted metadata of an earlier time. ``served``: the store was fetched from a server. If
    keys are ``trusted``, nothing is parsed that they do not vouch for.
    """
    vouched = check_vouched(published, trusted, kept, served)
    yield from vouched.results
    if trusted and vouched.is_refused:
        yield from _each_alone(published, trusted, vouched)
        yield Result(STORE, "chain", NOT_CHECKED, "not read, because the metadata do not vouch for it")
        return
    has_keys = bool(trusted) or (vouched.said is not None and not vouched.is_refused)
    if has_keys and (strange := [folder.name for folder in _folders(published) if not _is_known(folder, trusted, vouched)]):
        others = f"{', '.join(strange[:3])}{' and others' if strange[3:] else ''}"
        if trusted:
            yield from _each_alone(published, trusted, vouched)
            yield Result(STORE, "chain", NOT_CHECKED, shown(f"not signed by a pinned key: {others}", 300))
            return
        detail = f"not named by the metadata, and not signed by a key of the root: {others}"
        yield Result(STORE, "chain", FAILED, shown(detail, 300))
    try:
        releases = history.read_history(published)
    except Exception as error:
        if is_of_machine(error):
            raise
        yield Result(STORE, "chain", FAILED, shown(str(error), 300))
        yield from _each_alone(published, trusted, vouched)
        return
    if not releases:
        yield Result(STORE, "chain", FAILED, "the store has no release")
        return
    with ThreadPoolExecutor(1) as beside:  # the code is read in a process of its own, at the same time
        code = beside.submit(lambda: list(check_code(published, releases, vouched)))
        yield from _releases(releases, trusted, vouched)
        head = releases[-1]
        good = f"the newest is release {head.sequence}, {head.digest} of {head.date}"
        yield from checked(STORE, "chain", lambda: _order_faults(releases), good)
        yield from _index(published, releases, vouched, code.result)


def _releases(releases: Sequence[Release], trusted: Sequence[Ed25519PublicKey], vouched: Vouched) -> Iterator[Result]:
    """Verify each release, and name each change of the key for a person to judge."""
    previous: Path | None = None
    before: str | None = None
    judged = Good()
    for release in tracked("Verify releases", releases, len(releases)):
        audit = audit_of(release.folder, trusted, vouched, previous, judged)
        yield from audit.run()
        if not trusted and before and audit.signer and audit.signer != before:
            detail = f"the key changed from {before[:16]}… to {audit.signer[:16]}…; ask the publisher to confirm this"
            yield Result(release.version, KEY, NOT_CHECKED, detail)
        previous, before = release.folder, audit.signer or before


def _order_faults(releases: list[Release]) -> Iterator[str]:
    """Yield releases without a higher version than the one before, or with an earlier date."""
    for before, after in pairwise(releases):
        if _number(after.version) <= _number(before.version):
            yield f"{after.version} follows {before.version}"
        if after.date < before.date:
            yield f"{after.version} of {after.date} is dated before {before.version} of {before.date}"


def _number(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def _is_known(release: Path, trusted: Sequence[Ed25519PublicKey], vouched: Vouched) -> bool:
    """Return whether the metadata vouch for a release, or a key that may sign the next one signed it."""
    return vouched.vouches_for(release) or signer(release, [*trusted, *vouched.keys()]) is not None


def audit_of(
    release: Path,
    trusted: Sequence[Ed25519PublicKey],
    vouched: Vouched,
    previous: Path | None = None,
    good: Good | None = None,
) -> ReleaseAudit:
    """Return the audit of a release about which the metadata of its store say ``vouched``; ``good`` as there."""
    is_vouched = vouched.vouches_for(release)
    keys = [*trusted, *vouched.keys()] if trusted and not is_vouched else trusted
    return ReleaseAudit(release, keys, previous, is_vouched, vouched.erased(release) if is_vouched else {}, good)


def _each_alone(published: Path, trusted: Sequence[Ed25519PublicKey], vouched: Vouched) -> Iterator[Result]:
    """Verify each folder alone, if the chain is broken."""
    for folder in _folders(published):
        yield from audit_of(folder, trusted, vouched).run()


def _folders(published: Path) -> list[Path]:
    """Return what may be releases: folders, but not symbolic links to folders."""
    if not stat.S_ISDIR(disk.mode(published / history.RELEASES)):
        return []
    releases = published / history.RELEASES
    return [releases / name for name, mode in disk.entries(releases).items() if name[0] != "." and stat.S_ISDIR(mode)]


def _index(published: Path, releases: list[Release], vouched: Vouched, code: Callable[[], list[Result]]) -> Iterator[Result]:
    yield from checked(STORE, "files", lambda: _strangers(published), "the store has no added files")
    try:
        known = with_withdrawals(releases, read_index(published, releases))
        count, derived = _listed(published, known)
    except Exception as error:
        if is_of_machine(error):
            raise
        yield Result(STORE, "index", FAILED, shown(str(error), 300))
        return
    if count:
        good = f"{INDEX} lists {count} release{'s' if count > 1 else ''} and their derived files"
        yield from checked(STORE, "index", lambda: listing_faults(known[:count], derived), good)
    if not vouched.said and not vouched.after and not vouched.is_refused and (new := _of_signed_stores(known[:count])):
        detail = f"nobody vouches for {INDEX}, which lists {new}, made when stores had {history.METADATA}/: it was removed"
        yield Result(STORE, history.METADATA, FAILED, detail)
    if count < len(releases):
        detail = f"{INDEX} does not list {releases[-1].version} yet; the next publication completes it"
        yield Result(STORE, "index", CUT_SHORT, detail)
    yield from code()
    yield from check_derived(STORE, published, derived, vouched)
    if leftovers := [name for name in disk.entries(published) if name.startswith(LEFT)]:
        detail = f"a publication left {', '.join(leftovers)[:120]}; the next one removes it"
        yield Result(STORE, "leftovers", CUT_SHORT, shown(detail, 300))


def _of_signed_stores(releases: Sequence[Release]) -> str | None:
    """Return the first release of code that signs the metadata of its store."""
    return next((release.version for release in releases if is_of_signed_store(release.info)), None)


def _strangers(published: Path) -> Iterator[str]:
    """Yield unexpected hidden entries, which no publication leaves; other entries must be in the history or the index."""
    for name, mode in disk.entries(published).items():
        is_left = (name == LEAVING and stat.S_ISREG(mode)) or (name.startswith(disk.STAGING) and stat.S_ISDIR(mode))
        if name.startswith(".") and not is_left:
            yield f"{name} was added"
    for name in disk.entries(published / history.RELEASES):
        if name.startswith("."):
            yield f"{history.RELEASES}/{name} was added"


def _listed(published: Path, known: list[Release]) -> tuple[int, dict[str, str]]:
    """Return the number of releases in the index (all, or all except the newest), and its derived files.

    Only the first publication can be cut short before an index exists. Raises VerificationError otherwise.
    """
    if len(known) == 1 and not disk.mode(published / INDEX):
        return 0, {}
    data = disk.read(published / INDEX)
    content = parse_object(published / INDEX, data)
    derived: dict[str, str] = content.get("derived", {})
    for count in (len(known), len(known) - 1):
        if count and index_bytes(known[:count], derived, content.get("derived_by", "")) == data:
            return count, derived
    raise VerificationError(f"{INDEX} does not list the releases of the store")


def fresh(head: Release, max_age: int, today: str) -> Iterator[Result]:
    """Check that the newest release is at most ``max_age`` days old, and not dated in the future."""
    age = (date.fromisoformat(today) - date.fromisoformat(head.date)).days
    result = PASSED if 0 <= age <= max_age else FAILED
    yield Result(STORE, "age", result, f"the newest release is {age} days old; 0 to {max_age} are allowed")
