"""HTTP with untrusted servers: an opener for http and https only, limits for bodies, and tests for public hosts."""

from __future__ import annotations

import http.client
import ipaddress
import re
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from cbrn_data import __version__
from cbrn_data.deadline import Clock, handlers
from cbrn_data.errors import VerificationError

AGENT = f"cbrn-data/{__version__}"
"""The ``User-Agent`` of requests."""
TIMEOUT = 30
"""Seconds without a byte after which a server counts as silent."""
CHUNK = 1 << 20


class LargeError(VerificationError):
    """The file is larger than the limit."""


def opener(
    clock: Clock, redirects: urllib.request.HTTPRedirectHandler, connect: Callable[..., Any] | None = None
) -> urllib.request.OpenerDirector:
    """Return urllib's opener for http and https only, whose answers end by ``clock``; ``connect`` makes its sockets."""
    made = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        *handlers(clock, connect),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        redirects,
    ):
        made.add_handler(handler)
    return made


def body(answer: http.client.HTTPResponse, limit: int, clock: Clock) -> Iterator[bytes]:
    """Yield the body of an answer. Raises VerificationError if it is too large, compressed, or shorter than it states."""
    stated = answer.headers.get("Content-Length", "")
    stated_size = int(stated) if stated.isascii() and stated.isdigit() and len(stated) < 20 else None
    if answer.status != 200:
        raise VerificationError(f"the server answers {answer.status} instead of 200")
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise VerificationError("the server compressed it without a request")
    size = 0
    while size != stated_size and (piece := answer.read1(CHUNK)):
        size += len(piece)
        clock.earn(len(piece))
        if size > limit or (stated_size or 0) > limit:
            raise LargeError(f"is larger than {limit:,} bytes, the rest of the limit")
        yield piece
    if stated_size is not None and size != stated_size:
        raise VerificationError(f"ends after {size:,} of {stated_size:,} bytes")


def origin(address: str) -> tuple[str, str, int | None]:
    """Return scheme, host and port (RFC 6454). Raises ValueError for a malformed port."""
    parts = urlsplit(address)
    return parts.scheme, parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def is_public_host(host: str) -> bool:
    """Return whether a host is public, from its name.

    >>> [is_public_host(host) for host in ("example.org", "192.168.0.1", "localhost", "0x7f.1")]
    [True, False, False, False]
    """
    try:
        return is_public_number(host)
    except ValueError:
        name = host.rstrip(".").lower()
        numeric = re.fullmatch(r"[0-9.]+|0x[0-9a-f.x]+", name) is not None
        return "." in name and not numeric and not name.endswith((".localhost", ".local", ".internal", ".home.arpa"))


def is_public_number(number: str) -> bool:
    """Return whether an IP address is public. Raises ValueError for other text.

    >>> [is_public_number(number) for number in ("1.1.1.1", "::ffff:127.0.0.1", "fe80::1%eth0", "169.254.169.254")]
    [True, False, False, False]
    """
    found = ipaddress.ip_address(number.partition("%")[0])
    return (getattr(found, "ipv4_mapped", None) or found).is_global
