"""Fetch one address in a separate process, with limits of time, size and redirects.

A descriptor is untrusted, so it must not cause requests to machines inside our network (SSRF): a socket connects to public
hosts only, except at an origin that the user gave. Behind a proxy, only the name of a host can be judged.
"""

from __future__ import annotations

import http.client
import io
import json
import os
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from cbrn_data.deadline import LONGEST, Clock
from cbrn_data.errors import VerificationError, extra_missing
from cbrn_data.findings import shown
from cbrn_data.isolated import ENVIRONMENT, Limits, UnreadableError, pieces_isolated
from cbrn_data.refusals import is_of_machine
from cbrn_data.web import AGENT, CHUNK, TIMEOUT, body, is_public_host, is_public_number, opener, origin

REDIRECTS = 5
"""The most redirects of an address."""
_CPU, _MEMORY, _MORE = 3600, 2 << 30, 15
"""The processor seconds and the memory of the process, and the seconds that it may take besides the fetching."""
_NETWORK = ("http_proxy", "https_proxy", "no_proxy", "all_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR")


@dataclass(frozen=True)
class Order:
    """What to fetch, and where to write it: at most ``limit`` bytes in ``seconds``, None for the time that they earn.

    ``private`` are the origins that may be private; ``way_out`` is the advice when the time is over.
    """

    address: str
    path: str
    limit: int
    private: tuple[tuple[str, str, int | None], ...] = ()
    seconds: float | None = None
    way_out: str = ""


@dataclass(frozen=True)
class Outcome:
    """The bytes that were written, or the ``reason`` why not; ``is_silent`` if the server does not answer.

    ``errno`` is that of an error of this machine, such as a full disk.
    """

    size: int = 0
    reason: str = ""
    is_silent: bool = False
    errno: int = 0


def fetch_isolated(order: Order) -> Outcome:
    """Fetch in a separate process, with the proxies of the environment, and its keys for S3."""
    names = [*_NETWORK, *map(str.upper, _NETWORK)]
    if order.address.startswith("s3://"):
        names += ["HOME", *(name for name in os.environ if name.startswith("AWS_"))]
    limits = Limits(_CPU, (LONGEST if order.seconds is None else order.seconds) + _MORE, _MEMORY, order.limit + CHUNK)
    document = io.BytesIO(json.dumps(asdict(order)).encode())
    try:
        (found,) = pieces_isolated(f"{__name__}:read_order", document, limits, variables=(*ENVIRONMENT, *names))
    except UnreadableError as error:
        return Outcome(reason=f"the process that fetches it {error}")
    return Outcome(**found)


def read_order(document: IO[bytes]) -> dict[str, Any]:
    """Fetch the order in a document. This is the reader function of the separate process."""
    order = json.load(document)
    return asdict(fetch(Order(**order | {"private": tuple(map(tuple, order["private"]))})))


def fetch(order: Order) -> Outcome:
    """Fetch in this process."""
    clock = Clock(order.seconds, order.way_out)
    clock.begin(TIMEOUT)
    fetcher = _Fetcher(frozenset(order.private), clock)
    try:
        is_object = order.address.startswith("s3://")
        pieces = _object(order.address, order.limit, clock) if is_object else fetcher.pieces(order.address, order.limit)
        with Path(order.path).open("xb") as file:
            for piece in pieces:
                file.write(piece)
            return Outcome(file.tell())
    except (OSError, VerificationError, ValueError, http.client.HTTPException) as error:
        if is_of_machine(error):
            return Outcome(reason=str(error), errno=getattr(error, "errno", 0) or 0)
        is_silent = isinstance(error, (TimeoutError, urllib.error.URLError)) and not isinstance(
            error, urllib.error.HTTPError
        )
        return Outcome(reason=_reason(error), is_silent=is_silent)


class _Fetcher:
    def __init__(self, private: frozenset[tuple[str, str, int | None]], clock: Clock) -> None:
        self._private, self._clock = private, clock

    def pieces(self, address: str, limit: int) -> Iterator[bytes]:
        """Yield the content of an address of http or https."""
        self.check(address)
        request = urllib.request.Request(address, headers={"User-Agent": AGENT, "Accept": "*/*"})  # noqa: S310
        asked = opener(self._clock, _Redirects(self), self._connect)
        with asked.open(request, timeout=TIMEOUT) as answer:
            yield from body(answer, limit, self._clock)

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
    """Follows a few redirects, each within the rules for the hosts of ``fetcher``, and none from https to http."""

    max_redirections = REDIRECTS

    def __init__(self, fetcher: _Fetcher) -> None:
        self._fetcher = fetcher

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        fp.close()  # otherwise urllib would read it to its end, which may never come
        allowed = ("https://",) if req.full_url.startswith("https://") else ("https://", "http://")
        if not newurl.startswith(allowed) or "@" in urlsplit(newurl).netloc:
            raise VerificationError(f"redirects to {shown(newurl, 120)}, which is not followed")
        self._fetcher.check(newurl)
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
