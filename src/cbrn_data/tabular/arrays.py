"""Arrow columns as numpy arrays: the bytes of their cells, and the rows that a mask or indices select."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Mask = npt.NDArray[np.bool_]


def places(mask: Any) -> npt.NDArray[np.int64]:
    """Return the indices at which a mask is true, ascending; null is not true."""
    found: npt.NDArray[np.int64] = pc.indices_nonzero(pc.fill_null(mask, False)).to_numpy().astype(np.int64)
    return found


def flat(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Return a column as one array."""
    if isinstance(column, pa.ChunkedArray):
        return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    return column


def only(data: Any, rows: npt.NDArray[np.int64]) -> Any:
    """Return the rows of a column or table at ascending indices; ``take`` would first join the chunks of each column."""
    mask = np.zeros(len(data), dtype=bool)
    mask[rows] = True
    return data.filter(pa.array(mask))


def taken(columns: Sequence[pa.Array], rows: npt.NDArray[np.int64]) -> list[pa.Array]:
    """Return the cells of each column at row indices."""
    return [column.take(pa.array(rows)) for column in columns]


def content(column: pa.Array) -> npt.NDArray[np.uint8]:
    """Return the concatenated bytes of the cells of a column; a null has none."""
    if not len(column):
        return np.zeros(0, np.uint8)
    offsets, data = buffers(column)
    return data[offsets[0] : offsets[-1]]


def buffers(column: pa.Array) -> tuple[npt.NDArray[Any], npt.NDArray[np.uint8]]:
    """Return the offsets and bytes of an array of text, in integers of 32 or 64 bits; a null may have bytes too."""
    _, offsets, data = column.buffers()
    size = np.int64 if pa.types.is_large_string(column.type) else np.int32
    places = np.frombuffer(offsets, size)[column.offset : column.offset + len(column) + 1]
    return places, np.frombuffer(data, np.uint8) if data else np.zeros(0, np.uint8)
