"""From a cell of a release back to the words it came from, in the release's own copy of the source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cbrn_data.errors import ReleaseError
from cbrn_data.findings import shown
from cbrn_data.release.assemble import released_rows
from cbrn_data.schema.canonical import Row
from cbrn_data.schema.model import Package, Table, read_package
from cbrn_data.sources.document import Document
from cbrn_data.store import disk
from cbrn_data.store.folder import Release
from cbrn_data.words.text import live

AROUND = 60
"""How many characters of the source are shown before and after the words."""


@dataclass(frozen=True)
class Passage:
    """One piece of evidence: the words, those around them, and where they stand (``lines`` from 1)."""

    method: str
    before: str
    words: str
    after: str
    file: str
    lines: tuple[int, int]
    source: Row
    page: str | None
    url: str | None
    certainty: str | None


@dataclass(frozen=True)
class Traced:
    """A cell with its value and every passage that gives it."""

    field: str
    value: str
    passages: list[Passage]


def trace(release: Release, table_name: str, row_id: str, field: str | None = None) -> list[Traced]:
    """Return every cell of a row that is not null, or the one named, with its evidence.

    Raises ReleaseError where the release has no such table, row or field, naming those it has.
    """
    package = read_package(release.folder / "schemas")
    table = _data_table(package, table_name)
    if field is not None and field not in table.names:
        raise ReleaseError(f"{table_name} has no field {shown(field, 80)!r}; it has {', '.join(table.names)}")
    rows = released_rows(release, package)
    row = _row(table, rows[table_name], row_id)
    sources = {source["source_id"]: source for source in rows["sources"]}
    evidence = [entry for entry in rows["evidence"] if (entry["table_name"], entry["row_id"]) == (table_name, row_id)]
    names = [field] if field else [name for name in table.names if row[name] is not None]
    return [
        Traced(name, row[name] or "", [*_passages(release, [e for e in evidence if e["field"] == name], sources)])
        for name in names
    ]


def _data_table(package: Package, name: str) -> Table:
    tables = {table.name: table for table in package.with_role("data")}
    if name not in tables:
        raise ReleaseError(f"there is no table {shown(name, 80)!r} with evidence; there are {', '.join(tables)}")
    return tables[name]


def _row(table: Table, rows: list[Row], row_id: str) -> Row:
    found = {table.row_id(row): row for row in rows}
    if row_id not in found:
        some = ", ".join(list(found)[:8]) + (", …" if len(found) > 8 else "")
        raise ReleaseError(f"{table.name} has no row {shown(row_id, 80)!r}; it has {some}")
    return found[row_id]


def _passages(release: Release, evidence: list[Row], sources: dict[str | None, Row]) -> Iterator[Passage]:
    for entry in evidence:
        source = sources[entry["source_id"]]
        path = source["path"] or ""
        document = Document(path, disk.read(release.folder / path).decode("utf-8"))
        start, end = int(entry["char_start"] or 0), int(entry["char_end"] or 0)
        first, last = _around(document, start, end, whole=source["kind"] == "leaflet")
        yield Passage(
            method=entry["method"] or "",
            before=_joined(document.text[first:start]),
            words=_joined(live(entry["quote"] or "")),
            after=_joined(document.text[end:last]),
            file=path,
            lines=(int(entry["line_start"] or 0), int(entry["line_end"] or 0)),
            source=source,
            page=entry["page"],
            url=entry["url"],
            certainty=entry["certainty"],
        )


def _around(document: Document, start: int, end: int, whole: bool) -> tuple[int, int]:
    """Return where the words around a passage begin and end: of a curated table, never beyond the row."""
    first, last = max(0, start - AROUND), min(len(document.text), end + AROUND)
    if whole:
        return first, last
    row_end = document.text.find("\n", end)
    return max(first, document.line_starts[document.line(start) - 1]), min(last, row_end if row_end >= 0 else last)


def _joined(text: str) -> str:
    """Return text on one line, keeping whether spaces stand at its ends."""
    inner = " ".join(text.split())
    return (" " if text[:1].isspace() and inner else "") + inner + (" " if text[-1:].isspace() and inner else "")
