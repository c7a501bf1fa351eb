"""Check evidence: every span gives its quote in the source, every quote gives its value, every cell has evidence."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa

from cbrn_data import foreign
from cbrn_data.checks.across import Row, quoted
from cbrn_data.checks.rows import table_findings
from cbrn_data.findings import Finding, shown
from cbrn_data.normalise.readings import AS_PRINTED, Words, reproduces
from cbrn_data.normalise.text import Span, escape_formula
from cbrn_data.schema.bulk import BulkReading, begin, header_words, read_range, read_records
from cbrn_data.schema.check import KnownKeysOf
from cbrn_data.schema.model import Package, TableDefinition
from cbrn_data.schema.ranges import part_ranges
from cbrn_data.schema.table import Table, Tables, cell_count
from cbrn_data.sources.cells import CsvRow, cells_by_start
from cbrn_data.sources.document import Document
from cbrn_data.store import disk
from cbrn_data.store.folder import source_file
from cbrn_data.strict_json import digest_of

CURATED = frozenset({"curated", "corrections", "renames", "reading"})
"""Kinds of sources whose cells are values; a rule derives a value from the words of a leaflet."""


def evidence_holds(
    tables: Tables, package: Package, documents: Mapping[str, Document], good: set[tuple[Any, ...]] | None = None
) -> Iterator[Finding]:
    """Check every row of evidence with its source, and every cell with its evidence.

    ``good`` remembers the rows that passed, each with all inputs of its check (a digest of long texts); it drops the rows of
    all releases but the last. ``rows_by_evidence`` checks the evidence of bulk tables.
    """
    sources, evidence = {row["source_id"]: row for row in tables["sources"].rows}, tables["evidence"].rows
    by_cell = [table for table in package.with_role("data") if not table.by_line]
    cells = {(table.name, table.row_id(row)): row for table in by_cell for row in tables[table.name].rows}
    positions = _positions(evidence, sources)
    covered: set[tuple[str | None, ...]] = set()
    curated = cache(lambda source_id: cells_by_start(documents[source_id]))
    by_line = {table.name for table in package.with_role("data")} - {table.name for table in by_cell}
    now, names = set[tuple[Any, ...]](), tables["evidence"].definition.names

    @cache
    def of_source(source_id: str) -> bytes:
        document = documents.get(source_id)
        return digest_of((names, sources.get(source_id), document and (document.place, document.text)))

    @cache
    def of_cell_row(name: str, row_id: str) -> bytes:
        table = package.tables.get(name)
        return digest_of((cells.get((name, row_id)), table and table.primary_key))

    def faults(row: Row, cell_row: Row | None, source: Row, document: Document | None) -> Iterator[Finding]:
        yield from _span_faults(row, document)
        if cell_row is None:
            yield _finding("evidence-dangling", "the row is not published", row)
        elif (row["method"] == "curated") != (source.get("kind") in CURATED):
            yield _finding("evidence-unreproduced", f"{row['source_id']} is not a source of {row['method']} values", row)
        elif not _gives(row, cell_row, source, positions, document):
            value = cell_row.get(row["field"] or "")
            given = "the value, which is null" if value is None else repr(shown(value, 80))
            message = f"{shown(quoted(row), 80)!r} does not give {given} ({row['method']})"
            yield _finding("evidence-unreproduced", message, row)
        elif document and source.get("kind") == "curated":
            yield from _misattributed(row, cell_row, package.tables[row["table_name"] or ""], curated(row["source_id"]))

    for row in (row for row in evidence if row["table_name"] not in by_line):
        cell = row["table_name"], row["row_id"], row["field"]
        covered.add(cell)
        document, source = documents.get(row["source_id"] or ""), sources.get(row["source_id"], {})
        name, row_id = cell[0] or "", cell[1] or ""
        if good is not None:
            made_of = *row.values(), of_source(row["source_id"] or ""), of_cell_row(name, row_id), positions.get(cell)
            if made_of in good:
                now.add(made_of)
                continue
        found = list(faults(row, cells.get((name, row_id)), source, document))
        if good is not None and not found:
            now.add(made_of)
        yield from found
    for (name, row_id), row in cells.items():
        for field, value in row.items():
            if value is not None and (name, row_id, field) not in covered:
                message = f"{field} has a value but no evidence"
                yield Finding("evidence-missing", message, table=name, row=row_id, field=field)
    if good is not None:
        good.clear()
        good |= now


def rows_by_evidence(
    folder: Path,
    table: Table,
    tables: Tables,
    known: KnownKeysOf,
    write: Callable[[pa.Table], None],
    judged: Collection[str] = (),
    read: BulkReading | None = None,
) -> Iterator[Finding]:
    """Check the rows of a released table and pass them to ``write``.

    For a bulk table these are the rows of its source, from the copy in the release, so that every row has its line as
    evidence. Parts that were ``judged`` before, by their first keys, are left out; ``read`` is the result of reading them,
    if this was done elsewhere.
    """
    if not table.definition.by_line:
        yield from table_findings(table, known, write)
        return
    made_of = [row for row in tables["evidence"].rows if row["table_name"] == table.name]
    reading, path = BulkReading(table.definition), ""
    if made_of:
        file, path = source_of(folder, table.name, tables)
        if not disk.mode(file):
            yield _finding("evidence-span", f"the source {made_of[0]['source_id']!r} cannot be read", made_of[0])
            yield from table_findings(table, known, write)
            return
        if read:
            reading = read
            reading.header, reading.header_start = header_words(file)
        for block in (
            ()
            if read
            else _read_others(file, reading, known, table, judged)
            if judged
            else read_records(file, reading, known)
        ):
            write(block)
    aside = {row["line"] for row in tables["quarantine"].rows if row["table_name"] == table.name}
    if aside != {str(fault.line) for fault in reading.tally.listed} or reading.tally.unlisted:
        yield from reading.findings(path)
    if len(made_of) > 1 or any(
        (row["row_id"], row["field"], row["quote"]) != ("*", "*", escape_formula(reading.header)) for row in made_of
    ):
        yield Finding("evidence-span", "the evidence is not exactly the header of the source", f"{table.name}.csv")


def source_of(folder: Path, table: str, tables: Tables) -> tuple[Path, str]:
    """Return the copy of the source of a bulk table in a release, and its name. Raises ReleaseError, or StopIteration."""
    made_of = next(row["source_id"] for row in tables["evidence"].rows if row["table_name"] == table)
    path = next(row["path"] for row in tables["sources"].rows if row["source_id"] == made_of) or ""
    return source_file(folder, path), path


def _read_others(
    file: Path, reading: BulkReading, known: KnownKeysOf, table: Table, judged: Collection[str]
) -> Iterator[pa.Table]:
    """Yield the rows of the ranges of a source of which the parts were not judged; none if its header is wrong."""
    if begin(file, reading) is None:
        return
    with foreign.opened(file, buffering=0) as source:
        ranges = part_ranges(source, table.parts)
    for part, of_part in zip(table.parts, ranges, strict=True):
        if part.first not in judged:
            yield from read_range(file, reading, known, of_part)


def of_evidence(table: Table, difference: Finding) -> Finding:
    """Return the finding for a table whose bytes are not those of its rows; for a bulk table, its source differs."""
    if not table.definition.by_line:
        return difference
    return replace(
        difference, code="evidence-unreproduced", message=f"{difference.message}; the table differs from its source"
    )


def cells_by_method(tables: Tables) -> dict[str, Counter[str]]:
    """Return for each data table the number of cells with a value, with evidence, and with evidence by each method.

    A cell can have evidence by several methods. In a verified bulk table, every cell has evidence.
    """
    methods: dict[tuple[str | None, ...], set[str]] = defaultdict(set)
    for row in tables["evidence"].rows:
        methods[row["table_name"], row["row_id"], row["field"]].add(row["method"] or "")
    found = {}
    for table in (table.definition for table in tables.values() if table.definition.role == "data"):
        parts = tables[table.name].parts
        in_parts = sum(part.rows * len(table.names) - sum(part.nulls.values()) for part in parts)
        cells = in_parts or sum(map(cell_count, tables[table.name].blocks()))
        counts = found[table.name] = Counter({"cells": cells})
        if table.by_line:
            counts.update({"evident": cells, "curated": cells})
            continue
        for row in tables[table.name].rows:
            for name in table.names:
                of_cell = methods.get((table.name, table.row_id(row), name)) if row[name] is not None else None
                counts.update([*of_cell, "evident"] if of_cell else ())
    return found


def _is_at(document: Document, span: Span, quote: str) -> bool:
    """Return whether a text is exactly at a span; one of another length, which can be the whole file, is not copied."""
    return span.end - span.start == len(quote) and document.quote(span) == quote


def _span_faults(row: Row, document: Document | None) -> Iterator[Finding]:
    if document is None:
        yield _finding("evidence-span", f"the source {row['source_id']!r} cannot be read", row)
        return
    span = Span(int(row["char_start"] or 0), int(row["char_end"] or 0))
    if not _is_at(document, span, quoted(row)):
        yield _finding("evidence-span", f"characters {span.start} to {span.end} are not the quote", row)
    elif document.lines(span) != (int(row["line_start"] or 0), int(row["line_end"] or 0)):
        yield _finding("evidence-span", "the quote is in lines {} to {}".format(*document.lines(span)), row)
    elif row["page"] not in (None, str(document.page(span.start))):
        yield _finding("evidence-span", f"the quote is not on page {row['page']}", row)


_Cell = tuple[str | None, ...]
"""Table, row and field."""


def _positions(evidence: list[dict[str, str | None]], sources: Mapping[str | None, Row]) -> dict[_Cell, str]:
    """Return the position of each counted row among the items of the newest edition that lists it."""
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
    if document and method not in AS_PRINTED and _is_at(document, span, quote):
        quote = document.words(span)
    words = Words(table, field, method, quote, source.get("region_id") or "", source.get("edition") or "")
    try:
        return reproduces(words, value, cells)
    except KeyError:
        return False


def _misattributed(
    row: Row, cells: Row, table: TableDefinition, curated: Mapping[int, tuple[CsvRow, str]]
) -> Iterator[Finding]:
    """Yield findings if the evidence of a curated value is in another column or row, or has another page."""
    found = curated.get(int(row["char_start"] or 0))
    if found is None:
        yield _finding("evidence-unreproduced", "the quote is not a cell of the curated table", row)
        return
    source_row, column = found
    if column != row["field"]:
        yield _finding("evidence-unreproduced", f"the quote is in the column {column!r}", row)
    other = [name for name in table.primary_key if name in source_row.cells and source_row.text(name) != cells.get(name)]
    if other:
        yield _finding("evidence-unreproduced", f"the quote is in a row with another {other[0]}", row)
    for name in ("url", "certainty", "read_on", "archived_url"):
        if source_row.text(name) != row.get(name):
            yield _finding("evidence-unreproduced", f"the row of the quote has another {name}", row)


def _finding(code: str, message: str, row: Row) -> Finding:
    line = int(row["line_start"] or 0)
    return Finding(code, message, row["source_id"] or "", line, row["table_name"], row["row_id"], row["field"])
