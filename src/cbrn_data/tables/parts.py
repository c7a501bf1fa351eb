"""A table of records made in parts: each part anywhere, the whole as if it had been made in one go.

A worker gets a piece of the source and writes the part's rows as CSV and JSON into a folder that all can reach; the bytes
come under their name in one step, so that a worker that dies leaves nothing of it, and two that do the same do no harm.
The parts are then put together in their order. Where that could differ from one go, it is not done: a
record that a piece could not hold, or keys out of order from one part to the next, raise NotCutError.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from cbrn_data import foreign
from cbrn_data.schema.model import Table
from cbrn_data.schema.records import SET_ASIDE, Reading, judge_blocks
from cbrn_data.schema.written import Hashed, TableWriter
from cbrn_data.store.disk import Large
from cbrn_data.tabular.blocks import read_blocks
from cbrn_data.tabular.canonical import JSON_BETWEEN, JSON_CLOSE, JSON_EMPTY, JSON_OPEN, csv_header
from cbrn_data.tabular.keys import KnownKeys
from cbrn_data.tabular.pieces import NotCutError, Piece

_CHUNK = 8 << 20


@dataclass(frozen=True)
class Task:
    """What a worker is to do: a ``piece`` of the file ``path`` with ``header``; its results go to ``folder``."""

    path: Path
    piece: Piece
    header: Sequence[str]
    table: Table
    known: Mapping[str, KnownKeys]
    folder: Path


@dataclass(frozen=True)
class Part:
    """What a worker has done: its two files, and what it saw."""

    csv: Path
    json: Path
    reading: Reading


def write_part(task: Task) -> Part:
    """Write the good rows of a piece of the source. Raises NotCutError for a record that is cut, or OSError."""
    with foreign.opened(task.path) as file:
        file.seek(task.piece.start)
        data = file.read(task.piece.size)
    reading = Reading(task.table)
    name = f"{task.table.name}-{task.piece.start}"
    csv, js = (task.folder / f"{name}.{form}" for form in ("csv", "json"))
    mine = secrets.token_hex(8)
    with csv.with_suffix(f".{mine}.csv").open("wb") as csv_file, js.with_suffix(f".{mine}.json").open("wb") as json_file:
        writer = TableWriter(task.table, csv_file, json_file)
        blocks = read_blocks(BytesIO(data), task.header, b"", task.piece.line)
        for block in judge_blocks(blocks, reading, task.known):
            writer.add(block)
        writer.close()
    if reading.tally.counts["csv-quote"]:
        raise NotCutError(f"{task.path.name}: line {task.piece.line} and those after it")
    for path in (csv, js):
        path.with_suffix(f".{mine}{path.suffix}").replace(path)
    return Part(csv, js, reading)


def join_parts(parts: Iterable[Part], reading: Reading, csv: Path, js: Path) -> tuple[Large, Large]:
    """Put parts together, in the order of the source, as two new files, and what they saw as ``reading``.

    The files of the parts are removed. Raises NotCutError where keys are not in order from one part to the next, or more
    faults were found than are listed.
    """
    with Hashed(csv) as whole, Hashed(js) as array:
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
    return Large(*whole.whole), Large(*array.whole)


def _copy(path: Path, sink: Hashed, head: int, tail: int) -> None:
    left = path.stat().st_size - head - tail
    with path.open("rb") as file:
        file.seek(head)
        while left:
            data = file.read(min(left, _CHUNK))
            sink.write(data)
            left -= len(data)


def _add(part: Reading, whole: Reading) -> None:
    """Add what was seen of a part to what was seen of all before it."""
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
    whole.rows, whole.cells, whole.records = whole.rows + part.rows, whole.cells + part.cells, whole.records + part.records
    if part.keys:
        whole.keys = [whole.keys[0] if whole.keys else part.keys[0], part.keys[1]]
