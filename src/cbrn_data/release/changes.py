"""The table ``changes``: the differences between the tables of two releases.

Its columns are ``table_name, row_id, field, change, old, new``. A changed cell has one row. An added or removed row has one,
with the field ``*`` and the row as JSON. A new table has one, with the row and the field ``*``, whose value names the file
of the table; a new field has one, with the row ``*``. So their rows are not repeated: ``apply_changes`` takes them from the
file. Text that looks like a formula is written as JSON, as in ``evidence.quote``. Before 2.1.0, added and removed rows, also
those of new tables, had one row for each cell.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import pyarrow as pa

from cbrn_data.normalise.text import escape_formula, unescape_formula
from cbrn_data.progress import BYTES, step
from cbrn_data.schema.model import CHANGES, Package, TableDefinition
from cbrn_data.schema.parts import Part, parts_digest
from cbrn_data.schema.table import Row, Table, Tables, row_ids, sort_keys, table_in_parts, text_table, with_fields
from cbrn_data.tabular.changes import KINDS, NAMES, WHOLE
from cbrn_data.tabular.delta import Delta, deltas
from cbrn_data.tabular.structures import parse_json

KEPT = 20
"""The most changed rows of each kind that are kept for display; the others are counted, and are in ``changes.csv``."""


@dataclass(frozen=True)
class RowChange:
    """A row that was added, changed or removed, with its cells before and after."""

    kind: str
    row_id: str
    old: Row | None
    new: Row | None

    def cells(self) -> list[tuple[str, str | None, str | None]]:
        """Return field, old and new value of every cell that differs."""
        old, new = self.old or {}, self.new or {}
        return [(name, old.get(name), new.get(name)) for name in new or old if old.get(name) != new.get(name)]


@dataclass
class TableChanges:
    """The changes of a table: the number of rows by kind, and the first rows of each kind."""

    table: TableDefinition
    counts: Counter[str] = field(default_factory=Counter)
    first: list[RowChange] = field(default_factory=list)

    @property
    def kinds(self) -> list[tuple[str, int]]:
        """The kinds of change that occur, with their numbers of rows."""
        return [(kind, self.counts[kind]) for kind in KINDS if self.counts[kind]]

    def of_kind(self, kind: str) -> list[RowChange]:
        """Return the first changed rows of a kind."""
        return [change for change in self.first if change.kind == kind]


def find_changes(
    old: Tables, new: Tables, package: Package, write: Callable[[pa.Table], object] = lambda block: None
) -> list[TableChanges]:
    """Return the changes from the tables ``old`` to ``new``; ``write`` gets the rows of ``changes``, block by block.

    ``package`` defines the new tables. Raises ValueError if rows are not sorted by their keys.
    """
    found = []
    for table in package.tables.values():
        if table.name != CHANGES:
            changes = TableChanges(table)
            before, after = old.get(table.name), new[table.name]
            with step(f"Compare {table.name}", after.size + (before.size if before else 0), BYTES):
                for rows in _changes(before, after, changes):
                    write(text_table(NAMES, rows))
            found.append(changes)
    for name in old.keys() - package.tables.keys() - {CHANGES}:
        write(text_table(NAMES, [_change(name, WHOLE, WHOLE, "removed", _file(old[name]), None)]))
    return [changes for changes in found if changes.counts]


def _changes(old: Table | None, new: Table, changes: TableChanges) -> Iterator[list[Row]]:
    """Yield the rows of ``changes`` for one table."""
    table = new.definition
    if old is None or old.definition.primary_key != table.primary_key:
        if new.count:
            changes.counts["added"] = new.count
            changes.first = [_row_change(table, "added", None, row) for row in new.first(KEPT)]
            yield [_change(table.name, WHOLE, WHOLE, "added", None, _file(new))]
        return
    if old.files and new.files and old.files["csv"].sha256 == new.files["csv"].sha256:
        return
    old, new, _ = without_common_parts(old, new)
    columns = [name for name in table.names if name not in old.definition.names]
    columns = columns if columns and old.count and new.count else []
    yield [_change(table.name, WHOLE, name, "added", None, _file(new)) for name in columns]
    compared = [name for name in table.content if name not in columns]
    before = (with_fields(block, table.names) for block in old.blocks())
    for delta in deltas(before, new.blocks(), partial(sort_keys, table), compared):
        changed = sorted(_row_changes(table, delta, compared))
        changes.counts.update(change.kind for _, change in changed)
        for kind in KINDS:
            missing = max(0, KEPT - len(changes.of_kind(kind)))
            changes.first += [change for _, change in changed if change.kind == kind][:missing]
        yield [row for _, change in changed for row in _rows(table, change)]


def _row_changes(table: TableDefinition, delta: Delta, compared: Sequence[str]) -> Iterator[tuple[str, RowChange]]:
    """Yield the changed rows of a range of keys, with their sort keys."""
    for kind, rows in (("removed", delta.removed), ("added", delta.added)):
        for key, row in zip(sort_keys(table, rows).to_pylist(), rows.select(table.content).to_pylist(), strict=True):
            yield key, _row_change(table, kind, *((row, None) if kind == "removed" else (None, row)))
    pairs = (delta.before.select(compared).to_pylist(), delta.after.select(compared).to_pylist())
    keys = zip(sort_keys(table, delta.after).to_pylist(), row_ids(table, delta.after).to_pylist(), strict=True)
    for (key, row_id), old, new in zip(keys, *pairs, strict=True):
        yield key, RowChange("changed", row_id, old, new)


def _row_change(table: TableDefinition, kind: str, old: Row | None, new: Row | None) -> RowChange:
    return RowChange(kind, table.row_id(new or old or {}), old, new)


def _rows(table: TableDefinition, change: RowChange) -> Iterator[Row]:
    if change.kind == "changed":
        for name, old, new in change.cells():
            cells = (None if value is None else escape_formula(value) for value in (old, new))
            yield _change(table.name, change.row_id, name, "changed", *cells)
    else:
        whole = (None if row is None else json.dumps(row, ensure_ascii=False) for row in (change.old, change.new))
        yield _change(table.name, change.row_id, WHOLE, change.kind, *whole)


def _change(table: str, row_id: str, name: str, kind: str, old: str | None, new: str | None) -> Row:
    return dict(zip(NAMES, (table, escape_formula(row_id), name, kind, old, new), strict=True))


def _file(table: Table) -> str:
    """Return the file of a table, and its number of rows, as JSON."""
    csv = {"file": f"{table.name}.csv", "sha256": table.files["csv"].sha256} if table.files else {}
    csv = {"file": f"{table.name}/", "sha256": parts_digest(table.parts)} if table.parts else csv
    return json.dumps({**csv, "rows": table.count})


def without_common_parts(old: Table, new: Table) -> tuple[Table, Table, list[Part]]:
    """Return the tables without the parts that both have, and these parts.

    Their rows are equal, except for their lines in the source.
    """
    common = {part.file.sha256 for part in old.parts} & {part.file.sha256 for part in new.parts}
    if not common or old.definition.names != new.definition.names:
        return old, new, []
    old_rest, new_rest = (
        table_in_parts(each.definition, [part for part in each.parts if part.file.sha256 not in common])
        for each in (old, new)
    )
    return old_rest, new_rest, [part for part in new.parts if part.file.sha256 in common]


def cells_of(change: Row) -> list[tuple[str, str | None, str | None]]:
    """Return field, old and new value of the cells of a row of ``changes``; none for a new table or field."""
    sides = [change["old"], change["new"]]
    if unescape_formula(change["row_id"] or "") == WHOLE:
        return []
    if change["field"] != WHOLE:
        old, new = (None if side is None else unescape_formula(side) for side in sides)
        return [(change["field"] or "", old, new)]
    old_row, new_row = (parse_json(side) if side else {} for side in sides)
    return RowChange(change["change"] or "", "", old_row, new_row).cells()


def apply_changes(changes: Sequence[Row], old: Tables, new: Tables) -> dict[str, list[Row]]:
    """Return the rows of each table of ``new``, by applying ``changes`` to the tables ``old``.

    The rows of a new table, and the cells of a new field, are taken from ``new``, the tables of the release. Raises
    ValueError if a change does not fit the old value, or changes nothing.
    """
    of_table: dict[str, list[Row]] = {name: [] for name in new}
    for change in changes:
        of_table.setdefault(change["table_name"] or "", []).append(change)
    return {name: _applied(of_table[name], old.get(name), table) for name, table in new.items() if name != CHANGES}


def content_of(table: Table) -> list[Row]:
    """Return the rows of a table without their lines in the source."""
    return [{name: row[name] for name in table.definition.content} for row in table.rows]


def _applied(changes: Sequence[Row], old: Table | None, new: Table) -> list[Row]:
    table = new.definition
    added = {change["field"] for change in changes if unescape_formula(change["row_id"] or "") == WHOLE}
    if WHOLE in added:
        return content_of(new)
    rows: dict[str, Row] = {}
    for row in old.rows if old else ():
        rows[table.row_id(row | {name: row.get(name) for name in table.names})] = {n: row.get(n) for n in table.content}
    for change in changes:
        row_id = unescape_formula(change["row_id"] or "")
        row = rows.setdefault(row_id, dict.fromkeys(table.content))
        for name, before, after in cells_of(change):
            if row[name] != before or before == after:
                raise ValueError(f"{change['table_name']}/{row_id}/{name} is not {before!r}")
            row[name] = after
    there = {row_id: row for row_id, row in rows.items() if any(row.values())}
    for row in new.rows if added else ():
        there.get(table.row_id(row), {}).update({name or "": row[name or ""] for name in added})
    return sorted(there.values(), key=table.order)
