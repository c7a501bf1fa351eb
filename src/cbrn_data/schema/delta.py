"""What changed between two releases, cell by cell, in a form that can be applied: ``apply(delta, old) == new``.

A change is a row of the table ``changes``: ``table_name, row_id, field, change, old, new``. An added or removed row has
one for each of its cells that is not null (its key is among them), a changed row one for each cell that differs; null is
nothing. Text that a spreadsheet would run stands as JSON, as in ``evidence.quote``.

Of a table of records a change is a whole row: ``field`` is ``*``, ``old`` and ``new`` are the row as JSON. The line on
which a row stands is its evidence and no change of the row.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from cbrn_data import foreign
from cbrn_data.schema.canonical import Row
from cbrn_data.schema.compile import text_table
from cbrn_data.schema.model import CHANGES, Package, Table
from cbrn_data.schema.records import LINE
from cbrn_data.tabular.blocks import read_blocks, read_header
from cbrn_data.words.text import inert, live

FIRST = 20
"""So many changes of a table of records are kept to be shown; the others are counted, and stand in ``changes.csv``."""

Rows = Mapping[str, list[Row]]


def delta(old: Rows, new: Rows, package: Package) -> list[Row]:
    """Return the changes that make the tables of ``old`` those of ``new``, in the order of tables and keys.

    ``package`` is the definition of the new tables; a table or field that only ``old`` has is not
    in the changes: that it went stands among the reasons of the version.
    """
    return [
        change
        for table in package.tables.values()
        if table.name != CHANGES and not table.by_line
        for change in _changes(table, old.get(table.name, []), new.get(table.name, []))
    ]


def _changes(table: Table, old: list[Row], new: list[Row]) -> Iterator[Row]:
    before, after = keyed(table, old), keyed(table, new)
    for row_id in sorted(before.keys() | after.keys()):
        was, now = before.get(row_id), after.get(row_id)
        change = "added" if was is None else "removed" if now is None else "changed"
        for name in table.names:
            old_value, new_value = (was or {}).get(name), (now or {}).get(name)
            if old_value != new_value:
                yield _change(table.name, row_id, name, change, old_value, new_value)


def keyed(table: Table, rows: list[Row]) -> dict[str, Row]:
    """Return rows by their key, with the fields of ``table``: one that a row does not have yet is null."""
    whole: list[Row] = [{name: row.get(name) for name in table.names} for row in rows]
    return {table.row_id(row): row for row in whole}


def _change(table: str, row_id: str, field: str, change: str, old: str | None, new: str | None) -> Row:
    cells = {"old": None if old is None else inert(old), "new": None if new is None else inert(new)}
    return {"table_name": table, "row_id": inert(row_id), "field": field, "change": change, **cells}


def applied(changes: list[Row], old: Rows, package: Package) -> dict[str, list[Row]]:
    """Return the tables that ``changes`` make of ``old``, sorted by key.

    Raises ValueError where a change does not fit what is there.
    """
    tables = {table.name: keyed(table, old.get(table.name, [])) for table in package.tables.values()}
    for change in changes:
        rows_by_id, row_id = tables[change["table_name"] or ""], live(change["row_id"] or "")
        row = rows_by_id.setdefault(row_id, dict.fromkeys(package.tables[change["table_name"] or ""].names))
        field = change["field"] or ""
        expected, value = (None if change[side] is None else live(change[side] or "") for side in ("old", "new"))
        if row[field] != expected:
            raise ValueError(f"{change['table_name']}/{row_id}/{field} is not {expected!r}")
        row[field] = value
    return {
        name: sorted((row for row in rows_by_id.values() if any(row.values())), key=package.tables[name].order)
        for name, rows_by_id in tables.items()
    }


@dataclass
class RecordChanges:
    """What changed in a table of records: how many rows of each kind of change, and the first of them."""

    table: Table
    counts: Counter[str] = field(default_factory=Counter)
    first: list[Row] = field(default_factory=list)

    @property
    def kinds(self) -> list[tuple[str, int]]:
        """The kinds of change that there are, with their numbers."""
        return [(kind, self.counts[kind]) for kind in ("added", "changed", "removed") if self.counts[kind]]


def counted_changes(table: Table, old: Path | None, new: Path | None) -> RecordChanges:
    """Count what changed between two CSV files of a table of records; None is a table without rows."""
    found = RecordChanges(table)
    for block in record_changes(table, old, new):
        found.counts.update(block["change"].to_pylist())
        if len(found.first) < FIRST:
            found.first += block.slice(0, FIRST - len(found.first)).to_pylist()
    return found


def record_changes(table: Table, old: Path | None, new: Path | None) -> Iterator[pa.Table]:
    """Yield the rows of ``changes`` that make one CSV file of a table of records another, by block and by key."""
    names = [name for name in table.names if name != LINE]
    for before, after in _side_by_side(table_blocks(old, names), table_blocks(new, names), table.primary_key[0]):
        if changes := sorted(_row_changes(table, before, after), key=lambda change: change["row_id"] or ""):
            yield text_table(["table_name", "row_id", "field", "change", "old", "new"], changes)


def table_blocks(path: Path | None, names: Sequence[str]) -> Iterator[pa.Table]:
    """Yield the blocks of a canonical CSV file with the columns ``names``; one that it does not have is null."""
    if path is None:
        return
    with foreign.opened(path) as file:
        header, begun, line = read_header(file)
        for block in read_blocks(file, header, begun, line):
            nothing = pa.nulls(block.table.num_rows, pa.string())
            columns = [block.table[name].combine_chunks() if name in header else nothing for name in names]
            yield pa.table(columns, names=list(names))


def _side_by_side(old: Iterator[pa.Table], new: Iterator[pa.Table], key: str) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Yield parts of two sorted tables that hold the same range of keys."""
    before, after = next(old, None), next(new, None)
    while before is not None or after is not None:
        lasts = [part[key][part.num_rows - 1].as_py() for part in (before, after) if part is not None and part.num_rows]
        bound = min(lasts, default="")
        parts = []
        for part in (before, after):
            count = 0 if part is None else pc.sum(pc.less_equal(part[key], bound)).as_py() or 0
            parts.append(None if part is None else (part.slice(0, count), part.slice(count)))
        empty = next(part[0] for part in parts if part is not None).slice(0, 0)
        yield tuple(part[0] if part else empty for part in parts)
        before = _rest(parts[0], old)
        after = _rest(parts[1], new)


