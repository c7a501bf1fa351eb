"""Bulk tables (``evidence: by-line``): read one source in blocks, each of its rows as a row of the table.

The source is a CSV file with every column of the table except ``source_line``, in any order; its rows are sorted by the
bytes of the key (``LC_ALL=C sort``). Each row becomes a row of the table, with the line on which it begins. A row that
breaks a rule is quarantined, with a finding. Producer and auditor make the same rows from the same source, with one block
in memory.

Why sorted: rows of a release are in the order of their key. In a sorted source they already are, equal keys are adjacent,
and two releases are compared in one pass. Sorting here would need the whole table in memory.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cbrn_data import foreign
from cbrn_data.findings import Finding, shown
from cbrn_data.schema.check import KnownKeysOf, compile_table, explained, table_check
from cbrn_data.schema.model import LINE, TableDefinition
from cbrn_data.schema.repeats import Repeats, repeats_of
from cbrn_data.tabular.arrays import only, places
from cbrn_data.tabular.blocks import Block, Ints, ahead, read_blocks, read_header
from cbrn_data.tabular.compile import BrokenRule
from cbrn_data.tabular.doubt import Look
from cbrn_data.tabular.header import matched
from cbrn_data.tabular.issues import LISTED, Issue, Tally
from cbrn_data.tabular.patterns import pattern_doubt
from cbrn_data.tabular.pieces import NotCutError, Window
from cbrn_data.tabular.stream import TableCheck
from cbrn_data.tabular.verbatim import WRITTEN

SET_ASIDE = LISTED
"""The most rows that are quarantined; a file with more of them is wrong as a whole."""

_CODES = {"csv-encoding": "source-encoding"}
_KEY = "^[a-z0-9][a-z0-9-]*$"
_MAYBE_NO_KEY = pattern_doubt(_KEY)


@dataclass
class BulkReading:
    """The state of reading a bulk source: the number of good ``rows`` and ``cells``, issues, and bad rows by line.

    ``records`` is the number of all records; ``keys`` are the first and the last key, empty before the first block. ``done``
    is the part of the file that was read, from 0 to 1, including blocks that are not yet processed. ``repeats`` are the
    repeated values of unique fields in the whole source.
    """

    table: TableDefinition
    repeats: Repeats = field(default_factory=Repeats)
    rows: int = 0
    done: float = 0.0
    header: str = ""
    header_start: int = 0
    records: int = 0
    keys: list[str | None] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    set_aside: dict[int, dict[str, str | None]] = field(default_factory=dict)

    def extend(self, after: BulkReading, lines: int = 0) -> None:
        """Add the results of the range after this one; ``lines`` are those before it, if its own count from 1.

        Raises NotCutError if reading in one pass could give another result: keys are not in order across the ranges, a
        record was cut, or there are more faults than are listed.
        """
        if after.keys and self.keys:
            last, first = self.keys[1], after.keys[0]
            if last is not None and first is not None and not last < first:
                raise NotCutError(f"the key {first!r} comes after {last!r}")
        self.tally.extend(after.tally, self.records, lines)
        if self.tally.unlisted or self.tally.counts["csv-quote"]:
            raise NotCutError("a quotation mark is misplaced, or there are many faults, of which the first are listed")
        for line, row in after.set_aside.items():
            if len(self.set_aside) <= SET_ASIDE:
                self.set_aside[line + lines] = row
        self.rows, self.records = self.rows + after.rows, self.records + after.records
        if after.keys:
            self.keys = [self.keys[0] if self.keys else after.keys[0], after.keys[1]]

    def findings(self, place: str) -> list[Finding]:
        """Return the issues as findings of the file ``place``; one more finding counts the issues that are not listed."""
        found = [_finding(self.table, issue, place) for issue in self.tally.listed]
        if self.tally.unlisted:
            counts = ", ".join(f"{number:,} {code}" for code, number in sorted(self.tally.counts.items()))
            message = f"{self.tally.unlisted:,} more findings are not listed; total: {counts}"
            found.append(Finding("findings-unlisted", message, place))
        return found


def header_messages(header: Sequence[str], table: TableDefinition) -> list[str]:
    """Return the problems of the header of a bulk source."""
    wanted = [name for name in table.names if name != LINE]
    messages = [f"has no column {name!r}" for name in wanted if name not in header]
    messages += [f"has a column {shown(name, 80)!r} that {table.name} does not" for name in header if name not in wanted]
    return messages + [f"the column {shown(name, 80)!r} is repeated" for name in wanted if header.count(name) > 1]


@dataclass(frozen=True)
class Range:
    """Whole records of a source: ``size`` bytes from the byte ``start``, which begin on ``line`` (from 1)."""

    start: int
    size: int
    line: int


def records_of(file: BinaryIO) -> tuple[list[str], Range]:
    """Return the header of an open source, and the range of all its records."""
    file.seek(0)
    header, begun, line = read_header(file)
    start = file.tell() - len(begun)
    return header, Range(start, file.seek(0, os.SEEK_END) - start, line)


def begin(path: Path, reading: BulkReading) -> Range | None:
    """Return the range of all records of a source, after comparing its unique fields.

    None if the header is wrong, which is reported as ``curated-header``.
    """
    with foreign.opened(path, buffering=0) as file:
        header, whole = records_of(file)
    reading.header, reading.header_start = header_words(path)
    for message in header_messages(header, reading.table):
        reading.tally.add(Issue(0, 1, "", "curated-header", message=message))
    if reading.tally.counts:
        return None
    reading.repeats = repeats_of(path, reading.table, whole.start, whole.start + whole.size)
    return whole


def read_records(path: Path, reading: BulkReading, known: KnownKeysOf) -> Iterator[pa.Table]:
    """Yield the good rows of a source as blocks of the table, with ``WRITTEN`` if they can be copied; update ``reading``.

    A source with a wrong header yields no rows.
    """
    if (whole := begin(path, reading)) is None:
        return
    with foreign.opened(path, buffering=0) as file:
        header, _ = records_of(file)
        file.seek(whole.start)
        yield from read_window(Window(file, whole.size, whole.line), header, reading, known)


def read_window(window: Window, header: Sequence[str], reading: BulkReading, known: KnownKeysOf) -> Iterator[pa.Table]:
    """Yield the good rows of a part of a source, as ``read_records``; other threads read and check ahead."""

    def blocks() -> Iterator[Block]:
        for block in ahead(read_blocks(cast(BinaryIO, window), header, b"", window.line, with_written=True)):
            reading.done = window.done / max(1, window.size)
            yield block

    yield from ahead(judge_blocks(blocks(), reading, known))


def read_range(path: Path, reading: BulkReading, known: KnownKeysOf, part: Range) -> Iterator[pa.Table]:
    """Yield the good rows of a range of a source, as ``read_records``."""
    with foreign.opened(path, buffering=0) as file:
        header, _, _ = read_header(file)
        file.seek(part.start)
        window = cast(BinaryIO, Window(file, part.size))
        yield from judge_blocks(read_blocks(window, header, b"", part.line, with_written=True), reading, known)


def judge_blocks(blocks: Iterable[Block], reading: BulkReading, known: KnownKeysOf) -> Iterator[pa.Table]:
    """Yield the good rows of consecutive blocks of a bulk source, and update ``reading``."""
    table = reading.table
    part = compile_table(table).part([name for name in table.names if name != LINE])
    keys = _Keys(table.primary_key[0], part.looks)

    def more(data: pa.Table, found: Sequence[BrokenRule]) -> Iterator[BrokenRule]:
        yield from keys.failures(data, found)
        yield from reading.repeats.failures(data)

    check = table_check(table, known, part, more=more, tally=reading.tally, with_unique=False)
    for block in blocks:
        yield from _good_rows(matched(block, part.schema), check, reading)
        reading.records, reading.keys = check.rows, keys.ends


def header_words(path: Path) -> tuple[str, int]:
    """Return the first line without its line break, and its offset: 1 after a byte order mark, else 0."""
    with foreign.opened(path) as file:
        line = file.readline(1 << 16).decode("utf-8", "replace")
    return re.split("[\r\n]", line.removeprefix("\ufeff"), maxsplit=1)[0], int(line.startswith("\ufeff"))


def _good_rows(block: Block, check: TableCheck, reading: BulkReading) -> Iterator[pa.Table]:
    table, wrong = check.add(block)
    for issue in block.issues:
        if issue.code == "csv-quote" and len(reading.set_aside) <= SET_ASIDE:
            reading.set_aside[issue.line] = {"1": issue.cells[0]}
    if not block.table.num_rows:
        return
    lines = block.lines(np.arange(block.table.num_rows))
    _keep(reading, block, lines, wrong[: SET_ASIDE + 1])
    names = [name for name in reading.table.names if name != LINE]
    good = table.select(names).append_column(LINE, pa.array(lines).cast(pa.string())).select(reading.table.names)
    if block.written is not None and table is block.table and good.column_names == [*table.column_names, LINE]:
        good = good.append_column(WRITTEN, block.written)
    if len(wrong):
        is_good = np.ones(len(lines), dtype=bool)
        is_good[wrong] = False
        good = good.filter(pa.array(is_good))
    reading.rows += good.num_rows
    if good.num_rows:
        yield good


def _keep(reading: BulkReading, block: Block, lines: Ints, wrong: Ints) -> None:
    """Store the bad rows; a ragged row, or a line that is not a row, has numbers as column names."""
    uneven = {
        issue.line: {str(number): cell for number, cell in enumerate(issue.cells, start=1)}
        for issue in block.issues
        if issue.code == "csv-row-width"
    }
    for line, row in zip(lines[wrong].tolist(), only(block.table, wrong).to_pylist(), strict=True):
        if len(reading.set_aside) <= SET_ASIDE:
            reading.set_aside[line] = uneven.get(line, row)


class _Keys:
    """Checks the form and the order of keys across blocks; ``ends`` are the first and last key, empty at the start."""

    def __init__(self, name: str, looks: Callable[[pa.Table], Mapping[str, Look]]) -> None:
        self._name, self._looks = name, looks
        self.ends: list[str | None] = []

    def failures(self, data: pa.Table, found: Sequence[BrokenRule]) -> Iterator[BrokenRule]:
        """Yield the rows whose key has another form, repeats the key before it, or is smaller."""
        look = self._looks(data)[self._name]
        keys, odd = look.flat, _MAYBE_NO_KEY(look)
        if odd is None or len(odd):
            odd = places(pc.invert(pc.match_substring_regex(keys, _KEY)))
        if len(odd):
            yield BrokenRule(self._name, "key-form", "", odd)
        before = pa.concat_arrays([pa.array(self.ends[1:] or [None], pa.string()), keys.slice(0, len(keys) - 1)])
        for code, compare in (("key-repeated", pc.equal), ("records-unordered", pc.greater)):
            rows = places(compare(before, keys))
            if len(rows):
                yield BrokenRule(self._name, code, "primaryKey", rows)
        self.ends = [self.ends[0] if self.ends else keys[0].as_py(), keys[len(keys) - 1].as_py()]


def _finding(table: TableDefinition, issue: Issue, place: str) -> Finding:
    code, value = _CODES.get(issue.code, issue.code), issue.value and shown(issue.value, 80)
    return Finding(code, explained(table, issue), place, issue.line or None, table.name, None, issue.field or None, value)
