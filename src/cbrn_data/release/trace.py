"""Trace a cell of a release to its words, in the copy of the source in the release."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import urlsplit

import pyarrow.compute as pc

from cbrn_data.errors import ReleaseError
from cbrn_data.findings import reading_file, shown
from cbrn_data.leaflet.reading import Entry, Reading, read_reading
from cbrn_data.normalise.text import unescape_formula
from cbrn_data.schema.model import LINE, Package, TableDefinition, read_package
from cbrn_data.schema.table import Row, Table, released_tables
from cbrn_data.sources.cells import cells_by_start
from cbrn_data.sources.document import LEAFLETS, Document
from cbrn_data.store import disk
from cbrn_data.store.folder import REPORT, Release, source_file
from cbrn_data.strict_json import parse_object

AROUND = 60
"""The characters of the source that are shown before and after the words."""


HOW = {
    "verbatim": "copied word for word",
    "normalised": "written in a standard form",
    "counted": "counted as an item of a list",
    "derived": "follows from these words",
    "curated": "taken from a curated table",
}
"""A description of each method that derives a value from its words."""

UNSAID = "no source says it"


@dataclass(frozen=True, kw_only=True)
class Passage:
    """One piece of evidence: the words, the text around them, and their place (``lines`` from 1).

    For a curated table, ``row`` has the cells of its row by column; ``url`` is the public page that states the value,
    ``stated_by`` its host, ``archived_url`` a copy of it. For a leaflet, ``reading`` are the entries of its reading file
    about these lines.
    """

    method: str
    how: str
    before: str = ""
    words: str
    after: str = ""
    file: str
    lines: tuple[int, int]
    source: Row
    page: str | None = None
    url: str | None
    stated_by: str | None
    certainty: str | None = None
    archived_url: str | None = None
    row: dict[str, str]
    reading: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Traced:
    """A cell with its value and every passage that gives it; if it is null, ``value`` is "" and ``why`` is the reason."""

    field: str
    value: str
    passages: list[Passage]
    why: str = ""


class Tracer:
    """Traces the cells of one release (``package``, ``tables``); each source is read once, when it is first needed.

    Every method raises ReleaseError for an unknown table, row or field; the message names existing ones.
    """

    def __init__(self, release: Release) -> None:
        self._folder, self._erased = release.folder, release.erased
        self._disputed = disputed(release)
        self.package = read_package(release.folder / "schemas")
        self.tables = released_tables(release.folder, self.package)
        self._sources = {source["source_id"]: source for source in self.tables["sources"].rows}
        self._by_key: dict[str, dict[str, Row]] = {}
        self._evidence: dict[tuple[str | None, ...], list[Row]] = defaultdict(list)
        for entry in self.tables["evidence"].rows:
            self._evidence[entry["table_name"], entry["row_id"], entry["field"]].append(entry)
        self._documents: dict[str, Document] = {}
        self._entries: dict[str, list[Entry]] = {}
        self._curated = cache(lambda path: cells_by_start(self._document(path)))

    def cell(self, table_name: str, row_id: str, field: str) -> Traced:
        """Return one cell with its evidence."""
        table = _data_table(self.package, table_name)
        if field not in table.names:
            raise ReleaseError(f"{table_name} has no field {shown(field, 80)!r}; it has {', '.join(table.names)}")
        return self.cell_of(table, self._row(table, row_id), field)

    def row(self, table_name: str, row_id: str) -> list[Traced]:
        """Return every cell of a row that is not null, with its evidence."""
        table = _data_table(self.package, table_name)
        row = self._row(table, row_id)
        return [self.cell_of(table, row, name) for name in table.names if row[name] is not None]

    def cell_of(self, table: TableDefinition, row: Row, field: str) -> Traced:
        """Return one cell of a row that was read from a table with evidence."""
        value, row_id = row[field], table.row_id(row)
        if value is None:
            return Traced(field, "", [], self._disputed.get((table.name, row_id, field), UNSAID))
        if table.by_line:
            return Traced(field, value, [self._line(table, row, value)])
        evidence = self._evidence.get((table.name, row_id, field), [])
        return Traced(field, value, [self._passage(entry) for entry in evidence])

    def by_key(self, table: TableDefinition) -> dict[str, Row]:
        """Return the rows of a table by key. Raises ReleaseError for one that is too large for this."""
        if table.name not in self._by_key:
            self._by_key[table.name] = {table.row_id(row): row for row in self.tables[table.name].rows}
        return self._by_key[table.name]

    def _row(self, table: TableDefinition, row_id: str) -> Row:
        if table.by_line:
            return _found(self.tables[table.name], row_id)
        found = self.by_key(table)
        if row_id not in found:
            some = ", ".join(list(found)[:8]) + (", …" if len(found) > 8 else "")
            raise ReleaseError(f"{table.name} has no row {shown(row_id, 80)!r}; it has {some}")
        return found[row_id]

    def _passage(self, entry: Row) -> Passage:
        source = self._sources[entry["source_id"]]
        path, method, url = source["path"] or "", entry["method"] or "", entry["url"]
        is_erased = path in self._erased  # then only the quote is left
        document = Document(path, "") if is_erased else self._document(path)
        start, end = (0, 0) if is_erased else (int(entry["char_start"] or 0), int(entry["char_end"] or 0))
        is_reading = source["kind"] == "reading"
        has_row = method == "curated" and not is_reading and not is_erased
        row, _ = self._curated(path).get(start, (None, "")) if has_row else (None, "")
        first, last = _around(document, start, end, whole=row is None)
        lines = int(entry["line_start"] or 0), int(entry["line_end"] or 0)
        return Passage(
            method=method,
            how="stated in the reading file of a leaflet" if is_reading else HOW[method],
            before=_joined(document.text[first:start]),
            words=_joined(unescape_formula(entry["quote"] or "")),
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
            reading=list(self._reading_entries(path, lines)) if source["kind"] in LEAFLETS and not is_erased else [],
        )

    def _reading_entries(self, path: str, lines: tuple[int, int]) -> Iterator[str]:
        """Yield the entries of a leaflet's reading file about ``lines``."""
        file = reading_file(path)
        if path not in self._entries:
            is_there = any(source["path"] == file for source in self._sources.values())
            reading = read_reading(self._document(file), self._document(path)) if is_there else Reading()
            self._entries[path] = reading.entries
        for entry in self._entries[path]:
            if entry.first <= lines[1] and lines[0] <= entry.last:
                yield f"{file}:{entry.line}: {' '.join(filter(None, (entry.do, entry.value)))}: {entry.reason}"

    def _line(self, table: TableDefinition, row: Row, value: str) -> Passage:
        """Return the evidence of a cell of a bulk table: the row of its source, by its line."""
        (entry,) = self._evidence[table.name, "*", "*"]
        source = self._sources[entry["source_id"]]
        line = int(row[LINE] or 0)
        return Passage(
            method="curated",
            how=HOW["curated"],
            words=_joined(value),
            file=source["path"] or "",
            lines=(line, line),
            source=source,
            url=source["url"],
            stated_by=urlsplit(source["url"]).hostname if source["url"] else source["publisher"],
            row={name: cell for name, cell in row.items() if cell is not None and name != LINE},
        )

    def _document(self, path: str) -> Document:
        if path not in self._documents:
            data = disk.read(source_file(self._folder, path), below=self._folder)
            self._documents[path] = Document(path, data.decode("utf-8"))
        return self._documents[path]


