"""The rows of a block as written in their file, so that canonical rows are copied and not written anew.

A row without a quotation mark is canonical CSV, except its line break, unless it is an empty line. A row with one may have
quotation marks that it does not need, so it is written anew from its cells.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cbrn_data.tabular.arrays import Mask, buffers

WRITTEN = "\x00written"
"""A column after the last: the text of all cells of a row but the last, a number, each with a comma after it.

It is null for a row that must be made from its cells. No field has this name.
"""


def rows_as_written(data: bytearray, start: int, stop: int, cells: pa.Table, is_even: bool) -> pa.Array | None:
    """Return rows of comma-separated values as the column ``WRITTEN``, None if they cannot be told apart.

    ``cells`` are the rows of the bytes from ``start`` to ``stop``, in which each quotation mark must open or close a cell,
    or be one of two. ``is_even``: no row is ragged, and each cell is UTF-8.
    """
    if data.find(b"\r", start, stop) >= 0:
        return None
    text = np.frombuffer(data, np.uint8)[start:stop].copy()  # line breaks are replaced, and ``data`` may be used again
    has_marks, is_copied = data.find(b'"', start, stop) >= 0, None
    ends = _by_length(cells) if is_even and not has_marks else None
    if ends is None or ends[-1] != len(text) - 1:
        ends, is_copied = _by_line(text, cells.num_columns)
    if len(ends) != cells.num_rows or ends[-1] != len(text) - 1:  # the last row may have no line break
        return None
    text[ends] = ord(",")
    offsets = np.concatenate([[0], ends + 1]).astype(np.int32)
    validity = None if is_copied is None else pa.array(is_copied).buffers()[1]
    return pa.Array.from_buffers(pa.string(), len(ends), [validity, pa.py_buffer(offsets), pa.py_buffer(text)])


def _by_length(cells: pa.Table) -> npt.NDArray[np.int64]:
    """Return the last byte of each row, from the lengths of its cells and their separators."""
    ends, start = [], -1
    for batch in cells.to_batches():
        offsets = (buffers(column)[0] for column in batch.columns)
        lengths = sum(of_one[1:] - of_one[0] for of_one in offsets)
        ends.append(lengths + batch.num_columns * np.arange(1, batch.num_rows + 1) + start)
        start = ends[-1][-1]
    return np.concatenate(ends)


def _by_line(text: npt.NDArray[np.uint8], width: int) -> tuple[npt.NDArray[np.int64], Mask]:
    """Return the last byte of each row, and whether it can be copied: it has no mark, and is not an empty line."""
    ends, marks = np.flatnonzero(text == ord("\n")), np.flatnonzero(text == ord('"'))
    ends = ends[np.searchsorted(marks, ends) % 2 == 0]  # the others are within cells
    is_copied = np.diff(ends, prepend=-1) > int(width > 1)
    with_marks = np.searchsorted(ends, marks)
    is_copied[with_marks[with_marks < len(ends)]] = False
    return ends, is_copied
