"""Bulk tables built by a Dask cluster; everything else is built in this process.

We use Dask's futures and not its data frames: a part must have the same bytes as in one process, and the frames read rows
in their own way. Dask sends a part to a worker, and to another worker if that one dies.

All workers must see the source under the same path, share the folder for temporary files (``TMPDIR``), and run the same
code, which is checked before anything is sent. Workers unpickle what they receive: use only a cluster of your own, with
TLS (``DASK_DISTRIBUTED__COMM__TLS__...``) outside a private network.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from cbrn_data import foreign
from cbrn_data.errors import CbrnDataError, MachineError, extra_missing
from cbrn_data.findings import shown
from cbrn_data.progress import step, tracked
from cbrn_data.refusals import at
from cbrn_data.schema.bulk import BulkReading, header_messages, header_words
from cbrn_data.schema.check import known_keys
from cbrn_data.schema.model import Package, TableDefinition
from cbrn_data.schema.table import Tables
from cbrn_data.sources.source import Source
from cbrn_data.tables.bulk import BulkTable, bulk_table, in_parts, write_bulk
from cbrn_data.tables.parts import Task, WrittenPart, join_parts, write_part
from cbrn_data.tabular.blocks import read_header
from cbrn_data.tabular.pieces import NotCutError, cut_file

PIECE = 64 << 20
"""Bytes of a source that a worker gets at once; a process that makes one was measured at 330 MB."""
SMALL = 4 * PIECE
"""A smaller source is read in this process: sending it would take longer."""
_SECONDS = 30
_ADDRESS = re.compile(r"[a-z]+://[^\s/]+:\d{1,5}")


class Cluster:
    """The workers of a scheduler (``tcp://host:8786``), which must all run the same code as this machine.

    ``version`` returns a description of the code that runs. The first table that is large enough connects, so a scheduler
    that does not answer stops only a run that needs it. Raises CbrnDataError for a malformed address.
    """

    def __init__(
        self, scheduler: str, version: Callable[[], Any], piece: int | None = None, small: int | None = None
    ) -> None:
        if not _ADDRESS.fullmatch(scheduler):
            raise CbrnDataError(f"{shown(scheduler, 100)}: is not the address of a scheduler, such as tcp://host:8786")
        self._scheduler, self._version = scheduler, version
        self._piece, self._small = (PIECE if piece is None else piece), (SMALL if small is None else small)
        self._connected: Any = None

    @property
    def _client(self) -> Any:
        """The connection. Raises CbrnDataError if no scheduler answers, it has no workers, or one runs other code."""
        if self._connected is None:
            try:
                from distributed import Client
            except ImportError as error:
                raise CbrnDataError(extra_missing("a cluster", "cluster", "distributed")) from error
            try:
                with step(f"Connect to {self._scheduler}"):
                    self._connected = Client(self._scheduler, timeout=_SECONDS, set_as_default=False)
            except (OSError, ValueError) as error:
                raise MachineError(
                    f"{self._scheduler}: no scheduler answers ({shown(str(error), 100)}); start one (`dask scheduler`), or "
                    "publish without it"
                ) from error
            self._check()
        return self._connected

    def _check(self) -> None:
        with at(self._scheduler):
            there = self._connected.run(self._version)
        if not there:
            raise MachineError(f"{self._scheduler}: has no workers; start some with `dask worker {self._scheduler}`")
        if others := sorted(worker for worker, code in there.items() if code != self._version()):
            raise MachineError(f"{others[0]}: runs another version of the code than this machine; install the same there")

    def close(self) -> None:
        """Disconnect from the scheduler."""
        if self._connected is not None:
            self._connected.close()

    def write(self, source: Source, package: Package, tables: Tables, folder: Path) -> BulkTable:
        """Build a table with the same result as ``write_bulk``; in this process if the source cannot be cut."""
        assert source.path
        table = package.tables[str(source.metadata["table"])]
        if source.path.stat().st_size >= self._small:
            try:
                made = self._in_parts(source, table, tables, folder)
                return in_parts(made, source, folder) if table.name in package.parted else made
            except NotCutError:
                pass  # Some row is wrong; one process reports which, and what is wrong with it.
        return write_bulk(source, package, tables, folder)

    def _in_parts(self, source: Source, table: TableDefinition, tables: Tables, folder: Path) -> BulkTable:
        assert source.path
        path = source.path.resolve()
        with foreign.opened(path, buffering=0) as file:
            header, _, _ = read_header(file)
        if header_messages(header, table):
            raise NotCutError("the header is not that of the table")
        known, pieces = known_keys(table, tables), list(cut_file(path, self._piece))
        tasks = [Task(path, piece, header, table, known, folder) for piece in pieces]
        futures = self._client.map(write_part, tasks, pure=False)
        reading = BulkReading(table)
        reading.header, reading.header_start = header_words(path)
        try:
            files = join_parts(
                self._results(futures, table), reading, folder / f"{table.name}.csv", folder / f"{table.name}.json"
            )
        finally:
            self._client.cancel(futures)
        return bulk_table(source, reading, files)

    def _results(self, futures: list[Any], table: TableDefinition) -> Iterator[WrittenPart]:
        for future in tracked(f"Build {table.name}", futures, len(futures)):
            try:
                yield future.result()
            except (NotCutError, CbrnDataError):
                raise
            except Exception as error:
                raise CbrnDataError(
                    f"a worker could not make a part of {table.name} ({type(error).__name__}: {shown(str(error), 200)}); "
                    "all need the source and the folder for temporary files (TMPDIR) under the same paths"
                ) from error
            future.release()
