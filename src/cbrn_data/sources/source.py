"""Read sources: the bytes of a file under ``raw/``, and its sidecar (see ``sidecar``)."""

from __future__ import annotations

import errno
import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from io import BufferedReader
from pathlib import Path
from typing import Any

from cbrn_data import foreign, spread
from cbrn_data.findings import READING, Finding, shown
from cbrn_data.progress import BYTES, advance_bytes, step, tracked
from cbrn_data.sources.document import LEAFLETS, Document, read_document
from cbrn_data.sources.sidecar import SIDECAR_LIMIT, sidecar_findings
from cbrn_data.store.remembered import settled

MEDIA_TYPES = {
    ".txt": "text/plain",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".json": "application/json",
    ".png": "image/png",
    ".yaml": "application/yaml",
}
LINES, PAGES = "-lines", "-pages"
"""Suffixes of the ids of two sources of a leaflet's text: the positions of its lines, and the picture of its pages."""
MAX_BYTES = {
    "leaflet": 1 << 20,
    "page": 1 << 20,
    "document": 64 << 20,
    "curated": 256 << 20,
    "corrections": 64 << 20,
    "renames": 64 << 20,
    "regions": 1 << 20,
    "reading": 1 << 16,
}
"""The most bytes of a source of each kind that is read into memory; bulk sources are read in blocks."""


@dataclass(frozen=True)
class Source:
    """One verified source: ``about`` is its sidecar, ``data`` its bytes, ``name`` its file name under ``raw/``.

    The bytes of a source of kind ``bulk`` are at ``path`` and not in memory; ``data`` is empty. ``settled`` is what its file
    was before it was read, see ``store.remembered``.
    """

    name: str
    metadata: dict[str, Any]
    sidecar: bytes
    data: bytes
    path: Path | None = None
    settled: str = ""

    @property
    def source_id(self) -> str:
        """The id of this source in evidence."""
        return str(self.metadata["id"])

    @property
    def kind(self) -> str:
        """One of ``sidecar.KINDS``, by its new name."""
        return "bulk" if self.metadata["kind"] == "records" else str(self.metadata["kind"])

    @property
    def edition(self) -> str:
        """The year of a leaflet, or in which a region's page was read; "" for sources without a region."""
        return edition_of(self.metadata)

    @property
    def as_of(self) -> str:
        """The date by which sources are ordered: the day on which a page was read, or the edition; "" for curated."""
        if self.kind == "curated":  # a leaflet decides, whatever its edition
            return ""
        return str(self.metadata["retrieved_on"]) if self.kind == "page" else self.edition

    @property
    def place(self) -> str:
        """The name of the file for messages."""
        return f"raw/{self.name}"

    @property
    def quarantines(self) -> bool:
        """Whether bad rows are quarantined instead of stopping the release."""
        return self.metadata.get("on_error") == "quarantine"

    @property
    def media_type(self) -> str:
        """The media type of the file, by its extension."""
        return MEDIA_TYPES[Path(self.name).suffix]

    @cached_property
    def reading(self) -> tuple[Document | None, list[Finding]]:
        """The bytes as text, or the findings that prevent reading."""
        return read_document(self.place, self.data, self.kind)

    @property
    def document(self) -> Document:
        """The text of a source that was read without errors."""
        document = self.reading[0]
        assert document is not None
        return document


def edition_of(metadata: Mapping[str, Any]) -> str:
    """Return the edition of a source by its sidecar; see ``Source.edition``."""
    read_in = str(metadata["retrieved_on"])[:4] if metadata.get("region") else ""
    return str(metadata.get("edition") or read_in)


