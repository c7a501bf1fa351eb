"""Addresses within the site, all relative, and what an address in the data must be to become a link.

A page is named by its path in ``published/``. Fragments: ``row/<row id>`` and ``row/<row id>:<field>`` on the page of a
table, ``w<start>-<end>`` for words in a source and ``v<start>-<end>`` for the values made of them.
"""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

from cbrn_data.sources.addresses import is_public_host

ENTITIES = ("countries", "projects")
"""The tables whose rows have a page each."""


def root_of(path: str) -> str:
    """Return what leads from a page to the root of the site.

    >>> root_of("index.html"), root_of("tables/projects.html")
    ('', '../')
    """
    return "../" * path.count("/")


def fragment(text: str) -> str:
    """Return a fragment for an ``id`` that holds ``text``."""
    return "#" + quote(text, safe="/:")


def outward(address: str | None) -> str | None:
    """Return an address of the data if a page may link to it, else None.

    http or https, no user name, no host of a private network; control characters and spaces are refused.

    >>> outward("https://example.org/a"), outward("javascript:alert(1)"), outward("http://127.0.0.1/"), outward("https://a@b.org")
    ('https://example.org/a', None, None, None)
    """
    if not address or not re.fullmatch(r"https?://[!-~]+", address):
        return None
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if "@" in parts.netloc or port == 0 or not is_public_host(host):
        return None
    return address


def host_of(address: str) -> str:
    """Return the host of an address, for people."""
    return (urlsplit(address).hostname or address).removeprefix("www.")
