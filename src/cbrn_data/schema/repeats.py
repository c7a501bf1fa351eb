"""Find the values that a unique field of a bulk source has in more than one row, before its rows are read.

Rows are compared across the whole source, even if a cluster shares it. Each range writes the hashes of its values into files
by their first bits, so equal hashes are in one file, and one task sorts each file. Only values with equal hashes are read
again, and compared as text. A source without a unique field other than its key is not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from typing import BinaryIO, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cbrn_data import foreign, spread
from cbrn_data.schema.model import TableDefinition
from cbrn_data.tabular.arrays import flat, places
from cbrn_data.tabular.blocks import read_blocks, read_header
from cbrn_data.tabular.compile import BrokenRule
from cbrn_data.tabular.keys import Hashes, hashed
from cbrn_data.tabular.pieces import NotCutError, Window, record_start

_FOUND = ("field", "value")


@dataclass(frozen=True)
class Repeats:
    """The values that occur more than once, by field, each with the key of its first row; ``key`` is the field of keys."""

    key: str = ""
    found: Mapping[str, tuple[pa.Array, pa.Array]] = field(default_factory=dict)

    def failures(self, data: pa.Table) -> Iterator[BrokenRule]:
        """Yield the rows whose value an earlier row has."""
        for name, (values, first) in self.found.items():
            index = pc.index_in(data[name].combine_chunks(), value_set=values, skip_nulls=True)
            rows = places(pc.is_valid(index))
            of_first = pc.equal(first.take(index.take(rows)), data[self.key].take(rows))
            repeated = rows[~pc.fill_null(of_first, False).to_numpy(zero_copy_only=False)]
            if len(repeated):
                yield BrokenRule(name, "cell-unique", "unique", repeated)


def repeats_of(path: Path, table: TableDefinition, start: int, stop: int) -> Repeats:
    """Return what unique fields other than the key repeat between two bytes of a source, those of all its records.

    A cluster shares the work; its workers write hashes into the folder for temporary files (``TMPDIR``).
    """
    key = table.primary_key[0]
    fields = [field.name for field in table.fields if field.constraints.get("unique") and field.name != key]
    if not fields or start == stop:
        return Repeats()
    with foreign.opened(path, buffering=0) as file:
        cuts = [record_start(file, place) for place in range(start + spread.PIECE, stop, spread.PIECE)]
    bounds = list(pairwise(sorted({start, *cuts, stop})))
    with TemporaryDirectory(prefix="cbrn-data-") as folder:
        job = _Job(path, key, fields, Path(folder), len(bounds))
        try:
            suspects = _suspects(job, bounds)
        except NotCutError:  # a quotation mark is misplaced, so only reading all records in turn tells where they begin
            job, bounds = replace(job, files=1), [(start, stop)]
            suspects = _suspects(job, bounds)
        if not len(suspects):
            return Repeats(key)
        job = replace(job, suspects=suspects)
        return Repeats(key, _confirmed(spread.each("Compare repeated values", _suspected, job, bounds), fields))


@dataclass(frozen=True)
class _Job:
    """What each task needs.

    There are as many ``files`` of hashes as ranges; ``suspects`` are the sorted hashes that occur more than once.
    """

    path: Path
    key: str
    fields: Sequence[str]
    folder: Path
    files: int
    suspects: Hashes = field(default_factory=lambda: np.zeros(0, np.uint64))


def _suspects(job: _Job, bounds: Sequence[tuple[int, int]]) -> Hashes:
    written = list(spread.each("Compare unique fields", _write_hashes, job, bounds))
    found = spread.each("Sort their hashes", _repeated, job, list(zip(*written, strict=True)))
    return np.sort(np.concatenate(list(found)))


def _write_hashes(job: _Job, bounds: tuple[int, int]) -> list[Path]:
    """Write the hashes of a range into files, by their first bits. Raises NotCutError if a quotation mark is misplaced."""
    found = [np.zeros(0, np.uint64)]
    for table in _rows(job, bounds):
        found += [_hashes(job, name, table[name]) for name in job.fields]
    values = np.sort(np.concatenate(found))
    ends = np.searchsorted(values, np.array([(number << 64) // job.files for number in range(1, job.files)], np.uint64))
    paths = [job.folder / f"{token_hex(8)}.npy" for _ in range(job.files)]  # another worker may write the same range
    for path, part in zip(paths, np.split(values, ends), strict=True):
        np.save(path, part)
    return paths


def _repeated(job: _Job, files: Sequence[Path]) -> Hashes:
    """Return the hashes that occur more than once in some files."""
    values = np.sort(np.concatenate([np.load(path) for path in files]))
    return np.unique(values[1:][values[1:] == values[:-1]])


def _suspected(job: _Job, bounds: tuple[int, int]) -> pa.Table:
    """Return the values with a suspected hash in a range, each with the key of its first row, and their number."""
    found = []
    for table in _rows(job, bounds):
        for number, name in enumerate(job.fields):
            column = table[name]
            rows = pa.array(np.flatnonzero(np.isin(_hashes(job, name, column), job.suspects)))
            values = column.drop_null().take(rows)
            keys = table[job.key].filter(column.is_valid()).take(rows)
            found.append(pa.table({"field": pa.repeat(number, len(rows)), "value": values, "key": keys}))
    rows = pa.concat_tables(found)
    return _together(rows.append_column("count", pa.repeat(1, rows.num_rows)))


def _together(rows: pa.Table) -> pa.Table:
    """Return each value once, with the key of its first row."""
    first = pc.ScalarAggregateOptions(skip_nulls=False)
    grouped = rows.group_by(_FOUND, use_threads=False).aggregate([("key", "first", first), ("count", "sum")])
    return grouped.rename_columns({"key_first": "key", "count_sum": "count"})


def _confirmed(found: Iterator[pa.Table], fields: Sequence[str]) -> dict[str, tuple[pa.Array, pa.Array]]:
    """Return the values of all ranges that occur more than once, and the keys of their first rows, by field."""
    together = _together(pa.concat_tables(found))
    repeated = together.filter(pc.greater(together["count"], 1))
    by_field = ((name, repeated.filter(pc.equal(repeated["field"], number))) for number, name in enumerate(fields))
    return {name: (flat(rows["value"]), flat(rows["key"])) for name, rows in by_field if rows.num_rows}


def _rows(job: _Job, bounds: tuple[int, int]) -> Iterator[pa.Table]:
    """Yield the rows of a range that have as many cells as the header."""
    start, stop = bounds
    with foreign.opened(job.path, buffering=0) as file:
        header, _, _ = read_header(file)
        file.seek(start)
        for block in read_blocks(cast(BinaryIO, Window(file, stop - start)), header):
            if job.files > 1 and any(issue.code == "csv-quote" for issue in block.issues):
                raise NotCutError(f"{job.path.name}: a quotation mark is misplaced")
            table = block.table.select([job.key, *job.fields])
            yield table.take(np.delete(np.arange(table.num_rows), block.malformed)) if len(block.malformed) else table


def _hashes(job: _Job, name: str, column: pa.ChunkedArray) -> Hashes:
    """Return a hash of each cell that is not null; those of two fields differ, although the cells are equal."""
    cells = flat(column.drop_null())
    return hashed([pa.repeat(name, len(cells)), cells])
