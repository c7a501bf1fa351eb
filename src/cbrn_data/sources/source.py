"""A source: the bytes of a file under ``raw/`` and what its sidecar says of them.

The sidecar ``<file>.yaml`` holds, in strict YAML: ``id`` (lower-case letters, digits, hyphens), ``kind`` (``leaflet``,
``page``, ``document``, ``curated``, ``records``, ``corrections``, ``renames``, ``regions``, ``reading``), ``table``
(curated: the table it completes; records: the one it is), ``text_of`` and ``read_with`` (a leaflet's text that was read
from a document), ``title``, ``publisher``, ``region`` and ``edition`` (leaflets), ``region_printed`` (the region's name
as the leaflet prints it, where the id does not follow from it), ``region_is`` (``new``: a region that no list or
release has is meant), ``url``, ``retrieved_on`` (of a page: the day it was read), ``licence``, ``note``, ``sha256``,
``bytes``, ``on_error`` (``reject`` or ``quarantine``).
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from io import BufferedReader
from pathlib import Path
from typing import Any

from cbrn_data import foreign
from cbrn_data.findings import READING, Finding, shown
from cbrn_data.sources.addresses import foreign_fault
from cbrn_data.sources.document import LEAFLETS, Document, read_document, refused_character
from cbrn_data.strict_yaml import YamlError, load_yaml

KINDS = ("leaflet", "page", "document", "curated", "records", "corrections", "renames", "regions", "reading")
MEDIA_TYPES = {
    ".txt": "text/plain",
    ".csv": "text/csv",
    ".pdf": "application/pdf",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".json": "application/json",
    ".png": "image/png",
    ".yaml": "application/yaml",
}
LINES, PAGES = "-lines", "-pages"
"""What the ids of two sources beside a leaflet's text end in: where each line stands, and the picture of the pages."""
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
"""The largest source of each kind that is read into memory, in bytes; records are read by block."""

SIDECAR_LIMIT = 1 << 16
"""The most bytes of a sidecar."""

EDITION = r"[12][0-9]{3}"
"""What the year of a leaflet must match in full."""
_DATE = r"[12][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_RULES: dict[str, tuple[bool, str]] = {
    "id": (True, r"[a-z0-9]+(?:-[a-z0-9]+)*"),
    "kind": (True, "|".join(KINDS)),
    "table": (False, r"[a-z][a-z_]*"),
    "text_of": (False, r"[a-z0-9]+(?:-[a-z0-9]+)*"),
    "read_with": (False, r"[^\n]{1,100}"),
    "title": (True, r"[^\n]{1,300}"),
    "publisher": (True, r"[^\n]{1,300}"),
    "region": (False, r"[a-z0-9]+(?:-[a-z0-9]+)*"),
    "region_printed": (False, r"[^\n]{1,120}"),
    "region_is": (False, "new"),
    "edition": (False, EDITION),
    "url": (False, r"https?://[^\s<>\"\\]{1,2000}"),
    "retrieved_on": (True, _DATE),
    "licence": (False, r"[A-Za-z0-9.+-]{1,60}"),
    "note": (False, r"[^\n]{1,600}"),
    "sha256": (True, r"[0-9a-f]{64}"),
    "bytes": (True, r"[0-9]{1,15}"),
    "on_error": (False, "reject|quarantine"),
}
"""The keys of a sidecar: whether each is required, and what its text must match in full."""


@dataclass(frozen=True)
class Source:
    """One verified source: ``about`` is its sidecar, ``data`` its bytes, ``name`` its file name under ``raw/``.

    The bytes of a source of kind ``records`` are at ``path`` and not in memory; ``data`` is empty.
    """

    name: str
    about: dict[str, Any]
    sidecar: bytes
    data: bytes
    path: Path | None = None

    @property
    def source_id(self) -> str:
        """The id by which evidence names this source."""
        return str(self.about["id"])

    @property
    def kind(self) -> str:
        """One of ``KINDS``."""
        return str(self.about["kind"])

    @property
    def edition(self) -> str:
        """The leaflet's year, the year in which a region's page was read; empty for sources of no region."""
        return str(self.about.get("edition") or (str(self.about["retrieved_on"])[:4] if self.about.get("region") else ""))

    @property
    def as_of(self) -> str:
        """What decides which source is newer: the day on which a page was read, the edition of others."""
        return str(self.about["retrieved_on"]) if self.kind == "page" else self.edition

    @property
    def place(self) -> str:
        """The file as people know it."""
        return f"raw/{self.name}"

    @property
    def quarantines(self) -> bool:
        """Whether bad rows are set aside rather than blocking."""
        return self.about.get("on_error") == "quarantine"

    @property
    def media_type(self) -> str:
        """The media type by the file's ending."""
        return MEDIA_TYPES[Path(self.name).suffix]

    @cached_property
    def reading(self) -> tuple[Document | None, list[Finding]]:
        """The bytes as text, or the findings that forbid to read them."""
        return read_document(self.place, self.data, self.kind)

    @property
    def document(self) -> Document:
        """The text of a source whose reading did not block."""
        document = self.reading[0]
        assert document is not None
        return document


