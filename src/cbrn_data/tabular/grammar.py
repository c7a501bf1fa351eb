"""The grammar of CSV: find the ends of records, and the spans of their cells.

RFC 4180 as common readers implement it: a quotation mark opens a cell only at its beginning, and is text within an unquoted
cell. LF, CR LF and CR each end a line, also within a cell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST = 16 << 20
"""The most bytes of a record; a longer one is skipped."""

MARK = b"\xef\xbb\xbf"
"""The byte order mark."""


@dataclass(frozen=True)
class Dialect:
    """How a CSV file is written; the defaults are those of Data Package 2.0."""

    delimiter: str = ","
    quote: str = '"'


COMMON = Dialect()
"""The default dialect."""


def split(text: str, dialect: Dialect = COMMON) -> list[str]:
    """Return the cells of one record; ``text`` has no final line break."""
    return [value for value, _, _ in cells(text, dialect)]


def cells(text: str, dialect: Dialect = COMMON) -> Iterator[tuple[str, int, int]]:
    """Yield the cells of one record, each with its span of characters, quotation marks excluded."""
    quote, comma = re.escape(dialect.quote), re.escape(dialect.delimiter)
    for cell in re.finditer(rf"(?:{quote}((?:[^{quote}]|{quote}{quote})*+){quote}|([^{comma}]*+))({comma}|\Z)", text):
        group = 2 if cell[1] is None else 1
        yield (cell[2] if group == 2 else cell[1].replace(dialect.quote * 2, dialect.quote)), *cell.span(group)
        if not cell[3]:
            break


def records(data: bytes, dialect: Dialect = COMMON) -> Iterator[tuple[int, int]]:
    """Yield the span of bytes of each record, with its line break; stop at a malformed record, with an empty span."""
    scanner, place = Scanner(dialect), len(MARK) if data.startswith(MARK) else 0
    while place < len(data):
        end = scanner.record(data, place, len(data), final=True)
        yield place, place if end is None else end
        if end is None:
            return
        place = end


def rows(data: bytes) -> list[dict[str, str | None]]:
    """Return the rows of a small CSV file with a header as dicts; an empty cell is null.

    Raises ValueError for a ragged row.
    """
    lines = (data[start:end].decode().removesuffix("\n").removesuffix("\r") for start, end in records(data))
    header = split(next(lines))
    return [dict(zip(header, (cell or None for cell in split(line)), strict=True)) for line in lines]


def breaks(data: bytes | bytearray, start: int = 0, stop: int | None = None) -> int:
    """Return the number of line breaks in these bytes."""
    found = data.count(b"\n", start, stop)
    if data.find(b"\r", start, stop) >= 0:
        found += data.count(b"\r", start, stop) - data.count(b"\r\n", start, stop)
    return found


class Scanner:
    """Finds the ends of records in bytes from ``place`` to ``stop``."""

    def __init__(self, dialect: Dialect) -> None:
        self.quote = dialect.quote.encode()
        comma, quote = re.escape(dialect.delimiter.encode()), re.escape(self.quote)
        quoted = quote + b"(?:[^" + quote + b"]++|" + quote + quote + b")*+" + quote
        plain = b"[^" + quote + comma + rb"\r\n][^" + comma + rb"\r\n]*+"
        cell = b"(?:" + quoted + b"|" + plain + b")?+"
        self._cells = re.compile(cell + b"(?:" + comma + cell + b")*+")
        self._opened = re.compile(quote + b"(?:[^" + quote + b"]++|" + quote + quote + b")*+")

    def record(self, data: bytes | bytearray, place: int, stop: int, final: bool) -> int | None:
        """Return the end of the record at ``place``; None if it is malformed or incomplete."""
        match = self._cells.match(data, place, stop)
        end = match.end() if match else place
        if end == stop:
            return end if final else None
        if data[end : min(end + 2, stop)] == b"\r\n":
            return end + 2
        if data[end : end + 1] == b"\r":
            return end + 1 if final or end + 1 < stop else None
        return end + 1 if data[end : end + 1] == b"\n" else None

    def problem(self, data: bytearray, place: int, stop: int, final: bool) -> str | None:
        """Return what is malformed in the record at ``place``; None if it is only incomplete."""
        is_whole = final or stop - place > LONGEST
        match = self._cells.match(data, place, stop)
        end = match.end() if match else place
        opened = self._opened.match(data, end, stop)
        within = "" if final else f" within {LONGEST >> 20} MB"
        if opened is not None and opened.end() == stop:
            return f"a quotation mark is not closed{within}" if is_whole else None
        if end == stop or (end + 1 == stop and data[end] == ord("\r")):
            return f"the record does not end{within}" if is_whole else None
        return "a closing quotation mark is not followed by a separator"
