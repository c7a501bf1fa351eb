"""Compare two tables in any order, row by row, by a key that may be repeated, in bounded memory.

Tables sorted by a unique key are read side by side, as in ``delta``. When a row is out of order, or few keys are in both
tables, both tables are read again and partitioned by the hash of the key, so that each part fits into memory; parts and
results of large tables are in a ``Spool``. The differences come in the order of the keys either way, so a table and its
shuffled copy give the same ones.

Rows of a repeated key cannot be paired. Equal ones cancel each other; the others are removed or added, never changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cbrn_data.tabular.arrays import buffers, flat
from cbrn_data.tabular.delta import KEY, Delta, UnsortedError, ascending, cut, matched, side_by_side
from cbrn_data.tabular.keys import hashed
from cbrn_data.tabular.spool import KEPT, Spool

PART = 32 << 20
"""The approximate bytes of a part of a table."""
PARTS = 1024
"""The most parts of a table; of a table beyond 32 GB, each part is larger."""
GIVEN_UP = 1 << 17
"""The rows after which tables with few common keys are no longer read side by side."""
GATHERED = 1 << 17
"""The bytes for each part that are gathered before they are written."""

Blocks = Callable[[], Iterable[pa.Table]]
"""Reads the blocks of a table with the column ``KEY``; both tables have the same columns."""
Repeated = Callable[[int, pa.Table], object]
"""Takes the side, 0 for old and 1 for new, and all its rows of some repeated keys."""

_KIND = "\x00kind"


def differences(
    old: Blocks, new: Blocks, compared: Sequence[str], size: int, repeated: Repeated = lambda side, rows: None
) -> Iterator[Delta]:
    """Yield the differences in the order of ``KEY``, which they have as a column; ``compared`` are the columns to compare.

    ``size`` is about the bytes of the larger table. ``repeated`` gets the rows of repeated keys.
    """
    with Spool() as found:
        try:
            pairs = side_by_side(ascending(old()), ascending(new()))
            names = _collect(found, ((0, delta) for delta in _in_step(pairs, compared)))
        except UnsortedError:
            pass
        else:
            yield from (_as_delta(rows, names) for rows in _in_order(found))
            return
    with Spool() as found:
        parts = enumerate(_divided(old, new, size))
        names = _collect(found, ((number, _matched(*pair, compared, repeated)) for number, pair in parts))
        yield from (_as_delta(rows, names) for rows in _in_order(found))


def _in_step(pairs: Iterable[tuple[pa.Table, pa.Table]], compared: Sequence[str]) -> Iterator[Delta]:
    """Yield the differences of pairs. Raises UnsortedError if few rows have their key in the other table.

    This happens with a table of several sorted parts: all rows of the other table are compared with its first part.
    """
    read, alone = 0, 0
    for before, after in pairs:
        delta = matched(before, after, compared)
        read += before.num_rows + after.num_rows
        alone += delta.removed.num_rows + delta.added.num_rows
        if read > GIVEN_UP and alone > 0.9 * read:
            raise UnsortedError("the rows of the tables are not in step")
        yield delta


def _collect(spool: Spool, found: Iterator[tuple[int, Delta]]) -> list[str]:
    """Spool differences, each to its group, and return the names of their columns."""
    names: list[str] = []
    for group, delta in found:
        names = delta.removed.column_names
        spool.add(group, _as_rows(delta))
    return names


def joined(columns: Sequence[pa.Array]) -> pa.Array:
    """Return one text for each row, equal only if all its cells are; null is a value of its own.

    Its order is that of the cells, one after the other: null, then whole numbers by size, then texts by code point.
    """
    cells = [_cell(flat(column)) for column in columns]
    # NUL occurs in a cell only before \0, \1 or \5, so that \0\3 can only be an end.
    return cells[0] if len(cells) == 1 else pc.binary_join_element_wise(*cells, "\x00\x03")


def _cell(column: pa.Array) -> pa.Array:
    cells = column
    if (buffers(pc.fill_null(column, ""))[1] == 0).any():
        cells = pc.replace_substring(column, "\x00", "\x00\x05")
    if pc.any(pc.ascii_is_decimal(column), min_count=0).as_py():
        is_whole = pc.match_substring_regex(column, r"\A(?:0|[1-9][0-9]{0,17})\z")
        padded = pc.binary_join_element_wise("\x00\x01", pc.utf8_lpad(column, 18, "0"), "")
        cells = pc.if_else(is_whole, padded, cells)
    return pc.fill_null(cells, "\x00\x00") if column.null_count else cells


def _divided(old: Blocks, new: Blocks, size: int) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Yield parts of two tables that hold all rows of the same keys."""
    parts = min(PARTS, 1 + size // PART)
    with Spool() as before, Spool() as after:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(_divide, (old, new), (before, after), (parts, parts)))
        for number in range(parts):
            both = before.whole(number), after.whole(number)
            there = next((part for part in both if part is not None), None)
            if there is not None:
                empty = there.slice(0, 0)
                yield tuple(empty if part is None else part for part in both)


