"""CSV as blocks of Arrow text: bytes in, columns out, with the row and line of everything, whatever stands in the file.

RFC 4180 as common readers take it: a quotation mark opens a cell only at its beginning, within another cell it is text.
A block ends where a record ends. In most bytes that is the last line break; quotation marks are looked at by numpy, and
only bytes in which one stands where none belongs are read record by record. A record whose quotation mark is never
closed, or is followed by more than a separator, is a ``Broken`` one: it is left out to the end of its first line, and
reading goes on there. A row with too few cells ends in empty ones, one with too many is read as far as the header goes,
a cell that is no UTF-8 is read as empty; each is told.

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
"""A record of more bytes is taken for one whose quotation mark is not closed."""

_BREAK = re.compile(rb"\r\n|\n|\r")

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

    ``first_row`` counts records from 1 after the header, ``first_line`` lines of the file from 1; ``beyond`` has, by the
    place of a row with too many cells, those that have no column.
    """

    table: pa.Table
    first_row: int
    first_line: int
    records: int
    breaks: int
    ragged: list[Ragged] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)
    beyond: dict[int, list[str]] = field(default_factory=dict, repr=False)

    def rows(self, places: Ints) -> Ints:
        """Return the numbers of rows of ``table``, counted in the file from 1 after the header."""
        return self.first_row + places

    def lines(self, places: Ints) -> Ints:
        """Return the lines of the file on which rows of ``table`` begin, counted from 1."""
        return self.first_line + places + (0 if self._breaks_within is None else self._breaks_within[places])

    @cached_property
    def misread(self) -> Ints:
        """The places of rows that are not as wide as the header, or have a cell that is no UTF-8; ascending."""
        rows = {found.row for found in self.ragged} | {found.row for found in self.broken}
        return np.array(sorted(rows), dtype=np.int64) - self.first_row if self.table.num_rows else np.zeros(0, np.int64)

    @cached_property
    def _breaks_within(self) -> Ints | None:
        """Return how many line breaks stand in cells before each record; None where there are none."""
        if self.breaks <= self.records:
            return None
        within = np.zeros(self.records + 1, dtype=np.int64)
        for column in self.table.columns:
            within[1:] += pc.fill_null(pc.count_substring(column, "\n"), 0).to_numpy()
        for place, cells in self.beyond.items():
            within[place + 1] += sum(cell.count("\n") for cell in cells)
        return within.cumsum()[:-1]


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
    scanner, data, end = _Scanner(dialect), b"", None
    while end is None and len(data) < SIZE and (more := file.read(min(SIZE, max(len(data), 1 << 16)))):
        data = data + more if data else more.removeprefix(b"\xef\xbb\xbf")
        end = scanner.record(data, 0, len(data), final=False)
    end = end or scanner.record(data, 0, len(data), final=True) or _first_break(data, 0, len(data))
    first = data[:end]
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
    scanner, row, final = _Scanner(dialect), 1, False
    data, start, stop, spare = bytearray(begun), 0, len(begun), bytearray()
    while not final:
        left = stop - start
        if len(spare) < left + SIZE:
            spare = bytearray(left + 2 * SIZE)
        spare[:left] = data[start:stop]
        data, spare = spare, data
        count = file.readinto(memoryview(data)[left : left + SIZE])  # type: ignore[attr-defined]
        start, stop, final = 0, left + count, not count
        while start < stop:
            cut, broken = scanner.cut(data, start, stop, final)
            if cut > start:
                block = _parsed(data, start, cut, names, row, line, dialect)
                yield block
                row, line, start = row + block.records, line + block.breaks, cut
            if broken is not None:
                end = _first_break(data, start, stop)
                text = bytes(data[start : min(end, start + SHOWN)]).decode("utf-8", "replace").rstrip("\r\n")
                lines = breaks(data, start, end)
                yield Block(_no_rows(names), row, line, 1, lines, broken=[Broken("csv-quote", broken, line, row, text)])
                row, line, start = row + 1, line + lines, end
            elif not final:
                break


def _no_rows(names: Sequence[str]) -> pa.Table:
    return pa.Table.from_arrays([pa.array([], pa.string()) for _ in names], names=list(names))


def breaks(data: bytes | bytearray, start: int = 0, stop: int | None = None) -> int:
    """Return how many lines end in these bytes."""
    return data.count(b"\n", start, stop) or data.count(b"\r", start, stop)