def _found(table: Table, row_id: str) -> Row:
    """Return the row of a bulk table with this key, read by block. Raises ReleaseError if it is not found."""
    for rows in table.blocks():
        found: list[Row] = rows.filter(pc.equal(rows[table.definition.primary_key[0]], row_id)).to_pylist()
        if found:
            return found[0]
    raise ReleaseError(f"{table.name} has no row {shown(row_id, 80)!r}")


def trace(release: Release, table_name: str, row_id: str, field: str | None = None) -> list[Traced]:
    """Return every cell of a row that is not null, or the one named, as a ``Tracer`` gives them."""
    tracer = Tracer(release)
    return [tracer.cell(table_name, row_id, field)] if field else tracer.row(table_name, row_id)


def _data_table(package: Package, name: str) -> TableDefinition:
    tables = {table.name: table for table in package.with_role("data")}
    if name not in tables:
        raise ReleaseError(f"{shown(name, 80)!r} is not a table with evidence; these are: {', '.join(tables)}")
    return tables[name]


def _around(document: Document, start: int, end: int, whole: bool) -> tuple[int, int]:
    """Return the span of a passage with the text around it, within one row for a curated table."""
    first, last = max(0, start - AROUND), min(len(document.text), end + AROUND)
    if whole:
        return first, last
    row_end = document.text.find("\n", end)
    return max(first, document.line_starts[document.line(start) - 1]), min(last, row_end if row_end >= 0 else last)


def _joined(text: str) -> str:
    """Return text on one line, with a space at an end if it had white space there."""
    inner = " ".join(text.split())
    return (" " if text[:1].isspace() and inner else "") + inner + (" " if text[-1:].isspace() and inner else "")


def disputed(release: Release) -> dict[tuple[str, str, str], str]:
    """Return the message in the report for each cell (table, row, field) on which pages disagree."""
    path = release.folder / REPORT
    found: dict[tuple[str, str, str], str] = {}
    for finding in parse_object(path, disk.read(path, below=release.folder))["findings"]["listed"]:
        if finding["code"] == "pages-disagree":
            cell = finding["table"], finding["row"], finding["field"]
            message = f"{finding['message']} ({finding['source']}:{finding['line']})"
            found[cell] = f"{found[cell]}; {message}" if cell in found else f"pages disagree: {message}"
    return found
