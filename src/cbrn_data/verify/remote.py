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

import http.client
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import IO, Any
from urllib.parse import urlsplit

from cbrn_data import __version__
from cbrn_data.errors import CbrnDataError, ReleaseError, VerificationError
from cbrn_data.findings import shown
from cbrn_data.signing.attestation import ATTESTATION
from cbrn_data.store import disk
from cbrn_data.store.folder import SUMS, check_version, parse_checksums
from cbrn_data.store.history import RELEASES
from cbrn_data.store.index import INDEX, read_index
from cbrn_data.verify.results import FAILED, NOT_CHECKED, PASSED, Result

TIMEOUT = 30
"""Seconds without a byte after which a server is taken to be silent."""
LIST_LIMIT = 1 << 26
"""``SHA256SUMS`` and ``releases.json`` are read whole, so that they are limited more strictly."""
TOTAL_LIMIT = 16_000_000_000
"""What may come from one address, unless said otherwise: what is not trusted must not fill the disk."""
SLOWEST = 1 << 14
"""Bytes a second, below which a server is taken to hold the auditor up; counted after the first ``TIMEOUT``."""
SILENT_AT_MOST = 3
"""After so many files in a row without an answer the others are not asked for: each would wait for ``TIMEOUT``."""

STORE = "store"
FETCH = "fetch"
UNSEEN = "a web server lists no folders: files that were added to them, and links, do not show"

_CHUNK = 1 << 20


class _AbsentError(VerificationError):
    """The server answers that there is no such file."""


class _SilentError(VerificationError):
    """There is no answer at all."""


class _LargeError(VerificationError):
    """There is more than may come."""


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


def is_address(what: str) -> bool:
    """Tell an address from a folder.

    >>> is_address("https://data.example/published/"), is_address("published")
    (True, False)
    """
    return "://" in what


def checked_address(text: str) -> str:
    """Return an address of a folder, ending in ``/``. Raises CbrnDataError for what is none.

    >>> checked_address("https://data.example/published")
    'https://data.example/published/'
    """
    try:
        parts = urlsplit(text)
        scheme, host, _ = _origin(text)
    except ValueError as error:
        raise CbrnDataError(f"this is not an address ({shown(str(error))})") from error
    if "@" in parts.netloc:
        raise CbrnDataError(f"the address at {shown(host)} holds a user name or password, which are never sent")
    if scheme not in ("http", "https") or not host:
        raise CbrnDataError(f"{shown(text)}: only http and https addresses can be verified")
    if parts.query or parts.fragment or not (text.isascii() and text.isprintable()) or " " in text:
        raise CbrnDataError(f"{shown(text)}: give the plain address of a folder, without query, fragment or space")
    return text.rstrip("/") + "/"


def mirror(address: str, root: Path, limit: int | None = None) -> Mirror:
    """Fetch what an address names into a new folder below ``root``, which is empty; ``limit`` bytes at most.

    Raises CbrnDataError where nothing answers, or neither a release nor a store is there.
    """
    web = Web(checked_address(address), limit or TOTAL_LIMIT, "--max-size allows more")
    name = urlsplit(web.address).path.rstrip("/").rsplit("/", 1)[-1]
    folder = root / (name if _is_name(name) else "release")
    folder.mkdir()
    for listing, subject, take in ((SUMS, folder.name, _take_release), (INDEX, STORE, _take_store)):
        try:
            web.fetch(listing, folder, LIST_LIMIT)
        except _AbsentError:
            continue
        except _SilentError as error:
            raise CbrnDataError(str(error)) from error
        except VerificationError as error:
            return Mirror(web.address, folder, [Result(subject, FETCH, FAILED, str(error))])
        results = [*take(web, folder, subject), Result(subject, "listing", NOT_CHECKED, UNSEEN)]
        return Mirror(web.address, folder, results)
    raise CbrnDataError(f"{web.address}: there is no release ({SUMS}) and no store ({INDEX}) here")


def _is_name(name: str) -> bool:
    try:
        disk.inside(Path(), name)
    except ReleaseError:
        return False
    return True


def _take_release(web: Web, folder: Path, subject: str, below: str = "") -> Iterator[Result]:
    """Fetch every file that the SHA256SUMS of a release lists, and its attestation."""
    try:
        listed = parse_checksums(folder / SUMS, disk.read(folder / SUMS))
    except ReleaseError as error:
        yield Result(subject, FETCH, FAILED, str(error))
        return
    yield from _take(web, folder, [*sorted(listed), ATTESTATION], subject, below)


