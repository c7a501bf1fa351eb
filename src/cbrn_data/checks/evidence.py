"""Evidence holds: every span cuts its quote out of the source, every quote gives its value, every cell has evidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from cbrn_data.checks.across import Row, Rows, quoted
from cbrn_data.findings import Finding, shown
from cbrn_data.schema.model import Package, Table
from cbrn_data.sources.cells import CsvRow, read_cells
from cbrn_data.sources.document import Document
from cbrn_data.words.readings import AS_PRINTED, Words, reproduces
from cbrn_data.words.text import Span

CURATED = frozenset({"curated", "corrections", "renames", "reading"})
"""Kinds of sources whose cells are taken as they are; the words of a leaflet must give a value by a rule."""


def evidence_holds(rows: Rows, package: Package, documents: Mapping[str, Document]) -> Iterator[Finding]:
    """Judge every row of evidence by its source, and every cell by its evidence.

    That of a table of records is judged where its rows are made again from their source.
    """
    sources = {row["source_id"]: row for row in rows["sources"]}
    cells = {(table.name, table.row_id(row)): row for table in package.with_role("data") for row in rows[table.name]}
    positions = _positions(rows["evidence"], sources)
    covered: set[tuple[str | None, ...]] = set()
    kinds = {row["source_id"]: row["kind"] for row in rows["sources"]}
    curated = _CuratedCells({name: text for name, text in documents.items() if kinds.get(name) == "curated"})
    by_line = {table.name for table in package.tables.values() if table.by_line}
    for row in (row for row in rows["evidence"] if row["table_name"] not in by_line):
        covered.add((row["table_name"], row["row_id"], row["field"]))
        document = documents.get(row["source_id"] or "")
        yield from _span_faults(row, document)
        cell_row = cells.get((row["table_name"] or "", row["row_id"] or ""))
        if cell_row is None:
            yield _finding("evidence-dangling", "no such row is published", row)
        elif (row["method"] == "curated") != (sources.get(row["source_id"], {}).get("kind") in CURATED):
            yield _finding("evidence-unreproduced", f"{row['source_id']} is no source of {row['method']} values", row)
        elif not _gives(row, cell_row, sources.get(row["source_id"], {}), positions, document):
            value = cell_row.get(row["field"] or "")
            given = "the value, which is null" if value is None else repr(shown(value, 80))
            message = f"{shown(quoted(row), 80)!r} does not give {given} ({row['method']})"
            yield _finding("evidence-unreproduced", message, row)
        elif document and kinds.get(row["source_id"]) == "curated":
            yield from _misattributed(row, cell_row, package.tables[row["table_name"] or ""], curated)
    for table in package.with_role("data"):
        for row in rows[table.name]:
            for name in table.names:
                if row[name] is not None and (table.name, table.row_id(row), name) not in covered:
                    message = f"{name} has a value and no evidence"
                    yield Finding("evidence-missing", message, table=table.name, row=table.row_id(row), field=name)


def _span_faults(row: Row, document: Document | None) -> Iterator[Finding]:
    if document is None:
        yield _finding("evidence-span", f"the source {row['source_id']!r} cannot be read", row)
        return
    span = Span(int(row["char_start"] or 0), int(row["char_end"] or 0))
    if document.quote(span) != quoted(row):
        yield _finding("evidence-span", f"characters {span.start} to {span.end} are not the quote", row)
    elif document.lines(span) != (int(row["line_start"] or 0), int(row["line_end"] or 0)):
        yield _finding("evidence-span", "the quote stands in lines {} to {}".format(*document.lines(span)), row)
    elif row["page"] not in (None, str(document.page(span.start))):
        yield _finding("evidence-span", f"the quote does not stand on page {row['page']}", row)


_Cell = tuple[str | None, ...]
"""Table, row and field."""


def _positions(evidence: list[dict[str, str | None]], sources: Mapping[str | None, Row]) -> dict[_Cell, str]:
    """Return the place of each counted row among the items of the newest edition that lists it."""
    starts: dict[tuple[str | None, ...], list[tuple[int, str | None]]] = defaultdict(list)
    for row in evidence:
        if row["method"] == "counted":
            starts[row["table_name"], row["field"], row["source_id"]].append((int(row["char_start"] or 0), row["row_id"]))
    found: dict[tuple[str | None, ...], tuple[str, str]] = {}
    for (table, field, source), items in starts.items():
        about = sources.get(source, {})
        edition = about.get("retrieved_on" if about.get("kind") == "page" else "edition") or ""
        for position, (_, row_id) in reversed(list(enumerate(sorted(items), start=1))):
            key = (table, row_id, field)
            if key not in found or found[key][0] <= edition:
                found[key] = (edition, str(position))
    return {key: position for key, (_, position) in found.items()}


def _gives(row: Row, cells: Row, source: Row, positions: Mapping[_Cell, str], document: Document | None) -> bool:
    table, field, value = row["table_name"] or "", row["field"] or "", cells.get(row["field"] or "")
    if value is None:
        return False
    if row["method"] == "counted":
        return positions[table, row["row_id"], field] == value
    method, quote = row["method"] or "", quoted(row)
    span = Span(int(row["char_start"] or 0), int(row["char_end"] or 0))
    if document and method not in AS_PRINTED and document.quote(span) == quote:
        quote = document.words(span)
    words = Words(table, field, method, quote, source.get("region_id") or "", source.get("edition") or "")
    try:
        return reproduces(words, value, cells)
    except KeyError:
        return False


class _CuratedCells:
    """The cells of curated tables by where they begin; a table is read when it is first asked for."""

    def __init__(self, documents: Mapping[str, Document]) -> None:
        self._documents = documents
        self._read: dict[str, dict[int, tuple[CsvRow, str]]] = {}

    def at(self, source_id: str, start: int) -> tuple[CsvRow, str] | None:
        """Return the row and the column of the cell that begins at ``start``."""
        if source_id not in self._read:
            rows = read_cells(self._documents[source_id]).rows if source_id in self._documents else []
            self._read[source_id] = {cell.span.start: (row, name) for row in rows for name, cell in row.cells.items()}
        return self._read[source_id].get(start)


def _misattributed(row: Row, cells: Row, table: Table, curated: _CuratedCells) -> Iterator[Finding]:
    """Say where a curated value has its evidence in another column or row, or another page, than its source has it."""
    found = curated.at(row["source_id"] or "", int(row["char_start"] or 0))
    if found is None:
        yield _finding("evidence-unreproduced", "the quote is no cell of the curated table", row)
        return
    source_row, column = found
    if column != row["field"]:
        yield _finding("evidence-unreproduced", f"the quote stands in the column {column!r}", row)
    other = [name for name in table.primary_key if name in source_row.cells and source_row.text(name) != cells.get(name)]
    if other:
        yield _finding("evidence-unreproduced", f"the quote stands in a row of another {other[0]}", row)
    for name in ("url", "certainty", "read_on", "archived_url"):
        if source_row.text(name) != row.get(name):
            yield _finding("evidence-unreproduced", f"the row of the quote has another {name}", row)


def _finding(code: str, message: str, row: Row) -> Finding:
    line = int(row["line_start"] or 0)
    return Finding(code, message, row["source_id"] or "", line, row["table_name"], row["row_id"], row["field"])
