"""Make the parts of a range of a bulk source: the whole source in one process, many ranges in a cluster.

A range begins and ends where a part does, so ranges are independent. ``next_cut`` finds such a place by reading the source
near it. It can be wrong if quotation marks are misplaced or cells hold text that looks like rows. So ``join`` accepts the
results only if one process would give the same: no record was cut, the keys ascend across the ranges, and the exact hashes
on both sides of each cut confirm it. Otherwise it raises NotCutError.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from cbrn_data import foreign
from cbrn_data.progress import step
from cbrn_data.schema import parts as rule
from cbrn_data.schema.bulk import BulkReading, Range, read_range, read_window, records_of
from cbrn_data.schema.check import KnownKeysOf
from cbrn_data.schema.model import LINE, TableDefinition
from cbrn_data.schema.parts import Cutter, Edges, Part, with_sources
from cbrn_data.schema.repeats import Repeats
from cbrn_data.schema.written import new_parts
from cbrn_data.tabular.arrays import flat
from cbrn_data.tabular.pieces import DigestedWindow, NotCutError, place_of, record_start


@dataclass(frozen=True)
class Job:
    """What each task needs: the records of the file ``path``, which become parts of a table below ``folder``."""

    path: Path
    records: Range
    table: TableDefinition
    known: KnownKeysOf
    folder: Path
    repeats: Repeats


@dataclass(frozen=True)
class MadeParts:
    """The parts of a range of a source, which has some ``lines``; those of the parts and of ``reading`` count from 1."""

    parts: Sequence[Part]
    reading: BulkReading
    lines: int
    edges: Edges


def write_range(path: Path, within: Range, reading: BulkReading, known: KnownKeysOf, folder: Path) -> MadeParts:
    """Validate the rows of a range of a source, and write them as parts below ``folder``; update ``reading``."""
    table, cutter = reading.table, Cutter(reading.table)
    with foreign.opened(path, buffering=0) as file, new_parts(table, folder, cutter) as (writer, parts):
        header, _ = records_of(file)
        file.seek(within.start)
        window = DigestedWindow(file, within.size, within.line)
        with step(f"Build {table.name}", total=1) as one:
            for block in read_window(window, header, reading, known):
                writer.add(block)
                one.move(reading.done)
                window.cut([part.line for part in writer.parts])
    window.cut([part.line for part in parts])
    window.close()
    made = with_sources(parts, window.ranges) if parts else []
    return MadeParts(made, reading, window.line - within.line, cutter.edges)


def make_parts(job: Job, bounds: tuple[int, int]) -> MadeParts:
    """Make the parts of a range, with lines from 1. Raises NotCutError for a record that is cut, or OSError."""
    start, stop = bounds
    reading, folder = BulkReading(job.table, job.repeats), job.folder / secrets.token_hex(8)
    folder.mkdir()  # another worker may make the same range
    made = write_range(job.path, Range(start, stop - start, 1), reading, job.known, folder)
    if reading.tally.counts["csv-quote"] or not all(part.source_sha256 for part in made.parts):
        raise NotCutError(f"{job.path.name}: has a misplaced quotation mark, or carriage returns")
    return made


def next_cut(job: Job, place: int) -> int:
    """Return the first byte after ``place`` at which a part likely begins; the end of the source if none does."""
    end, margin = job.records.start + job.records.size, 2 * rule.LEAST
    with foreign.opened(job.path, buffering=0) as file:
        middle = record_start(file, place)
        while True:
            cutter, before = Cutter(job.table, is_forcing=False), 0
            start = job.records.start
            if middle - margin > start:
                start = min(record_start(file, middle - margin), middle)
            for block in _rows(job, start, middle):
                cutter.add(block)
                before += block.num_rows
            if cutter.size >= rule.LEAST or start == job.records.start:
                break
            margin *= 2
        lines: list[pa.Array] = []
        for block in _rows(job, middle, end):
            lines.append(flat(block[LINE]))
            if cuts := [cut for cut in cutter.add(block) if cut >= before]:
                return place_of(file, middle, int(pa.concat_arrays(lines)[cuts[0] - before].as_py()))
    return end


def _rows(job: Job, start: int, stop: int) -> Iterator[pa.Table]:
    return read_range(job.path, BulkReading(job.table, job.repeats), job.known, Range(start, stop - start, 1))


def join(made: Iterable[MadeParts], reading: BulkReading, line: int) -> list[Part]:
    """Return the parts of all ranges, in order, and add what they found to ``reading``; ``line`` is the first of all.

    Raises NotCutError if one process could make something else, or list other faults.
    """
    parts: list[Part] = []
    before: Edges | None = None
    for each in made:
        if before and not each.edges.follow(before):
            raise NotCutError("a range does not begin where a part does")
        reading.extend(each.reading, line - 1)
        parts += [replace(part, line=part.line + line - 1) for part in each.parts]
        before, line = each.edges, line + each.lines
    return parts
