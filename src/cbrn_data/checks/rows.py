"""The tables of a release read back from its folder as rows; those of records only as files, because they may be large."""

from __future__ import annotations

from cbrn_data.schema.canonical import Row, read_csv
from cbrn_data.schema.model import CHANGES, Package
from cbrn_data.store import disk
from cbrn_data.store.folder import SUMS, Release, parse_checksums


def released_rows(release: Release, package: Package) -> dict[str, list[Row]]:
    """Read the tables of a release back from its folder, but those of records; a table that it does not have is empty."""
    return {
        name: read_csv(disk.read(path))[1] if not table.by_line and disk.mode(path) else []
        for name, table in package.tables.items()
        if name != CHANGES and (path := release.folder / f"{name}.csv")
    }


def released_records(release: Release, package: Package) -> dict[str, disk.Large]:
    """Return the files of the tables of records of a release."""
    listed = parse_checksums(release.folder / SUMS, disk.read(release.folder / SUMS))
    names = [table.name for table in package.tables.values() if table.by_line]
    paths = {name: release.folder / f"{name}.csv" for name in names if f"{name}.csv" in listed}
    return {name: disk.Large(path, listed[path.name], disk.size(path)) for name, path in paths.items()}