def digest(data: bytes) -> str:
    """Return the sha256 of ``data`` in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def read_sources(raw: Path) -> tuple[list[Source], list[Finding]]:
    """Return every source under ``raw`` whose sidecar knows its bytes, sorted by id, and what is wrong with the others."""
    if not raw.is_dir():
        return [], [Finding("source-missing", "there is no folder of sources here", raw.name)]
    names = sorted(path.name for path in raw.iterdir() if not path.name.startswith("."))
    files = {name for name in names if not name.endswith(".yaml") or name.endswith(READING)}
    findings = [finding for name in sorted(files) for finding in name_findings(name)]
    findings += [
        Finding("sidecar-missing", f"has no sidecar {name}.yaml beside it", f"raw/{name}")
        for name in sorted(files)
        if f"{name}.yaml" not in names
    ]
    sources: list[Source] = []
    for sidecar in (name for name in names if name.endswith(".yaml") and name not in files):
        source, wrong = read_source(raw, sidecar.removesuffix(".yaml"))
        findings += wrong
        sources += [source] if source else []
    findings += _repeated(sources)
    if not sources and not findings:
        findings.append(Finding("source-missing", "the folder of sources is empty", "raw"))
    return sorted(sources, key=lambda source: source.source_id), findings


def name_findings(name: str) -> list[Finding]:
    """Return a finding where a file's name is no safe path on every file system."""
    reserved = re.match(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)", name, re.IGNORECASE)
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,98}[A-Za-z0-9]", name) and not reserved:
        return []
    return [Finding("source-name", "has a name that is no safe path everywhere", f"raw/{shown(name, 120)}")]


def read_source(raw: Path, name: str) -> tuple[Source | None, list[Finding]]:
    """Read one file and its sidecar; the source is None when a finding blocks."""
    place = f"raw/{name}"
    about, sidecar, findings = _read_sidecar(raw, name)
    if about is None:
        return None, findings
    if about["kind"] == "records":
        return _records(raw / name, about, sidecar)
    data, unreadable = read_bytes(raw / name, place, MAX_BYTES[str(about["kind"])])
    if data is None:
        return None, [*findings, *unreadable]
    actual = digest(data)
    if actual != about["sha256"] or len(data) != int(about["bytes"]):
        message = f"has sha256 {actual} ({len(data)} bytes), its sidecar says {about['sha256']} ({about['bytes']} bytes)"
        if not data:
            return None, [*findings, Finding("source-empty", f"is empty; {message}", place)]
        message += f"; if that is meant, `cbrn-data add {place}` writes the sidecar anew" if name.endswith(READING) else ""
        return None, [*findings, Finding("source-changed", message, place)]
    source = Source(name, about, sidecar, data)
    if source.kind == "document":
        return source, findings
    findings += source.reading[1]
    return (None if source.reading[0] is None else source), findings


def _records(path: Path, about: dict[str, Any], sidecar: bytes) -> tuple[Source | None, list[Finding]]:
    """Hold a file that is read by block against its sidecar, without keeping it."""
    place = f"raw/{path.name}"
    stream, unreadable = _opened(path, place)
    if stream is None:
        return None, unreadable
    with stream:
        if (size := os.fstat(stream.fileno()).st_size) != int(about["bytes"]):  # told before any of it is read
            message = f"has {size} bytes, its sidecar says {about['bytes']}"
            return None, [Finding("source-changed" if size else "source-empty", message, place)]
        try:
            actual = hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            return None, [Finding("source-unreadable", f"cannot be read: {error.strerror}", place)]
    if actual != about["sha256"]:
        return None, [Finding("source-changed", f"has sha256 {actual}, its sidecar says {about['sha256']}", place)]
    return Source(path.name, about, sidecar, b"", path), []


