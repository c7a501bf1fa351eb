"""Putting a received file under ``raw/`` with its sidecar: the only way a source comes in without an editor.

A leaflet is read before it is accepted: its region names the file, and its year (or ``edition``) the edition. A PDF, DOCX
or HTML file is kept, and beside it the text that was read from it, where each line of that stands, and a picture of the
pages, with digests of their own: another version of a library or of the rules must not move a span. Nothing that is there
is ever replaced by other bytes, and nothing is written that could not be read back: names and sidecars pass the checks of
the reader first.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from cbrn_data import foreign
from cbrn_data.documents.pictures import picture_of
from cbrn_data.documents.received import LEAFLET_SUFFIXES
from cbrn_data.documents.text import ReadText
from cbrn_data.errors import CbrnDataError, SourceError
from cbrn_data.findings import READING, Finding, blocking, shown
from cbrn_data.intake.read import Received, read_file
from cbrn_data.isolated import UnreadableError
from cbrn_data.leaflet.reading import Reading, read_reading, with_entries
from cbrn_data.leaflet.statements import Leaflet
from cbrn_data.regions import Regions, unknown_region
from cbrn_data.sources.document import read_document
from cbrn_data.sources.source import (
    LINES,
    MAX_BYTES,
    PAGES,
    digest,
    name_findings,
    read_bytes,
    read_source,
    sidecar_findings,
)
from cbrn_data.strict_json import dumped
from cbrn_data.words.text import slug


@dataclass(frozen=True)
class About:
    """What the person who adds a file says of it; None is left to the file or to a default."""

    edition: str | None = None
    read_on: str | None = None
    table: str | None = None
    title: str | None = None
    publisher: str | None = None
    url: str | None = None
    licence: str | None = None
    new_region: bool = False
    retrieved_on: str = ""


@dataclass(frozen=True)
class Added:
    """What became of a file: the names under ``raw/`` that are new, and the findings that do not block."""

    names: list[str]
    findings: list[Finding]


def add_file(path: Path, raw: Path, about: About, known: Regions | None = None) -> Added:
    """Put ``path`` under ``raw`` with its sidecar; ``known`` are the regions that a leaflet may be of.

    Raises SourceError with the findings that forbid it, or where other bytes already have its name.
    """
    suffix = path.suffix.lower()
    if path.name.endswith(READING):
        return _add_reading(path, raw, about)
    if suffix not in {".csv", *LEAFLET_SUFFIXES}:
        raise CbrnDataError(f"{path}: only .txt, .pdf, .docx and .html leaflets and .csv tables can be added")
    kind = {".txt": "leaflet", ".csv": "curated"}.get(suffix, "document")
    data, findings = read_bytes(path, str(path), MAX_BYTES[kind])
    if data is None:
        raise SourceError(f"{path} was not added", findings)
    if suffix == ".csv":
        return _add_table(path, data, raw, about)
    return _add_leaflet(path, data, raw, about, known)


def _add_table(path: Path, data: bytes, raw: Path, about: About) -> Added:
    document, findings = read_document(str(path), data)
    if document is None:
        raise SourceError(f"{path} was not added", findings)
    if not about.table:
        raise CbrnDataError(f"{path}: say which table it completes, with --table")
    entry = _entry(
        slug(path.stem),
        "curated",
        about,
        table=about.table,
        title=about.title or path.stem,
        publisher="cbrn_data maintainers",
    )
    return Added(_write(raw, {f"{path.stem}.csv": (data, entry)}), [])


def _add_reading(path: Path, raw: Path, about: About) -> Added:
    """Put a reading file beside its leaflet under ``raw``, or write the sidecar of one that is there anew."""
    stem = path.name.removesuffix(READING)
    leaflet, findings = read_source(raw, f"{stem}.txt")
    data, unreadable = read_bytes(path, str(path), MAX_BYTES["reading"])
    if leaflet is None or data is None:
        raise SourceError(f"{path} was not added; it is for raw/{stem}.txt", [*findings, *unreadable])
    document, findings = read_document(str(path), data)
    reading = read_reading(document, leaflet.document) if document else Reading(findings=findings)
    if blocking(reading.findings):
        raise SourceError(f"{path} was not added", reading.findings)
    entry = _reading_entry(
        leaflet.source_id, about, {key: str(leaflet.about[key]) for key in ("region", "edition") if key in leaflet.about}
    )
    return Added(_write(raw, {f"{stem}{READING}": (data, entry)}), [])


def _reading_entry(source_id: str, about: About, common: dict[str, str]) -> dict[str, Any]:
    given = {"title": f"How the leaflet {source_id} is read", "publisher": "cbrn_data maintainers"}
    return _entry(
        f"{source_id}-reading", "reading", replace(about, publisher=None, url=None, licence=None), **common | given
    )


def _add_leaflet(path: Path, data: bytes, raw: Path, about: About, known: Regions | None) -> Added:
    try:
        received = read_file(path, data)
    except SourceError as error:
        raise SourceError(f"{path} was not added", error.findings) from error
    leaflet, findings = received.leaflet, received.findings
    if blocking(findings):
        raise SourceError(f"{path} was not added", findings)
    region = leaflet.region.value if leaflet.region else ""
    of_region, found = _region(path, leaflet, about, known)
    if leaflet.is_page:
        return _add_page(path, data, raw, about, received, of_region, found)
    if about.read_on:
        raise CbrnDataError(f"{path}: is a leaflet, and has an edition; --read-on is for a region's page")
    claimed = leaflet.projects_claimed
    edition = about.edition or (str(claimed.year.value) if claimed and claimed.year else None)
    if edition is None:
        raise CbrnDataError(f"{path}: the leaflet does not name its year; say it with --edition")
    name = f"{of_region['region']}-{edition}"
    common = {
        "title": about.title or f"{region} Regional Secretariat (leaflet)",
        "publisher": f"EU CBRN Centres of Excellence, Regional Secretariat for {region}",
        **of_region,
        "edition": edition,
    }
    return _put_leaflet(path, data, raw, about, received, name, common, found)


def _add_page(
    path: Path, data: bytes, raw: Path, about: About, received: Received, of_region: dict[str, str], found: list[Finding]
) -> Added:
    """Add a region's page, which has no edition and so needs the day it was read."""
    if about.edition:
        raise CbrnDataError(f"{path}: is a region's page, which has no edition; say with --read-on on which day it was read")
    if not about.read_on:
        raise CbrnDataError(f"{path}: is a region's page; say with --read-on on which day it was read, as 2026-11-28")
    try:
        day = date.fromisoformat(about.read_on)
    except ValueError as error:
        raise CbrnDataError(
            f"--read-on {shown(about.read_on, 40)!r} is no day of the calendar; write it as 2026-11-28"
        ) from error
    if day.isoformat() != about.read_on or about.read_on > about.retrieved_on:
        raise CbrnDataError(f"--read-on {about.read_on} is not written as 2026-11-28, or has not come yet")
    assert received.leaflet.region is not None
    region = received.leaflet.region.value
    common = {
        "title": about.title or f"{region} (region page)",
        "publisher": "EU CBRN Centres of Excellence",
        **of_region,
    }
    name = f"{of_region['region']}-page-{about.read_on}"
    return _put_leaflet(path, data, raw, replace(about, retrieved_on=about.read_on), received, name, common, found)


