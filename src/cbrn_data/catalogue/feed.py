"""``feed.xml``, the releases as an Atom feed (RFC 4287), newest first, ``sitemap.xml`` and ``robots.txt``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from xml.etree.ElementTree import Element, SubElement, fromstring, indent, register_namespace, tostring

from cbrn_data.catalogue.identity import identity
from cbrn_data.catalogue.pages import page_path
from cbrn_data.store.folder import Release, event_moments, last_event

_NO_CONTENT = ("404.html", "search.html")
ATOM = "http://www.w3.org/2005/Atom"
FEED = "feed.xml"
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
"""The namespace of a sitemap (https://www.sitemaps.org/protocol.html)."""
LARGEST = 8 << 20
"""The most bytes of a feed, enough for thousands of releases."""


def feed(releases: Sequence[Release], title: str, author: str, base_url: str) -> bytes:
    """Return the feed of ``releases`` (oldest first); ``base_url`` is the address of ``published/``, with a final slash.

    An entry has the date of its release, or of its last mark (a withdrawal, or the undoing of one), and the reason of this
    mark; ``event_moments`` separates two events of one day.
    """
    moments = event_moments(releases)
    register_namespace("", ATOM)
    root = Element(f"{{{ATOM}}}feed")
    _text(root, "id", identity(releases, FEED))
    _text(root, "title", title)
    _text(root, "updated", last_event(releases))
    _text(_text(root, "author", None), "name", author)
    SubElement(root, f"{{{ATOM}}}link", {"rel": "self", "href": base_url + FEED})
    for release in reversed(releases):
        entry_id = identity(releases, f"releases/{release.version}/")
        _entry(root, release, entry_id, base_url, moments)
    indent(root)
    data: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return data + b"\n"


def _entry(root: Element, release: Release, entry_id: str, base_url: str, moments: Mapping[tuple[str, str], str]) -> None:
    address = f"{base_url}releases/{release.version}/"
    entry = SubElement(root, f"{{{ATOM}}}entry")
    _text(entry, "id", entry_id)
    mark = release.marks[-1] if release.marks else None
    _text(entry, "title", f"{release.version} ({mark['kind']})" if mark else release.version)
    published = moments[release.version, "published"]
    _text(entry, "published", published)
    _text(entry, "updated", moments.get((release.version, "marked"), published))
    page = f"{base_url}{page_path('history', release.version)}"
    SubElement(entry, f"{{{ATOM}}}link", {"rel": "alternate", "type": "text/html", "href": page})
    related = {"rel": "related", "type": "application/json", "href": f"{address}datapackage.json"}
    SubElement(entry, f"{{{ATOM}}}link", related)
    _text(entry, "summary", mark["reason"] if mark else str(release.info.get("summary")))
    rows = ", ".join(f"{name} {number}" for name, number in release.info.get("counts", {}).items())
    _text(entry, "content", f"sha256 of SHA256SUMS: {release.digest}. Rows: {rows}.")


def _text(parent: Element, name: str, text: str | None) -> Element:
    element = SubElement(parent, f"{{{ATOM}}}{name}")
    element.text = text
    return element


def is_plain(data: bytes) -> bool:
    """Return whether XML is safe to parse: without declared entities, and not larger than a feed."""
    return b"<!" not in data and data.count(b"<?") <= 1 and len(data) <= LARGEST


def base_of(data: bytes) -> str:
    """Return the base address in a feed, empty if it has none. Raises ParseError."""
    if not is_plain(data):
        return ""
    root = fromstring(data)  # noqa: S314 - without a declaration, no entity can grow
    link = root.find(f"{{{ATOM}}}link[@rel='self']")
    return "" if link is None else link.get("href", "").removesuffix(FEED)


def sitemap(base: str, names: Iterable[str], modified: str) -> bytes:
    """Return the sitemap of the pages among ``names``, paths below ``base``; ``modified`` is a moment (UTC).

    The home page is listed as the base address, as in all links to it. Pages that are no content are not listed, nor are the
    tables of older releases: search engines should lead to the newest.
    """
    root = Element(f"{{{SITEMAP}}}urlset")
    pages = (name for name in names if name.endswith(".html") and name not in _NO_CONTENT)
    for name in sorted(name for name in pages if not re.match("history/.*/", name)):
        entry = SubElement(root, f"{{{SITEMAP}}}url")
        SubElement(entry, f"{{{SITEMAP}}}loc").text = base + ("" if name == "index.html" else name)
        SubElement(entry, f"{{{SITEMAP}}}lastmod").text = modified
    indent(root)
    data: bytes = tostring(root, encoding="utf-8", xml_declaration=True, default_namespace=SITEMAP)
    return data + b"\n"


def robots(base: str) -> bytes:
    """Return ``robots.txt`` (RFC 9309), which allows everything; crawlers read it only at the root of a host."""
    return f"User-agent: *\nAllow: /\n\nSitemap: {base}sitemap.xml\n".encode()
