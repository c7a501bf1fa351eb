"""Read the values of a Parquet file in the reader process (``isolated``)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

from cbrn_data.isolated import UnreadableError
from cbrn_data.tabular.cells import coded

_CELLS_AT_ONCE, _BYTES_AT_ONCE = 50_000, 4 << 20
"""About the most cells, and the most bytes of them, that are handed over at once."""


def read_values(file: IO[bytes]) -> Iterator[list[Any]]:
    """Yield the names of the columns, then lists of rows of cells."""
    import pyarrow as pa
    import pyarrow.parquet as parquet

    try:
        table = parquet.ParquetFile(file)
    except (pa.ArrowInvalid, OSError) as error:
        raise UnreadableError(f"is not a Parquet file that can be read ({str(error)[:100]})") from error
    names = table.schema_arrow.names
    yield list(names)
    for batch in table.iter_batches(batch_size=max(1, _CELLS_AT_ONCE // max(1, len(names))), use_threads=False):
        step = max(1, batch.num_rows // (1 + batch.nbytes // _BYTES_AT_ONCE))
        for start in range(0, batch.num_rows, step):
            columns = ([coded(value) for value in column.to_pylist()] for column in batch.slice(start, step).columns)
            yield list(zip(*columns, strict=True))
