"""Tables that are read row by row, not as blocks of CSV: JSON, JSON Lines, XLSX, Parquet, and CSV in an unusual dialect.

Each reader yields ``Row``: the number of the row in the file, its line, and its cells. A cell of JSON or Parquet has a type
of its own (``native``), a string is read like a cell of CSV. So is a number in a workbook, where people see no difference.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import pyarrow as pa

from cbrn_data.isolated import UnreadableError
from cbrn_data.tabular.blocks import Block, Ints
from cbrn_data.tabular.dialect import Dialect
from cbrn_data.tabular.grammar import LONGEST
from cbrn_data.tabular.issues import Issue, Tally, row_width
from cbrn_data.tabular.native import as_text, is_own
from cbrn_data.tabular.opening import CHUNK
from cbrn_data.tabular.schema import TableSchema

AT_ONCE = 50_000
"""Rows of a block."""
SPARSE = 100
"""The most cells per value in a file of objects: if each row has other keys, the cells grow with the square of the rows."""


class Row(NamedTuple):
    """A row: its number in the file and its first line, both from 1, and its cells."""

    number: int
    line: int
    cells: Sequence[Any]


@dataclass(frozen=True)
class ListedBlock(Block):
    """A block whose rows have their own ``numbers`` and ``starts`` (first lines), because rows between are not data."""

    numbers: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    starts: Ints = field(default_factory=lambda: np.zeros(0, np.int64))

    def rows(self, places: Ints) -> Ints:
        return self.numbers[places]

    def lines(self, places: Ints) -> Ints:
        return self.starts[places]


def in_blocks(
    rows: Iterable[Row], names: list[str], schema: TableSchema, tally: Tally, header: int, typed: bool = True
) -> Iterator[Block]:
    """Yield rows as blocks of text; ``header`` is subtracted from their numbers. ``typed``: cells have own types."""
    coming = iter(rows)
    while batch := list(islice(coming, AT_ONCE)):
        yield _block(names, [row._replace(number=row.number - header) for row in batch], schema, tally, typed)


def _block(names: list[str], rows: list[Row], schema: TableSchema, tally: Tally, typed: bool) -> Block:
    width = len(names)
    issues = [
        row_width(row.number, row.line, ["" if cell is None else str(cell) for cell in row.cells], width)
        for row in rows
        if len(row.cells) != width
    ]
    cells = zip(*((*row.cells[:width], *[None] * (width - len(row.cells))) for row in rows), strict=True)
    spoilt: dict[str, Ints] = {}
    found = [_column(schema, name, values, rows, tally, typed, spoilt) for name, values in zip(names, cells, strict=True)]
    numbers, starts = (
        np.array(each, dtype=np.int64) for each in zip(*((row.number, row.line) for row in rows), strict=True)
    )
    table = pa.Table.from_arrays(found, names=names)
    size, first = len(rows), rows[0]
    block = ListedBlock(table, first.number, first.line, size, size, issues, numbers=numbers, starts=starts)
    return replace(block, has_nulls=True, spoilt=spoilt)


def _column(
    schema: TableSchema,
    label: str,
    values: Sequence[Any],
    rows: list[Row],
    tally: Tally,
    typed: bool,
    spoilt: dict[str, Ints],
) -> pa.Array:
    """Return a column as text; a cell that cannot be text of its field is an issue, null, and among ``spoilt``."""
    field = schema.field(label) if schema.has(label) else None
    is_empty_missing = field is None or field.missing_values == ("",)
    texts: list[str | None] = []
    wrong: list[int] = []
    for place, (row, value) in enumerate(zip(rows, values, strict=True)):
        text = as_text(field, value)
        if text is None and value is not None and not is_empty_missing:
            text = ""
        if field and not is_own(field, value, typed):
            tally.add(Issue(row.number, row.line, label, "cell-type", "", str(value)))
            wrong.append(place)
        elif text and (message := _no_text(text, value, typed)):
            tally.add(Issue(row.number, row.line, label, "csv-encoding", message=message))
            wrong.append(place)
        texts.append(text)
    for place in wrong:
        texts[place] = None
    if wrong:
        spoilt[label] = np.array(wrong, dtype=np.int64)
    return pa.array(texts, pa.string())


def _no_text(text: str, value: Any, typed: bool) -> str:
    """Return what is wrong with the characters of a cell, or "". Bytes that are not UTF-8 are halves of surrogate pairs."""
    if not typed and "\0" in text:
        return "the cell has a NUL character"
    if text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text):
        return ""
    is_byte = isinstance(value, bytes) or not typed
    return "the cell is not UTF-8" if is_byte else "the text has half a surrogate pair"  # which JSON may have


def labelled(rows: Iterator[Row], dialect: Dialect, schema: TableSchema) -> tuple[list[str], Iterator[Row]]:
    """Take the header from the first rows; return the labels and the rows of data. A header of several rows is joined."""
    if not dialect.has_header:
        first = next(rows, None)
        names = list(schema.names) or [f"field{place + 1}" for place in range(len(first.cells) if first else 0)]
        return names, chain([first] if first else [], rows)
    parts: list[Sequence[Any]] = []
    for row in rows:
        if row.number in dialect.header_rows:
            parts.append(["" if cell is None else as_text(None, cell) or "" for cell in row.cells])
        if row.number >= dialect.header_rows[-1]:
            break
    width = max(map(len, parts), default=0)
    labels = []
    for place in range(width):
        words = [str(part[place]).strip() for part in parts if place < len(part) and str(part[place]).strip()]
        labels.append(dialect.header_join.join(words))
    return labels, rows


def csv_rows(file: BinaryIO, dialect: Dialect, delimiter: str, tally: Tally) -> Iterator[Row]:
    """Yield the rows of a CSV file in any dialect; a malformed one is an issue, and reading goes on at its next line.

    A comment counts as a row, as in frictionless, but only after the header, which is known by its number without them.
    """
    csv.field_size_limit(LONGEST)
    lines = _Lines(file, dialect)
    reader = csv.reader(
        lines,
        delimiter=dialect.delimiter or delimiter,
        doublequote=dialect.double_quote,
        escapechar=dialect.escape or None,
        skipinitialspace=dialect.skip_initial_space,
        strict=True,
        quoting=csv.QUOTE_MINIMAL if dialect.quote else csv.QUOTE_NONE,
        quotechar=dialect.quote or None,
    )
    null = dialect.null or None
    content, last = 0, dialect.header_rows[-1] if dialect.has_header else 0
    while True:
        lines.begin()
        content += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            number = content + (lines.comments if content > last else 0)
            tally.add(Issue(number - 1, lines.first, "", "csv-quote", message=str(error), cells=(lines.text[:1000],)))
            continue
        number = content + (lines.comments if content > last else 0)
        if number in dialect.comment_rows:
            continue
        yield Row(number, lines.first, [None if cell == null else cell for cell in cells])


class _Lines:
    """The lines of a file in UTF-8, each with its line end; those that begin with the comment character are skipped."""

    def __init__(self, file: BinaryIO, dialect: Dialect) -> None:
        self._lines = _split(file, dialect.line_end)
        self._comment, self._at, self.comments = dialect.comment, 0, 0
        self.first, self.text, self._fresh = 1, "", True

    def begin(self) -> None:
        """Say that the next line begins a row."""
        self._fresh = True

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self._at += 1
        if self._fresh:
            while self._comment and line.startswith(self._comment):
                line = next(self._lines)
                self._at += 1
                self.comments += 1
            self.first, self.text, self._fresh = self._at, line, False
        return line


def _split(file: BinaryIO, end: str) -> Iterator[str]:
    """Yield lines; LF, CR LF and CR each end one, or only ``end`` if it is given. Bytes that are not UTF-8 are escaped."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape")
    held, final = "", False
    while not final:
        data = file.read(CHUNK)
        final = not data
        held += decoder.decode(data, final)
        if end:
            *whole, held = held.split(end)
            yield from whole
        else:
            whole = _broken(held)
            is_cut = bool(whole) and not final and not whole[-1].endswith("\n")
            held = whole.pop() if is_cut else ""
            yield from whole
        if len(held) > 16 * CHUNK:
            raise UnreadableError("has a line of more than 16 MB")
    if held:
        yield held


