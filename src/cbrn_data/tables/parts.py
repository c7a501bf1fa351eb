"""A bulk table built in parts on several machines, with the same bytes as one process gives.

A worker gets a piece of the source and writes the rows as CSV and JSON into a shared folder; it renames the complete files
into place, so a worker that dies leaves nothing, and two workers with the same piece do no harm. ``join_parts`` then joins
the parts in order. It raises NotCutError if the result could differ from that of one process: a record does not fit into
a piece, or keys are out of order from one part to the next.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from cbrn_data import foreign
from cbrn_data.schema.bulk import SET_ASIDE, BulkReading, judge_blocks
from cbrn_data.schema.check import KnownKeysOf
from cbrn_data.schema.model import TableDefinition
from cbrn_data.schema.written import HashingWriter, TableWriter
from cbrn_data.store.disk import FileRef
from cbrn_data.tabular.blocks import read_blocks
from cbrn_data.tabular.canonical import JSON_BETWEEN, JSON_CLOSE, JSON_EMPTY, JSON_OPEN, csv_header
from cbrn_data.tabular.pieces import NotCutError, Piece

_CHUNK = 8 << 20


@dataclass(frozen=True)
class Task:
    """A task of a worker: a ``piece`` of the file ``path`` with ``header``; the results go to ``folder``."""

    path: Path
    piece: Piece
    header: Sequence[str]
    table: TableDefinition
    known: KnownKeysOf
    folder: Path


@dataclass(frozen=True)
class WrittenPart:
    """The result of a worker: two files, and the counts and issues of their rows."""

    csv: Path
    json: Path
    reading: BulkReading


def write_part(task: Task) -> WrittenPart:
    """Write the good rows of a piece of the source. Raises NotCutError for a record that is cut, or OSError."""
    with foreign.opened(task.path) as file:
        file.seek(task.piece.start)
        data = file.read(task.piece.size)
    reading = BulkReading(task.table)
    name = f"{task.table.name}-{task.piece.start}"
    csv, js = (task.folder / f"{name}.{form}" for form in ("csv", "json"))
    mine = secrets.token_hex(8)
    with csv.with_suffix(f".{mine}.csv").open("wb") as csv_file, js.with_suffix(f".{mine}.json").open("wb") as json_file:
        writer = TableWriter(task.table, csv_file, json_file)
        blocks = read_blocks(BytesIO(data), task.header, b"", task.piece.line, with_written=True)
        for block in judge_blocks(blocks, reading, task.known):
            writer.add(block)
        writer.close()
    if reading.tally.counts["csv-quote"]:
        raise NotCutError(f"{task.path.name}: line {task.piece.line} and those after it")
    for path in (csv, js):
        path.with_suffix(f".{mine}{path.suffix}").replace(path)
    return WrittenPart(csv, js, reading)


def join_parts(parts: Iterable[WrittenPart], reading: BulkReading, csv: Path, js: Path) -> dict[str, FileRef]:
    """Join parts, in the order of the source, into two new files, and their results into ``reading``.

    The files of the parts are removed. Raises NotCutError if keys are not in order from one part to the next, or more
    faults were found than are listed.
    """
    with HashingWriter(csv) as whole, HashingWriter(js) as array:
        header = csv_header(reading.table.names)
        whole.write(header)
        opened = False
        for part in parts:
            _add(part.reading, reading)
            _copy(part.csv, whole, len(header), 0)
            if part.json.stat().st_size > len(JSON_EMPTY):
                array.write(JSON_BETWEEN if opened else JSON_OPEN)
                _copy(part.json, array, len(JSON_OPEN), len(JSON_CLOSE))
                opened = True
            part.csv.unlink()
            part.json.unlink()
        array.write(JSON_CLOSE if opened else JSON_EMPTY)
    return {"csv": whole.whole, "json": array.whole}


def _copy(path: Path, sink: HashingWriter, head: int, tail: int) -> None:
    left = path.stat().st_size - head - tail
    with path.open("rb") as file:
        file.seek(head)
        while left:
            data = file.read(min(left, _CHUNK))
            sink.write(data)
            left -= len(data)


def _add(part: BulkReading, whole: BulkReading) -> None:
    """Add the results of a part to those of all parts before it."""
    if part.keys and whole.keys:
        last, first = whole.keys[1], part.keys[0]
        if last is not None and first is not None and not last < first:
            raise NotCutError(f"the key {first!r} comes after {last!r}")
    whole.tally.extend(part.tally, whole.records)
    if whole.tally.unlisted:
        raise NotCutError("which of so many faults are listed depends on the blocks")
    for line, row in part.set_aside.items():
        if len(whole.set_aside) <= SET_ASIDE:
            whole.set_aside[line] = row
    whole.rows, whole.records = whole.rows + part.rows, whole.records + part.records
    if part.keys:
        whole.keys = [whole.keys[0] if whole.keys else part.keys[0], part.keys[1]]
