"""Cut bytes of CSV into whole records and malformed ones.

numpy locates the quotation marks; only bytes with a misplaced mark are read record by record. A record with an unclosed
quotation mark, or with text after a closing one, is skipped to the end of its first line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from cbrn_data.tabular.grammar import Dialect, Scanner

MOST = 1 << 16
"""The most records of a block that are read one by one; each takes hundreds of bytes of memory."""

_BREAK = re.compile(rb"\r\n|\n|\r")


@dataclass
class Cut:
    """Whole and skipped records in bytes up to ``end``; ``is_over`` is false if a skipped line continues after ``end``.

    ``records`` are ranges of bytes with whole records, and ``count`` is their number if it is known. ``left_out`` has for
    each skipped record the number of whole records before it, its first and last byte, and the problem. ``has_marks`` is
    false if there is surely no quotation mark.
    """

    records: list[tuple[int, int]]
    end: int
    count: int | None = None
    left_out: list[tuple[int, int, int, str]] = field(default_factory=list)
    is_over: bool = True
    has_marks: bool = True


class Cutter(Scanner):
    """Finds whole and malformed records in bytes from ``start`` to ``stop``."""

    def __init__(self, dialect: Dialect) -> None:
        super().__init__(dialect)
        self._before = np.frombuffer(dialect.delimiter.encode() + b"\r\n" + self.quote, np.uint8)

    def cut(self, data: bytearray, start: int, stop: int, final: bool) -> Cut:
        """Find whole and malformed records.

        A record at the end is incomplete, not malformed, unless ``final`` is true or it is too long.
        """
        last = stop if final else 1 + max(data.rfind(b"\n", start, stop), start - 1)
        if last == start:
            last = 1 + max(data.rfind(b"\r", start, stop - 1), start - 1)
        has_marks = data.find(self.quote, start, stop) >= 0
        if last > start and has_marks:
            last = self._regular(data, start, last)
        whole = Cut([(start, last)], last, has_marks=has_marks)
        return whole if last > start else self.scan(data, start, stop, final)

    def _regular(self, data: bytearray, start: int, last: int) -> int:
        """Return the last end of a record up to ``last``, or ``start`` if a mark before it is misplaced."""
        whole = np.frombuffer(data, np.uint8)
        # Every mark opens or closes a cell: if their number before ``last`` is odd, ``last`` is within a cell.
        marks = start + np.flatnonzero(whole[start:last] == self.quote[0])
        while last > start:
            count = int(np.searchsorted(marks, last))
            if count % 2 == 0:
                break
            last = 1 + max(data.rfind(b"\n", start, int(marks[count - 1])), start - 1)
        # Marks come in pairs. A pair is good if it opens after a separator and closes before one, or is a doubled mark.
        within = marks[: int(np.searchsorted(marks, last))]
        opening, closing = within[0::2], within[1::2]
        before = whole[opening[opening > start] - 1]
        after = whole[closing[closing < last - 1] + 1]
        good = np.isin(before, self._before).all() and np.isin(after, self._before).all()
        return last if good else start

    def scan(self, data: bytearray, start: int, stop: int, final: bool) -> Cut:
        """Find whole and malformed records one by one, at most ``MOST``."""
        cut, count = Cut([], start), 0
        while cut.end < stop and cut.is_over and count + len(cut.left_out) < MOST:
            end = self.record(data, cut.end, stop, final)
            if end is not None:
                cut.end, count = end, count + 1
                continue
            problem = self.problem(data, cut.end, stop, final)
            if problem is None:
                break
            if start < cut.end:
                cut.records.append((start, cut.end))
            end = line_end(data, cut.end, stop, final)
            start, cut.is_over = end or rest_of(data, cut.end, stop), end is not None
            cut.left_out.append((count, cut.end, start, problem))
            cut.end = start
        if start < cut.end:
            cut.records.append((start, cut.end))
        cut.count = count
        return cut


def line_end(data: bytes | bytearray, start: int, stop: int, final: bool) -> int | None:
    """Return the beginning of the line after the one at ``start``, None if it is not known yet."""
    found = _BREAK.search(data, start, stop)
    if found and (final or found.end() < stop or found[0] != b"\r"):
        return found.end()
    return stop if final else None


def rest_of(data: bytes | bytearray, start: int, stop: int) -> int:
    """Return the first byte to keep of a line without an end: a final carriage return may be half of a line break."""
    return stop - data.endswith(b"\r", start, stop)