def _rest(part: tuple[pa.Table, pa.Table] | None, more: Iterator[pa.Table]) -> pa.Table | None:
    return None if part is None else part[1] if part[1].num_rows else next(more, None)


def _row_changes(table: Table, before: pa.Table, after: pa.Table) -> Iterator[Row]:
    key = table.primary_key[0]
    places = pc.index_in(after[key], value_set=before[key].combine_chunks())
    gone = before.filter(pc.invert(pc.is_in(before[key], value_set=after[key].combine_chunks())))
    yield from (_record_change(table, "removed", row, None) for row in gone.to_pylist())
    yield from (_record_change(table, "added", None, row) for row in after.filter(pc.is_null(places)).to_pylist())
    stayed = after.filter(pc.is_valid(places))
    was = before.take(pc.drop_null(places))
    differs = pa.array([False] * stayed.num_rows, pa.bool_())
    for name in stayed.column_names:
        same = pc.fill_null(pc.equal(was[name], stayed[name]), False)
        both_null = pc.and_(pc.is_null(was[name]), pc.is_null(stayed[name]))
        differs = pc.or_(differs, pc.invert(pc.or_(same, both_null)))
    for old, new in zip(was.filter(differs).to_pylist(), stayed.filter(differs).to_pylist(), strict=True):
        yield _record_change(table, "changed", old, new)


def _record_change(table: Table, change: str, old: Row | None, new: Row | None) -> Row:
    row_id = (new or old or {})[table.primary_key[0]] or ""
    was, now = (None if row is None else json.dumps(row, ensure_ascii=False) for row in (old, new))
    return {"table_name": table.name, "row_id": inert(row_id), "field": "*", "change": change, "old": was, "new": now}