def read_bytes(path: Path, place: str, limit: int) -> tuple[bytes | None, list[Finding]]:
    """Read a regular file, following no link; ``limit`` is in bytes."""
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
        return None, [Finding("source-missing", "the file is not there", place)]
    except OSError as error:
        refused = isinstance(error, foreign.RefusedError)
        message = str(error.strerror) if refused else f"cannot be opened: {error.strerror}"
        return None, [Finding("source-unreadable", message, place)]


def _read_sidecar(raw: Path, name: str) -> tuple[dict[str, Any] | None, bytes, list[Finding]]:
    place = f"raw/{name}.yaml"
    data, findings = read_bytes(raw / f"{name}.yaml", place, SIDECAR_LIMIT)
    if data is None:
        return None, b"", findings
    document, findings = read_document(place, data)
    if document is None:
        return None, data, findings
    about, findings = sidecar_findings(name, document.text)
    return about, data, findings


def sidecar_findings(name: str, text: str) -> tuple[dict[str, Any] | None, list[Finding]]:
    """Return what the sidecar of the file ``name`` says, or None and what is wrong with it."""
    place = f"raw/{name}.yaml"
    try:
        about = load_yaml(text)
    except YamlError as error:
        return None, [Finding("sidecar-invalid", str(error), place, error.line)]
    if not isinstance(about, dict):
        return None, [Finding("sidecar-invalid", "is not a list of keys and values", place, 1)]
    wrong: list[tuple[str, str]] = [
        (key, f"the key {shown(str(key), 60)!r} is not known") for key in about if key not in _RULES
    ]
    for key, (required, pattern) in _RULES.items():
        value = about.get(key)
        if value is None:
            wrong += [(key, f"the key {key!r} is missing or empty")] if required else []
        elif isinstance(value, (dict, list, bool)) or not re.fullmatch(pattern, str(value)):
            wrong.append((key, f"{key} is {shown(str(value), 80)!r}, which does not match {shown(pattern, 80)}"))
        elif isinstance(value, int) and key != "bytes":
            wrong.append((key, f"{key} is the number {value} and must be text; put it in quotation marks"))
        elif char := refused_character(str(value)):
            wrong.append((key, f"{key} has the character {char}"))
    wrong += [("kind", message) for message in _kind_messages(name, about)] if not wrong else []
    lines = {line.partition(":")[0]: number for number, line in reversed([*enumerate(text.splitlines(), start=1)])}
    findings = [Finding("sidecar-invalid", message, place, lines.get(str(key), 1)) for key, message in wrong]
    if foreign := foreign_fault("url", about.get("url")) if not findings else None:
        findings.append(Finding("curated-address", foreign, place, lines["url"]))
    return (None if findings else about), findings


def _kind_messages(name: str, about: dict[str, Any]) -> list[str]:
    kind, suffix = about["kind"], Path(name).suffix
    endings = {
        "leaflet": (".txt",),
        "page": (".txt",),
        "document": (".pdf", ".docx", ".txt", ".json", ".png"),
        "reading": (".yaml",),
    }
    wanted = endings.get(kind, (".csv",))
    needed = {"leaflet": ("region", "edition"), "page": ("region",), "curated": ("table",), "records": ("table",)}.get(
        kind, ()
    )
    messages = [f"a source of kind {kind} needs the key {key!r}" for key in needed if not about.get(key)]
    messages += [f"a source of kind {kind} is a {' or '.join(wanted)} file"] if suffix not in wanted else []
    try:
        date.fromisoformat(about["retrieved_on"])
    except ValueError:
        messages.append(f"retrieved_on is {about['retrieved_on']}, which no calendar has")
    return messages


def _repeated(sources: list[Source]) -> list[Finding]:
    findings = []
    seen: dict[tuple[str, ...], Source] = {}
    for source in sources:
        keys: list[tuple[str, ...]] = [("id", source.source_id)]
        if source.kind in LEAFLETS:
            keys.append(("edition", str(source.about["region"]), source.as_of))
        for key in keys:
            if key in seen:
                message = f"has the same {key[0]} ({' '.join(key[1:])}) as {seen[key].place}"
                findings.append(Finding("source-repeated", message, source.place))
            seen[key] = source
    return findings
