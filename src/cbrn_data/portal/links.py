"""Relative addresses within the site, and the rule by which an address in the data becomes a link.

A page is named by its path in ``published/``. Fragments: ``row/<row id>`` and ``row/<row id>:<field>`` on the page of a
table, ``w<start>-<end>`` for words in a source and ``v<start>-<end>`` for the values made of them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote, urlsplit

from cbrn_data.web import is_public_host

ENTITIES = ("regions", "countries", "projects")
"""The tables in which each row has a page."""


def root_of(path: str) -> str:
    """Return the relative path from a page to the root of the site.

    >>> root_of("index.html"), root_of("tables/projects.html")
    ('', '../')
    """
    return "../" * path.count("/")


def fragment(text: str) -> str:
    """Return a fragment for an ``id`` that holds ``text``."""
    return "#" + quote(text, safe="/:")


@lru_cache(1024)
def outward(address: str | None) -> str | None:
    """Return an address from the data if a page may link to it, else None.

    The address must be http or https, without user name, private host, control characters and spaces.

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


@lru_cache(1024)
def host_of(address: str) -> str:
    """Return the host of an address, for people."""
    return (urlsplit(address).hostname or address).removeprefix("www.")
