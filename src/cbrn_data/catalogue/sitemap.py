"""``sitemap.xml`` (https://www.sitemaps.org/protocol.html): every page, made by a serialiser."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree.ElementTree import Element, SubElement, indent, tostring

SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"


def sitemap(base: str, names: Iterable[str], modified: str) -> bytes:
    """Return the sitemap of the pages among ``names``, paths below ``base``; ``modified`` is YYYY-MM-DD.

    The home page stands as the base address itself, by which everything else refers to it.
    """
    root = Element(f"{{{SITEMAP}}}urlset")
    for name in sorted(name for name in names if name.endswith(".html")):
        entry = SubElement(root, f"{{{SITEMAP}}}url")
        SubElement(entry, f"{{{SITEMAP}}}loc").text = base + ("" if name == "index.html" else name)
        SubElement(entry, f"{{{SITEMAP}}}lastmod").text = modified
    indent(root)
    data: bytes = tostring(root, encoding="utf-8", xml_declaration=True, default_namespace=SITEMAP)
    return data + b"\n"
