"""The base address, at which ``published/`` will be served. The operator sets it; only derived files contain it."""

from __future__ import annotations

import re
from ipaddress import IPv6Address
from urllib.parse import unquote, urlsplit

from cbrn_data.errors import CbrnDataError

_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = rf"(?:{_LABEL}(?:\.{_LABEL})*\.?|\[(?P<ipv6>[0-9A-Fa-f:.]+)\])"
_SEGMENT = r"(?:[A-Za-z0-9_~+:@,=-]|%[0-9A-Fa-f]{2})(?:[A-Za-z0-9._~+:@,=-]|%[0-9A-Fa-f]{2})*"
_BASE = re.compile(rf"https?://{_HOST}(?::(?P<port>[1-9][0-9]{{0,4}}))?(?P<path>(?:/{_SEGMENT})*)/")
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


def is_trusted(address: str) -> bool:
    """Return whether the connection to an address is safe from changes: https, or this machine.

    >>> is_trusted("https://example.org/data/"), is_trusted("http://example.org/data/"), is_trusted("http://127.0.0.1:8000/")
    (True, False, True)
    """
    parts = urlsplit(address)
    return parts.scheme == "https" or parts.hostname in _THIS_MACHINE


def checked_base(base_url: str) -> str:
    """Return ``base_url`` if it is a plain http(s) address that ends with a slash. Raises CbrnDataError.

    A host name must be in its ASCII form (RFC 5890). Characters of the path other than letters, digits and ``-._~+:@,=``
    must be percent-encoded (RFC 3986), because the others have a meaning in shells and in code that shows the address. A
    segment must not begin with a dot: ``..`` leads elsewhere, and hidden files are not served. The error omits the parts of
    the address that can hold secrets.

    >>> checked_base("https://example.org/data/"), checked_base("http://[::1]:8000/my%20data/")
    ('https://example.org/data/', 'http://[::1]:8000/my%20data/')
    """
    if reason := _reason(base_url):
        harmless = re.sub(r"[^/]*@|[?#].*", "…", base_url, flags=re.DOTALL)
        raise CbrnDataError(f"the base address {harmless[:100]!r} is not like https://example.org/data/: {reason}")
    return base_url


def _reason(base_url: str) -> str:
    """Return the reason why an address is refused, "" if it is not."""
    match = _BASE.fullmatch(base_url)
    if match and int(match["port"] or 0) <= 65535 and _is_ipv6(match["ipv6"]) and _is_plain(match["path"]):
        return ""
    for found, reason in (
        (not re.match("https?://", base_url), "it must begin with http:// or https://"),
        (bool(re.match("[^/]*//[^/]*@", base_url)), "it must not have a user name"),
        ("?" in base_url or "#" in base_url, "it must not have a query or a fragment"),
        (not base_url.endswith("/"), "it must end with a slash"),
        (
            not base_url.isascii(),
            "write a host name in its ASCII form (xn--…), and a path with %20 and the like",
        ),
        (bool(re.search(r"/(\.|%2e)", base_url, re.IGNORECASE)), "no part of its path may begin with a dot"),
        ("//" in base_url.partition("://")[2], "no part of its path may be empty"),
    ):
        if found:
            return reason
    return "its host, port or path is malformed; write other characters as %20 and the like"


def _is_ipv6(host: str | None) -> bool:
    try:
        return host is None or bool(IPv6Address(host))
    except ValueError:
        return False


def _is_plain(path: str) -> bool:
    """Return whether the decoded parts of a path are valid names: not hidden, without slashes or invisible characters."""
    try:
        parts = [unquote(part, errors="strict") for part in path.split("/")[1:]]
    except UnicodeDecodeError:
        return False
    return all(part.isprintable() and "/" not in part and part[0] != "." for part in parts)
