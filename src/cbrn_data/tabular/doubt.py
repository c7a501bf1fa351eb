"""Doubt: the rows of a column that may break a rule, told from lengths and bytes without reading a cell.

A ``Doubt`` is a fast filter before the exact mask of a rule. Every row that it does not return satisfies the rule; None
means every row. It never decides that a rule is broken: the mask does, on the rows in doubt. So a doubt saves time, but
cannot change a verdict. Most columns of most tables have no rows in doubt, and a few bad cells cost little.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cbrn_data.tabular.arrays import Mask, buffers, content, flat, only

Rows = npt.NDArray[np.int64]
NO_ROWS: Rows = np.zeros(0, np.int64)
_MOST_STRANGE = 8
"""The most different bytes that are searched for one by one."""
_FEW_BYTES = 16
"""The most different bytes for which all bytes are searched."""
_SIDE_BY_SIDE = 64
"""The rows that numpy compares at once: it is slow along short rows."""


class Look:
    """The column of a block, and cached facts about it that the rules of its field share."""

    def __init__(self, column: pa.ChunkedArray | pa.Array) -> None:
        self.column = column
        self._found: dict[Doubt, Rows | None] = {}

    @cached_property
    def flat(self) -> pa.Array:
        """The column as one array."""
        return flat(self.column)

    @cached_property
    def valid(self) -> Mask | None:
        """Which cells are not null; None if all are."""
        return _numpy(pc.is_valid(self.column)) if self.column.null_count else None

    @cached_property
    def nulls(self) -> Rows:
        """The rows whose cell is null."""
        return NO_ROWS if self.valid is None else np.flatnonzero(~self.valid)

    @cached_property
    def lengths(self) -> npt.NDArray[np.int32]:
        """The bytes of each cell, 0 for null."""
        chunks = self.column.chunks if isinstance(self.column, pa.ChunkedArray) else [self.column]
        found = [np.diff(buffers(chunk)[0]) for chunk in chunks]
        lengths: npt.NDArray[np.int32] = found[0] if len(found) == 1 else np.concatenate([np.zeros(0, np.int32), *found])
        if self.valid is not None:
            lengths[~self.valid] = 0
        return lengths

    @cached_property
    def data(self) -> npt.NDArray[np.uint8]:
        """The bytes of all cells."""
        return content(self.flat)

    @cached_property
    def starts(self) -> npt.NDArray[np.int32]:
        """The index in ``data`` at which each cell starts."""
        offsets: npt.NDArray[np.int32] = buffers(self.flat)[0][: len(self.column)]
        return offsets - offsets[:1]

    @cached_property
    def first(self) -> npt.NDArray[np.uint8]:
        """The first byte of each cell, 0 for null and for an empty cell."""
        first = (
            self.data[np.minimum(self.starts, len(self.data) - 1)]
            if len(self.data)
            else np.zeros(len(self.column), np.uint8)
        )
        return np.where(self.lengths > 0, first, np.uint8(0))

    def rows(self, mask: Mask) -> Rows:
        """Return the rows at which a mask is true and the cell is not null."""
        return np.flatnonzero(mask if self.valid is None else mask & self.valid)

    def rows_without(self, mask: Any) -> Rows:
        """Return the rows at which an Arrow mask is not true and the cell is not null."""
        mask = pc.fill_null(mask, False) if mask.null_count else mask
        return NO_ROWS if pc.all(mask, min_count=0).as_py() else self.rows(~_numpy(mask))

    def cells(self, rows: Rows) -> pa.Array:
        """Return the cells at ascending row indices."""
        is_flat = "flat" in self.__dict__  # else it would copy the column
        return self.flat.take(pa.array(rows)) if is_flat else flat(only(self.column, rows))

    def of_length(self, length: int) -> tuple[Rows, npt.NDArray[np.uint8]]:
        """Return the rows with so many bytes, and their bytes side by side."""
        fits = self.lengths == length
        rows = np.flatnonzero(fits)
        whole = self.flat if len(rows) == len(fits) else self.flat.filter(pa.array(fits))
        return rows, content(whole).reshape(len(rows), length)

    def once(self, doubt: Doubt) -> Rows | None:
        """Return the result of a doubt that several rules share."""
        if doubt not in self._found:
            self._found[doubt] = doubt(self)
        return self._found[doubt]

    def rows_besides(self, allowed: bytes) -> Rows | None:
        """Return the rows with bytes other than those ``allowed``; None if there are too many different ones."""
        strange = self._bytes_besides(allowed)
        if not strange:
            return NO_ROWS
        if len(strange) > _MOST_STRANGE:
            return None
        places = np.concatenate([np.flatnonzero(self.data == byte) for byte in strange])
        if len(places) > len(self.column) // 2:
            return None
        return np.unique(np.searchsorted(self.starts, places, side="right") - 1)

    def _bytes_besides(self, allowed: bytes) -> set[int]:
        """Return the different bytes that are not ``allowed``."""
        if not len(self.data):
            return set()
        # Searching for each of a few bytes takes less time than examining every byte.
        odd, text = set(range(self.data.min(), self.data.max() + 1)) - set(allowed), self.data.tobytes()
        return {byte for byte in odd if byte in text} if len(odd) <= _FEW_BYTES else set(text.translate(None, allowed))


def extremes(cells: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Return the lowest and the highest byte of each column; of no rows, 255 and 0."""
    rows, width = cells.shape
    whole = rows - rows % _SIDE_BY_SIDE
    wide = cells[:whole].reshape(-1, _SIDE_BY_SIDE * width)
    rest, folded = cells[whole:], (_SIDE_BY_SIDE, width)
    lowest = np.minimum(wide.min(axis=0, initial=255).reshape(folded).min(axis=0), rest.min(axis=0, initial=255))
    return lowest, np.maximum(wide.max(axis=0, initial=0).reshape(folded).max(axis=0), rest.max(axis=0, initial=0))


Doubt = Callable[[Look], Rows | None]


def every_row(look: Look) -> None:
    """The doubt of a rule without a fast filter."""


def either(*doubts: Rows | None) -> Rows | None:
    """Return the rows that are in one of several doubts."""
    known = [rows for rows in doubts if rows is not None]
    if len(known) < len(doubts):
        return None
    some = [rows for rows in known if len(rows)]
    return np.unique(np.concatenate(some)) if len(some) > 1 else some[0] if some else NO_ROWS


def _numpy(column: Any) -> Any:
    return column.to_numpy(zero_copy_only=False) if isinstance(column, pa.Array) else column.to_numpy()
