"""Read a leaflet from a received file, with its reading file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from cbrn_data.documents.received import SUFFIXES, is_document, keep, read_received, refusal, text_document
from cbrn_data.documents.text import ReadText, RefusedError
from cbrn_data.errors import SourceError
from cbrn_data.findings import Finding, reading_file
from cbrn_data.leaflet.contacts import contacts_left_out, leave_out
from cbrn_data.leaflet.read import read_leaflet
from cbrn_data.leaflet.reading import Reading, read_reading
from cbrn_data.leaflet.statements import Leaflet
from cbrn_data.sources.document import Document, read_document
from cbrn_data.sources.source import MAX_BYTES, read_bytes


@dataclass(frozen=True)
class Received:
    """A leaflet, read from its text or (``read``) from a document, with all findings."""

    leaflet: Leaflet
    read: ReadText | None
    findings: list[Finding]


def read_file(path: Path, data: bytes, reading: Path | None = None) -> Received:
    """Read a leaflet with its reading file, or with ``reading``; the lines of findings are those of the named file.

    Raises SourceError if the file has no readable text.
    """
    if path.suffix.lower() not in SUFFIXES:
        if kind := is_document(data):
            raise refusal(str(path), RefusedError("document-mislabelled", f"is {kind} by its bytes; name it as such"))
        document, findings = read_document(str(path), data, "leaflet")
        if document is None:
            raise SourceError(f"{path} cannot be read", findings)
        leaflet, findings = _read_with_reading(document, path, reading)
        return Received(leaflet, None, findings)
    read = read_received(str(path), data)
    document, findings = text_document(read, path)
    leaflet = Leaflet(document or Document(str(path), ""))
    if document is not None:
        left_out = [str(words["text"]) for words in read.left_out]
        leaflet, findings = _read_with_reading(document, path, reading, findings, left_out)
    if findings:
        kept = str(keep(path, read.text))
        findings = sorted(replace(each, source=kept) if each.source == str(path) else each for each in findings)
    return Received(leaflet, read, findings)


def _read_with_reading(
    document: Document,
    path: Path,
    given: Path | None,
    doubts: Iterable[Finding] = (),
    left_out: Iterable[str] = (),
) -> tuple[Leaflet, list[Finding]]:
    """Read a leaflet with its reading file, if it has one."""
    place, reading = given or path.with_name(reading_file(path.name)), Reading()
    if os.path.lexists(place):
        data, wrong = read_bytes(place, str(place), MAX_BYTES["reading"])
        said, unreadable = read_document(str(place), data) if data is not None else (None, [])
        if said is None:
            raise SourceError(f"{path} cannot be read with {place}", [*wrong, *unreadable])
        reading = read_reading(said, document)
    more = contacts_left_out(left_out, document.place, reading)
    return read_leaflet(Document(document.place, leave_out(document, reading)), reading, [*doubts, *more])