def _put_leaflet(
    path: Path,
    data: bytes,
    raw: Path,
    about: About,
    received: Received,
    name: str,
    common: dict[str, str],
    found: list[Finding],
) -> Added:
    """Write a leaflet or a page, with its reading file and what it was read from."""
    leaflet, read = received.leaflet, received.read
    files: dict[str, tuple[bytes, dict[str, Any]]] = {}
    if leaflet.reading.document:
        files[f"{name}{READING}"] = (leaflet.reading.document.text.encode(), _reading_entry(name, about, common))
    if read is None or any(leaflet.reading.of("leave-out")):
        text = leaflet.document.text.encode()
        files[f"{name}.txt"] = (text, _entry(name, leaflet.kind, about, **common))
    else:
        files |= _files_of_document(name, leaflet.kind, path.suffix.lower(), data, read, about, common)
        picture, undrawn = _picture(raw / f"{name}.pages.png", data, read)
        found += [Finding("document-undrawn", message, str(path)) for message in undrawn]
        if picture:
            shown_as = {**common, "title": f"{common['title']}: the pages as a picture"}
            files[f"{name}.pages.png"] = (picture, _entry(name + PAGES, "document", about, **shown_as))
    findings = received.findings
    told = [replace(finding, source=f"raw/{name}.txt") for finding in findings] if read else findings
    return Added(_write(raw, files), sorted([*told, *found]))


def _region(path: Path, leaflet: Leaflet, about: About, known: Regions | None) -> tuple[dict[str, str], list[Finding]]:
    """Return what the sidecar says of the leaflet's region. Raises SourceError for one that is not known and not new."""
    assert leaflet.region is not None
    name, line = leaflet.region.value, leaflet.document.line(leaflet.region.span.start)
    said = leaflet.reading.at(line, "region")
    region_id = said.value if said else known.find(name) if known else None
    if said and known and said.value not in known.names.values():
        wrong = unknown_region(said.value.replace("-", " "), known, leaflet.reading.place, said.line)
        raise SourceError(f"{path} was not added", [wrong])
    if region_id is None and not about.new_region:
        if known:
            found = with_entries([unknown_region(name, known, leaflet.document.place, line)], leaflet.document)
            raise SourceError(f"{path} was not added", found)
        message = f"nothing says whether there is a region {shown(name, 80)!r}"
        return {"region": slug(name)}, [Finding("region-unlisted", message, str(path), line)]
    if region_id is None:
        return {"region": slug(name), "region_is": "new"}, []
    printed = {"region_printed": name} if slug(name) != region_id else {}
    return {"region": region_id, **printed}, []


