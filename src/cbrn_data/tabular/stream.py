"""Validate a table block by block: the same code for ten rows and for ten million.

Cells and rows are validated in one pass. Keys that are not in order are stored as hashes; if two are equal, the text of the
keys is compared. This text is kept for a small table, while a large one is read again. Memory holds a block, eight bytes for
each key that is not in order, and the text of the keys that others refer to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pyarrow as pa

from cbrn_data.tabular.arrays import flat, only
from cbrn_data.tabular.blocks import Block, Ints
from cbrn_data.tabular.compile import BrokenRule, CompiledSchema
from cbrn_data.tabular.issues import NO_TWIN, Issue, Tally, lost
from cbrn_data.tabular.keys import Confirmation, KnownKeys, Place, Uniqueness
from cbrn_data.tabular.schema import ForeignKey

KEPT = 32 << 20
"""The most bytes of key columns that are kept, so that a small table is not read again."""

Referred = Mapping[tuple[str, ...], KnownKeys]
"""Keys of a table that others refer to, by the fields of the key."""

More = Callable[[pa.Table, Sequence[BrokenRule]], Iterable[BrokenRule]]


class TableCheck:
    """Validates the blocks of one table: ``add`` each, then ``finish``; ``tally`` gets the issues.

    ``known`` has the keys of the referenced table for each foreign key; ``referred`` collects the keys of this table.
    ``more`` checks rules beyond Table Schema: it takes a table and its failures so far, and returns others. Ragged rows, and
    rows with a cell that is not UTF-8, are not reliable and not validated further. With ``as_frictionless`` they are, and an
    empty row is only reported as empty. Without ``with_unique``, repeated values are not looked for.
    """

    def __init__(
        self,
        compiled: CompiledSchema,
        tally: Tally,
        known: Mapping[ForeignKey, KnownKeys] = MappingProxyType({}),
        referred: Referred = MappingProxyType({}),
        more: More = lambda table, failures: (),
        as_frictionless: bool = False,
        with_unique: bool = True,
    ) -> None:
        self.compiled = compiled
        self.tally = tally
        self.rows = 0
        self._more = more
        self._as_frictionless = as_frictionless
        self._known = known
        self._referred = referred
        self._unique = {key: Uniqueness() for key in (_unique_keys(compiled) if with_unique else ())}
        self._kept: list[Block] | None = [] if self._unique else None
        self._room = KEPT

    def add(self, block: Block) -> tuple[pa.Table, Ints]:
        """Validate a block; return its table with missing values as null, and the indices of its wrong rows, ascending."""
        self.rows += block.records
        self._keep(block)
        table = self.compiled.nulled(block.table, block.has_nulls)
        blank = np.zeros(0, np.int64)
        if self._as_frictionless:
            blank = np.setdiff1d(_blank_rows(table), np.concatenate([blank, *block.spoilt.values()]))
        empty = set(block.rows(blank).tolist())
        for issue in block.issues:
            if issue.code != "csv-row-width" or issue.row not in empty:
                self.tally.add(issue)
        failures = self._failures(table, blank if self._as_frictionless else block.malformed)
        for number, failure in enumerate(failures):
            if failure.constraint == "required" and failure.field in block.spoilt:
                failures[number] = replace(failure, rows=np.setdiff1d(failure.rows, block.spoilt[failure.field]))
        if len(blank):
            failures.append(BrokenRule("", "row-blank", "", blank))
        self._report(block, table, failures)
        return table, np.unique(np.concatenate([block.malformed, *(failure.rows for failure in failures)]))

    def _keep(self, block: Block) -> None:
        """Keep the keys of a block, up to ``KEPT`` bytes; not if other cells are needed to count the lines."""
        if self._kept is None:
            return
        names = {name for key in self._unique for name in key}
        table = block.table.select([name for name in block.table.column_names if name in names])
        slim = replace(block, table=table, issues=[], beyond={})
        self._room -= slim.table.nbytes
        self._kept.append(slim)
        if self._room < 0 or block.breaks > block.records:
            self._kept = None

    def _failures(self, table: pa.Table, left_out: Ints) -> list[BrokenRule]:
        """Return the failures of the rows of a table, except the rows ``left_out``."""
        if not len(left_out):
            return self._all_failures(table, is_whole=True)
        is_judged = np.ones(table.num_rows, dtype=bool)
        is_judged[left_out] = False
        judged = np.flatnonzero(is_judged)
        found = self._all_failures(table.filter(pa.array(is_judged)), is_whole=False)
        return [replace(failure, rows=judged[failure.rows]) for failure in found]

    def _all_failures(self, table: pa.Table, is_whole: bool) -> list[BrokenRule]:
        if not table.num_rows:
            return []
        found = self.compiled.failures(table)
        return [*found, *self._more(table, found), *self._keys(table, is_whole)]

    def _report(self, block: Block, table: pa.Table, failures: Sequence[BrokenRule]) -> None:
        """Count failures, and list them with their cells while there is room."""
        found = [failure.rows[: self.tally.room(failure.code)] for failure in failures]
        if not any(map(len, found)):
            for failure in failures:
                self.tally.count(failure.code, len(failure.rows))
            return
        places = np.unique(np.concatenate(found))
        rows, lines = (each.tolist() for each in block.where(places))
        meant = only(table, places)
        texts = {name: column.to_pylist() for name, column in zip(meant.column_names, meant.columns, strict=True)}
        written = meant if table is block.table else only(block.table, places)
        lists = texts.values() if written is meant else (column.to_pylist() for column in written.columns)
        cells = list(zip(*([text or "" for text in column] for column in lists), strict=True))
        for failure in failures:
            key, code = failure.key, failure.code
            at = np.searchsorted(places, failure.rows[: self.tally.room(code)]).tolist()
            self.tally.count(code, len(failure.rows))
            field, fields = ("+".join(key.fields), key.fields) if key else (failure.field, failure.fields)
            values = [tuple(texts[name][place] for name in fields) for place in at] if fields else [()] * len(at)
            messages = self._lost(key, values) if key else {}
            rule = failure.constraint
            for place, meant_values in zip(at, values, strict=True):
                value = "/".join(meant_values) if key else texts[field][place] if field else None
                said = code, rule, value, messages.get(meant_values, ""), 0, fields, meant_values, NO_TWIN, key
                self.tally.keep(Issue(rows[place], lines[place], field, *said, cells[place], block.part))

    def _lost(self, key: ForeignKey, values: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], str]:
        """Return the message for each reference that is not found."""
        different = list(dict.fromkeys(values))
        return {
            found: lost(key, found, unlike)
            for found, unlike in zip(different, self._known[key].alike(different), strict=True)
        }

    def _keys(self, table: pa.Table, is_whole: bool) -> Iterator[BrokenRule]:
        parts = Comparables(self.compiled, table)
        for key, uniqueness in self._unique.items():
            if set(key) <= set(table.column_names):
                uniqueness.add(parts.of(key), is_whole)
        for fields, referred in self._referred.items():
            referred.add(parts.of(fields))
        for foreign, known in self._known.items():
            if not set(foreign.fields) <= set(table.column_names):
                continue
            missing = np.flatnonzero(~known.lead(parts.of(foreign.fields)))
            if len(missing):
                yield BrokenRule(foreign.fields[0], "reference-missing", "foreignKeys", missing, foreign)

    def finish(self, again: Callable[[], Iterable[Block]]) -> None:
        """Report duplicate keys; ``again`` returns the blocks of the table once more, to confirm equal hashes."""
        late = {key: uniqueness for key, uniqueness in self._unique.items() if uniqueness.missing}
        for table, _ in self._tables(again) if late else ():
            parts = Comparables(self.compiled, table)
            for key, uniqueness in late.items():
                uniqueness.add_again(parts.of(key))
            if not any(uniqueness.missing for uniqueness in late.values()):
                break
        suspects = {key: uniqueness.suspects() for key, uniqueness in self._unique.items()}
        confirming = {key: Confirmation(hashes, texts) for key, (hashes, texts) in suspects.items() if len(hashes)}
        if not confirming:
            return
        for table, block in self._tables(again):
            parts = Comparables(self.compiled, table)
            for key, confirmation in confirming.items():
                for place, here, before in confirmation.repeated(parts.of(key), block.where, block.part):
                    self._repeated(key, here, before, tuple(table[name][place].as_py() for name in key))

    def _tables(self, again: Callable[[], Iterable[Block]]) -> Iterator[tuple[pa.Table, Block]]:
        """Yield the rows of the blocks once more, with their missing values as null, and the blocks."""
        for block in again() if self._kept is None else self._kept:
            if block.table.num_rows:
                yield self.compiled.nulled(block.table, block.has_nulls), block

    def _repeated(self, key: tuple[str, ...], here: Place, before: Place, values: tuple[str, ...]) -> None:
        schema, field = self.compiled.schema, key[0] if len(key) == 1 else ""
        broken = [("key-repeated", "primaryKey")] if key == schema.primary_key else []
        broken += [("key-repeated", "uniqueKeys")] if key in schema.unique_keys and not broken else []
        broken += [("cell-unique", "unique")] if field and schema.field(field).constraints.get("unique") else []
        for code, constraint in broken:
            row, line, part = here
            issue = Issue(row, line, field, code, constraint, "/".join(values), "", 0, key, values, before, part=part)
            self.tally.add(issue)


def _blank_rows(table: pa.Table) -> Ints:
    """Return the indices of empty rows."""
    if not all(column.null_count for column in table.columns):
        return np.zeros(0, np.int64)
    blank = np.ones(table.num_rows, dtype=bool)
    for column in table.columns:
        blank &= column.is_null().to_numpy()
    return np.flatnonzero(blank)


class Comparables:
    """The columns of a block in a form in which equal values have equal text, each computed once."""

    def __init__(self, compiled: CompiledSchema, table: pa.Table) -> None:
        self._compiled, self._table = compiled, table
        self._made: dict[str, pa.Array] = {}

    def of(self, names: Iterable[str]) -> list[pa.Array]:
        for name in names:
            if name not in self._table.column_names:
                self._made[name] = pa.nulls(self._table.num_rows, pa.string())
            elif name not in self._made:
                self._made[name] = flat(self._compiled.comparable(name, self._table[name]))
        return [self._made[name] for name in names]


def _unique_keys(compiled: CompiledSchema) -> Iterator[tuple[str, ...]]:
    """Yield the primary key, the unique keys and the unique fields, each once."""
    schema = compiled.schema
    unique = [(field.name,) for field in schema.fields if field.constraints.get("unique")]
    yield from dict.fromkeys(key for key in (schema.primary_key, *schema.unique_keys, *unique) if key)
