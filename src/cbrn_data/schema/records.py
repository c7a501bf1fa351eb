"""Tables too large for a row of evidence per cell (``evidence: by-line``): one source, row for row, by block.

The source is a CSV file with every column of the table but ``source_line``, in any order, its rows sorted by the key as
bytes (``LC_ALL=C sort``). Each row becomes a row of the table with the line it stands on; a row that breaks a rule is
left out and told. So producer and auditor make the same rows of the same source, and neither holds more than a block.

Why sorted: rows of a release stand in the order of their key. In a sorted source that is the order in which they come, a
key that repeats stands beside itself, and two releases are compared in one pass; sorting here would need the whole table.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cbrn_data import foreign
from cbrn_data.findings import Finding, shown
from cbrn_data.schema.compile import compile_part, explained, misspelt, unfit_texts
from cbrn_data.schema.model import Package, Table
from cbrn_data.schema.rules import broken_rows
from cbrn_data.tabular.blocks import Block, Ints, ahead, read_blocks, read_header
from cbrn_data.tabular.compile import Failure
from cbrn_data.tabular.faults import LISTED, Fault, Tally
from cbrn_data.tabular.header import matched
from cbrn_data.tabular.keys import KnownKeys, flat, places
from cbrn_data.tabular.stream import TableCheck

LINE = "source_line"
SET_ASIDE = LISTED
"""So many rows can be set aside; a file with more of them is wrong as a whole."""

_CODES = {"csv-encoding": "source-encoding"}
_KEY = "^[a-z0-9][a-z0-9-]*$"


@dataclass
class Reading:
    """What was seen of a source of records: good ``rows`` and ``cells``, faults, and the rows left out, by line.

    ``records`` counts all of them; ``keys`` are those of the first and the last that could be read, none where none could.
    ``done`` is how much of the file was read so far, from 0 to 1; it runs ahead by the blocks that wait their turn.
    """

    table: Table
    rows: int = 0
    cells: int = 0
    done: float = 0.0
    header: str = ""
    header_start: int = 0
    records: int = 0
    keys: list[str | None] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    set_aside: dict[int, dict[str, str | None]] = field(default_factory=dict)

    def findings(self, place: str) -> list[Finding]:
        """Return the faults as findings of the file ``place``; of those beyond the cap, one says how many there are."""
        found = [_finding(self.table, fault, place) for fault in self.tally.listed]
        if self.tally.unlisted:
            counts = ", ".join(f"{number:,} {code}" for code, number in sorted(self.tally.counts.items()))
            message = f"{self.tally.unlisted:,} more findings are not listed; in all: {counts}"
            found.append(Finding("findings-unlisted", message, place))
        return found


def known_keys(rows: Mapping[str, Sequence[Mapping[str, str | None]]], table: Table) -> dict[str, KnownKeys]:
    """Return the keys that a table of records refers to, by table."""
    known = {}
    for key in table.foreign_keys:
        known[key.resource] = KnownKeys()
        there = [pa.array([row[name] for row in rows[key.resource]], pa.string()) for name in key.references]
        known[key.resource].add(there)
    return known


def header_messages(header: Sequence[str], table: Table) -> list[str]:
    """Say what is wrong with the header of a source of records."""
    wanted = [name for name in table.names if name != LINE]
    messages = [f"has no column {name!r}" for name in wanted if name not in header]
    messages += [f"has a column {shown(name, 80)!r} that {table.name} does not" for name in header if name not in wanted]
    return messages + [f"the column {shown(name, 80)!r} stands twice" for name in wanted if header.count(name) > 1]


def read_records(path: Path, reading: Reading, known: Mapping[str, KnownKeys]) -> Iterator[pa.Table]:
    """Yield the good rows of a source, by block, as the table has them; ``reading`` is filled on the way.

    A header that is not the table's yields nothing, and is told as ``curated-header``.
    """
    table = reading.table
    with foreign.opened(path, buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        header, begun, line = read_header(file)
        reading.header, reading.header_start = header_words(path)
        for message in header_messages(header, table):
            reading.tally.add(Fault(0, 1, "", "curated-header", message=message))
        if reading.tally.counts:
            return

        def blocks() -> Iterator[Block]:
            for block in ahead(read_blocks(file, header, begun, line)):
                reading.done = file.tell() / size
                yield block

        yield from ahead(judge_blocks(blocks(), reading, known))


def judge_blocks(blocks: Iterable[Block], reading: Reading, known: Mapping[str, KnownKeys]) -> Iterator[pa.Table]:
    """Yield the good rows of blocks that follow one another in a source of records; ``reading`` is filled on the way."""
    table = reading.table
    part = compile_part(table, [name for name in table.names if name != LINE])
    foreign = {key: known[key.resource] for key in part.schema.foreign_keys}
    rules = _Rules(table, part)
    check = TableCheck(part, reading.tally, foreign, more=rules.failures)
    for block in blocks:
        yield from _good_rows(matched(block, part.schema), check, rules, reading)
        reading.records, reading.keys = check.rows, rules.keys


def header_words(path: Path) -> tuple[str, int]:
    """Return the first line as it stands, without its break, and where it begins: after any byte order mark."""
    with foreign.opened(path) as file:
        line = file.readline(1 << 16).decode("utf-8", "replace")
    return re.split("[\r\n]", line.removeprefix("\ufeff"), maxsplit=1)[0], int(line.startswith("\ufeff"))


def _good_rows(block: Block, check: TableCheck, rules: _Rules, reading: Reading) -> Iterator[pa.Table]:
    judged = check.add(block)
    for broken in block.broken:
        if broken.text and len(reading.set_aside) <= SET_ASIDE:
            reading.set_aside[broken.line] = {"1": broken.text}
    if not block.table.num_rows:
        return
    lines = block.lines(np.arange(block.table.num_rows))
    _keep(reading, block, lines, judged.wrong[: SET_ASIDE + 1])
    names = [name for name in reading.table.names if name != LINE]
    good = judged.table.select(names).append_column(LINE, pa.array(lines).cast(pa.string()))
    good = good.select(reading.table.names)
    if len(judged.wrong):
        good = good.take(pa.array(np.setdiff1d(np.arange(len(lines)), judged.wrong)))
    reading.rows += good.num_rows
    reading.cells += sum(len(column) - column.null_count for column in good.columns)
    if good.num_rows:
        yield good


def _keep(reading: Reading, block: Block, lines: Ints, wrong: Ints) -> None:
    """Remember the rows that are left out; one of another width has numbers for names, as has a line that is no row."""
    uneven = {
        ragged.line: {str(number): cell for number, cell in enumerate(ragged.cells, start=1)} for ragged in block.ragged
    }
    for line, row in zip(lines[wrong].tolist(), block.table.take(pa.array(wrong)).to_pylist(), strict=True):
        if len(reading.set_aside) <= SET_ASIDE:
            reading.set_aside[line] = uneven.get(line, row)


class _Rules:
    """The rules of our own beyond Table Schema, and the order of the rows across blocks."""

    def __init__(self, table: Table, part: object) -> None:
        self._table = table
        self._part = part
        self.keys: list[str | None] = []

    def failures(self, data: pa.Table, found: Sequence[Failure]) -> Iterator[Failure]:
        """Yield what breaks a rule; rows whose cells are broken are not asked for the rules between cells."""
        wrong = list(found)
        wrong += misspelt(self._part, data, found)  # type: ignore[arg-type]
        yield from wrong[len(found) :]
        yield from unfit_texts(self._table, data)
        broken = np.unique(np.concatenate([np.zeros(0, np.int64), *(failure.rows for failure in wrong)]))
        for check in self._table.checks:
            rows = broken_rows(data, check.name, check.fields)
            if len(rows) and len(rows := np.setdiff1d(rows, broken)):
                yield Failure(check.fields[0], f"row-{check.name}", check.name, rows)
        yield from self._order(data)

    def _order(self, data: pa.Table) -> Iterator[Failure]:
        name = self._table.primary_key[0]
        keys = flat(data[name])
        unlike = places(pc.invert(pc.match_substring_regex(keys, _KEY)))
        if len(unlike):
            yield Failure(name, "key-form", "", unlike)
        before = pa.concat_arrays([pa.array(self.keys[1:] or [None], pa.string()), keys.slice(0, len(keys) - 1)])
        for code, compare in (("key-repeated", pc.equal), ("records-unordered", pc.greater)):
            rows = places(compare(before, keys))
            if len(rows):
                yield Failure(name, code, "primaryKey", rows)
        self.keys = [self.keys[0] if self.keys else keys[0].as_py(), keys[len(keys) - 1].as_py()]


def _finding(table: Table, fault: Fault, place: str) -> Finding:
    code = _CODES.get(fault.code, fault.code)
    message = fault.message or _words(table, fault)
    value = fault.value and shown(fault.value, 80)
    return Finding(code, message, place, fault.line or None, table.name, None, fault.field or None, value)


def _words(table: Table, fault: Fault) -> str:
    said = shown(fault.value or "", 80)
    if fault.code.startswith("row-"):
        return f"{fault.field} {said!r} breaks the rule {fault.constraint} within the row"
    words = {
        "records-unordered": f"the key {said!r} comes after a greater one",
        "key-form": f"the key {said!r} is not of small letters, digits and hyphens",
        "text-active": f"{fault.field} begins like a formula: {said!r}",
        "source-control-character": f"{fault.field} has a control character: '{said}'",
        "source-invisible-character": f"{fault.field} has an invisible character: '{said}'",
    }
    return words.get(fault.code) or explained(table, fault)


def records_of(package: Package) -> list[Table]:
    """Return the tables whose evidence is by line."""
    return [table for table in package.tables.values() if table.by_line]
