"""A release or a store behind an address, mirrored into a folder where the local verification judges it.

An address is the folder of a release (``SHA256SUMS`` is under it) or of a store (``releases.json`` is under it), http
or https. Everything that these name is fetched, and nothing else: from the given origin only, each file streamed to the
disk, all of them limited in size together, each name through the one grammar of published names. A server is not
trusted: what it does not send, sends short or sends from elsewhere is a failed result that names the address, and never
stops the rest.

Why a mirror: the checks read a release many times and in any order, and frictionless reads files. A second reader for
addresses would be a second opinion on what a release is. The cost is a copy on the disk, gone when the verification ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cbrn_data.deadline import Clock
from cbrn_data.errors import CbrnDataError, ReleaseError, VerificationError
from cbrn_data.fetch import LIST_LIMIT, SILENT_AT_MOST, TOTAL_LIMIT, AbsentError, SilentError, Web, checked_address
from cbrn_data.signing.attestation import ATTESTATION
from cbrn_data.store import disk
from cbrn_data.store.folder import SUMS, check_version, parse_checksums
from cbrn_data.store.history import RELEASES
from cbrn_data.store.index import INDEX, read_index
from cbrn_data.verify.results import FAILED, NOT_CHECKED, PASSED, Result
from cbrn_data.verify.signature import ENVELOPE_LIMIT, signed_by

STORE = "store"
FETCH = "fetch"
UNSEEN = "a web server lists no folders: files that were added to them, and links, do not show"


@dataclass(frozen=True)
class Mirror:
    """What an address names, in ``folder``; ``results`` say how the fetching went."""

    address: str
    folder: Path
    results: list[Result]

    def restated(self, results: Iterable[Result]) -> Iterator[Result]:
        """Yield the results with the address in the place of the folder, which is gone when people read them."""
        for result in results:
            told = result.detail.replace(f"{self.folder}/", self.address).replace(str(self.folder), self.address)
            yield replace(result, detail=told)


def mirror(
    address: str,
    root: Path,
    limit: int | None = None,
    seconds: float | None = None,
    trusted: Sequence[Ed25519PublicKey] = (),
) -> Mirror:
    """Fetch what an address names into a new folder below ``root``, which is empty; ``limit`` bytes at most.

    ``seconds`` is how long it may take, by default what the files that come earn (see ``deadline``). Of a
    release for which none of the ``trusted`` keys vouches nothing more is fetched.

    Raises CbrnDataError where nothing answers, or neither a release nor a store is there.
    """
    clock = Clock(seconds, "--max-time allows more")
    web = Web(checked_address(address), limit or TOTAL_LIMIT, "--max-size allows more", clock)
    name = urlsplit(web.address).path.rstrip("/").rsplit("/", 1)[-1]
    folder = root / (name if _is_name(name) else "release")
    folder.mkdir()
    for listing, subject, take in ((SUMS, folder.name, _take_release), (INDEX, STORE, _take_store)):
        try:
            web.fetch(listing, folder, LIST_LIMIT)
        except AbsentError:
            continue
        except SilentError as error:
            raise CbrnDataError(str(error)) from error
        except VerificationError as error:
            return Mirror(web.address, folder, [Result(subject, FETCH, FAILED, str(error))])
        results = [*take(web, folder, subject, trusted), Result(subject, "listing", NOT_CHECKED, UNSEEN)]
        return Mirror(web.address, folder, results)
    raise CbrnDataError(f"{web.address}: there is no release ({SUMS}) and no store ({INDEX}) here")


def _is_name(name: str) -> bool:
    try:
        disk.inside(Path(), name)
    except ReleaseError:
        return False
    return True


def _take_release(
    web: Web, folder: Path, subject: str, trusted: Sequence[Ed25519PublicKey], below: str = ""
) -> Iterator[Result]:
    """Fetch every file that the SHA256SUMS of a release lists, and its attestation; with pins, first that."""
    try:
        if trusted:
            web.fetch(ATTESTATION, folder, ENVELOPE_LIMIT, below)
            signed_by(folder, trusted)
        listed = parse_checksums(folder / SUMS, disk.read(folder / SUMS))
    except CbrnDataError as error:
        yield Result(subject, FETCH, FAILED, f"{error}; nothing else of this release was fetched")
        return
    yield from _take(web, folder, sorted(listed) if trusted else [*sorted(listed), ATTESTATION], subject, below)


def _take_store(web: Web, folder: Path, subject: str, trusted: Sequence[Ed25519PublicKey]) -> Iterator[Result]:
    """Fetch the releases that the index lists, oldest first, and the derived files."""
    before = disk.read(folder / INDEX)
    try:
        index = read_index(folder, [])
        versions = [check_version(version) for version in reversed(index.digests)]
        disk.check_names([*index.derived, INDEX])
    except ReleaseError as error:
        yield Result(subject, FETCH, FAILED, str(error))
        return
    for version in versions:
        below = f"{RELEASES}/{version}/"
        release = folder / RELEASES / version
        try:
            web.fetch(SUMS, release, LIST_LIMIT, below)
        except VerificationError as error:
            yield Result(version, FETCH, FAILED, str(error))
            continue
        yield from _take_release(web, release, version, trusted, below)
    yield from _take(web, folder, sorted(index.derived), subject)
    yield from _unmoved(web, folder, before)


def _take(web: Web, folder: Path, names: list[str], subject: str, below: str = "") -> Iterator[Result]:
    """Fetch files into ``folder``; yield a result for each that does not come, or one that all came."""
    faults, size = 0, 0
    for number, name in enumerate(names):
        if web.silent >= SILENT_AT_MOST:
            detail = f"{web.address}{below}: does not answer any more; {len(names) - number} files were not asked for"
            yield Result(subject, FETCH, FAILED, detail)
            return
        try:
            size += web.fetch(name, folder, below=below)
        except VerificationError as error:
            faults += 1
            yield Result(subject, FETCH, FAILED, str(error))
    if not faults:
        yield Result(subject, FETCH, PASSED, f"{len(names)} files, {size:,} bytes, from {web.address}{below}")


def _unmoved(web: Web, folder: Path, before: bytes) -> Iterator[Result]:
    """Say when the index is another at the end: files of two states would be held against each other."""
    (folder / INDEX).unlink()
    try:
        web.fetch(INDEX, folder, LIST_LIMIT)
        moved = disk.read(folder / INDEX) != before
    except VerificationError as error:
        yield Result(STORE, FETCH, FAILED, str(error))
        moved = False
    (folder / INDEX).write_bytes(before)
    if moved:
        detail = f"{web.address}{INDEX}: changed while the files were fetched; verify again"
        yield Result(STORE, FETCH, FAILED, detail)
