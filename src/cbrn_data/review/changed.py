"""The changed rows of two sets of tables for people: old and new value of each cell with their words, each row once.

``changes`` are rows of the table of changes. A new or removed table is one of them, so its rows are taken from the table.
Rows of evidence are words of the cells that they belong to; they are listed only where these cells did not change.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby

import pyarrow as pa
import pyarrow.compute as pc

from cbrn_data.normalise.text import natural_order, unescape_formula
from cbrn_data.release.changes import RowChange, cells_of
from cbrn_data.schema.model import LINE, TableDefinition
from cbrn_data.schema.table import Row, Table, Tables, row_ids
from cbrn_data.tabular.changes import KINDS, WHOLE

MOST_ROWS = 20_000
"""The most rows of a table on a page, which a browser can still open; the others are counted."""

_Key = tuple[str, str]
"""A table and the id of a row."""


@dataclass(frozen=True)
class Words:
    """The words behind a value: quote, file, line (None if unknown), method, and the page that states it."""

    quote: str
    file: str
    line: str | None
    method: str
    url: str | None


@dataclass(frozen=True)
class ChangedCell:
    """A cell before and after, each with its words."""

    field: str
    old: str | None
    new: str | None
    old_words: list[Words]
    new_words: list[Words]


@dataclass(frozen=True)
class ChangedRow:
    """A row that was added, changed or removed; an added or removed row has all its cells that have a value."""

    row_id: str
    kind: str
    cells: list[ChangedCell]


@dataclass
class ChangedTable:
    """The changes of a table: ``notes`` about the whole table, the numbers of rows by kind, and the rows."""

    name: str
    title: str
    notes: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    rows: list[ChangedRow] = field(default_factory=list)

    @property
    def parts(self) -> list[tuple[str, list[ChangedRow], int]]:
        """Each kind with rows: its name, its rows, and the number of rows that are not listed."""
        by_kind = {kind: [row for row in self.rows if row.kind == kind] for kind in KINDS}
        return [(kind, by_kind[kind], self.counts[kind] - len(by_kind[kind])) for kind in KINDS if self.counts[kind]]


@dataclass
class _Found:
    """A changed row before its words are known."""

    kind: str
    row_id: str
    cells: list[tuple[str, str | None, str | None]]


def changed_tables(old: Tables, new: Tables, changes: Iterable[Row]) -> list[ChangedTable]:
    """Return the changes by table, in the order of ``changes``; a table is in ``old``, ``new``, or both."""
    tables: list[ChangedTable] = []
    found: dict[str, list[_Found]] = {}
    shown: set[_Key] = set()
    for name, rows in groupby(changes, lambda row: row["table_name"] or ""):
        definition = (new.get(name) or old[name]).definition
        table = ChangedTable(name, definition.title)
        found[name] = list(_rows(table, definition, old.get(name), new.get(name), rows, shown))
        shown |= {(name, each.row_id) for each in found[name]}
        tables.append(table)
    words = _Evidence(old, shown), _Evidence(new, shown)
    for table in tables:
        definition = (new.get(table.name) or old[table.name]).definition
        table.rows = [_with_words(definition, each, *words) for each in found[table.name]]
        table.rows.sort(key=lambda row: natural_order(row.row_id))
    return [table for table in tables if table.notes or table.counts]


def _rows(
    table: ChangedTable,
    definition: TableDefinition,
    old: Table | None,
    new: Table | None,
    changes: Iterable[Row],
    shown: set[_Key],
) -> Iterator[_Found]:
    """Yield the changed rows of a table; count them, and note what changed for the table as a whole."""
    for (row_id, kind), of_row in groupby(changes, lambda row: (unescape_formula(row["row_id"] or ""), row["change"] or "")):
        of = list(of_row)
        if row_id == WHOLE:
            for change in of:
                if change["field"] == WHOLE:
                    yield from _whole(table, kind, new if kind == "added" else old)
                else:
                    table.notes.append(f"new column {change['field']}")
            continue
        cells = [cell for change in of for cell in cells_of(change)]
        if table.name == "evidence" and _cell_of(row_id) in shown:
            continue
        table.counts[kind] += 1
        if table.counts[kind] <= MOST_ROWS:
            yield _Found(kind, row_id, cells)


def _whole(table: ChangedTable, kind: str, rows: Table | None) -> Iterator[_Found]:
    """Yield the rows of a table that was added or removed as a whole."""
    table.notes.append("new table" if kind == "added" else "removed table")
    table.counts[kind] += rows.count if rows else 0
    if rows is None or table.name == "evidence":
        return
    for row in rows.first(MOST_ROWS):
        content = {name: row[name] for name in rows.definition.content}
        sides = (None, content) if kind == "added" else (content, None)
        row_id = rows.definition.row_id(row)
        yield _Found(kind, row_id, RowChange(kind, row_id, *sides).cells())


def _cell_of(evidence_id: str) -> _Key:
    """Return table and row of a row of evidence, whose key is table, row, field, source and first character."""
    table, _, row_id = evidence_id.rsplit("/", 3)[0].partition("/")
    return table, row_id


def _with_words(definition: TableDefinition, found: _Found, old: _Evidence, new: _Evidence) -> ChangedRow:
    titles = {field.name: field.title for field in definition.fields}
    place = (definition.name, found.row_id)
    cells = [
        ChangedCell(
            titles.get(name, name),
            before,
            after,
            old.words(*place, name) if before is not None else [],
            new.words(*place, name) if after is not None else [],
        )
        for name, before, after in found.cells
    ]
    return ChangedRow(found.row_id, found.kind, cells)


class _Evidence:
    """The words of some rows of a set of tables."""

    def __init__(self, tables: Tables, wanted: set[_Key]) -> None:
        self._cells: dict[tuple[str, str, str], list[Words]] = defaultdict(list)
        self._lines: dict[str, tuple[Row, Mapping[str, str]]] = {}
        if "evidence" not in tables:
            return
        self._files = {row["source_id"]: (row["path"] or "").removeprefix("sources/") for row in tables["sources"].rows}
        ids: dict[str, set[str]] = defaultdict(set)
        for table, row_id in wanted:
            ids[table].add(row_id)
        for block in tables["evidence"].blocks():
            for row in _wanted(block, ids).to_pylist():
                if row["row_id"] == WHOLE:
                    self._lines[row["table_name"]] = row, _source_lines(tables[row["table_name"]], ids[row["table_name"]])
                else:
                    self._cells[row["table_name"], row["row_id"], row["field"]].append(self._read(row))

    def words(self, table: str, row_id: str, field: str) -> list[Words]:
        """Return the words of a cell; for a bulk table, the line of the row in its source."""
        if table in self._lines:
            row, lines = self._lines[table]
            return [Words("", self._files.get(row["source_id"], ""), lines.get(row_id), "curated", None)]
        return self._cells.get((table, row_id, field), [])

    def _read(self, row: Row) -> Words:
        first, last = row["line_start"], row["line_end"]
        line = first if first == last else f"{first}-{last}"
        quote, file = unescape_formula(row["quote"] or ""), self._files.get(row["source_id"], "")
        return Words(quote, file, line, row["method"] or "", row["url"])


def _wanted(block: pa.Table, ids: Mapping[str, set[str]]) -> pa.Table:
    """Return the rows of evidence about rows in ``ids``, and about bulk tables that have some."""
    if not ids:
        return block.slice(0, 0)
    of_table = pc.is_in(block["table_name"], value_set=pa.array(list(ids), pa.string()))
    named = pa.array([WHOLE, *set().union(*ids.values())], pa.string())
    return block.filter(pc.and_(of_table, pc.is_in(block["row_id"], value_set=named)))


def _source_lines(table: Table, ids: set[str]) -> dict[str, str]:
    """Return the line in its source of each row of a bulk table in ``ids``."""
    wanted = pa.array(list(ids), pa.string())
    found: dict[str, str] = {}
    for block in table.blocks():
        keys = row_ids(table.definition, block)
        mask = pc.is_in(keys, value_set=wanted)
        found.update(zip(keys.filter(mask).to_pylist(), block[LINE].filter(mask).to_pylist(), strict=True))
    return found
