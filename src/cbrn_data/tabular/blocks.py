"""CSV as blocks of Arrow text: bytes in, columns out, with the row and line of everything, whatever stands in the file.

RFC 4180 as common readers take it: a quotation mark opens a cell only at its beginning, within another cell it is text.
A block ends where a record ends. In most bytes that is the last line break; quotation marks are looked at by numpy, and
only bytes in which one stands where none belongs are read record by record. A record whose quotation mark is never
closed, or is followed by more than a separator, is a ``Broken`` one: it is left out to the end of its first line, and
reading goes on there. A row with too few cells ends in empty ones, one with too many is read as far as the header goes,
a cell that is no UTF-8 is read as empty; each is told. LF, CR LF and CR each end a line, also within a cell.

Why not pyarrow's own stream of blocks: it stops at the first broken row, and knows no lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import BinaryIO, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

SIZE = 8 << 20
"""Bytes that are read at once; a block has about so many."""

LONGEST = 16 << 20
"""A record of which so many bytes were read, and that has not ended, is left out."""

MOST = 1 << 16
"""So many records are looked at one by one in a block: each of them then takes hundreds of bytes."""

_BREAK = re.compile(rb"\r\n|\n|\r")
_MARK = b"\xef\xbb\xbf"
"""The byte order mark."""

SHOWN = 1 << 16
"""Bytes of a line that is left out which are kept."""

Ints = npt.NDArray[np.int64]
_Item = TypeVar("_Item")


@dataclass(frozen=True)
class Dialect:
    """How a CSV file is written; the defaults are those of Data Package 2.0."""

    delimiter: str = ","
    quote: str = '"'


@dataclass(frozen=True)
class Broken:
    """A record that cannot be told from the next, or is no UTF-8 text: what is wrong, on which line, in which row.

    ``text`` is the line of a record that is left out, of a long one the beginning.
    """

    code: str
    message: str
    line: int
    row: int
    text: str = field(default="", compare=False, repr=False)


@dataclass(frozen=True)
class Ragged:
    """A row with too many or too few cells, which stands in the table as wide as the header."""

    row: int
    line: int
    cells: list[str]


@dataclass(frozen=True)
class Block:
    """Rows that follow one another: ``table`` of text (an empty cell is null), whose names are those of the header.

    ``first_row`` counts records from 1 after the header, ``first_line`` lines of the file from 1. ``left_out`` are the
    places in ``table`` before which a record was left out, ascending, each as often as that; ``beyond`` has, by the place of
    a row, the cells that stand in no column: one too many, or no UTF-8.
    """

    table: pa.Table
    first_row: int
    first_line: int
    records: int
    breaks: int
    ragged: list[Ragged] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)
    left_out: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    beyond: dict[int, list[str]] = field(default_factory=dict, repr=False)

    def rows(self, places: Ints) -> Ints:
        """Return the numbers of rows of ``table``, counted in the file from 1 after the header."""
        return self.first_row + places + np.searchsorted(self.left_out, places, side="right")

    def lines(self, places: Ints) -> Ints:
        """Return the lines of the file on which rows of ``table`` begin, counted from 1."""
        return self.rows(places) - self.first_row + self.first_line + self._breaks_before(places)

    @cached_property
    def misread(self) -> Ints:
        """The places of rows that are not as wide as the header, or have a cell that is no UTF-8; ascending."""
        told = [found.row for found in self.ragged] + [found.row for found in self.broken]
        return np.flatnonzero(np.isin(self.rows(np.arange(self.table.num_rows)), told)) if told else np.zeros(0, np.int64)

    def _breaks_before(self, places: Ints) -> Ints:
        """Return how many line breaks stand in cells before rows of ``table``."""
        return np.zeros(len(places), np.int64) if self._breaks_within is None else self._breaks_within[places]

    @cached_property
    def _breaks_within(self) -> Ints | None:
        """Return how many line breaks stand in cells before each row, and in all; None where there are none."""
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
    """Yield items, each made in another thread while the one before is in use."""
    with ThreadPoolExecutor(1) as pool:
        done = object()
        coming = pool.submit(next, items, done)
        while (item := coming.result()) is not done:
            coming = pool.submit(next, items, done)
            yield item  # type: ignore[misc]


def read_header(file: BinaryIO, dialect: Dialect = Dialect()) -> tuple[list[str], bytes, int]:
    """Read the first record; return its cells, what was read beyond it, and on which line the next record begins.

    An empty file has no cells. A byte order mark at the very beginning is left out; a header that is no UTF-8 is read
    with replacement characters.
    """
    scanner, data, start, end = _Scanner(dialect), b"", 0, None
    while end is None and len(data) < SIZE and (more := file.read(min(SIZE, max(len(data), 1 << 16)))):
        data += more
        start = len(_MARK) if data.startswith(_MARK) else 0
        end = scanner.record(data, start, len(data), final=False)
    end = end or scanner.record(data, start, len(data), final=True) or _line_end(data, start, len(data), final=True)
    first = data[start:end]
    text = first.decode("utf-8", "replace").removesuffix("\n").removesuffix("\r")
    return split(text, dialect) if text else [], data[end:], 1 + breaks(first)


def split(text: str, dialect: Dialect) -> list[str]:
    """Return the cells of one record, of any length, without its line break."""
    quote, comma = re.escape(dialect.quote), re.escape(dialect.delimiter)
    cells = []
    for cell in re.finditer(rf"(?:{quote}((?:[^{quote}]|{quote}{quote})*+){quote}|([^{comma}]*+))({comma}|\Z)", text):
        cells.append(cell[2] if cell[1] is None else cell[1].replace(dialect.quote * 2, dialect.quote))
        if not cell[3]:
            break
    return cells


def read_blocks(
    file: BinaryIO, names: Sequence[str], begun: bytes = b"", line: int = 1, dialect: Dialect = Dialect()
) -> Iterator[Block]:
    """Yield the records of a file after its header as blocks; ``begun`` was read of them already, from ``line`` on.

    What is read stays where it was put until the next read has ended, so that ``file`` may still look at it.
    """
    scanner, row, final, is_over = _Scanner(dialect), 1, False, True
    data, start, stop, spare = bytearray(begun), 0, len(begun), bytearray()
    while not final:
        left = stop - start
        if len(spare) < left + SIZE:
            spare = bytearray(left + 2 * SIZE)
        spare[:left] = data[start:stop]
        data, spare = spare, data
        count = file.readinto(memoryview(data)[left : left + SIZE])  # type: ignore[attr-defined]
        start, stop, final = 0, left + count, not count
        if not is_over:
            end = _line_end(data, start, stop, final)
            start, is_over = end or _rest(data, start, stop), end is not None
        while start < stop and is_over:
            cut = scanner.cut(data, start, stop, final)
            if cut.end == start:
                break
            try:
                block = _parsed(data, cut, names, row, line, dialect)
            except _CrowdedError:
                cut = scanner.scan(data, start, stop, final)
                block = _parsed(data, cut, names, row, line, dialect)
            yield block
            row, line, start, is_over = row + block.records, line + block.breaks, cut.end, cut.is_over


def breaks(data: bytes | bytearray, start: int = 0, stop: int | None = None) -> int:
    """Return how many lines end in these bytes."""
    found = data.count(b"\n", start, stop)
    if data.find(b"\r", start, stop) >= 0:
        found += data.count(b"\r", start, stop) - data.count(b"\r\n", start, stop)
    return found


def _line_end(data: bytes | bytearray, start: int, stop: int, final: bool) -> int | None:
    """Return where the line after the one at ``start`` begins, None if that is not known yet."""
    found = _BREAK.search(data, start, stop)
    if found and (final or found.end() < stop or found[0] != b"\r"):
        return found.end()
    return stop if final else None


def _rest(data: bytes | bytearray, start: int, stop: int) -> int:
    """Return from where on bytes of a line without an end must be kept: a carriage return may be half of its end."""
    return stop - data.endswith(b"\r", start, stop)


@dataclass
class _Cut:
    """Whole records in bytes up to ``end``, and what is left out; the last line is not ``is_over`` if it goes on there.

    ``records`` are places from and to which they stand, and ``count`` is how many they are, where that is known;
    ``left_out`` says after how many of them, from where to where, and what is wrong.
    """

    records: list[tuple[int, int]]
    end: int
    count: int | None = None
    left_out: list[tuple[int, int, int, str]] = field(default_factory=list)
    is_over: bool = True


class _CrowdedError(Exception):
    """More records would have to be looked at one by one than a block may have."""


class _Scanner:
    """Finds where records end, in bytes from ``start`` or ``place`` to ``stop``."""

    def __init__(self, dialect: Dialect) -> None:
        self.quote = dialect.quote.encode()
        comma, quote = re.escape(dialect.delimiter.encode()), re.escape(self.quote)
        quoted = quote + b"(?:[^" + quote + b"]++|" + quote + quote + b")*+" + quote
        plain = b"[^" + quote + comma + rb"\r\n][^" + comma + rb"\r\n]*+"
        cell = b"(?:" + quoted + b"|" + plain + b")?+"
        self._cells = re.compile(cell + b"(?:" + comma + cell + b")*+")
        self._opened = re.compile(quote + b"(?:[^" + quote + b"]++|" + quote + quote + b")*+")
        self._before = np.frombuffer(dialect.delimiter.encode() + b"\r\n" + self.quote, np.uint8)

    def cut(self, data: bytearray, start: int, stop: int, final: bool) -> _Cut:
        """Find whole records, and those with which something is wrong.

        Nothing is wrong with a record that may only be incomplete, as ``final`` and its length tell.
        """
        last = stop if final else 1 + max(data.rfind(b"\n", start, stop), start - 1)
        if last == start:
            last = 1 + max(data.rfind(b"\r", start, stop - 1), start - 1)
        if last > start and data.find(self.quote, start, stop) >= 0:
            last = self._regular(data, start, last)
        return _Cut([(start, last)], last) if last > start else self.scan(data, start, stop, final)

    def _regular(self, data: bytearray, start: int, last: int) -> int:
        """Return the last end of a record up to ``last``, ``start`` if a mark before it stands where none belongs."""
        whole = np.frombuffer(data, np.uint8)
        marks = start + np.flatnonzero(whole[start:last] == self.quote[0])
        while last > start:
            count = int(np.searchsorted(marks, last))
            if count % 2 == 0:
                break
            last = 1 + max(data.rfind(b"\n", start, int(marks[count - 1])), start - 1)
        within = marks[: int(np.searchsorted(marks, last))]
        opening, closing = within[0::2], within[1::2]
        before = whole[opening[opening > start] - 1]
        after = whole[closing[closing < last - 1] + 1]
        good = np.isin(before, self._before).all() and np.isin(after, self._before).all()
        return last if good else start

    def scan(self, data: bytearray, start: int, stop: int, final: bool) -> _Cut:
        """Do the same record by record, for ``MOST`` of them."""
        cut, count = _Cut([], start), 0
        while cut.end < stop and cut.is_over and count + len(cut.left_out) < MOST:
            end = self.record(data, cut.end, stop, final)
            if end is not None:
                cut.end, count = end, count + 1
                continue
            problem = self._problem(data, cut.end, stop, final)
            if problem is None:
                break
            if start < cut.end:
                cut.records.append((start, cut.end))
            end = _line_end(data, cut.end, stop, final)
            start, cut.is_over = end or _rest(data, cut.end, stop), end is not None
            cut.left_out.append((count, cut.end, start, problem))
            cut.end = start
        if start < cut.end:
            cut.records.append((start, cut.end))
        cut.count = count
        return cut

    def record(self, data: bytes | bytearray, place: int, stop: int, final: bool) -> int | None:
        """Return where the record at ``place`` ends; None if it does not, or not yet."""
        match = self._cells.match(data, place, stop)
        end = match.end() if match else place
        if end == stop:
            return end if final else None
        if data[end : min(end + 2, stop)] == b"\r\n":
            return end + 2
        if data[end : end + 1] == b"\r":
            return end + 1 if final or end + 1 < stop else None
        return end + 1 if data[end : end + 1] == b"\n" else None

    def _problem(self, data: bytearray, place: int, stop: int, final: bool) -> str | None:
        is_whole = final or stop - place > LONGEST
        match = self._cells.match(data, place, stop)
        end = match.end() if match else place
        opened = self._opened.match(data, end, stop)
        within = "" if final else f" within {LONGEST >> 20} MB"
        if opened is not None and opened.end() == stop:
            return f"a quotation mark is not closed{within}" if is_whole else None
        if end == stop or (end + 1 == stop and data[end] == ord("\r")):
            return f"the record does not end{within}" if is_whole else None
        return "a quotation mark is closed, and more than a separator follows"


def _parsed(data: bytearray, cut: _Cut, names: Sequence[str], row: int, line: int, dialect: Dialect) -> Block:
    """Read whole records as columns of text. Raises _CrowdedError for a cut whose records are not counted."""
    view = memoryview(data)[slice(*cut.records[0])] if len(cut.records) == 1 else memoryview(_joined(data, cut.records))
    found: list[pacsv.InvalidRow] = []
    bad: dict[int, list[tuple[str, str]]] = {}
    if _is_text(view):
        columns, texts = _columns(view, len(names), dialect, found), [invalid.text for invalid in found]
    elif cut.count is None and _lines(data, cut) > MOST:
        raise _CrowdedError
    else:
        columns = _columns(str(view, "latin-1").encode(), len(names), dialect, found)
        columns = [_decoded(column, name, bad) for name, column in zip(names, columns, strict=True)]
        texts = [invalid.text.encode("latin-1").decode("utf-8", "replace") for invalid in found]
    uneven = {invalid.number - 1: split(text, dialect) for invalid, text in zip(found, texts, strict=True)}
    if uneven:
        columns, bad = _woven(columns, uneven, bad)
    table = pa.Table.from_arrays(columns, names=list(names))
    beyond = {place: cells[len(names) :] for place, cells in uneven.items() if len(cells) > len(names)}
    beyond |= {place: [text for _, text in cells] for place, cells in bad.items()}
    is_plain = all(data.find(dialect.quote.encode(), *span) < 0 for span in cut.records)
    lines = table.num_rows if is_plain else _lines(data, cut)
    gone = np.array([count for count, *_ in cut.left_out], dtype=np.int64)
    records = table.num_rows + len(gone)
    block = Block(table, row, line, records, lines + len(gone), left_out=gone, beyond=beyond)
    block.ragged.extend(Ragged(number, on, uneven[place]) for place, number, on in _told(block, list(uneven)))
    block.broken.extend(_left_out(data, cut, block))
    encoding = _told(block, sorted(bad))
    block.broken.extend(Broken("csv-encoding", bad[place][0][0], on, number) for place, number, on in encoding)
    return block


def _joined(data: bytearray, records: list[tuple[int, int]]) -> bytes:
    """Return records that do not stand beside one another as if they did; CR before LF would be one break then."""
    return b"".join(data[start:stop].rstrip(b"\r").ljust(stop - start, b"\n") for start, stop in records)


def _lines(data: bytearray, cut: _Cut) -> int:
    """Return how many lines records have; where the last one has no break it is counted as if it had."""
    return sum(breaks(data, *span) for span in cut.records) + sum(data[stop - 1] not in b"\r\n" for _, stop in cut.records)


def _left_out(data: bytearray, cut: _Cut, block: Block) -> Iterator[Broken]:
    within = block._breaks_before(block.left_out)
    for number, (count, start, stop, problem) in enumerate(cut.left_out):
        text = bytes(data[start : min(stop, start + SHOWN)]).decode("utf-8", "replace").rstrip("\r\n")
        at = count + number
        yield Broken("csv-quote", problem, block.first_line + at + int(within[number]), block.first_row + at, text)


def _is_text(data: memoryview) -> bool:
    """Return whether bytes are UTF-8, without a copy of them."""
    ends = pa.py_buffer(np.array([0, len(data)], dtype=np.int64))
    try:
        pa.Array.from_buffers(pa.large_binary(), 1, [None, ends, pa.py_buffer(data)]).cast(pa.large_string())
    except pa.ArrowInvalid:
        return False
    return True


def _told(block: Block, spots: list[int]) -> Iterator[tuple[int, int, int]]:
    """Yield places of a block with their rows and lines."""
    places = np.array(spots, dtype=np.int64)
    yield from zip(spots, block.rows(places).tolist(), block.lines(places).tolist(), strict=True)


def _columns(data: memoryview | bytes, width: int, dialect: Dialect, found: list[pacsv.InvalidRow]) -> list[pa.ChunkedArray]:
    """Return the columns of the rows that are as wide as the header; the others go into ``found``."""

    def set_aside(invalid: pacsv.InvalidRow) -> str:
        found.append(invalid)
        return "skip" if len(found) <= MOST else "error"

    places = [str(number) for number in range(width)]
    if not data:
        return [pa.chunked_array([], pa.string()) for _ in places]
    if data[: len(_MARK)] == _MARK:  # pyarrow takes it away
        data = _MARK + bytes(data)
    reading = {
        "read_options": pacsv.ReadOptions(column_names=places, block_size=len(data) + 1, use_threads=False),
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
        return list(pacsv.read_csv(pa.BufferReader(data), **reading).columns)
    except pa.ArrowInvalid as error:
        raise (_CrowdedError if len(found) > MOST else error) from None


def _decoded(column: pa.ChunkedArray, name: str, bad: dict[int, list[tuple[str, str]]]) -> pa.ChunkedArray:
    """Return a column, read as Latin-1, as the UTF-8 it is; a cell that is none is null, and ``bad`` has it by place."""
    values: list[str | None] = []
    for place, text in enumerate(column.to_pylist()):
        value = (text or "").encode("latin-1")
        try:
            values.append(value.decode("utf-8") or None)
        except UnicodeDecodeError as error:
            said = f"byte {error.start + 1} of {name} (0x{value[error.start]:02x}) is no UTF-8"
            bad.setdefault(place, []).append((said, value.decode("utf-8", "replace")))
            values.append(None)
    return pa.chunked_array([pa.array(values, pa.string())])


def _woven(
    columns: list[pa.ChunkedArray], uneven: dict[int, list[str]], bad: dict[int, list[tuple[str, str]]]
) -> tuple[list[pa.Array], dict[int, list[tuple[str, str]]]]:
    """Return columns, and places in them, with the rows of another width at their places among the others."""
    aside = np.array(list(uneven), dtype=np.int64)
    even = np.delete(np.arange(len(columns[0]) + len(aside), dtype=np.int64), aside)
    order = pa.array(np.argsort(np.concatenate([even, aside])))
    woven = []
    for number, column in enumerate(columns):
        cells = [row[number] or None if number < len(row) else None for row in uneven.values()]
        woven.append(pa.concat_arrays([*column.chunks, pa.array(cells, pa.string())]).take(order))
    return woven, {int(even[place]): cells for place, cells in bad.items()}
