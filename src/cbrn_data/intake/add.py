"""Add a received file: a leaflet, a region's page or a reading file; ``tables`` adds tables.

A leaflet is read before it is accepted: the file is named after its region, and its year (or ``edition``) is the edition. A
PDF, DOCX or HTML file is kept, together with its text, the positions of the lines, and a picture of the pages, each with its
own digest, so that another version of a library or of the rules does not move a span.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from cbrn_data import foreign
from cbrn_data.documents.pictures import picture_of
from cbrn_data.documents.received import LEAFLET_SUFFIXES
from cbrn_data.documents.tables import SUFFIXES as TABLES
from cbrn_data.documents.text import ReadText
from cbrn_data.errors import CbrnDataError, SourceError
from cbrn_data.findings import READING, Finding, errors_of, shown
from cbrn_data.intake.read import Received, read_file
from cbrn_data.intake.tables import add_table
from cbrn_data.intake.write import About, Added, Content, Entry, entry_of, project_publisher, write_new
from cbrn_data.isolated import UnreadableError
from cbrn_data.leaflet.reading import Reading, read_reading, with_entries
from cbrn_data.leaflet.statements import Leaflet
from cbrn_data.normalise.text import slug
from cbrn_data.regions import Regions, unknown_region
from cbrn_data.settings import Settings
from cbrn_data.sources.document import read_document
from cbrn_data.sources.source import LINES, MAX_BYTES, PAGES, read_bytes, read_source
from cbrn_data.strict_json import dumped


def add_file(path: Path, settings: Settings, about: About, known: Regions | None = None) -> Added:
    """Copy ``path`` to ``raw/`` and write its sidecar; ``known`` are the known regions.

    Raises SourceError with the findings that refuse it, or if a file with its name and other bytes exists; CbrnDataError for
    options that do not fit.
    """
    suffix, raw = path.suffix.lower(), settings.raw
    about = replace(about, project=project_publisher(settings.schemas))
    if suffix in TABLES:
        return add_table(path, settings, about)
    is_reading = path.name.endswith(READING)
    if about.kind and about.kind not in (("reading",) if is_reading else ("leaflet", "page")):
        raise CbrnDataError(f"{path}: --kind {about.kind} does not fit a {suffix} file; leave it out")
    if about.table or about.sheet or about.on_error:
        raise CbrnDataError(f"{path}: is not a table; leave out --table, --sheet and --on-error")
    if is_reading:
        return _add_reading(path, raw, about)
    if suffix not in LEAFLET_SUFFIXES:
        raise CbrnDataError(
            f"{path}: only leaflets (.txt, .pdf, .docx, .html), their reading files (.reading.yaml) and tables (.csv, .tsv, "
            ".xlsx) can be added"
        )
    data, findings = read_bytes(path, str(path), MAX_BYTES["leaflet" if suffix == ".txt" else "document"])
    if data is None:
        raise SourceError(f"{path} was not added", findings)
    return _add_leaflet(path, data, raw, about, known)


def _add_reading(path: Path, raw: Path, about: About) -> Added:
    """Copy a reading file to its leaflet under ``raw``, or update the sidecar of an existing one."""
    stem = path.name.removesuffix(READING)
    leaflet, findings = read_source(raw, f"{stem}.txt")
    data, unreadable = read_bytes(path, str(path), MAX_BYTES["reading"])
    if leaflet is None or data is None:
        raise SourceError(f"{path} was not added; it is for raw/{stem}.txt", [*findings, *unreadable])
    document, findings = read_document(str(path), data)
    reading = read_reading(document, leaflet.document) if document else Reading(findings=findings)
    if errors_of(reading.findings):
        raise SourceError(f"{path} was not added", reading.findings)
    entry = _reading_entry(
        leaflet.source_id,
        about,
        {key: str(leaflet.metadata[key]) for key in ("region", "edition") if key in leaflet.metadata},
    )
    return Added(write_new(path, raw, {f"{stem}{READING}": (data, entry)}, about.given()), [])


def _reading_entry(source_id: str, about: About, common: dict[str, str]) -> Entry:
    given = {"title": f"How the leaflet {source_id} is read", "publisher": str(about.project)}
    return entry_of(
        f"{source_id}-reading",
        "reading",
        replace(about, title=None, publisher=None, url=None, licence=None),
        **common | given,
    )


@dataclass(frozen=True)
class Made:
    """The files to keep for the leaflet ``name``, each with its sidecar, and the warnings."""

    name: str
    files: dict[str, tuple[Content, Entry]]
    findings: list[Finding]


def _add_leaflet(path: Path, data: bytes, raw: Path, about: About, known: Regions | None) -> Added:
    made = make_leaflet(path, data, about, known, raw)
    return Added(write_new(path, raw, made.files, about.given(), _OTHER), made.findings)


def make_leaflet(
    path: Path, data: bytes, about: About, known: Regions | None, raw: Path | None = None, reading: Path | None = None
) -> Made:
    """Read a leaflet or a page, and return its files for ``raw/``.

    A picture of its pages that is in ``raw`` is kept. ``reading`` is its reading file, if it is not beside ``path``. Raises
    SourceError with the findings that refuse it, CbrnDataError for options that do not fit.
    """
    try:
        received = read_file(path, data, reading)
    except SourceError as error:
        raise SourceError(f"{path} was not added", error.findings) from error
    leaflet, findings = received.leaflet, received.findings
    if errors_of(findings):
        raise SourceError(f"{path} was not added", findings)
    region = leaflet.region.value if leaflet.region else ""
    of_region, found = _region(path, leaflet, about, known)
    if leaflet.is_page:
        return _page(path, data, raw, about, received, of_region, found)
    if about.read_on:
        raise CbrnDataError(f"{path}: is a leaflet with an edition; --read-on is for a region's page")
    edition = about.edition or leaflet.year
    if edition is None:
        raise CbrnDataError(f"{path}: the leaflet does not name its year; give it with --edition")
    name = f"{of_region['region']}-{edition}"
    common = {
        "title": about.title or f"{region} Regional Secretariat (leaflet)",
        "publisher": f"EU CBRN Centres of Excellence, Regional Secretariat for {region}",
        **of_region,
        "edition": edition,
    }
    return _made(path, data, raw, about, received, name, common, found)


def _page(
    path: Path,
    data: bytes,
    raw: Path | None,
    about: About,
    received: Received,
    of_region: dict[str, str],
    found: list[Finding],
) -> Made:
    """Return the files of a region's page, which has no edition and so needs the day on which it was read."""
    if about.edition:
        raise CbrnDataError(f"{path}: is a region's page, which has no edition; give the day of reading with --read-on")
    if not about.read_on:
        raise CbrnDataError(f"{path}: is a region's page; give the day of reading with --read-on, as 2026-11-28")
    try:
        day = date.fromisoformat(about.read_on)
    except ValueError as error:
        raise CbrnDataError(f"--read-on {shown(about.read_on, 40)!r} is not a valid day; write it as 2026-11-28") from error
    if day.isoformat() != about.read_on or about.read_on > (about.retrieved_on or about.today):
        raise CbrnDataError(f"--read-on {about.read_on} is not written as 2026-11-28, or is in the future")
    assert received.leaflet.region is not None
    region = received.leaflet.region.value
    common = {
        "title": about.title or f"{region} (region page)",
        "publisher": "EU CBRN Centres of Excellence",
        **of_region,
    }
    name = f"{of_region['region']}-page-{about.read_on}"
    return _made(path, data, raw, replace(about, retrieved_on=about.read_on), received, name, common, found)


