"""The feed held against the releases: it is what many readers see first, and nothing signs it.

Its title, author and base address follow from the settings of the day and are taken as they are; everything else follows
from the releases, and there is no room for more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from xml.etree.ElementTree import Element, ParseError, fromstring

from cbrn_data.catalogue.feed import FEED, is_plain
from cbrn_data.errors import CbrnDataError
from cbrn_data.store.folder import Release, event_moments
from cbrn_data.store.index import withdrawal

_ATOM = "{http://www.w3.org/2005/Atom}"


def feed_faults(data: bytes, releases: Sequence[Release]) -> Iterator[str]:
    """Say where the feed is not of ``releases`` (oldest first, with their withdrawals)."""
    if not is_plain(data):
        yield f"{FEED} declares a document type or entities, holds comments or instructions, or is too large"
        return
    root = fromstring(data)  # noqa: S314 - without a declaration there is no entity that could grow
    if [*_shape(root)] != [*_shape_of(len(releases))]:
        yield f"{FEED} holds other elements than a feed of releases"
        return
    base = _said(root, "id").removesuffix(FEED)
    entries = root.findall(f"{_ATOM}entry")
    if [_said(entry, "id") for entry in entries] != [f"{base}releases/{r.version}/" for r in reversed(releases)]:
        yield f"{FEED} does not list the releases, the newest first"
        return
    moments = _moments(root, releases)
    if _said(root, "updated") != max(moments.values()):
        yield f"{FEED} is of another time than its newest entry"
    if not all(link.get("href", "").startswith(base) for link in root.iter(f"{_ATOM}link")):
        yield f"{FEED} links to another place than {base}"
    for entry, release in zip(entries, reversed(releases), strict=True):
        withdrawn = release.withdrawn or {}
        expected = {
            "title": f"{release.version} (withdrawn)" if withdrawn else release.version,
            "published": moments[release.version, "published"],
            "updated": moments[release.version, "withdrawn" if withdrawn else "published"],
            "summary": withdrawn.get("reason", str(release.info.get("summary"))),
        }
        wrong = [key for key, value in expected.items() if _said(entry, key) != value]
        rows = ", ".join(f"{name} {number}" for name, number in release.info.get("counts", {}).items())
        if _said(entry, "content") != f"sha256 of SHA256SUMS: {release.digest}. Rows: {rows}.":
            wrong.append("digest or number of rows")
        yield from (f"{FEED} gives another {key} of {release.version}" for key in wrong)


def _moments(root: Element, releases: Sequence[Release]) -> dict[tuple[str, str], str]:
    """Return the moments that the feed must give; one that older code has derived gives days, all at midnight."""
    moments = event_moments(releases)
    said = [element.text or "" for name in ("published", "updated") for element in root.iter(f"{_ATOM}{name}")]
    if all(text.endswith("T00:00:00Z") for text in said):
        return {event: f"{moment[:10]}T00:00:00Z" for event, moment in moments.items()}
    return moments


def _shape(element: Element) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the elements in their order, each with the names of its attributes; text between elements is none of them."""
    for each in element.iter():
        tail = (each.tail or "").strip() or (len(each) and (each.text or "").strip())
        yield f"{each.tag} and text" if tail else each.tag, tuple(each.keys())


def _shape_of(entries: int) -> Iterator[tuple[str, tuple[str, ...]]]:
    own, other = ("rel", "href"), ("rel", "type", "href")
    entry = ["entry", "id", "title", "published", "updated", "link", "link", "summary", "content"]
    yield from ((f"{_ATOM}{name}", ()) for name in ("feed", "id", "title", "updated", "author", "name"))
    yield f"{_ATOM}link", own
    yield from ((f"{_ATOM}{name}", other if name == "link" else ()) for name in entry * entries)


def withdrawing(data: bytes, known: Sequence[Release]) -> list[Release]:
    """Return the releases as a withdrawal that was cut short was to leave them; none where the feed is not of one.

    The feed is the first file that a withdrawal changes, so it says which release, why and when. It must be exactly one
    release more than in ``known``, and the feed must hold for all.
    """
    if not is_plain(data):
        return []
    try:
        told = {_said(entry, "id").rpartition("releases/")[2]: entry for entry in fromstring(data).findall(f"{_ATOM}entry")}  # noqa: S314
        for number, release in enumerate(known):
            entry = told[f"{release.version}/"]
            if not release.withdrawn and _said(entry, "title").endswith(" (withdrawn)"):
                said = withdrawal(_said(entry, "summary"), _said(entry, "updated")[:10])
                after = [*known[:number], replace(release, withdrawn=said), *known[number + 1 :]]
                return [] if list(feed_faults(data, after)) else after
    except (ParseError, KeyError, CbrnDataError):
        pass
    return []


def _said(parent: Element, name: str) -> str:
    return parent.findtext(f"{_ATOM}{name}") or ""
