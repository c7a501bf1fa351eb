"""Mirror a release or a store at an address into a folder, where the local verification checks it.

An address is the folder of a release (it has ``SHA256SUMS``) or of a store (it has ``releases.json``), http or https. Only
files that these list are fetched, only from the given origin. Each file is streamed to the disk, the total size is limited,
and each name must match the grammar of published names. A server is not trusted: a file that is missing, incomplete or
redirected to another origin is a failed result with its address, and the other files are still fetched.

Why a mirror: the checks read a release many times and in any order, and frictionless reads files. A second reader for
addresses could differ from the first. The cost is a copy on the disk, which is removed after the verification.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urljoin, urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from cbrn_data.deadline import Clock
from cbrn_data.errors import CbrnDataError, ReleaseError, VerificationError
from cbrn_data.fetch import LIST_LIMIT, SILENT_AT_MOST, TOTAL_LIMIT, AbsentError, SilentError, Web, checked_address
from cbrn_data.progress import tracked
from cbrn_data.refusals import is_of_machine
from cbrn_data.signing.attestation import ATTESTATION
from cbrn_data.store import disk
from cbrn_data.store.folder import SUMS, check_version, parse_checksums
from cbrn_data.store.history import CODE, INDEX, LATEST, METADATA, RELEASES
from cbrn_data.store.index import read_index
from cbrn_data.store.names import check_names, inside
from cbrn_data.trust import client
from cbrn_data.trust.roles import TIMESTAMP
from cbrn_data.verify.results import FAILED, NOT_CHECKED, PASSED, STORE, Result
from cbrn_data.verify.signature import ENVELOPE_LIMIT, signed_by
from cbrn_data.verify.vouched import Vouched, raw_pins

FETCH = "fetch"
UNSEEN = "a web server does not list folders, so added files and symbolic links cannot be found"


@dataclass(frozen=True)
class Mirror:
    """A copy of an address in ``folder``; ``results`` are those of fetching."""

    address: str
    folder: Path
    results: list[Result]

    def restated(self, results: Iterable[Result]) -> Iterator[Result]:
        """Yield the results with the address instead of the folder, which is removed before people read them."""
        for result in results:
            detail = result.detail.replace(f"{self.folder}/", self.address).replace(str(self.folder), self.address)
            yield replace(result, detail=detail)


def mirror(
    address: str,
    root: Path,
    limit: int | None = None,
    seconds: float | None = None,
    trusted: Sequence[Ed25519PublicKey] = (),
) -> Mirror:
    """Fetch a release or a store into a new folder in ``root``, which is empty; at most ``limit`` bytes.

    ``seconds`` is the most time; by default it grows with the bytes received (see ``deadline``). If keys are ``trusted``, a
    release that is not signed by any of them is not fetched further.

    Raises CbrnDataError if the server does not answer, or if the address has neither a release nor a store.
    """
    clock = Clock(seconds, "--max-time allows more")
    web = Web(checked_address(address), TOTAL_LIMIT if limit is None else limit, "--max-size allows more", clock)
    name = urlsplit(web.address).path.rstrip("/").rsplit("/", 1)[-1]
    store = _store_around(web.address)
    folder = root / (RELEASES if store and name != LATEST else "") / (name if _is_name(name) else "release")
    folder.mkdir(parents=True)
    for listing, subject, take in ((SUMS, folder.name, _take_release), (INDEX, STORE, _take_store)):
        try:
            web.fetch(listing, folder, LIST_LIMIT)
        except AbsentError:
            continue
        except SilentError as error:
            raise CbrnDataError(str(error)) from error
        except VerificationError as error:
            return Mirror(web.address, folder, [Result(subject, FETCH, FAILED, str(error))])
        vouched = _vouched_around(Web(store, LIST_LIMIT, "", clock), root, trusted) if store and listing == SUMS else None
        results = [*take(web, folder, subject, trusted, vouched=vouched), Result(subject, "listing", NOT_CHECKED, UNSEEN)]
        return Mirror(web.address, folder, results)
    raise CbrnDataError(f"{web.address}: has neither a release ({SUMS}) nor a store ({INDEX})")


def _store_around(address: str) -> str | None:
    """Return the address of the store of which a release has the address; None if no store has releases there.

    >>> _store_around("https://data.example/a/releases/2.0.0/"), _store_around("https://data.example/latest/")
    ('https://data.example/a/', 'https://data.example/')
    """
    *_, above, name = ["", *urlsplit(address).path.rstrip("/").split("/")]
    return urljoin(address, "../") if name == LATEST else urljoin(address, "../../") if above == RELEASES else None


def _vouched_around(web: Web, root: Path, trusted: Sequence[Ed25519PublicKey]) -> Vouched:
    """Fetch index and metadata of the store around a release; return what they say, which is nothing if they are not valid.

    The release stays valid when the key that signed it is dropped, and files that were erased are not missing.
    """
    vouched = Vouched()
    try:
        web.fetch(INDEX, root, LIST_LIMIT)
        refused = list(_take_metadata(web, root, trusted, vouched))
    except VerificationError:
        return Vouched()
    return Vouched() if refused else vouched


def _is_name(name: str) -> bool:
    try:
        inside(Path(), name)
    except ReleaseError:
        return False
    return True


def _take_release(
    web: Web,
    folder: Path,
    subject: str,
    trusted: Sequence[Ed25519PublicKey],
    below: str = "",
    vouched: Vouched | None = None,
) -> Iterator[Result]:
    """Fetch every file in the SHA256SUMS of a release, and its attestation, which comes first if keys are pinned."""
    try:
        if trusted:
            web.fetch(ATTESTATION, folder, ENVELOPE_LIMIT, below)
            if vouched is None or not vouched.vouches_for(folder):
                signed_by(folder, [*trusted, *(vouched.keys() if vouched else ())])
        listed = parse_checksums(folder / SUMS, disk.read(folder / SUMS))
    except CbrnDataError as error:
        yield Result(subject, FETCH, FAILED, f"{error}; nothing else of this release was fetched")
        return
    names = sorted(listed.keys() - (vouched.erased(folder) if vouched else {}))
    yield from _take(web, folder, names if trusted else [*names, ATTESTATION], subject, below)


def _take_metadata(web: Web, folder: Path, trusted: Sequence[Ed25519PublicKey], vouched: Vouched) -> Iterator[Result]:
    """Fetch the metadata, as a TUF client asks for them, and keep what they say in ``vouched``.

    Yields a failure unless they vouch for the index.
    """

    def read(name: str) -> bytes:
        place = folder / METADATA / name
        if not place.exists():
            try:
                web.fetch(name, folder / METADATA, LIST_LIMIT, f"{METADATA}/")
            except AbsentError as error:
                raise FileNotFoundError(name) from error
        return disk.read(place)

    try:
        read(TIMESTAMP)
    except FileNotFoundError:  # the store has the older form
        disk.remove_empty(folder / METADATA, folder)
        return
    except VerificationError as error:
        yield Result(STORE, METADATA, FAILED, str(error))
        return
    with TemporaryDirectory(prefix="cbrn-data-") as kept:
        try:
            vouched.said = said = client.trusted(read, Path(kept), raw_pins(trusted))
        except CbrnDataError as error:
            if is_of_machine(error):
                raise
            yield Result(STORE, METADATA, FAILED, f"{web.address}: {error}; nothing else was fetched")
            return
    if not said.holds(INDEX, disk.digest(folder / INDEX)):
        yield Result(STORE, METADATA, FAILED, f"{web.address}{INDEX}: is not what the metadata vouch for; verify again")


def _take_store(
    web: Web, folder: Path, subject: str, trusted: Sequence[Ed25519PublicKey], vouched: Vouched | None = None
) -> Iterator[Result]:
    """Fetch the metadata, then the releases in the index, oldest first, their code and the derived files."""
    vouched = vouched or Vouched()
    if refused := list(_take_metadata(web, folder, trusted, vouched)):
        yield from refused
        return
    before = disk.read(folder / INDEX)
    try:
        index = read_index(folder, [])
        versions = [check_version(version) for version in reversed(index.digests)]
        check_names([*index.derived, INDEX])
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
        yield from _take_release(web, release, version, trusted, below, vouched)
    named = vouched.said.targets if vouched.said else ()
    for name in [target.rpartition("/")[0] for target in named if target.startswith(f"{CODE}/")]:
        try:
            place = inside(folder, name)
            web.fetch(SUMS, place, LIST_LIMIT, f"{name}/")
            listed = parse_checksums(place / SUMS, disk.read(place / SUMS))
        except CbrnDataError as error:
            yield Result(subject, FETCH, FAILED, str(error))
            continue
        yield from _take(web, place, sorted(listed), subject, f"{name}/")
    yield from _take(web, folder, sorted(index.derived), subject)
    yield from _unmoved(web, folder, before)


def _take(web: Web, folder: Path, names: list[str], subject: str, below: str = "") -> Iterator[Result]:
    """Fetch files into ``folder``; yield a result for each that fails, or one result if all succeed."""
    faults, size = 0, 0
    for number, name in enumerate(tracked(f"Fetch {web.address}{below}", names, len(names))):
        if web.silent >= SILENT_AT_MOST:
            detail = f"{web.address}{below}: does not answer any more; {len(names) - number} files were not requested"
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
    """Yield a failure if the index has changed meanwhile, because the files can be of two states."""
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
