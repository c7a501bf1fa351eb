"""Two states of tables of records compared, file by file, by block."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa

from cbrn_data.schema.canonical import Row
from cbrn_data.schema.compile import text_table
from cbrn_data.schema.delta import RecordChanges, counted_changes, record_changes
from cbrn_data.schema.model import CHANGES, Package
from cbrn_data.store import disk

Files = Mapping[str, disk.Large]
"""The CSV file of each table of records, by table."""

Pairs = Mapping[str, tuple[Path | None, Path | None]]
"""The CSV files of a table of records before and after, None where there was or is none."""


def differing(old: Files, new: Files) -> dict[str, tuple[Path | None, Path | None]]:
    """Return the files of those tables of records whose bytes are not the same."""
    pairs = {name: (old.get(name), new.get(name)) for name in [*new, *(old.keys() - new.keys())]}
    return {
        name: (before.path if before else None, after.path if after else None)
        for name, (before, after) in pairs.items()
        if not (before and after and before.sha256 == after.sha256)
    }


def changed_records(pairs: Pairs, package: Package) -> list[RecordChanges]:
    """Count what changed in tables of records that ``package`` has."""
    found = [counted_changes(package.tables[name], *files) for name, files in pairs.items() if name in package.tables]
    return [changes for changes in found if changes.counts]


def all_changes(changes: list[Row], pairs: Pairs, package: Package) -> Iterator[pa.Table]:
    """Yield the table ``changes``, by block: those of cells, and in their places those of records."""
    for table in package.tables.values():
        if table.name in pairs:
            yield from record_changes(table, *pairs[table.name])
        else:
            mine = [change for change in changes if change["table_name"] == table.name]
            yield text_table(package.tables[CHANGES].names, mine)
