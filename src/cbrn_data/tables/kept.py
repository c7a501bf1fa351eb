"""Finished tables of records, kept so that a run that was killed, or whose other sources changed, need not redo them.

A table is kept under the digest of everything it is made of: the source and its sidecar, all definitions, the rows it
refers to, and the code. Nothing else is looked at: no time, no size, no name of a file. It is a folder of three files
that gets its name only when it is whole; of each table and project one is kept, the newest. What is kept is held
against its digests before it is used again, and made again where they differ, so this folder can be thrown away at any
time, and where there is no room to keep a table, it is not kept. Its findings are kept with it, so a table that may not
be published is not published the next time either. A source that was changed while it was read is not kept: its digest
would stand for other rows.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import Any

from cbrn_data.errors import CbrnDataError
from cbrn_data.findings import Finding
from cbrn_data.schema.model import Package, Table
from cbrn_data.sources.source import Source
from cbrn_data.store import disk
from cbrn_data.strict_json import dumped, parse_object
from cbrn_data.tables.records import Records, Write
from cbrn_data.tables.resolve import Row

RECORD = "record.json"
FORMS = ("csv", "json")


@dataclass(frozen=True)
class Kept:
    """Where finished tables of one project are kept, and a description of the ``code`` that makes them."""

    folder: Path
    code: Any

    def key(self, source: Source, package: Package, rows: Mapping[str, list[Row]]) -> str:
        """Return the digest of all that the table of a source is made of."""
        table = _table(source, package)
        made_of = {
            "code": self.code,
            "source": [source.name, source.about["sha256"], sha256(source.sidecar).hexdigest()],
            "definitions": {name: sha256(data).hexdigest() for name, data in package.files.items()},
            "refers to": {key.resource: rows[key.resource] for key in table.foreign_keys},
        }
        return sha256(dumped(made_of)).hexdigest()

    def write(
        self, source: Source, package: Package, rows: Mapping[str, list[Row]], folder: Path, write: Write
    ) -> tuple[Records, bool]:
        """Return the table of a source with its files in ``folder``, and whether it was kept; else ``write`` makes it."""
        table = _table(source, package)
        place = self.folder / table.name / self.key(source, package, rows)
        if found := _taken(place, table, folder):
            return found, True
        made = write(source, package, rows, folder)
        assert source.path
        if disk.digest(source.path) == source.about["sha256"]:
            with suppress(OSError):
                _keep(made, place)
        return made, False


def _table(source: Source, package: Package) -> Table:
    return package.tables[str(source.about["table"])]


def _taken(place: Path, table: Table, folder: Path) -> Records | None:
    """Return what is kept at ``place``, its files put into ``folder``; None where it is not there or was changed."""
    try:
        about = parse_object(place / RECORD, disk.read(place / RECORD))
        for form in FORMS:
            _put(place / f"{table.name}.{form}", folder / f"{table.name}.{form}")
            if disk.digest(folder / f"{table.name}.{form}") != about["sha256"][form]:
                raise CbrnDataError(f"{place}: was changed")
    except (OSError, CbrnDataError, KeyError):
        for form in FORMS:
            (folder / f"{table.name}.{form}").unlink(missing_ok=True)
        return None
    large = {
        form: disk.Large(folder / f"{table.name}.{form}", about["sha256"][form], about["bytes"][form]) for form in FORMS
    }
    findings = [Finding(**finding) for finding in about["findings"]]
    counted = (about["rows"], about["cells"], about["evidence"], findings, about["quarantined"])
    return Records(table, large["csv"], large["json"], *counted)


def _keep(made: Records, place: Path) -> None:
    """Keep a table at ``place``, and forget what was kept of it before."""
    new = place.with_name(f".{token_hex(8)}")
    new.mkdir(parents=True)
    files = {"csv": made.csv, "json": made.json}
    for large in files.values():
        _put(large.path, new / large.path.name)
    about = {
        "sha256": {form: large.sha256 for form, large in files.items()},
        "bytes": {form: large.size for form, large in files.items()},
        "rows": made.rows,
        "cells": made.cells,
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
    """Give a file a second name; across file systems, copy it. So a run keeps what it took, whatever is forgotten here."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
