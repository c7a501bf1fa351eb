"""Read CSV as blocks of Arrow text, with the row and line number of each row; malformed records do not stop the reader.

A block ends at the end of a record, usually the last line break. ``cutting`` finds whole records, and skips malformed ones;
``parsing`` reads their cells. A ragged row is padded with empty cells or cut to the width of the header, and a cell that is
not UTF-8 is read as empty; each is an issue.

Why not pyarrow's own stream of blocks: it stops at the first malformed row, and does not count lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import BinaryIO, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from cbrn_data.deadline import OverError
from cbrn_data.tabular import cutting
from cbrn_data.tabular.cutting import Cut, Cutter, line_end, rest_of
from cbrn_data.tabular.grammar import COMMON, MARK, Dialect, Scanner, breaks, split
from cbrn_data.tabular.issues import Issue, row_width
from cbrn_data.tabular.parsing import Bad, CrowdedError, by_column, decoded, is_text, text_columns, woven
from cbrn_data.tabular.verbatim import rows_as_written

SIZE = 8 << 20
"""Bytes per read, and the approximate size of a block."""

FIRST = 1 << 18
"""Bytes of the first read."""

PARSED = 1 << 20
"""Bytes that pyarrow parses at once: they and their cells stay in the cache of a processor, which halves the time."""

SHOWN = 1 << 16
"""Bytes that an issue keeps of a skipped line."""

Ints = npt.NDArray[np.int64]
_Item = TypeVar("_Item")


@dataclass(frozen=True)
class Block:
    """Consecutive rows: ``table`` of text (an empty cell is null), with the column names of the header.

    ``first_row`` counts records from 1 after the header, ``first_line`` lines of the file from 1. ``left_out``: for each
    skipped record, the row index in ``table`` before which it was, ascending. ``beyond``: cells that no column can hold, by
    row index: extra cells, and cells that are not UTF-8. ``part`` is the file of a table in several files. ``written`` has
    the rows as in ``verbatim``, if the caller requested them and the columns are those of the file. ``has_nulls``: null and
    the empty text differ. ``spoilt``: the row indices of cells, by column, that were read as null and have an issue already.
    """

    table: pa.Table
    first_row: int
    first_line: int
    records: int
    breaks: int
    issues: list[Issue] = field(default_factory=list)
    left_out: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    beyond: dict[int, list[str]] = field(default_factory=dict, repr=False)
    part: str = ""
    written: pa.Array | None = field(default=None, repr=False)
    has_nulls: bool = False
    spoilt: Mapping[str, Ints] = field(default_factory=dict, repr=False)

    def rows(self, places: Ints) -> Ints:
        """Return the row numbers in the file, from 1 after the header, for row indices of ``table``."""
        return self.first_row + places + np.searchsorted(self.left_out, places, side="right")

    def lines(self, places: Ints) -> Ints:
        """Return the lines of the file, from 1, on which rows of ``table`` begin."""
        return self.rows(places) - self.first_row + self.first_line + self._breaks_before(places)

    def where(self, places: Ints) -> tuple[Ints, Ints]:
        """Return the row numbers and first lines for row indices of ``table``."""
        return self.rows(places), self.lines(places)

    @cached_property
    def malformed(self) -> Ints:
        """The indices of ragged rows and of rows with a cell that is not UTF-8, ascending."""
        rows = [issue.row for issue in self.issues]
        return np.flatnonzero(np.isin(self.rows(np.arange(self.table.num_rows)), rows)) if rows else np.zeros(0, np.int64)

    def _breaks_before(self, places: Ints) -> Ints:
        """Return the number of line breaks within cells before each given row of ``table``."""
        is_plain = not len(places) or self._breaks_within is None  # computed lazily: most blocks do not need it
        return np.zeros(len(places), np.int64) if is_plain else self._breaks_within[places]  # type: ignore[index]

    @cached_property
    def _breaks_within(self) -> Ints | None:
        """Return the number of line breaks within cells before each row, and in total; None if there are none."""
        if self.breaks <= self.records:
            return None
        within = np.zeros(self.table.num_rows + 1, dtype=np.int64)
        for column in self.table.columns:
            for mark, each in (("\n", 1), ("\r", 1), ("\r\n", -1)):
                within[1:] += each * pc.fill_null(pc.count_substring(column, mark), 0).to_numpy()
        for place, cells in self.beyond.items():
            within[place + 1] += sum(breaks(cell.encode()) for cell in cells)
        return within.cumsum()


def ahead(items: Iterator[_Item]) -> Iterator[_Item]:
    """Yield items; another thread makes the next item while the caller uses the current one.

    After an OverError, the thread is not joined; ``is_reading`` tells whether it still runs.
    """
    pool, done = ThreadPoolExecutor(1), object()
    coming = pool.submit(next, items, done)
    is_over = False
    try:
        while (item := coming.result()) is not done:
            coming = pool.submit(next, items, done)
            yield item  # type: ignore[misc]
    except OverError:
        is_over = True
        _left.append(coming)
        raise
    finally:
        pool.shutdown(wait=not is_over, cancel_futures=is_over)


_left: list[Future[object]] = []


def is_reading() -> bool:
    """Return whether a thread that was not joined still reads."""
    return not all(coming.done() for coming in _left)


def read_header(file: BinaryIO, dialect: Dialect = COMMON) -> tuple[list[str], bytes, int]:
    """Read the first record; return its cells, the bytes read after it, and the line of the next record.

    An empty file has no cells. A byte order mark is removed. A header that is not UTF-8 is read with replacement characters.
    """
    scanner, data, start, end = Scanner(dialect), b"", 0, None
    while end is None and len(data) < SIZE and (more := file.read(min(SIZE, max(len(data), 1 << 16)))):
        data += more
        start = len(MARK) if data.startswith(MARK) else 0
        end = scanner.record(data, start, len(data), final=False)
    end = end or scanner.record(data, start, len(data), final=True) or line_end(data, start, len(data), final=True)
    first = data[start:end]
    text = first.decode("utf-8", "replace").removesuffix("\n").removesuffix("\r")
    return split(text, dialect) if text else [], data[end:], 1 + breaks(first)


def read_blocks(
    file: BinaryIO,
    names: Sequence[str],
    begun: bytes = b"",
    line: int = 1,
    dialect: Dialect = COMMON,
    with_written: bool = False,
) -> Iterator[Block]:
    """Yield the records after the header as blocks; ``begun`` are the bytes already read, which begin on ``line``.

    ``with_written``: blocks also have their rows as written in the file, if no quotation mark is misplaced. The buffer of a
    read is not reused until the next read has ended, so that ``file`` may still use it. Reads grow to ``SIZE``, because
    clearing two large buffers takes longer than reading a small table.
    """
    size = min(SIZE, FIRST)
    scanner, row, final, is_over = Cutter(dialect), 1, False, True
    data, start, stop, spare = bytearray(begun), 0, len(begun), bytearray()
    while not final:
        # Copy the rest of the bytes to the front of the other buffer, and read behind it.
        left = stop - start
        if len(spare) < left + size:
            spare = bytearray(left + 2 * size)
        spare[:left] = data[start:stop]
        data, spare = spare, data
        count = file.readinto(memoryview(data)[left : left + size])  # type: ignore[attr-defined]
        start, stop, final, size = 0, left + count, not count, min(SIZE, 2 * size)
        if not is_over:
            end = line_end(data, start, stop, final)
            start, is_over = end or rest_of(data, start, stop), end is not None
        while start < stop and is_over:
            cut = scanner.cut(data, start, stop, final)
            if cut.end == start:
                break
            try:
                block = _parsed(data, cut, names, row, line, dialect)
                if with_written and cut.count is None and dialect == COMMON:
                    written = rows_as_written(data, start, cut.end, block.table, is_even=not block.issues)
                    block = replace(block, written=written)
            except CrowdedError:
                cut = scanner.scan(data, start, stop, final)
                block = _parsed(data, cut, names, row, line, dialect)
            yield block
            row, line, start, is_over = row + block.records, line + block.breaks, cut.end, cut.is_over


def _parsed(data: bytearray, cut: Cut, names: Sequence[str], row: int, line: int, dialect: Dialect) -> Block:
    """Read whole records as columns of text. Raises CrowdedError for a cut with too many uncounted records."""
    is_plain = not cut.has_marks or all(data.find(dialect.quote.encode(), *span) < 0 for span in cut.records)
    # If pyarrow parses in parts, it drops the LF of a CR LF between two of them, even within a cell.
    at_once = PARSED if is_plain or all(data.find(b"\r", *span) < 0 for span in cut.records) else cut.end
    # Bytes that are not valid UTF-8 are read as Latin-1, which is lossless, and then decoded cell by cell.
    view = memoryview(data)[slice(*cut.records[0])] if len(cut.records) == 1 else memoryview(_joined(data, cut.records))
    found: list[pacsv.InvalidRow] = []
    bad: Bad = {}
    if is_text(view) and all(data.find(b"\0", *span) < 0 for span in cut.records):
        columns, texts = text_columns(view, len(names), dialect, found, at_once), [invalid.text for invalid in found]
    elif cut.count is None and _lines(data, cut) > cutting.MOST:
        raise CrowdedError
    else:
        columns = text_columns(str(view, "latin-1").encode(), len(names), dialect, found, at_once)
        columns = [decoded(column, name, bad) for name, column in zip(names, columns, strict=True)]
        texts = [invalid.text.encode("latin-1").decode("utf-8", "replace") for invalid in found]
    uneven = {invalid.number - 1: split(text, dialect) for invalid, text in zip(found, texts, strict=True)}
    if uneven:
        columns, bad = woven(columns, uneven, bad)
    table = pa.Table.from_arrays(columns, names=list(names))
    beyond = {place: cells[len(names) :] for place, cells in uneven.items() if len(cells) > len(names)}
    beyond |= {place: [text for *_, text in cells] for place, cells in bad.items()}
    lines = table.num_rows if is_plain else _lines(data, cut)
    gone = np.array([count for count, *_ in cut.left_out], dtype=np.int64)
    records = table.num_rows + len(gone)
    block = Block(table, row, line, records, lines + len(gone), left_out=gone, beyond=beyond, spoilt=by_column(bad))
    of_another_width = _places(block, list(uneven))
    block.issues.extend(row_width(number, on, uneven[place], len(names)) for place, number, on in of_another_width)
    block.issues.extend(_left_out(data, cut, block))
    for place, number, on in _places(block, sorted(bad)):
        block.issues.append(Issue(number, on, "", "csv-encoding", message=bad[place][0][1]))
    return block


def _joined(data: bytearray, records: list[tuple[int, int]]) -> bytes:
    """Return separated records as adjacent bytes; a final CR becomes LF, so that it does not join a following LF."""
    return b"".join(data[start:stop].rstrip(b"\r").ljust(stop - start, b"\n") for start, stop in records)


def _lines(data: bytearray, cut: Cut) -> int:
    """Return the number of lines of records; a last line without a line break counts as one."""
    return sum(breaks(data, *span) for span in cut.records) + sum(data[stop - 1] not in b"\r\n" for _, stop in cut.records)


def _left_out(data: bytearray, cut: Cut, block: Block) -> Iterator[Issue]:
    within = block._breaks_before(block.left_out)
    for number, (count, start, stop, problem) in enumerate(cut.left_out):
        text = bytes(data[start : min(stop, start + SHOWN)]).decode("utf-8", "replace").rstrip("\r\n")
        at = count + number
        line = block.first_line + at + int(within[number])
        yield Issue(block.first_row + at, line, "", "csv-quote", message=problem, cells=(text,))


def _places(block: Block, spots: list[int]) -> Iterator[tuple[int, int, int]]:
    """Yield row indices of a block with their row numbers and lines."""
    rows, lines = block.where(np.array(spots, dtype=np.int64))
    yield from zip(spots, rows.tolist(), lines.tolist(), strict=True)
