"""Parse the bytes of whole records of CSV as columns of text; ragged rows and cells that are not UTF-8 are set aside."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pacsv

from cbrn_data.tabular import cutting
from cbrn_data.tabular.grammar import MARK, Dialect

pa.enable_signal_handlers(False)
# pyarrow's signal handling sometimes loses a Ctrl-C if another thread reads too; without it, a block is still read quickly.

SMALL = 1 << 21
"""The most bytes of a column of a block that are copied into one chunk."""


Bad = dict[int, list[tuple[str, str, str]]]
"""By row index, the cells that were set aside: the column, a message and the text of each."""


class CrowdedError(Exception):
    """More than ``MOST`` records of a block would have to be read one by one."""


def text_columns(
    data: memoryview | bytes, width: int, dialect: Dialect, found: list[pacsv.InvalidRow], at_once: int
) -> list[pa.ChunkedArray]:
    """Return the columns of the rows that are as wide as the header; append ragged rows to ``found``."""
    whole = len(data) + 1
    size = min(at_once, whole)

    def set_aside(invalid: pacsv.InvalidRow) -> str:
        found.append(invalid)
        return "skip" if len(found) <= cutting.MOST else "error"

    places = [str(number) for number in range(width)]
    if not data:
        return [pa.chunked_array([], pa.string()) for _ in places]
    if data[: len(MARK)] == MARK:  # pyarrow removes one
        data = MARK + bytes(data)
    reading = {
        "read_options": pacsv.ReadOptions(column_names=places, block_size=size, use_threads=False),
        "parse_options": pacsv.ParseOptions(
            delimiter=dialect.delimiter,
            quote_char=dialect.quote,
            newlines_in_values=True,
            ignore_empty_lines=False,
            invalid_row_handler=set_aside,
        ),
        "convert_options": pacsv.ConvertOptions(
            column_types=dict.fromkeys(places, pa.string()), null_values=[""], strings_can_be_null=True, check_utf8=False
        ),
    }
    try:
        return [_short(column) for column in pacsv.read_csv(pa.BufferReader(data), **reading).columns]
    except pa.ArrowInvalid:
        if len(found) > cutting.MOST:
            raise CrowdedError from None
        if size == whole:
            raise
    found.clear()  # a record is longer than what is parsed at once
    return text_columns(data, width, dialect, found, whole)


def _short(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a small column as one chunk, because each kernel call on a chunk costs more than the cells do."""
    return pa.chunked_array([column.combine_chunks()]) if column.num_chunks > 1 and column.nbytes < SMALL else column


def decoded(column: pa.ChunkedArray, name: str, bad: Bad) -> pa.ChunkedArray:
    """Decode a column that was read as Latin-1 from UTF-8; a cell that is not UTF-8, or has a NUL, becomes null.

    ``bad`` gets these cells, each with a message.
    """
    values: list[str | None] = []
    for place, text in enumerate(column.to_pylist()):
        value = (text or "").encode("latin-1")
        wrong, reason = value.find(b"\0"), "not text"
        try:
            value.decode("utf-8")
        except UnicodeDecodeError as error:
            wrong, reason = error.start, "not UTF-8"
        if wrong >= 0:
            message = f"byte {wrong + 1} of {name} (0x{value[wrong]:02x}) is {reason}"
            bad.setdefault(place, []).append((name, message, value.decode("utf-8", "replace")))
        values.append(None if wrong >= 0 else value.decode("utf-8") or None)
    return pa.chunked_array([pa.array(values, pa.string())])


def woven(columns: list[pa.ChunkedArray], uneven: dict[int, list[str]], bad: Bad) -> tuple[list[pa.Array], Bad]:
    """Insert ragged rows into columns at their row indices; return the columns, and ``bad`` with adjusted indices."""
    # Append the ragged rows to the rows that were read; ``order`` moves each row to its index.
    aside = np.array(list(uneven), dtype=np.int64)
    even = np.delete(np.arange(len(columns[0]) + len(aside), dtype=np.int64), aside)
    order = pa.array(np.argsort(np.concatenate([even, aside])))
    woven = []
    for number, column in enumerate(columns):
        cells = [row[number] or None if number < len(row) else None for row in uneven.values()]
        woven.append(pa.concat_arrays([*column.chunks, pa.array(cells, pa.string())]).take(order))
    return woven, {int(even[place]): cells for place, cells in bad.items()}


def by_column(bad: Bad) -> dict[str, npt.NDArray[np.int64]]:
    """Return the row indices of the cells that were set aside, by column, ascending."""
    found: dict[str, list[int]] = {}
    for place in sorted(bad):
        for name, *_ in bad[place]:
            found.setdefault(name, []).append(place)
    return {name: np.array(places, dtype=np.int64) for name, places in found.items()}


def is_text(data: memoryview) -> bool:
    """Return whether bytes are UTF-8, without a copy of them."""
    ends = pa.py_buffer(np.array([0, len(data)], dtype=np.int64))
    try:
        pa.Array.from_buffers(pa.large_binary(), 1, [None, ends, pa.py_buffer(data)]).cast(pa.large_string())
    except pa.ArrowInvalid:
        return False
    return True
