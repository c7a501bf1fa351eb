"""Files of a release fetched from an address, http or https: one origin, each file streamed to the disk and limited in size.

A server is not trusted: what it does not send, sends short, too slowly, compressed or from elsewhere is an error that names
the address.
The client and ``verify`` fetch here; they decide which files belong to a release, and whether they are right.
"""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from cbrn_data import __version__
from cbrn_data.deadline import Clock, TooSlowError, handlers
from cbrn_data.errors import CbrnDataError, VerificationError
from cbrn_data.findings import shown
from cbrn_data.store import disk

TIMEOUT = 30
"""Seconds without a byte after which a server is taken to be silent."""
LIST_LIMIT = 1 << 26
"""``SHA256SUMS`` and ``releases.json`` are read whole, so that they are limited more strictly."""
TOTAL_LIMIT = 16_000_000_000
"""What may come from one address, unless said otherwise: what is not trusted must not fill the disk."""
SILENT_AT_MOST = 3
"""After so many files in a row without an answer the others are not asked for: each would wait for ``TIMEOUT``."""

AGENT = f"cbrn-data/{__version__}"
"""What a server is told of who asks."""

_CHUNK = 1 << 20


class AbsentError(VerificationError):
    """The server answers that there is no such file."""


class SilentError(VerificationError):
    """There is no answer at all."""


class LargeError(VerificationError):
    """There is more than may come."""


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
        scheme, host, _ = origin(text)
    except ValueError as error:
        raise CbrnDataError(f"this is not an address ({shown(str(error))})") from error
    if "@" in parts.netloc:
        raise CbrnDataError(f"the address at {shown(host)} holds a user name or password, which are never sent")
    if scheme not in ("http", "https") or not host:
        raise CbrnDataError(f"{shown(text)}: only http and https addresses can be verified")
    if parts.query or parts.fragment or not (text.isascii() and text.isprintable()) or " " in text:
        raise CbrnDataError(f"{shown(text)}: give the plain address of a folder, without query, fragment or space")
    return text.rstrip("/") + "/"


def opener(clock: Clock, redirects: urllib.request.HTTPRedirectHandler) -> urllib.request.OpenerDirector:
    """Return urllib's opener of http and https, and of nothing else, whose answers end when ``clock`` says so."""
    made = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        *handlers(clock),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        redirects,
    ):
        made.add_handler(handler)
    return made


class Web:
    """One origin: fetches files under ``address``, ``limit`` bytes at most, and counts how often nothing answered in a row.

    ``way_out`` is what to do about a file that is larger than what may still come. ``clock`` limits the time.
    """

    def __init__(self, address: str, limit: int, way_out: str, clock: Clock | None = None) -> None:
        self.address = address
        self._clock = clock or Clock()
        self.silent = 0
        self._left = limit
        self._way_out = way_out
        self._opener = opener(self._clock, _SameOrigin())

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
            self.silent = self.silent + 1 if isinstance(error, SilentError) else 0
            target.unlink(missing_ok=True)
            way_out = f"; {self._way_out}" if isinstance(error, LargeError) and most == self._left else ""
            raise type(error)(f"{address}: {error}{way_out}") from error
        self.silent = 0
        self._left -= size
        self._clock.done()
        return size

    def _fetch(self, address: str, target: Path, limit: int) -> int:
        if self.silent >= SILENT_AT_MOST:
            raise SilentError("not asked for: the server does not answer any more")
        request = urllib.request.Request(address, headers={"User-Agent": AGENT})  # noqa: S310
        self._clock.begin(TIMEOUT)
        try:
            with self._opener.open(request, timeout=TIMEOUT) as answer:
                return _stream(answer, target, limit, self._clock)
        except TooSlowError as error:
            if self._clock.is_over:
                self.silent = SILENT_AT_MOST
            raise SilentError(str(error)) from error
        except urllib.error.HTTPError as error:
            error.close()
            kind = AbsentError if error.code in (404, 410) else VerificationError
            raise kind(f"the server answers {error.code} {shown(str(error.reason), 80)}") from error
        except urllib.error.URLError as error:
            raise SilentError(f"no answer ({shown(str(error.reason), 120)})") from error
        except OSError as error:
            raise SilentError(f"no answer ({shown(str(error) or type(error).__name__, 120)})") from error
        except (http.client.HTTPException, ValueError) as error:
            raise VerificationError(f"cannot be fetched ({type(error).__name__}: {shown(str(error), 120)})") from error


class _SameOrigin(urllib.request.HTTPRedirectHandler):
    """Follows a redirect within the origin and refuses every other one."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        fp.close()  # else urllib would read it to an end that it may not have
        if origin(newurl) != origin(req.full_url) or "@" in urlsplit(newurl).netloc:
            raise VerificationError(f"leads elsewhere, to {shown(newurl, 120)}, which is refused")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def origin(address: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port (RFC 6454). Raises ValueError for a port that is none."""
    parts = urlsplit(address)
    return parts.scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _stream(answer: http.client.HTTPResponse, target: Path, limit: int, clock: Clock) -> int:
    """Write the body to a new file; refuse one that is too large, is compressed, or ends before its stated length."""
    stated = answer.headers.get("Content-Length", "")
    stated_size = int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 20 else None
    if answer.status != 200:
        raise VerificationError(f"the server answers {answer.status} where 200 belongs")
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise VerificationError("the server sends it compressed, though that was not asked for")
    size = 0
    with disk.explained(target):
        file = target.open("xb")
    with file:
        while size != stated_size and (piece := answer.read1(_CHUNK)):
            size += len(piece)
            clock.earn(len(piece))
            if size > limit or (stated_size or 0) > limit:
                raise LargeError(f"is larger than {limit:,} bytes, the most that may still come")
            with disk.explained(target):
                file.write(piece)
    if stated_size is not None and size != stated_size:
        raise VerificationError(f"breaks off after {size:,} of {stated_size:,} bytes")
    return size
