"""Tables of records made by a Dask cluster; everything else stays where it is.

Why Dask's futures and not its data frames: a part must give the very bytes that one process gives, and its frames have
their own reader and their own idea of a row. Dask sends a part to a worker, and to another one when that dies.

All workers must see the source under the same path and share the folder for temporary files (``TMPDIR``), and must run
the same code, which is asked before anything is sent. What a cluster is told is unpickled there: use only one that is
yours, with TLS (``DASK_DISTRIBUTED__COMM__TLS__...``) outside a network of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cbrn_data import foreign
from cbrn_data.errors import CbrnDataError, extra_missing
from cbrn_data.findings import shown
from cbrn_data.schema.model import Package, Table
from cbrn_data.schema.records import Reading, header_messages, header_words, known_keys
from cbrn_data.sources.source import Source
from cbrn_data.tables.parts import Part, Task, join_parts, write_part
from cbrn_data.tables.records import Records, Tell, records_of, silent, write_records
from cbrn_data.tables.resolve import Row
from cbrn_data.tabular.blocks import read_header
from cbrn_data.tabular.pieces import NotCutError, cut_file

PIECE = 64 << 20
"""Bytes of a source that a worker gets at once; a process that makes one was measured at 330 MB."""
SMALL = 4 * PIECE
"""A smaller source is made here: sending it would take longer."""
_SECONDS = 30


class Cluster:
    """The workers of a scheduler (``tcp://host:8786``), which all run ``code``. Raises CbrnDataError where they do not.

    ``version`` says what code runs, here and there.
    """

    def __init__(
        self, scheduler: str, version: Callable[[], Any], piece: int | None = None, small: int | None = None
    ) -> None:
        try:
            from distributed import Client
        except ImportError as error:
            raise CbrnDataError(extra_missing("a cluster", "cluster", "distributed")) from error
        try:
            self._client: Any = Client(scheduler, timeout=_SECONDS, set_as_default=False)
        except (OSError, ValueError) as error:
            raise CbrnDataError(f"{shown(scheduler, 100)}: no scheduler answers ({shown(str(error), 100)})") from error
        self._piece, self._small = (PIECE if piece is None else piece), (SMALL if small is None else small)
        self._check(scheduler, version)

    def _check(self, scheduler: str, version: Callable[[], Any]) -> None:
        there = self._client.run(version)
        if not there:
            raise CbrnDataError(f"{scheduler}: has no workers; start some with `dask worker {scheduler}`")
        if others := sorted(worker for worker, code in there.items() if code != version()):
            raise CbrnDataError(f"{others[0]}: runs another version of the code than this machine; install the same there")

    def close(self) -> None:
        """Let go of the scheduler."""
        self._client.close()

    def write(
        self, source: Source, package: Package, rows: Mapping[str, list[Row]], folder: Path, tell: Tell = silent
    ) -> Records:
        """Make a table as ``write_records`` does, with the same result; in one go here where it cannot be cut."""
        assert source.path
        table = package.tables[str(source.about["table"])]
        if source.path.stat().st_size >= self._small:
            try:
                return self._in_parts(source, table, rows, folder, tell)
            except NotCutError:
                pass  # Some row is not as it should be; one process says which, and what is wrong with it.
        return write_records(source, package, rows, folder, tell)

    def _in_parts(self, source: Source, table: Table, rows: Mapping[str, list[Row]], folder: Path, tell: Tell) -> Records:
        assert source.path
        path = source.path.resolve()
        with foreign.opened(path, buffering=0) as file:
            header, _, _ = read_header(file)
        if header_messages(header, table):
            raise NotCutError("the header is not that of the table")
        known, pieces = known_keys(rows, table), list(cut_file(path, self._piece))
        tasks = [Task(path, piece, header, table, known, folder) for piece in pieces]
        futures = self._client.map(write_part, tasks, pure=False)
        reading = Reading(table)
        reading.header, reading.header_start = header_words(path)
        try:
            files = join_parts(
                self._results(futures, table, tell), reading, folder / f"{table.name}.csv", folder / f"{table.name}.json"
            )
        finally:
            self._client.cancel(futures)
        return records_of(source, reading, *files)

    def _results(self, futures: list[Any], table: Table, tell: Tell) -> Iterator[Part]:
        for number, future in enumerate(futures, start=1):
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
            tell(table.name, number / len(futures))
