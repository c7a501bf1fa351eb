"""Read a range of a large CSV file as if it were a file, and find where a record begins in the middle of one.

Where a record begins depends on every quotation mark before it. ``record_start`` examines only the marks near a place, so it
can be wrong. Its callers also read the records before that place, and so find an unclosed mark (``csv-quote``) in that case.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Sequence
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]

_NEAR = 1 << 20
"""Bytes in which a record is looked for at first."""
_STEP = 1 << 16
"""Bytes among which a line is looked for."""
_BESIDE = np.frombuffer(b',\r\n"', np.uint8)


class NotCutError(ValueError):
    """The ranges of a file cannot be read independently."""


def record_start(file: BinaryIO, place: int) -> int:
    """Return where the first record after the byte ``place`` likely begins; the end of the file if none does.

    A mark opens a cell after a comma or a line break, and closes it before one. So the marks that follow tell whether the
    place is within a cell.
    """
    size = _NEAR
    while True:
        file.seek(place)
        data = file.read(size)
        marks = np.flatnonzero(np.frombuffer(data, np.uint8) == ord('"'))
        within = _misplaced(data, marks[1::2], marks[0::2]) < _misplaced(data, marks[0::2], marks[1::2])
        ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))
        ends = ends[np.searchsorted(marks, ends) % 2 == int(within)]
        if len(ends):
            return place + int(ends[0]) + 1
        if len(data) < size:
            return place + len(data)
        size *= 4


def _misplaced(data: bytes, opening: Ints, closing: Ints) -> int:
    """Return how many marks are not at the beginning or the end of a cell."""
    text = np.frombuffer(data, np.uint8)
    before, after = text[opening[opening > 0] - 1], text[closing[closing < len(text) - 1] + 1]
    return int((~np.isin(before, _BESIDE)).sum() + (~np.isin(after, _BESIDE)).sum())


def place_of(file: BinaryIO, start: int, line: int) -> int:
    """Return the byte at which a line begins that follows ``start``, where line 1 begins.

    Raises NotCutError for a file with carriage returns, whose lines are not counted here.
    """
    file.seek(start)
    while data := file.read(_STEP):
        if b"\r" in data:
            raise NotCutError("has carriage returns")
        if line - 1 <= (ends := data.count(b"\n")):
            return start + _line_in(data, line - 1)
        start, line = start + len(data), line - ends
    raise ValueError("the file has fewer lines")


def _line_in(data: bytes, ends: int) -> int:
    """Return the place after some ends of lines."""
    return int(np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))[ends - 1]) + 1 if ends else 0


class Window:
    """The next ``size`` bytes of an open file for a reader, which begin on ``line``.

    ``done`` are those that were read, and ``ends`` the line feeds in them; ``has_returns`` if there are carriage returns.
    """

    def __init__(self, file: BinaryIO, size: int, line: int = 1) -> None:
        self.line, self.size, self.done, self.ends = line, size, 0, 0
        self.has_returns = False
        self._file = file

    def readinto(self, into: memoryview) -> int:
        """Read bytes, as a file does."""
        into = into[: self.size - self.done]
        count: int = self._file.readinto(into) if len(into) else 0  # type: ignore[attr-defined]
        self.done += count
        self.see([bytes(into[start : min(start + _STEP, count)]) for start in range(0, count, _STEP)])
        return count

    def see(self, pieces: Sequence[bytes]) -> None:
        """Look at the bytes that were read."""
        self.ends += sum(piece.count(b"\n") for piece in pieces)
        self.has_returns = self.has_returns or any(b"\r" in piece for piece in pieces)


class DigestedWindow(Window):
    """Also computes the digests of consecutive ranges of the bytes, so that each byte is read once.

    ``cut`` ends a range, ``close`` the last one. ``ranges`` are the size and the sha256 of each; if there are carriage
    returns, lines are not counted here, and these are 0 and empty. ``line`` is that after the last range.
    """

    def __init__(self, file: BinaryIO, size: int, line: int = 1) -> None:
        super().__init__(file, size, line)
        self.ranges: list[tuple[int, str]] = []
        self._pieces: deque[bytes] = deque()
        self._length, self._digest = 0, hashlib.sha256()

    def see(self, pieces: Sequence[bytes]) -> None:
        """Keep the bytes that were read for ``cut``, which may run in another thread."""
        super().see(pieces)
        self._pieces.extend([] if self.has_returns else pieces)

    def cut(self, lines: Sequence[int]) -> None:
        """End ranges where the next begin: ``lines`` are those on which ranges begin, of which some may be known."""
        for line in lines[len(self.ranges) + 1 :]:
            if not self.has_returns:
                while (ends := self._pieces[0].count(b"\n")) < line - self.line:
                    self._take(self._pieces.popleft(), ends)
                piece = self._pieces.popleft()
                end = _line_in(piece, line - self.line)
                self._take(piece[:end], line - self.line)
                self._pieces.appendleft(piece[end:])
            self._end()

    def close(self) -> None:
        """End the last range, after everything was read."""
        while self._pieces:
            piece = self._pieces.popleft()
            self._take(piece, piece.count(b"\n"))
        self._end()
        if self.has_returns:
            self.ranges = [(0, "")] * len(self.ranges)

    def _take(self, piece: bytes, ends: int) -> None:
        self._digest.update(piece)
        self._length, self.line = self._length + len(piece), self.line + ends

    def _end(self) -> None:
        self.ranges.append((self._length, self._digest.hexdigest()))
        self._length, self._digest = 0, hashlib.sha256()
