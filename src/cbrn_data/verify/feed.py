"""The feed held against the releases: it is what many readers see first, and nothing signs it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element, fromstring

from cbrn_data.store.folder import Release

FEED = "feed.xml"
_ATOM = "{http://www.w3.org/2005/Atom}"


def feed_faults(data: bytes, releases: Sequence[Release]) -> Iterator[str]:
    """Say where the feed is not of ``releases`` (oldest first, with their withdrawals)."""
    if b"<!" in data:
        yield f"{FEED} declares a document type or entities"
        return
    root = fromstring(data)  # noqa: S314 - without a declaration there is no entity that could grow
    base = _said(root, "id").removesuffix(FEED)
    entries = root.findall(f"{_ATOM}entry")
    if [_said(entry, "id") for entry in entries] != [f"{base}releases/{r.version}/" for r in reversed(releases)]:
        yield f"{FEED} does not list the releases, the newest first"
        return
    if not all(link.get("href", "").startswith(base) for link in root.iter(f"{_ATOM}link")):
        yield f"{FEED} links to another place than {base}"
    for entry, release in zip(entries, reversed(releases), strict=True):
        withdrawn = release.withdrawn or {}
        expected = {
            "title": f"{release.version} (withdrawn)" if withdrawn else release.version,
            "published": f"{release.date}T00:00:00Z",
            "updated": f"{withdrawn.get('date', release.date)}T00:00:00Z",
            "summary": withdrawn.get("reason", str(release.info.get("summary"))),
        }
        wrong = [key for key, value in expected.items() if _said(entry, key) != value]
        if f" {release.digest}." not in _said(entry, "content"):
            wrong.append("digest")
        yield from (f"{FEED} gives another {key} of {release.version}" for key in wrong)


def base_of(data: bytes) -> str:
    """Return the base address that a feed names as its own."""
    if b"<!" in data:
        return ""
    return _said(fromstring(data), "id").removesuffix(FEED)  # noqa: S314 - as above


def _said(parent: Element, name: str) -> str:
    return parent.findtext(f"{_ATOM}{name}") or ""
