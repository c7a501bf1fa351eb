"""Tables and descriptors at addresses: fetched to a temporary folder, each once, with limits of time, size and redirects.

A descriptor may come from a stranger, so it must not make us ask machines inside our network: a socket connects to public
hosts only, except at the origin of an address that the user gave. Behind a proxy, only the name of a host can be judged.
"""

from __future__ import annotations

import errno
import http.client
import re
import socket
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote, urlsplit

from cbrn_data.deadline import Clock
from cbrn_data.errors import VerificationError, extra_missing
from cbrn_data.findings import shown
from cbrn_data.foreign import RefusedError
from cbrn_data.refusals import is_of_machine
from cbrn_data.web import AGENT, CHUNK, TIMEOUT, body, is_public_host, is_public_number, opener, origin

SCHEMES = ("https", "http", "s3")
LARGEST = 16_000_000_000
"""The most bytes of all addresses together."""
REDIRECTS = 5
"""The most redirects of an address."""
_SILENT_AT_MOST = 2
_NAME = re.compile(r"[^\w.-]")


def is_address(text: str) -> bool:
    """Return whether text is an address, not a path.

    >>> is_address("https://example.org/t.csv"), is_address("a:b.csv")
    (True, False)
    """
    return "://" in text


class Remote:
    """Files at addresses. ``given`` are those that the user named; only their origins may be private.

    ``clock`` limits the time of everything; without it, each file has the time that it earns (see ``deadline``).
    """

    def __init__(self, folder: Path, given: Iterable[str] = (), clock: Clock | None = None, most: int = LARGEST) -> None:
        self._folder, self._clock, self._left = folder, clock, most
        self._private = {origin(address) for address in given if is_address(address)}
        self._paths: dict[str, Path] = {}
        self._addresses: dict[Path, str] = {}
        self._failed: dict[Path, str] = {}
        self._silent: Counter[str] = Counter()

    def path_of(self, address: str) -> Path:
        """Return where the file of an address will be; its name ends as the address. Raises ValueError for a wrong one."""
        parts = urlsplit(address)
        if parts.scheme not in SCHEMES or not parts.hostname or "@" in parts.netloc or parts.fragment:
            raise ValueError(f"use {', '.join(SCHEMES)}, without user name, password and fragment")
        if not (address.isascii() and address.isprintable()) or " " in address:
            raise ValueError("write characters beyond ASCII and spaces with %")
        origin(address)
        if address not in self._paths:
            name = _NAME.sub("_", unquote(parts.path).rpartition("/")[2])[-80:].lstrip(".")
            path = self._folder / f"{len(self._paths)}-{name}"
            self._paths[address], self._addresses[path] = path, address
        return self._paths[address]

    def address_of(self, path: Path) -> str:
        """Return the address of a path of this object, else the path itself."""
        return self._addresses.get(path, str(path))

    def ensure(self, path: Path, limit: int = LARGEST) -> None:
        """Fetch the file of a path of this object, if it is not there. Raises OSError with the reason."""
        if path in self._failed:
            raise RefusedError(errno.EIO, self._failed[path])
        if path not in self._addresses or path.exists():
            return
        try:
            self._left -= self._fetch(self._addresses[path], path, min(limit, self._left))
        except (OSError, VerificationError, ValueError, http.client.HTTPException) as error:
            if is_of_machine(error):
                raise
            path.unlink(missing_ok=True)
            self._failed[path] = _reason(error)
            raise RefusedError(errno.EIO, self._failed[path]) from error

    def _fetch(self, address: str, path: Path, limit: int) -> int:
        host, clock = urlsplit(address).netloc, self._clock or Clock()
        if self._silent[host] >= _SILENT_AT_MOST:
            raise VerificationError("was not requested, because the server does not answer")
        clock.begin(TIMEOUT)
        pieces = _object(address, limit, clock) if address.startswith("s3://") else self._page(address, limit, clock)
        try:
            with path.open("xb") as file:
                for piece in pieces:
                    file.write(piece)
                return file.tell()
        except (TimeoutError, urllib.error.URLError) as error:
            self._silent[host] += not isinstance(error, urllib.error.HTTPError)
            raise

    def _page(self, address: str, limit: int, clock: Clock) -> Iterator[bytes]:
        self.check(address)
        request = urllib.request.Request(address, headers={"User-Agent": AGENT, "Accept": "*/*"})  # noqa: S310
        asked = opener(clock, _Redirects(self), self._connect)
        with asked.open(request, timeout=TIMEOUT) as answer:
            yield from body(answer, limit, clock)

    def check(self, address: str) -> None:
        """Refuse a host that is private by its name, unless the user gave its origin. Raises VerificationError."""
        host = urlsplit(address).hostname or ""
        if origin(address) not in self._private and not is_public_host(host):
            raise VerificationError(f"leads to {shown(address, 120)}, a private address, which is not fetched")

    def _connect(self, where: tuple[str, int], *arguments: Any, **options: Any) -> socket.socket:
        """Connect, and refuse the address that a public name has in a private network."""
        found = socket.create_connection(where, *arguments, **options)
        number = str(found.getpeername()[0])
        named = any((host, port) == where for _, host, port in self._private)
        if not (is_public_number(number) or named or _is_proxy(where[0])):
            found.close()
            raise OSError(f"{shown(where[0], 80)} is at {number}, a private address, which is not fetched")
        return found


def _is_proxy(host: str) -> bool:
    proxies = urllib.request.getproxies().values()
    return any(host == urlsplit(proxy if "//" in proxy else f"//{proxy}").hostname for proxy in proxies)


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows a few redirects, each within the rules for the hosts of ``remote``, and none from https to http."""

    max_redirections = REDIRECTS

    def __init__(self, remote: Remote) -> None:
        self._remote = remote

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        fp.close()  # otherwise urllib would read it to its end, which may never come
        allowed = ("https://",) if req.full_url.startswith("https://") else ("https://", "http://")
        if not newurl.startswith(allowed) or "@" in urlsplit(newurl).netloc:
            raise VerificationError(f"redirects to {shown(newurl, 120)}, which is not followed")
        self._remote.check(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _object(address: str, limit: int, clock: Clock) -> Iterator[bytes]:
    """Yield an object of S3; the bucket is asked with the keys of the environment."""
    try:
        from s3fs import S3FileSystem
    except ImportError as error:
        raise VerificationError(extra_missing("an s3 address", "s3", "s3fs")) from error
    waits = {"connect_timeout": TIMEOUT, "read_timeout": TIMEOUT, "retries": {"total_max_attempts": 2}}
    files: Any = S3FileSystem(use_listings_cache=False, skip_instance_cache=True, config_kwargs=waits)
    with files.open(address, "rb", block_size=CHUNK, cache_type="readahead") as file:
        if file.size > limit:
            raise VerificationError(f"is larger than {limit:,} bytes, the rest of the limit")
        while clock.left() and (piece := file.read(CHUNK)):
            clock.earn(len(piece))
            yield piece


def _reason(error: Exception) -> str:
    """Return why an address cannot be fetched, from the errors of urllib, of the socket, and of S3."""
    if isinstance(error, urllib.error.HTTPError):
        error.close()
        return f"the server answers {error.code} {shown(str(error.reason), 80)}".strip()
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(reason, FileNotFoundError):
        return "the storage does not have it"
    said = shown(str(reason) or type(reason).__name__, 200)
    return said if isinstance(error, VerificationError) else f"no answer: {said}"
