"""A table judged block by block: one path for ten rows and ten million.

Cells and rows are judged as they pass; keys are remembered as hashes and, where two are alike, the text of the keys is
looked at: it is kept of a small table, a large one is read once more. Memory is that of a block, eight bytes for each key of
the table, and the text of the keys that others refer to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType

import numpy as np
import pyarrow as pa

from cbrn_data.tabular.blocks import Block, Ints
from cbrn_data.tabular.compile import CompiledSchema, Failure
from cbrn_data.tabular.faults import Fault, Tally, lost
from cbrn_data.tabular.keys import Confirmation, KnownKeys, Place, Uniqueness, flat
from cbrn_data.tabular.schema import ForeignKey

KEPT = 32 << 20
"""Bytes of the columns of unique keys that are kept, so that a table which has no more need not be read again."""

Referred = Mapping[tuple[str, ...], KnownKeys]
"""Keys of a table that others refer to, by the fields they are made of."""

More = Callable[[pa.Table, Sequence[Failure]], Iterable[Failure]]


@dataclass(frozen=True)
class Judged:
    """A block's table with missing values as null, and the places of its rows at fault, ascending."""

    table: pa.Table
    wrong: Ints


class TableCheck:
    """Judges the blocks of one table: ``add`` each, then ``finish``; what is wrong is in ``tally``.

    ``known`` holds, for each foreign key, the keys of the table it leads to; ``referred`` collects those of this table.
    ``more`` are rules beyond Table Schema: it gets a table and the failures found in it, and returns others. Cells
    of a row of another width, or with bytes that are no text, say nothing reliable and are not judged; ``as_frictionless``
    they are, and a row without any value is told as one, and for nothing else.
    """

    def __init__(
        self,
        compiled: CompiledSchema,
        tally: Tally,
        known: Mapping[ForeignKey, KnownKeys] = MappingProxyType({}),
        referred: Referred = MappingProxyType({}),
        more: More = lambda table, failures: (),
        as_frictionless: bool = False,
    ) -> None:
        self.compiled = compiled
        self.tally = tally
        self.rows = 0
        self._more = more
        self._as_frictionless = as_frictionless
        self._known = known
        self._referred = referred
        self._unique = {key: Uniqueness() for key in _unique_keys(compiled)}
        self._kept: list[Block] | None = [] if self._unique else None
        self._room = KEPT

    def add(self, block: Block) -> Judged:
        """Judge a block; return its table with missing values as null, and which of its rows are wrong."""
        self.rows += block.records
        self._keep(block)
        table = self.compiled.nulled(block.table)
        blank = _blank_rows(table) if self._as_frictionless else np.zeros(0, np.int64)
        self._tell_misread(block, set(block.rows(blank).tolist()))
        failures = self._failures(table, blank if self._as_frictionless else block.misread)
        if len(blank):
            failures.append(Failure("", "row-blank", "", blank))
        for failure in failures:
            self._tell(block, table, failure)
        return Judged(table, np.unique(np.concatenate([block.misread, *(failure.rows for failure in failures)])))

    def _keep(self, block: Block) -> None:
        """Keep the keys of a block while there is room, and their lines can be told without the other cells."""
        if self._kept is None:
            return
        names = {name for key in self._unique for name in key}
        table = block.table.select([name for name in block.table.column_names if name in names])
        slim = replace(block, table=table, ragged=[], broken=[], beyond={})
        self._room -= slim.table.nbytes
        self._kept.append(slim)
        if self._room < 0 or block.breaks > block.records:
            self._kept = None

    def _failures(self, table: pa.Table, left_out: Ints) -> list[Failure]:
        """Return what is wrong with the rows of a table, but those ``left_out``."""
        if not len(left_out):
            return self._all_failures(table)
        judged = np.setdiff1d(np.arange(table.num_rows), left_out)
        found = self._all_failures(table.take(pa.array(judged)))
        return [replace(failure, rows=judged[failure.rows]) for failure in found]

    def _all_failures(self, table: pa.Table) -> list[Failure]:
        if not table.num_rows:
            return []
        found = self.compiled.failures(table)
        return [*found, *self._more(table, found), *self._keys(table)]

    def _tell_misread(self, block: Block, blank: set[int]) -> None:
        width = block.table.num_columns
        for broken in block.broken:
            self.tally.add(Fault(broken.row, broken.line, "", broken.code, message=broken.message))
        for ragged in block.ragged:
            if ragged.row not in blank:
                cells = len(ragged.cells)
                message = f"the row has {cells} cells and the header {width}"
                self.tally.add(Fault(ragged.row, ragged.line, "", "csv-row-width", message=message, number=cells))

    def _tell(self, block: Block, table: pa.Table, failure: Failure) -> None:
        field, code, constraint = failure.field, failure.code, failure.constraint
        listed = failure.rows[: self.tally.room(code)]
        self.tally.count(code, len(failure.rows))
        if not len(listed):
            return
        if failure.key:
            return self._tell_lost(block, table, failure.key, listed)
        values = table[field].take(pa.array(listed)).to_pylist() if field else [None] * len(listed)
        for row, line, value in zip(block.rows(listed), block.lines(listed), values, strict=True):
            self.tally.keep(Fault(int(row), int(line), field, code, constraint, value))

    def _tell_lost(self, block: Block, table: pa.Table, key: ForeignKey, listed: Ints) -> None:
        """Tell of rows whose key leads nowhere: its fields, their values, and where they should lead."""
        values = list(zip(*(table[name].take(pa.array(listed)).to_pylist() for name in key.fields), strict=True))
        alike = self._known[key].alike(values)
        for row, line, found, unlike in zip(block.rows(listed), block.lines(listed), values, alike, strict=True):
            fault = Fault(int(row), int(line), "+".join(key.fields), "reference-missing", "foreignKeys", "/".join(found))
            self.tally.keep(replace(fault, message=lost(key, found, unlike), fields=key.fields, values=found, lost=key))

    def _keys(self, table: pa.Table) -> Iterator[Failure]:
        parts = Comparables(self.compiled, table)
        for key, uniqueness in self._unique.items():
            if set(key) <= set(table.column_names):
                uniqueness.add(parts.of(key))
        for fields, referred in self._referred.items():
            referred.add(parts.of(fields))
        for foreign, known in self._known.items():
            if not set(foreign.fields) <= set(table.column_names):
                continue
            missing = np.flatnonzero(~known.lead(parts.of(foreign.fields)))
            if len(missing):
                yield Failure(foreign.fields[0], "reference-missing", "foreignKeys", missing, foreign)

    def finish(self, again: Callable[[], Iterable[Block]]) -> None:
        """Confirm the keys that may stand twice; ``again`` gives the blocks of the table once more."""
        suspects = {key: uniqueness.suspects() for key, uniqueness in self._unique.items()}
        confirming = {key: Confirmation(hashes) for key, hashes in suspects.items() if len(hashes)}
        if not confirming:
            return
        for block in again() if self._kept is None else self._kept:
            table = self.compiled.nulled(block.table)
            if not table.num_rows:
                continue
            parts = Comparables(self.compiled, table)
            for key, confirmation in confirming.items():
                for place, here, before in confirmation.repeated(parts.of(key), partial(_where, block)):
                    self._repeated(key, here, before, tuple(table[name][place].as_py() for name in key))

    def _repeated(self, key: tuple[str, ...], here: Place, before: Place, values: tuple[str, ...]) -> None:
        schema, field = self.compiled.schema, key[0] if len(key) == 1 else ""
        said = [("key-repeated", "primaryKey")] if key == schema.primary_key else []
        said += [("key-repeated", "uniqueKeys")] if key in schema.unique_keys and not said else []
        said += [("cell-unique", "unique")] if field and schema.field(field).constraints.get("unique") else []
        for code, constraint in said:
            fault = Fault(*here, field, code, constraint, "/".join(values))
            self.tally.add(replace(fault, fields=key, values=values, twin=before))


def _where(block: Block, places: Ints) -> tuple[Ints, Ints]:
    """Return the numbers of rows of a block, and the lines on which they begin."""
    return block.rows(places), block.lines(places)


def _blank_rows(table: pa.Table) -> Ints:
    """Return the places of rows without any value."""
    if not all(column.null_count for column in table.columns):
        return np.zeros(0, np.int64)
    blank = np.ones(table.num_rows, dtype=bool)
    for column in table.columns:
        blank &= column.is_null().to_numpy()
    return np.flatnonzero(blank)


class Comparables:
    """The columns of a block in the form in which equal values are equal text, each made once."""

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