def _divide(read: Blocks, spool: Spool, parts: int) -> None:
    """Write the rows of a table to the group of their part."""
    for block in _gathered(read(), parts * GATHERED):
        if parts == 1:
            spool.add(0, block)
            continue
        number = ((hashed([flat(block[KEY])]) >> np.uint64(32)) % np.uint64(parts)).astype(np.uint16)
        order = np.argsort(number, kind="stable")
        ends = np.searchsorted(number[order], np.arange(parts), side="right").tolist()
        block = block.take(pa.array(order))
        for part, (start, end) in enumerate(zip([0, *ends], ends, strict=False)):
            spool.add(part, block.slice(start, end - start))


def _gathered(blocks: Iterable[pa.Table], size: int) -> Iterator[pa.Table]:
    """Yield the rows of blocks in larger blocks of about ``size`` bytes."""
    waiting: list[pa.Table] = []
    for block in blocks:
        waiting.append(block)
        if sum(each.nbytes for each in waiting) >= size:
            yield pa.concat_tables(waiting).combine_chunks()
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting).combine_chunks()


def _matched(before: pa.Table, after: pa.Table, compared: Sequence[str], repeated: Repeated) -> Delta:
    """Return the differences of two tables with all rows of the same keys; a key may be repeated."""
    odd = pa.concat_arrays([_repeated(part[KEY]) for part in (before, after)])
    if not len(odd):
        return matched(before, after, compared)
    is_odd = [pc.is_in(part[KEY], value_set=odd) for part in (before, after)]
    some = [part.filter(mask) for part, mask in zip((before, after), is_odd, strict=True)]
    for side, rows in enumerate(some):
        twice = rows.filter(pc.is_in(rows[KEY], value_set=_repeated(rows[KEY])))
        if twice.num_rows:
            repeated(side, twice)
    rest = [part.filter(pc.invert(mask)) for part, mask in zip((before, after), is_odd, strict=True)]
    found = matched(rest[0], rest[1], compared)
    texts = [_numbered(joined([part[name] for name in (KEY, *compared)])) for part in some]
    gone, come = (
        part.filter(pc.invert(pc.is_in(text, value_set=other)))
        for part, text, other in zip(some, texts, texts[::-1], strict=True)
    )
    removed, added = pa.concat_tables([found.removed, gone]), pa.concat_tables([found.added, come])
    return Delta(removed, added, found.before, found.after)


def _repeated(keys: pa.ChunkedArray) -> pa.Array:
    """Return each key that occurs more than once."""
    if len(pc.unique(keys)) == len(keys):
        return pa.array([], pa.string())
    counts = pc.value_counts(keys)
    return counts.field("values").filter(pc.greater(counts.field("counts"), 1))


def _numbered(texts: pa.Array) -> pa.Array:
    """Return each text with its number among equal ones: the first, the second."""
    if not len(texts):
        return texts
    codes = flat(pc.dictionary_encode(texts)).indices.to_numpy()
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
    number = np.empty(len(codes), np.int64)
    number[order] = np.arange(len(codes)) - np.repeat(starts, np.diff(starts, append=len(codes)))
    return pc.binary_join_element_wise(texts, pa.array(number).cast(pa.string()), "\x00\x03")


def _as_rows(found: Delta) -> pa.Table:
    """Return differences as one table, a row for each, sorted by key: a pair is one row, and cannot be parted."""
    names = found.removed.column_names
    sides = ((found.removed, None), (None, found.added), (found.before, found.after))
    tables = []
    for kind, pair in enumerate(sides):
        there = next(part for part in pair if part is not None)
        nothing = pa.nulls(there.num_rows, pa.string())
        cells = [nothing if part is None else part[name] for part in pair for name in names]
        head = [there[KEY], pa.array(np.full(there.num_rows, kind, np.int8))]
        tables.append(pa.table([*head, *cells], names=[KEY, _KIND, *map(str, range(len(cells)))]))
    return _sorted(pa.concat_tables(tables))


def _as_delta(rows: pa.Table, names: Sequence[str]) -> Delta:
    places = [str(number) for number in range(2 * len(names))]
    sides = places[: len(names)], places[len(names) :]
    wanted = [(0, sides[0]), (1, sides[1]), (2, sides[0]), (2, sides[1])]
    return Delta(*(rows.filter(pc.equal(rows[_KIND], kind)).select(side).rename_columns(names) for kind, side in wanted))


def _sorted(rows: pa.Table) -> pa.Table:
    return rows.sort_by([(KEY, "ascending"), (_KIND, "ascending")])


def _in_order(found: Spool) -> Iterator[pa.Table]:
    """Yield the differences of all groups, each sorted, in the order of the keys."""
    groups = found.groups
    if len(groups) == 1:
        yield from found.read(groups[0])
    elif groups and found.size <= KEPT:
        yield _sorted(pa.concat_tables([piece for group in groups for piece in found.read(group)]))
    else:
        yield from _merged([found.read(group) for group in groups])


def _merged(runs: Sequence[Iterator[pa.Table]]) -> Iterator[pa.Table]:
    """Merge sorted runs; the rows of a key are all in the same run."""
    heads = [(part, run) for run in runs if (part := next(run, None)) is not None]
    while heads:
        bound = min(part[KEY][part.num_rows - 1].as_py() for part, _ in heads)
        ready, left = [], []
        for part, run in heads:
            done, rest = cut(part, bound, part.slice(0, 0))
            ready.append(done)
            rest = next(run, None) if rest is None else rest
            if rest is not None:
                left.append((rest, run))
        yield _sorted(pa.concat_tables(ready))
        heads = left