def _first_break(data: bytes | bytearray, start: int, stop: int) -> int:
    """Return where the line after the one at ``start`` begins."""
    found = _BREAK.search(data, start, stop)
    return found.end() if found else stop


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

    def cut(self, data: bytearray, start: int, stop: int, final: bool) -> tuple[int, str | None]:
        """Return where whole records end, and in words what is wrong with the record that follows, if it is.

        Nothing is wrong with a record that may only be incomplete, as ``final`` and its length tell.
        """
        last = stop if final else 1 + max(data.rfind(b"\n", start, stop), start - 1)
        if last == start:
            last = 1 + max(data.rfind(b"\r", start, stop - 1), start - 1)
        if data.find(self.quote, start, stop) < 0:
            return (last, None) if last > start or stop - start <= LONGEST else (stop, None)
        if last > start and (even := self._regular(data, start, last)) > start:
            return even, None
        return self._scan(data, start, stop, final)

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

    def _scan(self, data: bytearray, place: int, stop: int, final: bool) -> tuple[int, str | None]:
        while place < stop:
            end = self.record(data, place, stop, final)
            if end is None:
                return place, self._problem(data, place, stop, final)
            place = end
        return place, None

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
        match = self._cells.match(data, place, stop)
        end = match.end() if match else place
        opened = self._opened.match(data, end, stop)
        if bytes(data[end:stop]) in (b"", b"\r") or (opened is not None and opened.end() == stop):
            is_whole = final or stop - place > LONGEST
            return "a quotation mark is not closed" if is_whole else None
        return "a quotation mark is closed, and more than a separator follows"


def _parsed(
    data: bytearray, start: int, stop: int, names: Sequence[str], row: int, line: int, dialect: Dialect
) -> Block:
    """Read whole records as columns of text."""
    view = memoryview(data)[start:stop]
    found: list[pacsv.InvalidRow] = []
    bad: dict[int, str] = {}
    if _is_text(view):
        columns, texts = _columns(view, len(names), dialect, found), [invalid.text for invalid in found]
    else:
        columns = _columns(str(view, "latin-1").encode(), len(names), dialect, found)
        columns = [_decoded(column, name, bad) for name, column in zip(names, columns, strict=True)]
        texts = [invalid.text.encode("latin-1").decode("utf-8", "replace") for invalid in found]
    uneven = {invalid.number - 1: split(text, dialect) for invalid, text in zip(found, texts, strict=True)}
    if uneven:
        columns, bad = _woven(columns, uneven, bad)
    table = pa.Table.from_arrays(columns, names=list(names))
    beyond = {place: cells[len(names) :] for place, cells in uneven.items()}
    is_plain = data.find(dialect.quote.encode(), start, stop) < 0
    # The last line of a file may have no break; counted as if it had, breaks within cells show in the difference.
    lines = table.num_rows if is_plain else breaks(data, start, stop) + (data[stop - 1] not in b"\r\n")
    block = Block(table, row, line, table.num_rows, lines, beyond=beyond)
    ragged, broken = _told(block, list(uneven)), _told(block, sorted(bad))
    block.ragged.extend(Ragged(number, on, uneven[place]) for place, number, on in ragged)
    block.broken.extend(Broken("csv-encoding", bad[place], on, number) for place, number, on in broken)
    return block


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
        return "skip"

    places = [str(number) for number in range(width)]
    table = pacsv.read_csv(
        pa.BufferReader(data),
        read_options=pacsv.ReadOptions(column_names=places, block_size=len(data) + 1, use_threads=False),
        parse_options=pacsv.ParseOptions(
            delimiter=dialect.delimiter,
            quote_char=dialect.quote,
            newlines_in_values=True,
            ignore_empty_lines=False,
            invalid_row_handler=set_aside,
        ),
        convert_options=pacsv.ConvertOptions(
            column_types=dict.fromkeys(places, pa.string()), null_values=[""], strings_can_be_null=True, check_utf8=False
        ),
    )
    return list(table.columns)


def _decoded(column: pa.ChunkedArray, name: str, bad: dict[int, str]) -> pa.ChunkedArray:
    """Return a column, read as Latin-1, as the UTF-8 it is; a cell that is none is null, and ``bad`` says so by place."""
    values: list[str | None] = []
    for place, text in enumerate(column.to_pylist()):
        value = (text or "").encode("latin-1")
        try:
            values.append(value.decode("utf-8") or None)
        except UnicodeDecodeError as error:
            bad.setdefault(place, f"byte {error.start + 1} of {name} (0x{value[error.start]:02x}) is no UTF-8")
            values.append(None)
    return pa.chunked_array([pa.array(values, pa.string())])


def _woven(
    columns: list[pa.ChunkedArray], uneven: dict[int, list[str]], bad: dict[int, str]
) -> tuple[list[pa.Array], dict[int, str]]:
    """Return columns, and places in them, with the rows of another width at their places among the others."""
    aside = np.array(list(uneven), dtype=np.int64)
    even = np.delete(np.arange(len(columns[0]) + len(aside), dtype=np.int64), aside)
    order = pa.array(np.argsort(np.concatenate([even, aside])))
    woven = []
    for number, column in enumerate(columns):
        cells = [row[number] or None if number < len(row) else None for row in uneven.values()]
        woven.append(pa.concat_arrays([*column.chunks, pa.array(cells, pa.string())]).take(order))
    return woven, {int(even[place]): said for place, said in bad.items()}
