"""Compare any two tables, or the tables of two Data Packages, as ``validate`` reads them.

Columns are matched by name, and rows by the primary key of the schema or by given columns; without a key, rows are compared
as a whole. Each side is read by its own schema, or by that of the other if it has none: missing values are null, and cells
are equal if their values are. A malformed cell, and a cell without a field, is its text. If the type of a column differs,
equal texts are equal. Null is a value of a key like others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain

import pyarrow as pa
import pyarrow.compute as pc

from cbrn_data.errors import CbrnDataError
from cbrn_data.findings import shown
from cbrn_data.isolated import UnreadableError
from cbrn_data.refusals import meaning
from cbrn_data.tabular.arrays import flat
from cbrn_data.tabular.blocks import ahead
from cbrn_data.tabular.changes import VALUE, WHOLE, Columns, change_rows, whole_rows
from cbrn_data.tabular.compared import Compared
from cbrn_data.tabular.compile import compile_schema
from cbrn_data.tabular.delta import KEY, unequal
from cbrn_data.tabular.differences import differences, joined
from cbrn_data.tabular.header import columns as column_names
from cbrn_data.tabular.reading import read
from cbrn_data.tabular.resource import Resource
from cbrn_data.tabular.schema import UnsupportedSchema
from cbrn_data.tabular.verdict import Verdict, digest_file

PACKED = 10
"""How much larger the text of a compressed or binary file is taken to be."""

Write = Callable[[pa.Table], object]
"""Takes rows of ``changes``, in their order."""
Progress = Callable[[int], object]
"""Takes the number of rows of each block that was read."""


class IncomparableError(CbrnDataError):
    """Two tables that cannot be compared."""


class _Side:
    """One table: its blocks, with the text of their keys."""

    def __init__(self, resource: Resource, progress: Progress) -> None:
        # Columns are matched by name here, whatever order the schema demands.
        schema = resource.schema and replace(resource.schema, fields_match="subset")
        self.resource = replace(resource, schema=schema)
        if resource.problem:
            raise IncomparableError(f"{resource.place}: {resource.problem}")
        try:
            self._compiled = compile_schema(self.resource.fields)
        except UnsupportedSchema as error:
            raise IncomparableError(f"{resource.place}: {error}") from error
        self.verdict = Verdict(self.resource, is_hashed=False)
        self.rows = 0
        self._progress = progress

    def names(self) -> list[str]:
        """Return the columns. Raises IncomparableError if the table has no usable header."""
        verdict = Verdict(self.resource, is_hashed=False)
        blocks = self._read(verdict)
        first = next(blocks, None)
        blocks.close()  # type: ignore[attr-defined]
        names = first.column_names if first else column_names(verdict.labels, self.resource.fields)
        if not names or KEY in names:
            said = "; ".join(issue.message for issue in verdict.tally.listed[:3])
            raise IncomparableError(f"{self.resource.place}: {said or 'the table has no usable column labels'}")
        return list(names)

    def blocks(self, key: Sequence[str], names: Sequence[str], by_value: Sequence[str]) -> Iterator[pa.Table]:
        """Yield the rows with the columns ``names``, null if missing, the values of those ``by_value``, and their key."""
        self.rows, self.verdict = 0, Verdict(self.resource, is_hashed=False)
        for table in ahead(self._read(self.verdict)):
            self.rows += table.num_rows
            self._progress(table.num_rows)
            keys = joined([self.comparable(name, flat(table[name])) for name in key])
            nothing = pa.nulls(table.num_rows, pa.string())
            cells = [table[name] if name in table.column_names else nothing for name in names]
            values = [self.comparable(name, flat(table[name])) for name in by_value]
            yield pa.table([*cells, *values, keys], names=[*names, *(VALUE + name for name in by_value), KEY])

    def comparable(self, name: str, column: pa.Array) -> pa.Array:
        """Return a text of each cell, equal for equal values; null for null."""
        if name not in self._compiled.kinds:
            return column
        found = flat(self._compiled.comparable(name, column))
        malformed = pc.and_(pc.is_null(found), pc.is_valid(column))
        # Marked, because the text of a malformed cell may be that of another value.
        return pc.if_else(malformed, pc.binary_join_element_wise("\x00\x04", column, ""), found)

    def size(self) -> int:
        """Return about the bytes of its text."""
        try:
            size = sum(path.stat().st_size for path in self.resource.paths)
        except OSError:
            return 0
        is_packed = any(map(self.resource.compression_of, self.resource.paths))
        is_packed |= self.resource.form in ("xlsx", "parquet")
        return size * PACKED if is_packed else size

    def _read(self, verdict: Verdict) -> Iterator[pa.Table]:
        try:
            for block in read(verdict):
                for issue in block.issues:
                    verdict.tally.add(issue)
                if block.table.num_rows:
                    yield self._compiled.nulled(block.table, block.has_nulls)
        except (UnreadableError, OSError) as error:
            said = meaning(error) if isinstance(error, OSError) else error
            raise IncomparableError(f"{verdict.part or self.resource.place}: {said}") from error


def compare_tables(
    old: Resource,
    new: Resource,
    key: Sequence[str] = (),
    write: Write = lambda rows: None,
    progress: Progress = lambda rows: None,
) -> Compared:
    """Compare two tables; ``write`` gets the rows of ``changes``. Raises IncomparableError before the first of them."""
    result = Compared(new.name)
    old, new = replace(old, schema=old.schema or new.schema), replace(new, schema=new.schema or old.schema)
    sides = _Side(old, progress), _Side(new, progress)
    names = sides[0].names(), sides[1].names()
    result.columns = Columns(*names, ())
    if not result.columns.both:
        raise IncomparableError(f"{old.place} and {new.place} have no column in common")
    result.key = _key(result, old, new, key)
    result.columns = columns = replace(result.columns, key=result.key)
    by_value = list(_by_value(result, old, new)) if result.key else []
    compared = [*columns.both, *(VALUE + name for name in by_value)] if result.key else []
    matched_by = result.key or columns.both

    def same(name: str, before: pa.Array, after: pa.Array) -> pa.Array:
        return pc.invert(unequal(sides[0].comparable(name, before), sides[1].comparable(name, after)))

    def repeated(side: int, rows: pa.Table) -> None:
        if result.key:
            result.repeats[side].add(rows, result.key)

    before, after = (partial(side.blocks, matched_by, columns.all, by_value) for side in sides)
    found = differences(before, after, compared, max(side.size() for side in sides), repeated)
    first = next(found, None)  # both tables are read now
    write(whole_rows(result.name, _column_changes(columns)))
    for delta in chain(() if first is None else (first,), found):
        write(change_rows(result.name, columns, delta, same, result.counts))
    result.rows, result.verdicts = (sides[0].rows, sides[1].rows), [side.verdict for side in sides]
    return result


def compare_packages(
    old: Sequence[Resource],
    new: Sequence[Resource],
    key: Sequence[str] = (),
    write: Write = lambda rows: None,
    progress: Progress = lambda rows: None,
) -> Iterator[Compared]:
    """Compare the tables of two packages by their names, and other files by their digests; yield a result for each."""
    before = {resource.name: resource for resource in old}
    there = {resource.name for resource in new}
    for resource in new:
        if resource.name in before:
            yield _pair(before[resource.name], resource, key, write, progress)
        else:
            yield _alone(resource.name, "added", write)
    for name in before:
        if name not in there:
            yield _alone(name, "removed", write)


def _pair(old: Resource, new: Resource, key: Sequence[str], write: Write, progress: Progress) -> Compared:
    try:
        if old.is_table and new.is_table:
            return compare_tables(old, new, key, write, progress)
        return _files(old, new, write)
    except IncomparableError as error:
        return Compared(new.name, problem=str(error))


def _files(old: Resource, new: Resource, write: Write) -> Compared:
    """Compare files that are no tables."""
    digests = []
    for resource in (old, new):
        verdict = Verdict(resource)
        if resource.problem or len(resource.paths) != 1:
            raise IncomparableError(f"{resource.place}: {resource.problem or 'is not one file'}")
        try:
            digest_file(verdict, resource.paths[0])
        except OSError as error:
            raise IncomparableError(f"{resource.place}: {meaning(error)}") from error
        digests.append(f"sha256:{verdict.sha256}")
    result = Compared(new.name)
    if digests[0] != digests[1]:
        result.whole = "changed"
        write(whole_rows(new.name, [(WHOLE, "changed", digests[0], digests[1])]))
    return result


def _alone(name: str, kind: str, write: Write) -> Compared:
    write(whole_rows(name, [(WHOLE, kind, None, None)]))
    return Compared(name, whole=kind)


def _key(result: Compared, old: Resource, new: Resource, given: Sequence[str]) -> tuple[str, ...]:
    """Return the columns of the key: the given ones, else the primary key of the new or of the old schema."""
    both = set(result.columns.both)
    if given:
        for name in given:
            if name not in both:
                side = old if name not in result.columns.old else new
                raise IncomparableError(f"{side.place}: has no column {shown(name, 80)!r}, which the key names")
        return tuple(given)
    keys = [resource.fields.primary_key for resource in (new, old) if resource.fields.primary_key]
    usable = [key for key in keys if set(key) <= both]
    if len(set(keys)) > 1:
        result.notes.append("the primary keys of the two schemas differ")
    if keys and not usable:
        result.notes.append("the primary key is not in both tables")
    return usable[0] if usable else ()


def _by_value(result: Compared, old: Resource, new: Resource) -> Iterator[str]:
    """Yield the columns whose equal texts may have different values, because the format of their type differs."""
    for name in result.columns.both:
        if not (old.fields.has(name) and new.fields.has(name)):
            continue
        before, after = old.fields.field(name), new.fields.field(name)
        if before.type != after.type:
            result.notes.append(f"the type of {name} is {before.type} in the old table and {after.type} in the new one")
        elif replace(before, constraints={}, missing_values=()) != replace(after, constraints={}, missing_values=()):
            yield name


def _column_changes(columns: Columns) -> Iterator[tuple[str, str, None, None]]:
    yield from ((name, "added", None, None) for name in columns.added)
    yield from ((name, "removed", None, None) for name in columns.removed)