_KEPT_AS = {".html": ".html.txt", ".htm": ".html.txt"}
"""How a document is named under ``raw/``: a page of others is published as text, for no browser must run it."""


def _files_of_document(
    name: str, kind: str, suffix: str, data: bytes, read: ReadText, about: About, common: dict[str, str]
) -> dict[str, tuple[bytes, dict[str, Any]]]:
    """Return the document, its text, and where each line of that stands, with their sidecars."""
    text = _entry(name, kind, about, text_of=f"{name}-{suffix[1:4]}", read_with=read.read_with, **common)
    where = {**common, "title": f"{common['title']}: where each line stands"}
    return {
        f"{name}.txt": (read.text.encode(), text),
        f"{name}{_KEPT_AS.get(suffix, suffix)}": (data, _entry(f"{name}-{suffix[1:4]}", "document", about, **common)),
        f"{name}.lines.json": (dumped(read.lines()), _entry(name + LINES, "document", about, **where)),
    }


def _picture(kept: Path, data: bytes, read: ReadText) -> tuple[bytes | None, list[str]]:
    """Return the picture of the pages, the one that is kept if there is one, or why there is none."""
    if not read.pages:
        return None, []
    if kept.exists():  # another version of the library draws other bytes
        return foreign.read(kept), []
    try:
        picture = picture_of(data)
    except UnreadableError as error:
        return None, [f"{error}, so no picture of its pages is kept"]
    if picture.pages != [tuple(size) for size in read.pages]:
        return None, ["is drawn with pages of other sizes than those that were read, so no picture of its pages is kept"]
    return picture.png, []


def _entry(source_id: str, kind: str, about: About, **values: str) -> dict[str, Any]:
    keys = ("table", "text_of", "read_with", "title", "publisher", "region", "region_printed", "region_is", "edition")
    given = {"publisher": about.publisher} if about.publisher else {}
    found = {key: (values | given)[key] for key in keys if key in values}
    tail = {"url": about.url, "retrieved_on": about.retrieved_on, "licence": about.licence}
    return {"id": source_id, "kind": kind, **found, **tail}


def sidecar_text(entry: dict[str, Any], data: bytes) -> bytes:
    """Return the sidecar of ``data`` as strict YAML, with its digest and size."""
    import yaml

    whole = {**entry, "sha256": digest(data), "bytes": len(data), "on_error": "reject"}
    return yaml.safe_dump(whole, sort_keys=False, allow_unicode=True, width=10_000).encode()


def _write(raw: Path, files: dict[str, tuple[bytes, dict[str, Any]]]) -> list[str]:
    sidecars = {name: sidecar_text(entry, data) for name, (data, entry) in files.items()}
    wrong = [finding for name in files for finding in name_findings(name)]
    wrong += [finding for name, text in sidecars.items() for finding in sidecar_findings(name, text.decode())[1]]
    if wrong:
        raise SourceError(f"{shown(', '.join(files))} cannot be added so", wrong)
    try:
        return _complete(raw, {name: data for name, (data, _) in files.items()}, sidecars)
    except OSError as error:
        raise CbrnDataError(f"{shown(str(error.filename or raw))}: cannot be written: {error.strerror}") from error


def _complete(raw: Path, files: dict[str, bytes], sidecars: dict[str, bytes]) -> list[str]:
    """Write what is missing of files and sidecars; return the names for which anything was."""
    raw.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        there = raw / name
        is_ours = name.endswith(READING)  # a reading file is ours to change; the bytes of others are as they were received
        if there.is_symlink() or (there.exists() and not is_ours and foreign.read(there) != data):
            raise SourceError(f"{shown(str(there))} is there with other bytes; remove it first, or give another --edition")
    new = [name for name in files if not _is_there(raw, name, files[name])]
    for name in new:  # one of the two is there already where an earlier call was cut short
        _put(raw, name, files[name])
        _put(raw, f"{name}.yaml", sidecars[name])
    return new


def _is_there(raw: Path, name: str, data: bytes) -> bool:
    if not ((raw / name).exists() and (raw / f"{name}.yaml").exists()):
        return False
    return not name.endswith(READING) or (read_source(raw, name)[0] is not None and foreign.read(raw / name) == data)


def _put(raw: Path, name: str, data: bytes) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=raw, prefix=".add-")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            os.fchmod(stream.fileno(), 0o644)
        Path(temporary).replace(raw / name)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise
