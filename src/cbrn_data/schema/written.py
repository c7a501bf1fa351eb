"""A table as CSV and JSON, by block: into files, or held against files that are there."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

import pyarrow as pa

from cbrn_data.refusals import at
from cbrn_data.schema.model import Table
from cbrn_data.tabular.canonical import JSON_BETWEEN, JSON_CLOSE, JSON_EMPTY, JSON_OPEN, csv_header, csv_rows, json_rows

NUMBERS = frozenset({"integer", "year"})
"""Types whose values are numbers in JSON."""


class Sink(Protocol):
    """Takes the bytes of a file, piece after piece."""

    def write(self, data: bytes | memoryview, /) -> object:
        """Take the next bytes."""


class Hashed:
    """Writes a new file at ``path``; once it is closed, ``whole`` is its path, its sha256 in hex and its size.

    A piece is hashed in one thread and written in another while the next one is made. What goes wrong there is raised by
    the ``write`` that follows, or at the end.
    """

    def __init__(self, path: Path) -> None:
        self.path, self._size = path, 0
        self._file, self._digest = path.open("wb"), hashlib.sha256()
        self._threads = ThreadPoolExecutor(2)
        self._last: list[Future[object]] = []

    def __enter__(self) -> Hashed:
        return self

    def __exit__(self, *error: object) -> None:
        with at(self.path), self._file, self._threads:
            self._wait()

    @property
    def whole(self) -> tuple[Path, str, int]:
        """What was written, of a file that is closed."""
        return self.path, self._digest.hexdigest(), self._size

    def write(self, data: bytes | memoryview) -> None:
        """Take the next bytes."""
        with at(self.path):
            self._wait()
        self._last = [self._threads.submit(take, data) for take in (self._digest.update, self._file.write)]
        self._size += len(data)

    def _wait(self) -> None:
        for last in self._last:
            last.result()


class Compared:
    """Holds bytes against those of a file; ``differs_at`` is the first place where they differ, None where nowhere."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._place = file, 0
        self.differs_at: int | None = None

    def write(self, data: bytes | memoryview) -> None:
        """Compare with the next bytes of the file."""
        if self.differs_at is None:
            there = self._file.read(len(data))
            if there != data:
                same = next(
                    (n for n, (a, b) in enumerate(zip(there, data, strict=False)) if a != b), min(len(there), len(data))
                )
                self.differs_at = self._place + same
            self._place += len(data)

    def end(self) -> None:
        """Say that no byte follows."""
        if self.differs_at is None and self._file.read(1):
            self.differs_at = self._place


class TableWriter:
    """Gives the rows of a table, block by block, to a CSV and a JSON file."""

    def __init__(self, table: Table, csv: Sink, json: Sink) -> None:
        self._csv, self._json = csv, json
        self._numbers = {field.name for field in table.fields if field.type in NUMBERS}
        self._opened = False
        csv.write(csv_header(table.names))

    def add(self, block: pa.Table) -> None:
        """Write rows of text, whose columns are those of the table."""
        if block.num_rows:
            self._csv.write(csv_rows(block))
            rows = json_rows(block, self._numbers)  # made while what came before is still being written
            self._json.write(JSON_BETWEEN if self._opened else JSON_OPEN)
            self._json.write(rows)
            self._opened = True

    def close(self) -> None:
        """Write what stands after the last row."""
        self._json.write(JSON_CLOSE if self._opened else JSON_EMPTY)


@contextmanager
def new_files(table: Table, folder: Path) -> Iterator[tuple[TableWriter, Hashed, Hashed]]:
    """Give a writer of a table into two new files of ``folder``, which are whole when it is left: the CSV and the JSON."""
    with Hashed(folder / f"{table.name}.csv") as csv, Hashed(folder / f"{table.name}.json") as js:
        writer = TableWriter(table, csv, js)
        yield writer, csv, js
        writer.close()
