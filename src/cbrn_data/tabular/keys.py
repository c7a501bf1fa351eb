"""Check keys across blocks: duplicate keys, and references that are not found. Equal hashes are confirmed by text.

Keys in strictly ascending order are unique, and nothing is kept of them. Others are hashed to 64 bits, so that ten million
keys are 80 MB. For equal hashes, the caller reads the rows again and compares their text. Keys that others refer to are kept
as hashes and as text.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cbrn_data.tabular.alike import skeleton, unlike
from cbrn_data.tabular.arrays import Mask, buffers, content, places, taken

COMPARED = 100_000
"""The most known keys that are searched for one that looks like a reference that is not found."""

FEW = 10_000
"""The most known keys that are looked up directly: Arrow makes a table of them for each block."""

Hashes = npt.NDArray[np.uint64]
Place = tuple[int, int, str]
"""A row of a table: its number, its first line, and its file if the table is in several."""
Where = Callable[[npt.NDArray[np.int64]], tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]

_RARE = 16
_FEW_STRAYS = 8
"""The most keys of a block that are out of order, if only these are kept: one of 16, or a few."""
_NONE = np.zeros(0, np.int64)

_ODD = np.uint64(0x9E3779B97F4A7C15)
_OTHER = np.uint64(0xD6E8FEB86659FD93)
_HALF = np.uint64(32)
_TAILS = np.array([(1 << (8 * length)) - 1 for length in range(8)] + [(1 << 64) - 1], dtype=np.uint64)


def hashed(columns: Sequence[pa.Array]) -> Hashes:
    """Return a hash of each row of columns of text, from the length and the bytes of its cells; null counts as "".

    The eight-byte words of a cell are multiplied and folded one after the other (as in FxHash and splitmix64).
    """
    result = np.zeros(len(columns[0]), dtype=np.uint64)
    for column in columns:
        _add_hash(result, column)
    return result


def _add_hash(result: Hashes, column: pa.Array) -> None:
    if column.null_count:
        column = pc.fill_null(column, "")
    offsets, data = buffers(column)
    lengths = np.diff(offsets)
    _mix(result, slice(None), lengths.astype(np.uint64))
    if not lengths.any():
        return
    # A view with an eight-byte word at each byte offset: reading the word at an offset needs no loop over bytes.
    padded = np.concatenate([data[offsets[0] : offsets[-1]], np.zeros(8, np.uint8)])
    words = np.ndarray((len(padded) - 7,), np.dtype("<u8"), padded, strides=(1,))
    starts = offsets[:-1] - offsets[0]
    active: Mask | slice | npt.NDArray[np.int64] = slice(None)
    for done in range(0, int(lengths.max()), 8):
        # Only cells that are longer take part; bytes after the end of a cell are masked in its last word.
        if done or not lengths.all():
            active = np.flatnonzero(lengths > done)
        left = np.clip(lengths[active] - done, 0, 8)
        _mix(result, active, words[np.minimum(starts[active] + done, len(words) - 1)] & _TAILS[left])


def _mix(result: Hashes, where: Any, words: Hashes) -> None:
    mixed = (result[where] ^ words) * _ODD
    mixed ^= mixed >> _HALF
    mixed *= _OTHER
    mixed ^= mixed >> _HALF
    result[where] = mixed


def whole(columns: Sequence[pa.Array]) -> Mask:
    """Return which rows have no null."""
    mask = np.ones(len(columns[0]), dtype=bool)
    for column in columns:
        if column.null_count:
            mask &= column.is_valid().to_numpy(zero_copy_only=False)
    return mask


def strays(columns: Sequence[pa.Array], before: Sequence[pa.Array] = ()) -> npt.NDArray[np.int64] | None:
    """Return the rows without which the others strictly ascend, also from ``before``; None if they are many.

    Keys have no null, and are compared by the bytes of each column in turn.
    """
    size = len(columns[0])
    if not size:
        return _NONE
    begins = not before or _less(before, [column.slice(0, 1) for column in columns])[0].as_py()
    rises = _less([column.slice(0, size - 1) for column in columns], [column.slice(1) for column in columns])
    if begins and pc.all(rises, min_count=0).as_py():
        return _NONE
    falls = np.flatnonzero(~rises.to_numpy(zero_copy_only=False))
    if len(falls) > max(_FEW_STRAYS, size // _RARE):
        return None
    # Where a key is not less than the next one, one of the two is out of place: the next one if the keys around it ascend.
    is_next = _ascend(columns, falls, np.minimum(falls + 2, size - 1)) | (falls + 2 == size)
    found = np.unique(np.concatenate([_NONE if begins else [0], np.where(is_next, falls + 1, falls)]))
    kept = np.delete(np.arange(size), found)
    gaps = np.flatnonzero(np.diff(kept) > 1)
    is_good = _ascend(columns, kept[gaps], kept[gaps + 1]).all()
    if before and len(kept) and kept[0]:
        is_good &= _less(before, taken(columns, kept[:1]))[0].as_py()
    return found if is_good else None


def _less(columns: Sequence[pa.Array], others: Sequence[pa.Array]) -> pa.Array:
    less: Any = None
    for one, other in zip(reversed(columns), reversed(others), strict=True):
        less_here = pc.less(one, other)
        less = less_here if less is None else pc.or_(less_here, pc.and_(pc.equal(one, other), less))
    return less


def _ascend(columns: Sequence[pa.Array], ones: npt.NDArray[np.int64], others: npt.NDArray[np.int64]) -> Mask:
    found: Mask = _less(taken(columns, ones), taken(columns, others)).to_numpy(zero_copy_only=False)
    return found


class Uniqueness:
    """Checks that the keys of a table are unique: add blocks, get the suspects, then confirm them with ``Confirmation``.

    Keys with a null are ignored, as in SQL. While keys ascend, except a few that are out of place, only these are hashed.
    ``missing`` is the number of first rows that were in order and not hashed, although later ones are not: add them again
    before ``suspects``.
    """

    def __init__(self) -> None:
        self._hashes = bytearray()  # grows in place; joining parts would need twice the memory
        self._ordered, self._is_ordered, self._last = 0, True, list[pa.Array]()
        self._first: pa.Scalar | None = None
        self._aside: list[list[pa.Array]] = []

    @property
    def missing(self) -> int:
        """The number of rows to add again."""
        return 0 if self._is_ordered else self._ordered

    def add(self, columns: Sequence[pa.Array], is_whole: bool = True) -> None:
        """Add the keys of a block, one array for each field of the key; ``is_whole`` if it has every row of the file."""
        self._is_ordered = self._is_ordered and is_whole and self._add_ordered(columns)
        if not self._is_ordered:
            self._aside.clear()
            self._hash(columns)

    def _add_ordered(self, columns: Sequence[pa.Array]) -> bool:
        """Set the few rows aside that are out of order; return False if they are not few."""
        rows = np.flatnonzero(whole(columns))
        there = columns if len(rows) == len(columns[0]) else taken(columns, rows)
        odd = strays(there, self._last)
        if odd is None:
            return False
        self._ordered += len(columns[0])
        if len(odd):
            self._aside.append(taken(there, odd))
        kept = np.delete(np.arange(len(there[0])), odd)
        if len(kept):
            self._first = there[0][kept[0]] if self._first is None else self._first
            self._last = taken(there, kept[-1:])
        return True

    def add_again(self, columns: Sequence[pa.Array]) -> None:
        """Add the next block of the table once more, if its rows are missing."""
        rows = min(self.missing, len(columns[0]))
        if rows:
            self._hash([column.slice(0, rows) for column in columns])
        self._ordered -= rows

    def _hash(self, columns: Sequence[pa.Array]) -> None:
        values = hashed(columns)
        rows = whole(columns)
        self._hashes += (values if rows.all() else values[rows]).data

    def suspects(self) -> tuple[Hashes, pa.Array | None]:
        """Return the hashes that may occur more than once, sorted, and the first texts of their keys, None if not known."""
        if self._aside:
            return self._suspects_aside()
        values = np.frombuffer(self._hashes, np.uint64)
        self._hashes = bytearray()
        values.sort()
        return np.unique(values[1:][values[1:] == values[:-1]]), None

    def _suspects_aside(self) -> tuple[Hashes, pa.Array]:
        """Return the suspects among the keys out of order: they repeat one of them, or may be among the ordered ones."""
        keys = [pa.concat_arrays(parts) for parts in zip(*self._aside, strict=True)]
        values = hashed(keys)
        _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
        mask = counts[inverse] > 1
        if self._first is not None:
            within = pc.and_(pc.greater_equal(keys[0], self._first), pc.less_equal(keys[0], self._last[0][0]))
            mask |= within.to_numpy(zero_copy_only=False)
        return np.unique(values[mask]), pc.unique(keys[0].filter(pa.array(mask)))


class Confirmation:
    """Finds the rows that repeat an earlier key, among suspected ones: add the blocks again, in their order."""

    def __init__(self, suspects: Hashes, texts: pa.Array | None = None) -> None:
        self._suspects, self._texts = suspects, texts
        self._first: dict[tuple[str, ...], Place] = {}

    def repeated(self, columns: Sequence[pa.Array], where: Where, part: str = "") -> list[tuple[int, Place, Place]]:
        """Return for each row that repeats a key: its index in the block, its place, and the place of the first such row.

        ``where`` returns the row numbers and lines in the file ``part`` for row indices of the block.
        """
        if not len(self._suspects):
            return []
        rows = None if self._texts is None else places(pc.is_in(columns[0], value_set=self._texts))
        columns = columns if rows is None else taken(columns, rows)
        values = hashed(columns)
        found = np.searchsorted(self._suspects, values)
        found[found == len(self._suspects)] = 0
        likely = np.flatnonzero((self._suspects[found] == values) & whole(columns))
        keys = zip(*(column.to_pylist() for column in taken(columns, likely)), strict=True)
        likely = likely if rows is None else rows[likely]
        repeated = []
        for place, row, line, key in zip(likely, *where(likely), keys, strict=True):
            here = int(row), int(line), part
            before = self._first.setdefault(key, here)
            if before != here:
                repeated.append((int(place), here, before))
        return repeated


class KnownKeys:
    """The keys of a table to which others refer: add blocks, then look up references of other blocks."""

    def __init__(self) -> None:
        self._parts: dict[int, list[pa.Array]] = defaultdict(list)
        self._frozen: tuple[Hashes, npt.NDArray[np.int64], list[pa.Array]] | None = None
        self._looks: dict[tuple[str, ...], tuple[str, ...]] | None = None

    def add(self, columns: Sequence[pa.Array]) -> None:
        """Add the keys of a block, one array for each field of the key; keys with a null are ignored."""
        rows = whole(columns)
        for number, column in enumerate(columns):
            self._parts[number].append(column if rows.all() else column.filter(pa.array(rows)))

    def digest(self) -> bytes:
        """Return the sha256 of all keys, in their order: equal ones lead the same references."""
        total = sha256()
        for number, parts in sorted(self._parts.items()):
            column = pa.concat_arrays(parts)
            total.update(f"{number} {len(column)} ".encode())
            total.update(np.diff(buffers(column)[0]).astype("<i8").tobytes())
            total.update(content(column).tobytes())
        return total.digest()

    def lead(self, columns: Sequence[pa.Array]) -> Mask:
        """Return which rows refer to a known key, or have a null, so that they are not references."""
        if len(columns) == 1:
            known = self._freeze(1)[2][0]
            if len(known) <= FEW:
                found = pc.is_in(columns[0], value_set=known.cast(columns[0].type))
                return pc.or_(found, pc.is_null(columns[0])).to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]
            distinct = pc.dictionary_encode(columns[0])
            if 4 * len(distinct.dictionary) < len(distinct):
                led = pa.array(self._lead([distinct.dictionary]))
                good: Mask = led.take(distinct.indices).fill_null(True).to_numpy(zero_copy_only=False)
                return good
        return self._lead(columns)

    def _lead(self, columns: Sequence[pa.Array]) -> Mask:
        hashes, order, known = self._freeze(len(columns))
        values = hashed(columns)
        good = ~whole(columns)
        if not len(hashes):
            return good
        places = np.searchsorted(hashes, values)
        places[places == len(hashes)] = 0
        likely = np.flatnonzero((hashes[places] == values) & ~good)
        good[likely] = self._equal(columns, likely, known, order[places[likely]])
        doubtful = likely[~good[likely]]
        if len(doubtful):
            texts = set(zip(*(part.to_pylist() for part in known), strict=True))
            asked = zip(*(column.take(pa.array(doubtful)).to_pylist() for column in columns), strict=True)
            good[doubtful] = [key in texts for key in asked]
        return good

    @staticmethod
    def _equal(columns: Sequence[pa.Array], rows: Iterable[int], known: list[pa.Array], there: Iterable[int]) -> Mask:
        here, there = pa.array(rows, pa.int64()), pa.array(there, pa.int64())
        same = [
            pc.equal(a.take(here), b.take(there)).to_numpy(zero_copy_only=False) for a, b in zip(columns, known, strict=True)
        ]
        equal: Mask = np.logical_and.reduce(same)
        return equal

    def alike(self, keys: Sequence[tuple[str, ...]]) -> list[str]:
        """Return for each key the code points in which it differs from a known key that looks like it, "" if none does.

        More than ``COMPARED`` known keys are not searched.
        """
        known = self._freeze(len(keys[0]))[2] if keys else []
        if not known or len(known[0]) > COMPARED:
            return [""] * len(keys)
        if self._looks is None:
            texts = list(zip(*(part.to_pylist() for part in known), strict=True))
            self._looks = {tuple(map(skeleton, key)): key for key in texts}
        found = [self._looks.get(tuple(map(skeleton, key)), key) for key in keys]
        pairs = (zip(mine, theirs, strict=True) for mine, theirs in zip(keys, found, strict=True))
        return [next((unlike(one, [other]) for one, other in parts if one != other), "") for parts in pairs]

    def _freeze(self, parts: int) -> tuple[Hashes, npt.NDArray[np.int64], list[pa.Array]]:
        if self._frozen is None:
            large, empty = pa.large_string(), pa.array([], pa.string())
            found = (self._parts.get(number, [empty]) for number in range(parts))
            known = [pa.concat_arrays([array.cast(large) for array in arrays]).cast(large) for arrays in found]
            hashes = hashed(known)
            order = np.argsort(hashes, kind="stable")
            self._frozen = hashes[order], order, known
        return self._frozen
