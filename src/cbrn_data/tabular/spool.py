"""Tables that are set aside in numbered groups: in memory while they are small, then in a temporary file without a name.

A file without a name is gone when its process ends, however it ends.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pyarrow as pa

KEPT = 64 << 20
"""The most bytes that stay in memory."""
PIECE = 1 << 18
"""The approximate size of what is read back at once."""


class Spool:
    """``add`` tables of one schema to groups, then ``read`` a group; a context manager."""

    def __init__(self) -> None:
        self._file: Any = tempfile.SpooledTemporaryFile(KEPT)  # noqa: SIM115 closed by __exit__
        self._places: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        self._schema: pa.Schema | None = None
        self.size = 0

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    @property
    def groups(self) -> list[int]:
        """The groups that have rows, ascending."""
        return sorted(self._places)

    def add(self, group: int, table: pa.Table) -> None:
        """Append the rows of a table to a group."""
        if not table.num_rows:
            return
        self._schema = table.schema
        for batch in table.to_batches(max_chunksize=max(1, PIECE * table.num_rows // max(1, table.nbytes))):
            data = batch.serialize()
            self._file.write(data)
            self._places[group].append((self.size, len(data)))
            self.size += len(data)

    def read(self, group: int) -> Iterator[pa.Table]:
        """Yield the rows of a group in their order, in pieces."""
        for start, length in self._places[group]:
            self._file.seek(start)
            batch = pa.ipc.read_record_batch(pa.py_buffer(self._file.read(length)), self._schema)
            yield pa.Table.from_batches([batch])

    def whole(self, group: int) -> pa.Table | None:
        """Return all rows of a group as one table, None if it has none."""
        return pa.concat_tables(self.read(group)).combine_chunks() if group in self._places else None
