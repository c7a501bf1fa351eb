"""The base address: where ``published/`` will be served. It is an operator's, and stands only in derived files."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from cbrn_data.errors import CbrnDataError

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_BASE = re.compile(rf"https?://{_LABEL}(?:\.{_LABEL})*(?::([1-9][0-9]{{0,4}}))?(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*/")
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


def is_trusted(address: str) -> bool:
    """Tell whether what an address gives comes as it was sent: over https, or from this machine.

    >>> is_trusted("https://example.org/data/"), is_trusted("http://example.org/data/"), is_trusted("http://127.0.0.1:8000/")
    (True, False, True)
    """
    parts = urlsplit(address)
    return parts.scheme == "https" or parts.hostname in _THIS_MACHINE


def checked_base(base_url: str) -> str:
    """Return ``base_url`` if it is a plain http(s) address that ends with a slash. Raises CbrnDataError.

    A name that is not ASCII is written in its ASCII form (RFC 5890). A segment that begins with a dot is refused: ``..``
    would lead elsewhere, and what is hidden is not served. Its error leaves out where addresses carry secrets.

    >>> checked_base("https://example.org/data/")
    'https://example.org/data/'
    """
    match = _BASE.fullmatch(base_url)
    if match is None or int(match[1] or 0) > 65535:
        harmless = re.sub(r"[^/]*@|[?#].*", "…", base_url, flags=re.DOTALL)
        raise CbrnDataError(
            f"the base address {harmless[:100]!r} is not like https://example.org/data/ (with a final slash, and without "
            "user name, query or fragment)"
        )
    return base_url
