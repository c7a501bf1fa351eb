"""From a cell of a release back to the words it came from, in the release's own copy of the source."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pyarrow.compute as pc

from cbrn_data.checks.rows import released_rows
from cbrn_data.errors import ReleaseError
from cbrn_data.findings import reading_file, shown
from cbrn_data.leaflet.reading import Entry, Reading, read_reading
from cbrn_data.release.disputed import UNSAID, disputed
from cbrn_data.schema.canonical import Row
from cbrn_data.schema.delta import table_blocks
from cbrn_data.schema.model import Package, Table, read_package
from cbrn_data.schema.records import LINE
from cbrn_data.sources.cells import CsvRow, read_cells
from cbrn_data.sources.document import LEAFLETS, Document
from cbrn_data.store import disk
from cbrn_data.store.folder import Release, source_file
from cbrn_data.words.text import live

AROUND = 60
"""How many characters of the source are shown before and after the words."""


HOW = {
    "verbatim": "copied word for word",
    "normalised": "written in a standard form",
    "counted": "counted among its like",
    "derived": "follows from these words",
    "curated": "taken from a table that people keep",
}
"""How a value comes from its words, for people, by method."""


@dataclass(frozen=True)
class Passage:
    """One piece of evidence: the words, those around them, and where they stand (``lines`` from 1).

    Of a table that people keep also ``row``, its cells by name; ``url`` is the public page that states the value,
    ``stated_by`` its host, ``archived_url`` a copy of it. ``reading`` are the entries of a leaflet's reading file that are
    about its lines.
    """

    method: str
    how: str
    before: str
    words: str
    after: str
    file: str
    lines: tuple[int, int]
    source: Row
    page: str | None
    url: str | None
    stated_by: str | None
    certainty: str | None
    archived_url: str | None
    row: dict[str, str]
    reading: list[str]


@dataclass(frozen=True)
class Traced:
    """A cell with its value (empty where it is null, and ``why`` then says why) and every passage that gives it."""

    field: str
    value: str
    passages: list[Passage]
    why: str = ""


class Tracer:
    """Answers for any cell of one release; its tables are read once, each source when it is first needed.

    Every method raises ReleaseError where the release has no such table, row or field, naming those it has.
    """

    def __init__(self, release: Release) -> None:
        self._folder = release.folder
        self._disputed = disputed(release)
        self._package = read_package(release.folder / "schemas")
        self._rows = released_rows(release, self._package)
        self._sources = {source["source_id"]: source for source in self._rows["sources"]}
        self._by_key: dict[str, dict[str, Row]] = {}
        self._evidence: dict[tuple[str | None, ...], list[Row]] = defaultdict(list)
        for entry in self._rows["evidence"]:
            self._evidence[entry["table_name"], entry["row_id"], entry["field"]].append(entry)
        self._documents: dict[str, Document] = {}
        self._entries: dict[str, list[Entry]] = {}
        self._curated: dict[str, dict[int, CsvRow]] = {}

    def cell(self, table_name: str, row_id: str, field: str) -> Traced:
        """Return one cell with its evidence."""
        table = _data_table(self._package, table_name)
        if field not in table.names:
            raise ReleaseError(f"{table_name} has no field {shown(field, 80)!r}; it has {', '.join(table.names)}")
        row = self._row(table, row_id)
        value = row[field]
        if value is None:
            return Traced(field, "", [], self._disputed.get((table_name, row_id, field), UNSAID))
        if table.by_line:
            return Traced(field, value, [self._line(table, row, value)])
        evidence = self._evidence.get((table_name, row_id, field), [])
        return Traced(field, value, [self._passage(entry) for entry in evidence])

    def row(self, table_name: str, row_id: str) -> list[Traced]:
        """Return every cell of a row that is not null, with its evidence."""
        table = _data_table(self._package, table_name)
        row = self._row(table, row_id)
        return [self.cell(table_name, row_id, name) for name in table.names if row[name] is not None]

    def _row(self, table: Table, row_id: str) -> Row:
        if table.by_line:
            return found_record(self._folder / f"{table.name}.csv", table, row_id)
        if table.name not in self._by_key:
            self._by_key[table.name] = {table.row_id(row): row for row in self._rows[table.name]}
        found = self._by_key[table.name]
        if row_id not in found:
            some = ", ".join(list(found)[:8]) + (", …" if len(found) > 8 else "")
            raise ReleaseError(f"{table.name} has no row {shown(row_id, 80)!r}; it has {some}")
        return found[row_id]

    def _passage(self, entry: Row) -> Passage:
        source = self._sources[entry["source_id"]]
        path, method, url = source["path"] or "", entry["method"] or "", entry["url"]
        document = self._document(path)
        start, end = int(entry["char_start"] or 0), int(entry["char_end"] or 0)
        is_said = source["kind"] == "reading"
        row = self._curated_row(path, start) if method == "curated" and not is_said else None
        first, last = _around(document, start, end, whole=row is None)
        lines = int(entry["line_start"] or 0), int(entry["line_end"] or 0)
        return Passage(
            method=method,
            how="said in the reading file of a leaflet" if is_said else HOW[method],
            before=_joined(document.text[first:start]),
            words=_joined(live(entry["quote"] or "")),
            after=_joined(document.text[end:last]),
            file=path,
            lines=lines,
            source=source,
            page=entry["page"],
            url=url,
            stated_by=urlsplit(url).hostname if url else None,
            certainty=entry["certainty"],
            archived_url=entry.get("archived_url"),
            row={name: value for name, value in row.values().items() if value is not None} if row else {},
            reading=list(self._said_of(path, lines)) if source["kind"] in LEAFLETS else [],
        )

    def _said_of(self, path: str, lines: tuple[int, int]) -> Iterator[str]:
        """Yield what the reading file of a leaflet says of lines."""
        beside = reading_file(path)
        if path not in self._entries:
            is_there = any(source["path"] == beside for source in self._sources.values())
            reading = read_reading(self._document(beside), self._document(path)) if is_there else Reading()
            self._entries[path] = reading.entries
        for entry in self._entries[path]:
            if entry.first <= lines[1] and lines[0] <= entry.last:
                yield f"{beside}:{entry.line}: {' '.join(filter(None, (entry.do, entry.value)))}: {entry.reason}"

    def _line(self, table: Table, row: Row, value: str) -> Passage:
        """Return the evidence of a cell of a table of records: the row of its source, by its line."""
        (entry,) = self._evidence[table.name, "*", "*"]
        source = self._sources[entry["source_id"]]
        line = int(row[LINE] or 0)
        return Passage(
            method="curated",
            how=HOW["curated"],
            before="",
            words=_joined(value),
            after="",
            file=source["path"] or "",
            lines=(line, line),
            source=source,
            page=None,
            url=source["url"],
            stated_by=urlsplit(source["url"]).hostname if source["url"] else source["publisher"],
            certainty=None,
            archived_url=None,
            row={name: cell for name, cell in row.items() if cell is not None and name != LINE},
            reading=[],
        )

    def _document(self, path: str) -> Document:
        if path not in self._documents:
            data = disk.read(source_file(self._folder, path), below=self._folder)
            self._documents[path] = Document(path, data.decode("utf-8"))
        return self._documents[path]

    def _curated_row(self, path: str, start: int) -> CsvRow | None:
        """Return the row of a curated table of which a cell begins at ``start``."""
        if path not in self._curated:
            rows = read_cells(self._document(path)).rows
            self._curated[path] = {cell.span.start: row for row in rows for cell in row.cells.values()}
        return self._curated[path].get(start)


def found_record(path: Path, table: Table, row_id: str) -> Row:
    """Return the row of a table of records with that key, read by block. Raises ReleaseError if there is none."""
    for rows in table_blocks(path, table.names):
        found: list[Row] = rows.filter(pc.equal(rows[table.primary_key[0]], row_id)).to_pylist()
        if found:
            return found[0]
    raise ReleaseError(f"{table.name} has no row {shown(row_id, 80)!r}")


def trace(release: Release, table_name: str, row_id: str, field: str | None = None) -> list[Traced]:
    """Return every cell of a row that is not null, or the one named, as a ``Tracer`` gives them."""
    tracer = Tracer(release)
    return [tracer.cell(table_name, row_id, field)] if field else tracer.row(table_name, row_id)


def _data_table(package: Package, name: str) -> Table:
    tables = {table.name: table for table in package.with_role("data")}
    if name not in tables:
        raise ReleaseError(f"there is no table {shown(name, 80)!r} with evidence; there are {', '.join(tables)}")
    return tables[name]


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
