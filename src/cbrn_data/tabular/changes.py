"""Differences of a table as the rows of ``changes``, whose columns are ``NAMES``.

A changed cell has one row. An added or removed row has one, with the field ``*`` and the row as JSON. A change of a whole
table or column has one, with the row ``*``.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cbrn_data.tabular.arrays import flat, places
from cbrn_data.tabular.delta import KEY, Delta, unequal
from cbrn_data.tabular.structures import parse_json

NAMES = ["table_name", "row_id", "field", "change", "old", "new"]
WHOLE = "*"
"""All fields of a row, or all rows of a table."""
KINDS = ("added", "changed", "removed")

Row = Mapping[str, str | None]
Same = Callable[[str, pa.Array, pa.Array], pa.Array]
"""Takes a field and cells whose texts differ, old and new; returns which of them have the same value."""

VALUE = "\x00value "
"""The prefix of a helper column with the values of a column in which equal texts can have different values."""

_PLACE = "\x00place"


@dataclass(frozen=True)
class Columns:
    """The columns of two tables: those of each, those in both, and those of the key, which are in both."""

    old: Sequence[str]
    new: Sequence[str]
    key: Sequence[str]

    @property
    def both(self) -> list[str]:
        """The columns that are compared."""
        there = set(self.old)
        return [name for name in self.new if name in there]

    @property
    def all(self) -> list[str]:
        """The columns of the new table, then those that only the old one has."""
        return list(dict.fromkeys([*self.new, *self.old]))

    @property
    def added(self) -> list[str]:
        """The columns that only the new table has."""
        there = set(self.old)
        return [name for name in self.new if name not in there]

    @property
    def removed(self) -> list[str]:
        """The columns that only the old table has."""
        there = set(self.new)
        return [name for name in self.old if name not in there]


@dataclass
class Counts:
    """The numbers of rows by kind of change, of changed cells by field, and of cells with a new text for the same value."""

    rows: Counter[str] = field(default_factory=Counter)
    cells: Counter[str] = field(default_factory=Counter)
    respelt: int = 0


def row_ids(key: Sequence[str], rows: pa.Table) -> pa.Array:
    """Return the id of each row: the cells of its key, joined with ``/``; null without a key."""
    parts = [pc.fill_null(flat(rows[name]), "") for name in key]
    if not parts:
        return pa.nulls(rows.num_rows, pa.string())
    return parts[0] if len(parts) == 1 else pc.binary_join_element_wise(*parts, "/")


def change_rows(table: str, columns: Columns, found: Delta, same: Same, counts: Counts) -> pa.Table:
    """Return the rows of ``changes`` for a range of keys, in their order, and add to ``counts``."""
    parts = []
    of_rows = ("removed", found.removed, columns.old), ("added", found.added, columns.new)
    for place, (kind, rows, names) in enumerate(of_rows):
        if rows.num_rows:
            texts = pa.array([json.dumps(row, ensure_ascii=False) for row in rows.select(names).to_pylist()], pa.string())
            old, new = (texts, None) if kind == "removed" else (None, texts)
            parts.append(_rows(table, columns, rows, WHOLE, kind, old, new, place))
            counts.rows[kind] += rows.num_rows
    is_changed = np.zeros(found.after.num_rows, dtype=bool)
    for place, name in enumerate(columns.both, start=len(of_rows)):
        at = np.arange(found.after.num_rows)
        if VALUE + name not in found.after.column_names:
            at = places(unequal(flat(found.before[name]), flat(found.after[name])))
        if not len(at):
            continue
        is_same = same(name, *(flat(part[name]).take(pa.array(at)) for part in (found.before, found.after)))
        respelt = pc.and_(is_same, unequal(*(flat(part[name]).take(pa.array(at)) for part in (found.before, found.after))))
        counts.respelt += int(pc.sum(respelt).as_py() or 0)
        at = at[~is_same.to_numpy(zero_copy_only=False)]
        before, after = (part.take(pa.array(at)) for part in (found.before, found.after))
        if len(at):
            is_changed[at] = True
            counts.cells[name] += len(at)
            parts.append(_rows(table, columns, after, name, "changed", flat(before[name]), flat(after[name]), place))
    counts.rows["changed"] += int(is_changed.sum())
    if not parts:
        return pa.table({name: pa.array([], pa.string()) for name in NAMES})
    return pa.concat_tables(parts).sort_by([(KEY, "ascending"), (_PLACE, "ascending")]).select(NAMES)


def _rows(
    table: str,
    columns: Columns,
    rows: pa.Table,
    name: str,
    kind: str,
    old: pa.Array | None,
    new: pa.Array | None,
    place: int,
) -> pa.Table:
    """Return a row of ``changes`` for each of ``rows``, with what they are sorted by."""
    length = rows.num_rows
    nothing = pa.nulls(length, pa.string())
    sides = [nothing if side is None else side for side in (old, new)]
    said = [pa.repeat(text, length) for text in (table, name, kind)]
    cells = [said[0], row_ids(columns.key, rows), said[1], said[2], *sides]
    return pa.table([flat(rows[KEY]), pa.array(np.full(length, place, np.int32)), *cells], names=[KEY, _PLACE, *NAMES])


def whole_rows(table: str, changes: Iterable[tuple[str, str, str | None, str | None]]) -> pa.Table:
    """Return rows of ``changes`` about a whole table: field, kind, old and new of each."""
    rows = [dict(zip(NAMES, (table, WHOLE, *change), strict=True)) for change in changes]
    return pa.Table.from_pylist(rows, pa.schema([(name, pa.string()) for name in NAMES]))


def cells_of(change: Row) -> list[tuple[str, str | None, str | None]]:
    """Return field, old and new value of the cells of a row of ``changes``; none for a whole table or column."""
    if change["row_id"] == WHOLE:
        return []
    if change["field"] != WHOLE:
        return [(change["field"] or "", change["old"], change["new"])]
    old, new = (parse_json(side) if side else {} for side in (change["old"], change["new"]))
    return [(name, old.get(name), new.get(name)) for name in new or old if old.get(name) != new.get(name)]
