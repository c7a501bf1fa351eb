"""A cache of finished bulk tables, so that a run after a killed one, or with other changed sources, does not redo them.

The key of a table is the digest of everything that it is made of: the source and its sidecar, all definitions, the rows
it refers to, and the code. An entry is a folder of three files that is renamed into place when it is complete; the cache
keeps the newest entry of each table and project. It compares the digests of an entry before it uses it, and ignores a
damaged one, so people can delete the folder at any time. If there is no space for an entry, the cache skips it. An entry
has the findings too, so a table with errors has them again. A source that changed while it was read is not cached.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import Any

from cbrn_data.errors import CbrnDataError
from cbrn_data.findings import Finding
from cbrn_data.schema.model import Package, TableDefinition
from cbrn_data.schema.table import Tables, table_in_file
from cbrn_data.sources.source import Source
from cbrn_data.store import disk
from cbrn_data.strict_json import dumped, parse_object
from cbrn_data.tables.bulk import BulkTable, Write

RECORD = "record.json"
FORMS = ("csv", "json")


@dataclass(frozen=True)
class TableCache:
    """The folder of the finished tables of one project, and a description of the ``code`` that makes them."""

    folder: Path
    code: Any

    def key(self, source: Source, package: Package, tables: Tables) -> str:
        """Return the digest of all that the table of a source is made of."""
        table = _table(source, package)
        made_of = {
            "code": self.code,
            "source": [source.name, source.metadata["sha256"], sha256(source.sidecar).hexdigest()],
            "definitions": {name: sha256(data).hexdigest() for name, data in package.files.items()},
            "refers to": {key.resource: tables[key.resource].rows for key in table.foreign_keys},
        }
        return sha256(dumped(made_of)).hexdigest()

    def write(self, source: Source, package: Package, tables: Tables, folder: Path, write: Write) -> tuple[BulkTable, bool]:
        """Return the table of a source with its files in ``folder``, and whether it was cached; else call ``write``."""
        table = _table(source, package)
        if table.name in package.parted:  # its unchanged parts are taken from the newest release
            return write(source, package, tables, folder), False
        place = self.folder / table.name / self.key(source, package, tables)
        if found := _taken(place, table, folder):
            return found, True
        made = write(source, package, tables, folder)
        assert source.path
        if disk.digest(source.path) == source.metadata["sha256"]:
            with suppress(OSError):
                _keep(made, place)
        return made, False


def _table(source: Source, package: Package) -> TableDefinition:
    return package.tables[str(source.metadata["table"])]


def _taken(place: Path, table: TableDefinition, folder: Path) -> BulkTable | None:
    """Return the entry at ``place`` with its files in ``folder``, or None if it is missing or damaged."""
    try:
        about = parse_object(place / RECORD, disk.read(place / RECORD))
        for form in FORMS:
            _put(place / f"{table.name}.{form}", folder / f"{table.name}.{form}")
            if disk.digest(folder / f"{table.name}.{form}") != about["sha256"][form]:
                raise CbrnDataError(f"{place}: the digest differs")
    except (OSError, CbrnDataError, KeyError):
        for form in FORMS:
            (folder / f"{table.name}.{form}").unlink(missing_ok=True)
        return None
    files = {
        form: disk.FileRef(folder / f"{table.name}.{form}", about["sha256"][form], about["bytes"][form]) for form in FORMS
    }
    findings = [Finding(**finding) for finding in about["findings"]]
    made = table_in_file(table, files["csv"].path, files, about["rows"])
    return BulkTable(made, about["evidence"], findings, about["quarantined"])


def _keep(made: BulkTable, place: Path) -> None:
    """Keep a table at ``place``, and drop older entries of it."""
    new = place.with_name(f".{token_hex(8)}")
    new.mkdir(parents=True)
    files = made.table.files
    for large in files.values():
        _put(large.path, new / large.path.name)
    about = {
        "sha256": {form: large.sha256 for form, large in files.items()},
        "bytes": {form: large.size for form, large in files.items()},
        "rows": made.table.count,
        "evidence": made.evidence,
        "findings": [asdict(finding) for finding in made.findings],
        "quarantined": made.quarantined,
    }
    (new / RECORD).write_bytes(dumped(about))
    for old in place.parent.iterdir():
        if old != new:
            shutil.rmtree(old, ignore_errors=True)
    new.rename(place)


def _put(source: Path, target: Path) -> None:
    """Hard-link a file; copy it across file systems. So a run keeps its files if the cache drops the entry."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