def digest(data: bytes) -> str:
    """Return the sha256 of ``data`` in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def read_sources(raw: Path, as_is: bool = False) -> tuple[list[Source], list[Finding]]:
    """Return every source under ``raw`` that matches its sidecar, sorted by id, and findings about the others.

    ``as_is`` also returns those with other bytes than their sidecars say, as if the sidecars were updated.
    """
    if not raw.is_dir():
        return [], [Finding("source-missing", "the folder of sources is missing", raw.name)]
    names = sorted(path.name for path in raw.iterdir() if not path.name.startswith("."))
    files = {name for name in names if not name.endswith(".yaml") or name.endswith(READING)}
    findings = [finding for name in sorted(files) for finding in name_findings(name)]
    findings += [
        Finding("sidecar-missing", f"the sidecar {name}.yaml is missing", f"raw/{name}")
        for name in sorted(files)
        if f"{name}.yaml" not in names
    ]
    sources: list[Source] = []
    sidecars = [name for name in names if name.endswith(".yaml") and name not in files]
    for sidecar in tracked("Read sources", sidecars, len(sidecars)):
        source, wrong = read_source(raw, sidecar.removesuffix(".yaml"), as_is)
        findings += wrong
        sources += [source] if source else []
    findings += _repeated(sources)
    findings += _unaccompanied(sources) if not findings else []
    if not sources and not findings:
        findings.append(Finding("source-missing", "the folder of sources is empty", "raw"))
    return sorted(sources, key=lambda source: source.source_id), findings


def name_findings(name: str) -> list[Finding]:
    """Return a finding if a file name is not safe on every file system."""
    reserved = re.match(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)", name, re.IGNORECASE)
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,98}[A-Za-z0-9]", name) and not reserved:
        return []
    return [Finding("source-name", "the file name is not safe on every file system", f"raw/{shown(name, 120)}")]


def read_source(raw: Path, name: str, as_is: bool = False) -> tuple[Source | None, list[Finding]]:
    """Read one file and its sidecar; the source is None if there is an error. ``as_is`` is that of ``read_sources``."""
    place = f"raw/{name}"
    about, sidecar, findings = read_sidecar(raw, name)
    if about is None:
        return None, findings
    if about["kind"] in ("bulk", "records"):
        return _bulk(raw / name, about, sidecar, as_is)
    data, unreadable = read_bytes(raw / name, place, MAX_BYTES[str(about["kind"])])
    if data is None:
        return None, [*findings, *unreadable]
    actual = digest(data)
    if as_is:
        about |= {"sha256": actual, "bytes": str(len(data))}
    if actual != about["sha256"] or len(data) != int(about["bytes"]):
        return None, [*findings, _changed(name, about, actual, len(data))]
    source = Source(name, about, sidecar, data)
    if source.kind == "document":
        return source, findings
    findings += source.reading[1]
    return (None if source.reading[0] is None else source), findings


def _changed(name: str, about: dict[str, Any], actual: str, size: int) -> Finding:
    """Return the finding about a file whose bytes its sidecar does not know."""
    place = f"raw/{name}"
    said = f"it has sha256 {actual} ({size} bytes), its sidecar says {about['sha256']} ({about['bytes']} bytes)"
    if not size:
        return Finding("source-empty", f"is empty: {said}", place)
    return Finding("source-changed", f"was changed; if this is meant, run `cbrn-data update {place}`: {said}", place)


def _bulk(path: Path, about: dict[str, Any], sidecar: bytes, as_is: bool) -> tuple[Source | None, list[Finding]]:
    """Verify a file that is read in blocks with its sidecar, without keeping its bytes."""
    place = f"raw/{path.name}"
    stream, unreadable = _opened(path, place)
    if stream is None:
        return None, unreadable
    with stream:
        status = os.fstat(stream.fileno())
        size, before = status.st_size, settled(status)
        if (not as_is or not size) and size != int(about["bytes"]):
            return None, [_changed(path.name, about, "not computed", size)]  # before reading any of it
        try:
            with step(f"Read {place}", size, BYTES):
                is_far = spread.is_open() and size >= spread.PIECE
                actual = next(spread.each(f"Read {place}", _digest_at, None, [path])) if is_far else _digest_of(stream)
        except OSError as error:
            return None, [Finding("source-unreadable", f"cannot be read: {error.strerror}", place)]
    if as_is:
        about |= {"sha256": actual, "bytes": str(size)}
    if actual != about["sha256"]:
        return None, [_changed(path.name, about, actual, size)]
    return Source(path.name, about, sidecar, b"", path, before), []


def _digest_at(_: None, path: Path) -> str:
    """Return the sha256 of a file; a worker of a cluster reads a large one."""
    with foreign.opened(path) as stream:
        return _digest_of(stream)


def _digest_of(stream: BufferedReader) -> str:
    """Return the sha256 of the rest of a stream in hexadecimal, and show how much is read."""
    total = hashlib.sha256()
    while piece := stream.read(1 << 20):
        total.update(piece)
        advance_bytes(len(piece))
    return total.hexdigest()


def read_bytes(path: Path, place: str, limit: int) -> tuple[bytes | None, list[Finding]]:
    """Read a regular file, not through a symbolic link; ``limit`` is in bytes."""
    stream, unreadable = _opened(path, place)
    if stream is None:
        return None, unreadable
    with stream:
        try:
            return foreign.read_open(stream, limit), []
        except OSError as error:
            if error.errno == errno.EFBIG:
                return None, [Finding("source-too-large", str(error.strerror), place)]
            return None, [Finding("source-unreadable", f"cannot be read: {error.strerror}", place)]


def _opened(path: Path, place: str) -> tuple[BufferedReader | None, list[Finding]]:
    try:
        return os.fdopen(foreign.open_regular(path), "rb"), []
    except FileNotFoundError:
        return None, [Finding("source-missing", "the file is missing", place)]
    except OSError as error:
        refused = isinstance(error, foreign.RefusedError)
        message = str(error.strerror) if refused else f"cannot be opened: {error.strerror}"
        return None, [Finding("source-unreadable", message, place)]


def read_sidecar(raw: Path, name: str) -> tuple[dict[str, Any] | None, bytes, list[Finding]]:
    """Return the content and the bytes of the sidecar of a file; the content is None if there is an error."""
    place = f"raw/{name}.yaml"
    data, findings = read_bytes(raw / f"{name}.yaml", place, SIDECAR_LIMIT)
    if data is None:
        return None, b"", findings
    document, findings = read_document(place, data)
    if document is None:
        return None, data, findings
    about, findings = sidecar_findings(name, document.text)
    return about, data, findings


def _unaccompanied(sources: list[Source]) -> list[Finding]:
    """Return a finding for each text or table whose received file is not there, as after an addition that was killed."""
    ids = {source.source_id for source in sources}
    return [
        Finding("document-absent", f"was read from {document!r}, and no source has this id", f"{source.place}.yaml", 1)
        for source in sources
        if (document := source.metadata.get("text_of")) and document not in ids
    ]


def _repeated(sources: list[Source]) -> list[Finding]:
    findings = []
    seen: dict[tuple[str, ...], Source] = {}
    for source in sources:
        keys: list[tuple[str, ...]] = [("id", source.source_id)]
        if source.kind in LEAFLETS:
            keys.append(("edition", str(source.metadata["region"]), source.as_of))
        for key in keys:
            if key in seen:
                message = f"has the same {key[0]} ({' '.join(key[1:])}) as {seen[key].place}"
                findings.append(Finding("source-repeated", message, source.place))
            seen[key] = source
    return findings
