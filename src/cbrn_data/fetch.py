"""Fetch files of a release from an http or https address: one origin, each file streamed to disk with a size limit.

Servers are not trusted: a file that is missing, short, too slow, compressed or from another origin is an error that names
the address. The client and ``verify`` use this module; they decide which files belong to a release and whether they are
right.
"""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from cbrn_data.deadline import Clock, TooSlowError
from cbrn_data.errors import CbrnDataError, VerificationError
from cbrn_data.findings import shown
from cbrn_data.store import disk
from cbrn_data.store.names import inside
from cbrn_data.web import AGENT, TIMEOUT, LargeError, body, opener, origin

LIST_LIMIT = 1 << 26
"""``SHA256SUMS`` and ``releases.json`` are read into memory, so their limit is lower."""
TOTAL_LIMIT = 16_000_000_000
"""The default limit for one address: an untrusted server must not fill the disk."""
SILENT_AT_MOST = 3
"""After this many files in a row without an answer, the others are not requested; each would wait for ``TIMEOUT``."""


class AbsentError(VerificationError):
    """The server answers that the file does not exist."""


class SilentError(VerificationError):
    """The server does not answer."""


def is_address(what: str) -> bool:
    """Return whether text is an address, not a folder.

    >>> is_address("https://data.example/published/"), is_address("published")
    (True, False)
    """
    return "://" in what


def checked_address(text: str) -> str:
    """Return an address of a folder, ending in ``/``. Raises CbrnDataError if it is malformed.

    >>> checked_address("https://data.example/published")
    'https://data.example/published/'
    """
    try:
        parts = urlsplit(text)
        scheme, host, _ = origin(text)
    except ValueError as error:
        raise CbrnDataError(f"the address is malformed ({shown(str(error))})") from error
    if "@" in parts.netloc:
        raise CbrnDataError(f"the address at {shown(host)} contains a user name or password, which are never sent")
    if scheme not in ("http", "https") or not host:
        raise CbrnDataError(f"{shown(text)}: only http and https addresses can be verified")
    if parts.query or parts.fragment or not (text.isascii() and text.isprintable()) or " " in text:
        raise CbrnDataError(f"{shown(text)}: give the plain address of a folder, without query, fragment or space")
    return text.rstrip("/") + "/"


class Web:
    """One origin: fetches files under ``address``, at most ``limit`` bytes, and counts consecutive requests without answer.

    ``way_out`` is the advice about a file that is larger than the limit. ``clock`` limits the time.
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

        Raises VerificationError naming the address, and ReleaseError for an error of the disk.
        """
        address, target = f"{self.address}{below}{name}", inside(folder, name)
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
            raise SilentError("was not requested, because the server does not answer any more")
        request = urllib.request.Request(address, headers={"User-Agent": AGENT})  # noqa: S310
        self._clock.begin(TIMEOUT)
        try:
            with self._opener.open(request, timeout=TIMEOUT) as answer:
                return _save(body(answer, limit, self._clock), target)
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
    """Follows redirects within the origin and refuses all others."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        fp.close()  # otherwise urllib would read it to its end, which may never come
        if origin(newurl) != origin(req.full_url) or "@" in urlsplit(newurl).netloc:
            raise VerificationError(f"redirects to another origin, {shown(newurl, 120)}, which is refused")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _save(pieces: Iterator[bytes], target: Path) -> int:
    """Write the pieces to a new file, and return its size."""
    size = 0
    with disk.explained(target):
        file = target.open("xb")
    with file:
        for piece in pieces:
            size += len(piece)
            with disk.explained(target):
                file.write(piece)
    return size
