"""The exports of every release, as files of the store.

Exports are cached until the code of exports changes, because a release never does.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cbrn_data.exports.archive import write_zip
from cbrn_data.kept import kept_files
from cbrn_data.progress import tracked
from cbrn_data.release.code import exports_version
from cbrn_data.schema.model import read_package
from cbrn_data.schema.table import released_tables
from cbrn_data.store import disk
from cbrn_data.store.folder import NESTED, SUMS, Release, checksums, latest_of
from cbrn_data.store.history import LATEST

EXPORTS = "exports"
"""The folder of the exports in the store."""
ZIP, WORKBOOK = (Path(NESTED).with_suffix(suffix).name for suffix in (".zip", ".xlsx"))


def parquet_file(table: str) -> str:
    """Return the name of the Parquet file of a table."""
    return f"{table}.parquet"


def exports(releases: Sequence[Release]) -> dict[str, disk.Data]:
    """Return the exports of every release, and of the newest that is not withdrawn, by path.

    Raises ReleaseError or SchemaError if a release cannot be read.
    """
    made: dict[str, disk.Data] = {}
    for release in tracked("Make the exports", releases, len(releases)):
        files = _exports(release)
        for folder in (release.version, *([LATEST] if release is latest_of(releases) else [])):
            made |= {f"{EXPORTS}/{folder}/{name}": data for name, data in files.items()}
    return made


def _exports(release: Release) -> dict[str, disk.Data]:
    erased = f" without {', '.join(sorted(release.erased))}" if release.erased else ""
    of = f"exports of {release.digest}{erased}"
    files = kept_files(of, lambda folder: _write(release, folder), exports_version())
    digests = {name: disk.sha256_of(data) for name, data in files.items()}
    return {**files, SUMS: checksums(digests)}


def _write(release: Release, folder: Path) -> None:
    from cbrn_data.exports.parquet import write_parquet  # imported here: auditors need neither the forms nor their libraries
    from cbrn_data.exports.workbook import write_workbook

    package = read_package(release.folder / "schemas")
    tables = [table for table in released_tables(release.folder, package).values() if table.written]
    if not any(table.parts for table in tables):
        write_zip(release, folder / ZIP)
    write_workbook(release, package, tables, folder / WORKBOOK)
    for table in (table for table in tables if not table.parts):
        write_parquet(table, folder / parquet_file(table.name))
