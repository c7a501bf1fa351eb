"""Compare two tables row by row, by key, in the memory of a few blocks.

Both tables are blocks of Arrow text with the same columns, sorted by a unique key; ``differences`` takes any order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cbrn_data.tabular.arrays import Mask, flat, only

KEY = "\x00key"
"""The column that holds the sort key; no field has this name."""


_RUN = 100
"""The rows of a run that are not worth a copy."""


class UnsortedError(ValueError):
    """The rows of a table are not sorted by their keys, or a key is repeated."""


@dataclass(frozen=True)
class Delta:
    """Differences in one range of keys: ``removed`` and ``added`` rows, and changed rows ``before`` and ``after``."""

    removed: pa.Table
    added: pa.Table
    before: pa.Table
    after: pa.Table

    @property
    def parts(self) -> tuple[pa.Table, pa.Table, pa.Table, pa.Table]:
        """The four tables, in the order of the fields."""
        return self.removed, self.added, self.before, self.after


def deltas(
    old: Iterable[pa.Table], new: Iterable[pa.Table], sort_keys: Callable[[pa.Table], pa.Array], compared: Sequence[str]
) -> Iterator[Delta]:
    """Yield the differences in the order of the keys; ``compared`` are the columns to compare.

    ``sort_keys`` returns the text by which rows are sorted. Raises UnsortedError if a table is not sorted by it.
    """
    for before, after in side_by_side(_keyed(old, sort_keys), _keyed(new, sort_keys)):
        found = matched(before, after, compared)
        if any(part.num_rows for part in found.parts):
            yield Delta(*(part.drop_columns(KEY) for part in found.parts))


def matched(before: pa.Table, after: pa.Table, compared: Sequence[str]) -> Delta:
    """Return the differences of two tables with all rows of the same range of keys; keys are unique, in any order."""
    if before[KEY].equals(after[KEY]):
        there = here = np.arange(after.num_rows)
        one, other, gone, come = before, after, there[:0], there[:0]
    else:
        places = flat(pc.index_in(after[KEY], value_set=flat(before[KEY])))
        there, is_old = places.drop_null().to_numpy(), places.is_valid().to_numpy(zero_copy_only=False)
        is_kept = np.zeros(before.num_rows, dtype=bool)
        is_kept[there] = True
        here, gone, come = np.flatnonzero(is_old), np.flatnonzero(~is_kept), np.flatnonzero(~is_old)
        in_order = bool((there[1:] > there[:-1]).all())
        one, other = _selected(before, is_kept) if in_order else before.take(pa.array(there)), _selected(after, is_old)
    differs = np.zeros(len(here), dtype=bool)
    for name in compared:
        if not one[name].equals(other[name]):
            differs |= unequal(flat(one[name]), flat(other[name])).to_numpy(zero_copy_only=False)
    there, here = there[differs], here[differs]
    order = np.argsort(there)
    changed = only(before, there[order]), only(after, here).take(pa.array(order))
    return Delta(only(before, gone), only(after, come), *changed)


def _selected(table: pa.Table, mask: Mask) -> pa.Table:
    """Return the rows of a table at which a mask is true, not copied if they are in long runs."""
    edges = np.flatnonzero(np.diff(mask, prepend=False, append=False)).tolist()
    if len(edges) * _RUN > len(mask):
        return table.filter(pa.array(mask))
    runs = zip(edges[0::2], edges[1::2], strict=True)
    return pa.concat_tables([table.slice(0, 0), *(table.slice(start, stop - start) for start, stop in runs)])


def unequal(before: pa.ChunkedArray | pa.Array, after: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    """Return which cells of two columns differ; null equals null only."""
    same = pc.fill_null(pc.equal(before, after), False)
    return pc.invert(pc.or_(same, pc.and_(pc.is_null(before), pc.is_null(after))))


def pairs(
    old: Iterable[pa.Table], new: Iterable[pa.Table], sort_keys: Callable[[pa.Table], pa.Array]
) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Yield the rows whose key is in both tables, before and after, in the same order. Raises as ``deltas``."""
    for before, after in side_by_side(_keyed(old, sort_keys), _keyed(new, sort_keys)):
        places = pc.index_in(after[KEY], value_set=flat(before[KEY]))
        yield before.take(pc.drop_null(places)), after.filter(pc.is_valid(places))


def _keyed(blocks: Iterable[pa.Table], sort_keys: Callable[[pa.Table], pa.Array]) -> Iterator[pa.Table]:
    return ascending(block.append_column(KEY, flat(sort_keys(block))) for block in blocks if block.num_rows)


def ascending(blocks: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Yield the blocks that have rows. Raises UnsortedError if their keys do not ascend."""
    last = None
    for block in blocks:
        if not block.num_rows:
            continue
        keys = flat(block[KEY])
        before = pa.concat_arrays([pa.array([last], keys.type), keys.slice(0, len(keys) - 1)])
        if pc.any(pc.greater_equal(before, keys)).as_py():
            raise UnsortedError("the rows are not sorted by their keys, or a key is repeated")
        last = keys[len(keys) - 1].as_py()
        yield block


def side_by_side(old: Iterator[pa.Table], new: Iterator[pa.Table]) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Yield parts of two tables that hold all rows of the same range of keys."""
    before, after = next(old, None), next(new, None)
    while before is not None or after is not None:
        there = [part for part in (before, after) if part is not None]
        # Rows up to the smaller of the two last keys are complete on both sides; later rows wait for the next blocks.
        bound = min(part[KEY][part.num_rows - 1].as_py() for part in there)
        empty = there[0].slice(0, 0)
        cut_before, before = cut(before, bound, empty)
        cut_after, after = cut(after, bound, empty)
        yield cut_before, cut_after
        before = next(old, None) if before is None else before
        after = next(new, None) if after is None else after


def cut(part: pa.Table | None, bound: str, empty: pa.Table) -> tuple[pa.Table, pa.Table | None]:
    """Return the rows of a part up to a key, and those after it, None if there are none."""
    if part is None:
        return empty, None
    count = pc.sum(pc.less_equal(part[KEY], bound)).as_py() or 0
    return part.slice(0, count), part.slice(count) if count < part.num_rows else None