def _broken(text: str) -> list[str]:
    """Split at LF, CR LF and CR only: ``splitlines`` knows others too."""
    return list(io.StringIO(text, newline=""))


def json_rows(value: Any, dialect: Dialect, schema: TableSchema) -> tuple[list[str], Iterator[Row]]:
    """Return the labels and rows of a JSON table. Raises UnreadableError.

    The rows are objects, or arrays of which the first is the header. Keys of objects have no order (RFC 8259): their labels
    are in that of the schema's fields. The labels of an empty array are these fields.
    """
    is_one = isinstance(value, dict) and dialect.rows_in in value
    for key in [dialect.rows_in] if is_one else dialect.rows_in.split(".") if dialect.rows_in else ():
        if not isinstance(value, dict) or key not in value:
            raise UnreadableError(f"has no property {dialect.rows_in!r} with the rows")
        value = value[key]
    if _are_items(value, dict, "object", dialect):
        keys = dict.fromkeys(key for row in value for key in row)
        ordered = [*filter(keys.__contains__, schema.names), *(key for key in keys if not schema.has(key))]
        labels = list(dialect.item_keys) or ordered or list(schema.names)
        if len(value) * len(labels) > SPARSE * sum(map(len, value)) + AT_ONCE:
            raise UnreadableError(f"has {len(labels):,} different keys, but few in each row")
        rows: Iterator[Row] = (
            Row(place + 1, place + 1, [row.get(label) for label in labels]) for place, row in enumerate(value, start=1)
        )
        return labels, rows
    if _are_items(value, list, "array", dialect):
        rows = (Row(place, place, row) for place, row in enumerate(value, start=1))
        return labelled(rows, dialect, schema)
    asked = f"; the itemType of its dialect is {dialect.item_type}" if dialect.item_type else ""
    raise UnreadableError(f"is not an array of objects, or of arrays with a header{asked}")


def _are_items(value: Any, kind: type, name: str, dialect: Dialect) -> bool:
    return isinstance(value, list) and dialect.item_type in ("", name) and all(isinstance(row, kind) for row in value)


def with_labels_of(labels: list[str], dialect: Dialect, schema: TableSchema) -> list[str]:
    """Return labels in the letter case of their fields if the dialect says that the case does not matter."""
    if dialect.header_case:
        return labels
    names = {name.casefold(): name for name in schema.names}
    return [names.get(label.casefold(), label) for label in labels]


def moved(block: Block, rows: int, part: str) -> Block:
    """Return a block of a later part of a table, which begins after ``rows`` rows."""
    issues = [replace(issue, row=issue.row + rows, part=part) for issue in block.issues]
    if isinstance(block, ListedBlock):
        return replace(block, issues=issues, part=part, first_row=block.first_row + rows, numbers=block.numbers + rows)
    return replace(block, issues=issues, part=part, first_row=block.first_row + rows)
