"""Bulk tables in parts built by a Dask cluster; everything else is built in this process.

Workers find where to cut, validate, and write the parts; this process gets their descriptions and no row. We use Dask's
futures and not its data frames: a part must have the same bytes as in one process, and the frames read rows in their own
way. Dask sends a range to a worker, and to another worker if that one dies.

All workers must see the source under the same path, share the folder for temporary files (``TMPDIR``), and run the same
code, which is checked before anything is sent. Workers unpickle what they receive: use only a cluster of your own, with
TLS (``DASK_DISTRIBUTED__COMM__TLS__...``) outside a private network.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from cbrn_data import spread
from cbrn_data.errors import CbrnDataError, MachineError, extra_missing
from cbrn_data.findings import shown
from cbrn_data.progress import step, tracked
from cbrn_data.refusals import at
from cbrn_data.schema.bulk import BulkReading, begin
from cbrn_data.schema.check import known_keys
from cbrn_data.schema.model import Package, TableDefinition
from cbrn_data.schema.table import Tables
from cbrn_data.sources.source import Source
from cbrn_data.spread import Result
from cbrn_data.tables.bulk import BulkTable, parted_table, write_bulk
from cbrn_data.tables.parts import Job, join, make_parts, next_cut
from cbrn_data.tabular.pieces import NotCutError

_SECONDS = 30
_ADDRESS = re.compile(r"[a-z]+://[^\s/]+:\d{1,5}")


class Cluster:
    """The workers of a scheduler (``tcp://host:8786``), which must all run the same code as this machine.

    ``version`` returns a description of the code that runs. The first table that is large enough connects, so a scheduler
    that does not answer stops only a run that needs it. Raises CbrnDataError for a malformed address.
    """

    def __init__(self, scheduler: str, version: Callable[[], Any]) -> None:
        if not _ADDRESS.fullmatch(scheduler):
            raise CbrnDataError(f"{shown(scheduler, 100)}: is not the address of a scheduler, such as tcp://host:8786")
        self._scheduler, self._version = scheduler, version
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
            with suppress(TimeoutError):
                self._connected.wait_for_workers(1, timeout=_SECONDS)
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
        """Build a table as ``write_bulk`` would; that builds tables that are small, in one file, or cannot be cut."""
        assert source.path
        table = package.tables[str(source.metadata["table"])]
        if table.name in package.parted and source.path.stat().st_size >= spread.PIECE:
            try:
                return self._in_parts(source, table, tables, folder)
            except NotCutError:
                pass  # One process reports what is wrong with which row, or makes the parts of a table that cannot be cut.
        return write_bulk(source, package, tables, folder)

    def _in_parts(self, source: Source, table: TableDefinition, tables: Tables, folder: Path) -> BulkTable:
        assert source.path
        path, reading = source.path.resolve(), BulkReading(table)
        if (whole := begin(path, reading)) is None:
            raise NotCutError("the header is not that of the table")
        end = whole.start + whole.size
        job = Job(path, whole, table, known_keys(table, tables), folder, reading.repeats)
        found = self.each(f"Cut {table.name}", next_cut, job, range(whole.start + spread.PIECE, end, spread.PIECE))
        bounds = sorted({whole.start, *found, end})
        made = self.each(f"Build {table.name}", make_parts, job, list(pairwise(bounds)))
        return parted_table(source, reading, join(made, reading, whole.line))

    def each(self, name: str, function: Callable[..., Result], shared: Any, given: Sequence[Any]) -> Iterator[Result]:
        """Yield the results of a function for ``shared`` and each of ``given``, in order, as ``spread.each``.

        The workers begin at once.
        """
        sent = self._client.submit(_same, shared, pure=False)
        return self._results(name, self._client.map(partial(_called, function), [sent] * len(given), given, pure=False))

    def _results(self, name: str, futures: Sequence[Any]) -> Iterator[Any]:
        try:
            for future in tracked(name, futures, len(futures)):
                try:
                    yield future.result()
                except (NotCutError, CbrnDataError):
                    raise
                except Exception as error:
                    raise MachineError(
                        f"{name}: a worker failed ({type(error).__name__}: {shown(str(error), 200)}); all need the project, "
                        "the store and the folder for temporary files (TMPDIR) under the same paths"
                    ) from error
                future.release()
        finally:
            self._client.cancel(futures)


def _same(shared: Any) -> Any:
    """Return what tasks share; as the result of a task it is sent to each worker once, and again if a worker dies."""
    return shared


def _called(function: Callable[..., Result], shared: Any, one: Any) -> Result:
    return function(shared, one)
