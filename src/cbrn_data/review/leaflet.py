"""The review of a leaflet before it is added: each value with its words, findings, and changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from cbrn_data.documents.kept import Kept, kept_of
from cbrn_data.documents.pictures import Picture, picture_of
from cbrn_data.documents.received import kind_of
from cbrn_data.documents.text import RefusedError
from cbrn_data.errors import SourceError
from cbrn_data.findings import READING, Finding, errors_of
from cbrn_data.intake.read import Received, read_file
from cbrn_data.isolated import UnreadableError
from cbrn_data.leaflet.extract import extracted
from cbrn_data.leaflet.read import read_leaflet
from cbrn_data.leaflet.reading import read_reading
from cbrn_data.leaflet.statements import Leaflet
from cbrn_data.normalise.text import Extracted, Span, slug
from cbrn_data.regions import Regions
from cbrn_data.sources.document import Document
from cbrn_data.sources.source import Source, digest, read_source
from cbrn_data.tables.claims import Claim
from cbrn_data.tables.leaflets import LeafletClaims


@dataclass(frozen=True)
class Change:
    """A statement that is new (``old`` is None), removed (``new`` is None) or changed since the previous edition."""

    what: str
    old: str | None
    new: str | None


@dataclass(frozen=True)
class Review:
    """A leaflet as it is read; ``received`` is None if it has no readable text.

    ``picture`` is None if it has no pages or they cannot be drawn. ``changes`` compares with the edition ``before``.
    """

    name: str
    data: bytes
    received: Received | None
    findings: list[Finding]
    picture: Picture | None = None
    edition: str = ""
    before: Source | None = None
    changes: list[Change] = field(default_factory=list)

    @property
    def digest(self) -> str:
        """The sha256 of the file."""
        return digest(self.data)

    @property
    def document(self) -> Document | None:
        """The text of the leaflet."""
        return self.received.leaflet.document if self.received and self.received.leaflet.document.text else None

    @cached_property
    def claims(self) -> list[Claim]:
        """Every value as publishing would make it, in the order of the tables."""
        if self.received is None or self.document is None:
            return []
        leaflet = self.received.leaflet
        region = leaflet.region or Extracted("", Span(0, 0))
        about = {"id": "leaflet", "kind": leaflet.kind, "region": slug(region.value), "edition": self.edition}
        about["retrieved_on"] = ""
        source = Source(self.name, about, b"", self.document.text.encode())
        text = leaflet.reading.document
        said = Source("reading", {"id": "reading", "kind": "reading"}, b"", text.text.encode()) if text else None
        return list(LeafletClaims(source, replace(leaflet, region=region), {}, said))

    @property
    def ignored(self) -> list[tuple[int, int, str]]:
        """First and last of the lines that a rule ignores, and the rule."""
        return sorted(self.received.leaflet.ignored) if self.received else []

    @cached_property
    def kept(self) -> Kept | None:
        """What would be kept with the text of a document: the positions of its lines, and omitted words."""
        return kept_of(self.received.read.lines()) if self.received and self.received.read else None


def review_file(path: Path, data: bytes, raw: Path, known: Regions | None = None, edition: str | None = None) -> Review:
    """Read a leaflet for a review: errors in it are not raised, and nothing is added."""
    try:
        received = read_file(path, data)
        findings = received.findings
    except SourceError as error:
        received, findings = None, list(error.findings)
    picture, undrawn = _picture(path, data)
    if received is None:
        return Review(path.name, data, None, findings, picture, edition or "")
    findings = [*findings, *undrawn]
    year = edition or received.leaflet.year or ""
    before = _before(received.leaflet, digest(data), year, raw, known)
    changes = list(_changes(_read(*before), received.leaflet)) if before else []
    return Review(path.name, data, received, findings, picture, year, before[0] if before else None, changes)


def _picture(path: Path, data: bytes) -> tuple[Picture | None, list[Finding]]:
    """Return the picture of a PDF, or the finding that explains why it has none."""
    try:
        if path.suffix.lower() == ".pdf" and kind_of(path.name, data) == "PDF":
            return picture_of(data), []
    except RefusedError:
        pass  # another finding says what the file is
    except UnreadableError as error:
        return None, [Finding("document-undrawn", f"{error}, so its pages are not shown", str(path))]
    return None, []


def _before(
    leaflet: Leaflet, sha256: str, edition: str, raw: Path, known: Regions | None
) -> tuple[Source, Source | None] | None:
    """Return the newest edition of the region under ``raw`` that is older than this one, and its reading file."""
    if leaflet.region is None or not raw.is_dir():
        return None
    region = (known.find(leaflet.region.value) if known else None) or slug(leaflet.region.value)
    names = sorted(path.name.removesuffix(".yaml") for path in raw.glob("*.txt.yaml"))
    texts = [source for name in names if (source := read_source(raw, name)[0]) and source.kind == leaflet.kind]
    older = [
        source
        for source in texts
        if source.metadata["region"] == region
        and sha256 != digest(source.data)
        and (not edition or source.edition < edition)
    ]
    if not older:
        return None
    newest = max(older, key=lambda source: source.as_of)
    return newest, read_source(raw, newest.name.removesuffix(".txt") + READING)[0]


def _read(source: Source, said: Source | None) -> Leaflet:
    return read_leaflet(source.document, read_reading(said.document, source.document) if said else None)[0]


def _changes(before: Leaflet, now: Leaflet) -> Iterator[Change]:
    """Yield the differences of two editions, in the order of a leaflet's statements."""
    old, new = extracted(before), extracted(now)
    for name in new:
        what = name.replace("_", " ")
        if not isinstance(new[name], list):
            if old[name] != new[name]:
                yield Change(what, _text(old[name]), _text(new[name]))
            continue
        olds, news = [_text(item) for item in old[name]], [_text(item) for item in new[name]]
        yield from (Change(what, None, item) for item in news if item not in olds)
        yield from (Change(what, item, None) for item in olds if item not in news)


def _text(value: Any) -> str | None:
    """Return a statement as text: its words, after the number of a project.

    >>> _text({"number": 99, "title": "Biosafety"}), _text({"text": "Two plans", "count": 2}), _text(None)
    ('Project 99: Biosafety', 'Two plans', None)
    """
    if isinstance(value, dict):
        if "number" in value:
            return f"Project {value['number']}: {value['title'] or 'without a title'}"
        return str(value.get("text") or value["name_in_source"])
    return None if value is None else str(value)


def verdict(review: Review) -> str:
    """Return in one sentence whether the leaflet can be added."""
    errors = len(errors_of(review.findings))
    if review.document is None:
        return "This file cannot be read as a leaflet."
    if errors:
        return f"This leaflet has {errors} error{'s' * (errors > 1)}; it can be added when they are resolved."
    warnings = len(review.findings)
    return f"This leaflet can be added; it has {warnings} warning{'s' * (warnings != 1)}." if warnings else "No findings."
