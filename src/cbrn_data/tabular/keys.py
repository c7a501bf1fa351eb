"""Keys across blocks: whether one stands twice, and whether a reference leads somewhere. Hashes decide, bytes confirm.

A key is hashed to 64 bits, so that ten million keys are 80 MB. Two equal hashes are only a suspicion: the caller reads
the suspected rows once more and compares their text. Keys that are referred to are kept as text beside their hashes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cbrn_data.tabular.alike import skeleton, unlike

COMPARED = 100_000
"""Of so many known keys at most it is asked which of them look like a key that leads nowhere."""

Hashes = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]
Place = tuple[int, int]
"""A row of a file: its number, and the line on which it begins."""
Where = Callable[[npt.NDArray[np.int64]], tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]

_ODD = np.uint64(0x9E3779B97F4A7C15)
_OTHER = np.uint64(0xD6E8FEB86659FD93)
_HALF = np.uint64(32)
_TAILS = np.array([(1 << (8 * length)) - 1 for length in range(8)] + [(1 << 64) - 1], dtype=np.uint64)


def hashed(columns: Sequence[pa.Array]) -> Hashes:
    """Return a hash for each row of columns of text, of the length and the bytes of every cell; null counts as "".

    The words of eight bytes of a cell are multiplied and folded one after the other (as in FxHash and splitmix64).
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
    padded = np.concatenate([data[offsets[0] : offsets[-1]], np.zeros(8, np.uint8)])
    words = np.ndarray((len(padded) - 7,), np.dtype("<u8"), padded, strides=(1,))
    starts = offsets[:-1] - offsets[0]
    active: Mask | slice | npt.NDArray[np.int64] = slice(None)
    for done in range(0, int(lengths.max()), 8):
        if done or not lengths.all():
            active = np.flatnonzero(lengths > done)
        left = np.clip(lengths[active] - done, 0, 8)
        _mix(result, active, words[np.minimum(starts[active] + done, len(words) - 1)] & _TAILS[left])


def buffers(column: pa.Array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """Return the offsets and bytes of an array of text without nulls."""
    _, offsets, data = column.buffers()
    size = np.int64 if pa.types.is_large_string(column.type) else np.int32
    places = np.frombuffer(offsets, size)[column.offset : column.offset + len(column) + 1]
    return places.astype(np.int64), np.frombuffer(data, np.uint8) if data else np.zeros(0, np.uint8)


def _mix(result: Hashes, where: Any, words: Hashes) -> None:
    mixed = (result[where] ^ words) * _ODD
    mixed ^= mixed >> _HALF
    mixed *= _OTHER
    mixed ^= mixed >> _HALF
    result[where] = mixed


def whole(columns: Sequence[pa.Array]) -> Mask:
    """Return which rows have no null in any column."""
    mask = np.ones(len(columns[0]), dtype=bool)
    for column in columns:
        if column.null_count:
            mask &= column.is_valid().to_numpy(zero_copy_only=False)
    return mask


class Uniqueness:
    """Whether the keys of one kind are unique: add blocks, then ask which rows are suspected, then confirm these.

    Keys with a null are left out, as SQL does.
    """

    def __init__(self) -> None:
        self._hashes = bytearray()  # grows where it stands; parts would be there twice when they are put together

    def add(self, columns: Sequence[pa.Array]) -> None:
        """Add the keys of a block, one array for each part."""
        values = hashed(columns)
        rows = whole(columns)
        self._hashes += (values if rows.all() else values[rows]).data

    def suspects(self) -> Hashes:
        """Return every hash that more than one key has, sorted."""
        values = np.frombuffer(self._hashes, np.uint64)
        self._hashes = bytearray()
        values.sort()
        return np.unique(values[1:][values[1:] == values[:-1]])


class Confirmation:
    """Of suspected keys, which rows repeat an earlier key: add the blocks again, in their order."""

    def __init__(self, suspects: Hashes) -> None:
        self._suspects = suspects
        self._first: dict[tuple[str, ...], tuple[int, int]] = {}

    def repeated(self, columns: Sequence[pa.Array], where: Where) -> list[tuple[int, Place, Place]]:
        """Return for each row that repeats a key: its place in the block, where it is, and where the same key was before.

        ``where`` gives for places in the block the numbers of the rows in the file, and the lines on which they begin.
        """
        if not len(self._suspects):
            return []
        values = hashed(columns)
        found = np.searchsorted(self._suspects, values)
        found[found == len(self._suspects)] = 0
        places = np.flatnonzero((self._suspects[found] == values) & whole(columns))
        keys = zip(*(column.take(pa.array(places)).to_pylist() for column in columns), strict=True)
        repeated = []
        for place, row, line, key in zip(places, *where(places), keys, strict=True):
            here = int(row), int(line)
            before = self._first.setdefault(key, here)
            if before != here:
                repeated.append((int(place), here, before))
        return repeated


class KnownKeys:
    """Keys that may be referred to: add blocks, then ask which rows of other blocks lead to one of them."""

    def __init__(self) -> None:
        self._parts: dict[int, list[pa.Array]] = defaultdict(list)
        self._frozen: tuple[Hashes, npt.NDArray[np.int64], list[pa.Array]] | None = None
        self._looks: dict[tuple[str, ...], tuple[str, ...]] | None = None

    def add(self, columns: Sequence[pa.Array]) -> None:
        """Add the keys of a block, one array for each part; those with a null lead nowhere."""
        rows = whole(columns)
        for number, column in enumerate(columns):
            self._parts[number].append(column if rows.all() else column.filter(pa.array(rows)))

    def lead(self, columns: Sequence[pa.Array]) -> Mask:
        """Return which rows lead to a known key, or have a null and so refer to nothing."""
        if len(columns) == 1:
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
        """Say for each of a few keys in which code points it differs from a known one that looks like it, "" where none.

        Of more than ``COMPARED`` known keys none is looked at.
        """
        known = self._freeze(len(keys[0]))[2] if keys else []
        if not known or len(known[0]) > COMPARED:
            return [""] * len(keys)
        if self._looks is None:
            texts = list(zip(*(part.to_pylist() for part in known), strict=True))
            self._looks = {tuple(map(skeleton, key)): key for key in texts}
        found = [self._looks.get(tuple(map(skeleton, key)), key) for key in keys]
        return [_first_unlike(mine, theirs) for mine, theirs in zip(keys, found, strict=True)]

    def _freeze(self, parts: int) -> tuple[Hashes, npt.NDArray[np.int64], list[pa.Array]]:
        if self._frozen is None:
            empty = pa.array([], pa.string())
            known = [_joined(self._parts.get(number, [empty])) for number in range(parts)]
            hashes = hashed(known)
            order = np.argsort(hashes, kind="stable")
            self._frozen = hashes[order], order, known
        return self._frozen


def _first_unlike(mine: tuple[str, ...], theirs: tuple[str, ...]) -> str:
    return next((unlike(one, [other]) for one, other in zip(mine, theirs, strict=True) if one != other), "")


def _joined(arrays: list[pa.Array]) -> pa.Array:
    return pa.concat_arrays([array.cast(pa.large_string()) for array in arrays]).cast(pa.large_string())


def places(mask: Any) -> npt.NDArray[np.int64]:
    """Return where a mask is true, ascending; null is not true."""
    found: npt.NDArray[np.int64] = pc.indices_nonzero(pc.fill_null(mask, False)).to_numpy().astype(np.int64)
    return found


def flat(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Return a column as one array."""
    if isinstance(column, pa.ChunkedArray):
        return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    return column
