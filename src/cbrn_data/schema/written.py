"""Write a table as CSV and JSON, block by block, into new files, or compare it with existing files.

``tabular.canonical`` defines the bytes. Rows are in the order of the table's key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Protocol

import pyarrow as pa

from cbrn_data.refusals import at
from cbrn_data.schema.model import TableDefinition
from cbrn_data.schema.parts import Cuts, Part, PartsWriter
from cbrn_data.schema.table import Row, Table
from cbrn_data.store import disk
from cbrn_data.store.disk import FileRef
from cbrn_data.tabular.alike import common
from cbrn_data.tabular.canonical import JSON_BETWEEN, JSON_CLOSE, JSON_EMPTY, JSON_OPEN, csv_header, csv_rows, json_rows

NO_FILE = FileRef(Path(), "", 0)
"""Stands for a file that is compared and not written."""
NUMBERS = frozenset({"integer", "year"})
"""Types whose values are numbers in JSON."""


def json_row(table: TableDefinition, row: Row) -> dict[str, str | int | None]:
    """Return one row with the values of JSON."""
    cells = ((field, row[field.name]) for field in table.fields)
    return {field.name: int(text) if text is not None and field.type in NUMBERS else text for field, text in cells}


class Sink(Protocol):
    """Receives the bytes of a file in pieces."""

    def write(self, data: bytes | memoryview, /) -> object:
        """Receive the next bytes."""


class HashingWriter:
    """Writes a new file at ``path``; after it is closed, ``whole`` has its digest and size.

    With ``is_final`` it is flushed, and all may read it, so that it can be published under another name. One thread hashes
    a piece and another writes it while the caller makes the next piece. Their errors are raised by the next ``write``, or
    at the end.
    """

    def __init__(self, path: Path, is_final: bool = False) -> None:
        self.path, self._size, self._is_final = path, 0, is_final
        self._file, self._digest = path.open("wb"), hashlib.sha256()
        self._threads = ThreadPoolExecutor(2)
        self._last: list[Future[object]] = []

    def __enter__(self) -> HashingWriter:
        return self

    def __exit__(self, *error: object) -> None:
        with at(self.path), self._file, self._threads:
            self._wait()
            if self._is_final:
                disk.settle(self._file)

    @property
    def whole(self) -> FileRef:
        """The closed file."""
        return FileRef(self.path, self._digest.hexdigest(), self._size, self._is_final)

    def close(self) -> FileRef:
        """Close and return the file."""
        self.__exit__()
        return self.whole

    def write(self, data: bytes | memoryview) -> None:
        """Receive the next bytes."""
        with at(self.path):
            self._wait()
        self._last = [self._threads.submit(take, data) for take in (self._digest.update, self._file.write)]
        self._size += len(data)

    def _wait(self) -> None:
        for last in self._last:
            last.result()


class ComparingWriter:
    """Compares bytes with those of a file; ``differs_at`` is the first offset at which they differ, or None."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._place = file, 0
        self.differs_at: int | None = None

    def write(self, data: bytes | memoryview) -> None:
        """Compare with the next bytes of the file."""
        if self.differs_at is None:
            there = self._file.read(len(data))
            if there != data:
                self.differs_at = self._place + common(there, data)
            self._place += len(data)

    def end(self) -> None:
        """Compare the end: no byte follows."""
        if self.differs_at is None and self._file.read(1):
            self.differs_at = self._place


class ComparedPart:
    """Compares the bytes of a part with its file, and says with ``differs`` where they differ."""

    def __init__(self, path: Path | None, differs: Callable[[str], None]) -> None:
        self._differs, self._open = differs, ExitStack()
        there = disk.mode(path) if path else 0
        self._writer = ComparingWriter(self._open.enter_context(disk.opened(path)) if path and there else BytesIO())

    def write(self, data: bytes | memoryview) -> None:
        """Compare with the next bytes of the part."""
        self._writer.write(data)

    def close(self) -> FileRef:
        """Say where the part differs, if it does; no file was written."""
        self._writer.end()
        self._open.close()
        if self._writer.differs_at is not None:
            self._differs(f"byte {self._writer.differs_at + 1:,} differs from the rows")
        return NO_FILE


class TableWriter:
    """Writes the rows of a table, block by block, as CSV and as JSON."""

    def __init__(self, table: TableDefinition, csv: Sink, json: Sink) -> None:
        self._csv, self._json = csv, json
        self._numbers = {field.name for field in table.fields if field.type in NUMBERS}
        self._opened = False
        csv.write(csv_header(table.names))

    def add(self, block: pa.Table) -> None:
        """Write rows of text, whose columns are those of the table."""
        if block.num_rows:
            self._csv.write(csv_rows(block))
            rows = json_rows(block, self._numbers)  # in parallel to the writing of earlier pieces
            self._json.write(JSON_BETWEEN if self._opened else JSON_OPEN)
            self._json.write(rows)
            self._opened = True

    def close(self) -> None:
        """Write the end of the files."""
        self._json.write(JSON_CLOSE if self._opened else JSON_EMPTY)


@contextmanager
def new_files(table: TableDefinition, folder: Path) -> Iterator[tuple[TableWriter, dict[str, FileRef]]]:
    """Yield a writer of a table, and its new files in ``folder``, CSV and JSON by extension, known after the block."""
    files: dict[str, FileRef] = {}
    with HashingWriter(folder / f"{table.name}.csv") as csv, HashingWriter(folder / f"{table.name}.json") as js:
        writer = TableWriter(table, csv, js)
        yield writer, files
        writer.close()
    files |= {"csv": csv.whole, "json": js.whole}


@contextmanager
def new_parts(table: TableDefinition, folder: Path, cutter: Cuts | None = None) -> Iterator[tuple[PartsWriter, list[Part]]]:
    """Yield a writer of a table in parts, and its parts, new files below ``folder``, known after the block."""
    (folder / table.name).mkdir(exist_ok=True)
    last: list[HashingWriter] = []

    def opened(name: str) -> HashingWriter:
        last[:] = [HashingWriter(folder / name, is_final=True)]
        return last[0]

    parts: list[Part] = []
    writer = PartsWriter(table, opened, cutter)
    try:
        yield writer, parts
        writer.close()
    except BaseException:
        for sink in last:
            with suppress(OSError, ValueError):  # it may be closed
                sink.close()
        raise
    parts += writer.parts


def table_digest(table: Table) -> str:
    """Return the sha256 that a table has as CSV."""
    digest = hashlib.sha256(csv_header(table.definition.names))
    for block in table.blocks():
        digest.update(csv_rows(block))
    return digest.hexdigest()


def write_table(table: Table, folder: Path) -> Table:
    """Return the table with CSV and JSON files; they are written into ``folder`` if the table has none."""
    if table.written:
        return table
    with new_files(table.definition, folder) as (writer, files):
        for block in table.blocks():
            writer.add(block)
    return replace(table, files=files)