def _made(
    path: Path,
    data: bytes,
    raw: Path | None,
    about: About,
    received: Received,
    name: str,
    common: dict[str, str],
    found: list[Finding],
) -> Made:
    """Return the files of a leaflet or a page, with its reading file and its document."""
    about = replace(about, title=None)  # ``common`` has it
    leaflet, read = received.leaflet, received.read
    files: dict[str, tuple[Content, Entry]] = {}
    if leaflet.reading.document:
        files[f"{name}{READING}"] = (leaflet.reading.document.text.encode(), _reading_entry(name, about, common))
    if read is None or any(leaflet.reading.of("leave-out")):
        text = leaflet.document.text.encode()
        files[f"{name}.txt"] = (text, entry_of(name, leaflet.kind, about, **common))
    else:
        files |= _files_of_document(name, leaflet.kind, path.suffix.lower(), data, read, about, common)
        picture, undrawn = _picture(raw / f"{name}.pages.png" if raw else None, data, read)
        found += [Finding("document-undrawn", message, str(path)) for message in undrawn]
        if picture:
            shown_as = {**common, "title": f"{common['title']}: the pages as a picture"}
            files[f"{name}.pages.png"] = (picture, entry_of(name + PAGES, "document", about, **shown_as))
    findings = received.findings
    placed = [replace(finding, source=f"raw/{name}.txt") for finding in findings] if read else findings
    return Made(name, files, sorted([*placed, *found]))


def _region(path: Path, leaflet: Leaflet, about: About, known: Regions | None) -> tuple[dict[str, str], list[Finding]]:
    """Return the region of a leaflet for its sidecar. Raises SourceError for a region that is neither known nor new."""
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
        message = f"no list or release has the region {shown(name, 80)!r}"
        return {"region": slug(name)}, [Finding("region-unlisted", message, str(path), line)]
    if region_id is None:
        return {"region": slug(name), "region_is": "new"}, []
    printed = {"region_printed": name} if slug(name) != region_id else {}
    return {"region": region_id, **printed}, []


_OTHER = "; another leaflet needs another --edition"
_KEPT_AS = {".html": ".html.txt", ".htm": ".html.txt"}
"""The extension of a document under ``raw/``: an HTML page is published as text, so that no browser runs it."""


def _files_of_document(
    name: str, kind: str, suffix: str, data: bytes, read: ReadText, about: About, common: dict[str, str]
) -> dict[str, tuple[Content, Entry]]:
    """Return the document, its text, and the positions of the lines, with their sidecars."""
    text = entry_of(name, kind, about, text_of=f"{name}-{suffix[1:4]}", read_with=read.read_with, **common)
    where = {**common, "title": f"{common['title']}: positions of the lines"}
    return {
        f"{name}.txt": (read.text.encode(), text),
        f"{name}{_KEPT_AS.get(suffix, suffix)}": (data, entry_of(f"{name}-{suffix[1:4]}", "document", about, **common)),
        f"{name}.lines.json": (dumped(read.lines()), entry_of(name + LINES, "document", about, **where)),
    }


def _picture(kept: Path | None, data: bytes, read: ReadText) -> tuple[bytes | None, list[str]]:
    """Return the picture of the pages, a kept one first, or the finding that explains why it is missing."""
    if not read.pages:
        return None, []
    if kept and kept.exists():  # another version of the library gives other bytes
        return foreign.read(kept), []
    try:
        picture = picture_of(data)
    except UnreadableError as error:
        return None, [f"{error}, so no picture of its pages is kept"]
    if picture.pages != [tuple(size) for size in read.pages]:
        return None, ["is drawn with other page sizes than it was read with, so no picture of its pages is kept"]
    return picture.png, []
