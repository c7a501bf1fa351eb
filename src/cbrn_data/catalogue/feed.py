"""``feed.xml``: the releases as an Atom feed (RFC 4287), newest first, made by a serialiser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.etree.ElementTree import Element, SubElement, fromstring, indent, register_namespace, tostring

from cbrn_data.catalogue.pages import page_path
from cbrn_data.store.folder import Release, event_moments

ATOM = "http://www.w3.org/2005/Atom"
FEED = "feed.xml"
LARGEST = 8 << 20
"""The most bytes of a feed: thousands of releases."""


def feed(releases: Sequence[Release], title: str, author: str, base_url: str) -> bytes:
    """Return the feed of ``releases`` (oldest first); ``base_url`` is where ``published/`` is served, with a final slash.

    An entry is dated by its release, or by its withdrawal; two events of a day are told apart (``event_moments``).
    """
    moments = event_moments(releases)
    register_namespace("", ATOM)
    root = Element(f"{{{ATOM}}}feed")
    _text(root, "id", f"{base_url}feed.xml")
    _text(root, "title", title)
    _text(root, "updated", max(moments.values()))
    _text(_text(root, "author", None), "name", author)
    SubElement(root, f"{{{ATOM}}}link", {"rel": "self", "href": f"{base_url}feed.xml"})
    for release in reversed(releases):
        _entry(root, release, base_url, moments)
    indent(root)
    data: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return data + b"\n"


def _entry(root: Element, release: Release, base_url: str, moments: Mapping[tuple[str, str], str]) -> None:
    address = f"{base_url}releases/{release.version}/"
    entry = SubElement(root, f"{{{ATOM}}}entry")
    _text(entry, "id", address)
    _text(entry, "title", f"{release.version} (withdrawn)" if release.withdrawn else release.version)
    published = moments[release.version, "published"]
    _text(entry, "published", published)
    _text(entry, "updated", moments.get((release.version, "withdrawn"), published))
    page = f"{base_url}{page_path('history', release.version)}"
    SubElement(entry, f"{{{ATOM}}}link", {"rel": "alternate", "type": "text/html", "href": page})
    related = {"rel": "related", "type": "application/json", "href": f"{address}datapackage.json"}
    SubElement(entry, f"{{{ATOM}}}link", related)
    _text(entry, "summary", f"{release.withdrawn['reason']}" if release.withdrawn else str(release.info.get("summary")))
    rows = ", ".join(f"{name} {number}" for name, number in release.info.get("counts", {}).items())
    _text(entry, "content", f"sha256 of SHA256SUMS: {release.digest}. Rows: {rows}.")


def _text(parent: Element, name: str, text: str | None) -> Element:
    element = SubElement(parent, f"{{{ATOM}}}{name}")
    element.text = text
    return element


def is_plain(data: bytes) -> bool:
    """Return whether XML declares nothing that could grow, and is no larger than a feed: it is parsed whole."""
    return b"<!" not in data and data.count(b"<?") <= 1 and len(data) <= LARGEST


def base_of(data: bytes) -> str:
    """Return the base address that a feed names as its own; empty where it names none. Raises ParseError."""
    if not is_plain(data):
        return ""
    name = fromstring(data).findtext(f"{{{ATOM}}}id") or ""  # noqa: S314 - without a declaration there is no entity that could grow
    return name.removesuffix(FEED)