def _take_store(web: Web, folder: Path, subject: str) -> Iterator[Result]:
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
        yield from _take_release(web, release, version, below)
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


class Web:
    """One origin: fetches files under ``address``, ``limit`` bytes at most, and counts how often nothing answered in a row.

    ``way_out`` is what to do about a file that is larger than what may still come.
    """

    def __init__(self, address: str, limit: int, way_out: str) -> None:
        self.address = address
        self.silent = 0
        self._left = limit
        self._way_out = way_out
        self._opener = urllib.request.OpenerDirector()
        for handler in (
            urllib.request.ProxyHandler(),
            urllib.request.HTTPHandler(),
            urllib.request.HTTPSHandler(),
            urllib.request.HTTPDefaultErrorHandler(),
            urllib.request.HTTPErrorProcessor(),
            _SameOrigin(),
        ):
            self._opener.add_handler(handler)

    def fetch(self, name: str, folder: Path, limit: int | None = None, below: str = "") -> int:
        """Fetch ``below`` + ``name`` to ``name`` in ``folder`` and return its size; a file that fails leaves nothing.

        Raises VerificationError naming the address, and ReleaseError where the disk refuses.
        """
        address, target = f"{self.address}{below}{name}", disk.inside(folder, name)
        with disk.explained(target):
            target.parent.mkdir(parents=True, exist_ok=True)
        most = self._left if limit is None else min(limit, self._left)
        try:
            size = self._fetch(address, target, most)
        except VerificationError as error:
            self.silent = self.silent + 1 if isinstance(error, _SilentError) else 0
            target.unlink(missing_ok=True)
            way_out = f"; {self._way_out}" if isinstance(error, _LargeError) and most == self._left else ""
            raise type(error)(f"{address}: {error}{way_out}") from error
        self.silent = 0
        self._left -= size
        return size

    def _fetch(self, address: str, target: Path, limit: int) -> int:
        if self.silent >= SILENT_AT_MOST:
            raise _SilentError("not asked for: the server does not answer any more")
        request = urllib.request.Request(address, headers={"User-Agent": f"cbrn-data/{__version__}"})  # noqa: S310
        try:
            with self._opener.open(request, timeout=TIMEOUT) as answer:
                return _stream(answer, target, limit)
        except urllib.error.HTTPError as error:
            error.close()
            kind = _AbsentError if error.code in (404, 410) else VerificationError
            raise kind(f"the server answers {error.code} {shown(str(error.reason), 80)}") from error
        except urllib.error.URLError as error:
            raise _SilentError(f"no answer ({shown(str(error.reason), 120)})") from error
        except OSError as error:
            raise _SilentError(f"no answer ({shown(str(error) or type(error).__name__, 120)})") from error
        except (http.client.HTTPException, ValueError) as error:
            raise VerificationError(f"cannot be fetched ({type(error).__name__}: {shown(str(error), 120)})") from error


class _SameOrigin(urllib.request.HTTPRedirectHandler):
    """Follows a redirect within the origin and refuses every other one."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        if _origin(newurl) != _origin(req.full_url) or "@" in urlsplit(newurl).netloc:
            fp.close()
            raise VerificationError(f"leads elsewhere, to {shown(newurl, 120)}, which is refused")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _origin(address: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port (RFC 6454). Raises ValueError for a port that is none."""
    parts = urlsplit(address)
    return parts.scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _stream(answer: http.client.HTTPResponse, target: Path, limit: int) -> int:
    """Write the body to a new file; refuse one that is too large, is compressed, or ends before its stated length."""
    stated = answer.headers.get("Content-Length", "")
    stated_size = int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 20 else None
    if answer.status != 200:
        raise VerificationError(f"the server answers {answer.status} where 200 belongs")
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise VerificationError("the server sends it compressed, though that was not asked for")
    size, began = 0, monotonic()
    with disk.explained(target):
        file = target.open("xb")
    with file:
        while size != stated_size and (piece := answer.read1(_CHUNK)):
            size += len(piece)
            if monotonic() - began > TIMEOUT + size / SLOWEST:
                raise VerificationError(f"comes too slowly: {size:,} bytes in {monotonic() - began:.0f} seconds")
            if size > limit or (stated_size or 0) > limit:
                raise _LargeError(f"is larger than {limit:,} bytes, the most that may still come")
            with disk.explained(target):
                file.write(piece)
    if stated_size is not None and size != stated_size:
        raise VerificationError(f"breaks off after {size:,} of {stated_size:,} bytes")
    return size
