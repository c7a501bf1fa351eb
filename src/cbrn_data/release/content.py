"""The content of a release: its tables, sources and definitions as files, and the digest that decides what is news.

Files: ``<table>.csv`` and ``<table>.json`` for every table (``quarantine`` only where rows were set aside),
``cbrn-data.json`` with all of it nested by region, ``sources/`` and ``schemas/``. The content digest is the sha256 of
``<sha256>  <name>`` lines of the CSV files, sources and definitions; version, date, predecessor and code are not in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cbrn_data.release.inputs import input_files
from cbrn_data.schema.canonical import Row, csv_bytes, json_bytes
from cbrn_data.schema.model import Package
from cbrn_data.schema.nested import nested
from cbrn_data.store.disk import Data, Large, sha256_of
from cbrn_data.store.folder import NESTED
from cbrn_data.strict_json import dumped

if TYPE_CHECKING:
    from cbrn_data.tables.build import Tables


@dataclass(frozen=True)
class Content:
    """What would be published, before it has a version: ``files`` by name, and the rows they were made from.

    ``records`` are the CSV files of tables of records, which lie in the ``folder`` of the tables that were ``made``.
    """

    package: Package
    rows: Mapping[str, list[Row]]
    counts: dict[str, int]
    files: dict[str, Data]
    digest: str
    records: dict[str, Large]
    made: Tables

    @property
    def folder(self) -> Path | None:
        """Where files too large for memory are written until they are staged."""
        return Path(self.made.folder.name) if self.made.folder else None

    @property
    def tables(self) -> list[str]:
        """The tables that are published, in order."""
        return self.package.published(self.counts)


def build_content(tables: Tables, package: Package) -> Content:
    """Turn tables, their sources and definitions into the files of a release."""
    files: dict[str, Data] = {}
    for name in package.published(tables.counts):
        table, large = package.tables[name], tables.records.get(name)
        files[f"{name}.csv"] = large.csv if large else csv_bytes(table.names, tables.rows[name])
        files[f"{name}.json"] = large.json if large else json_bytes(table, tables.rows[name])
    files |= input_files(tables.sources, package)
    named = {name: data for name, data in files.items() if "/" in name or not name.endswith(".json")}
    lines = "".join(f"{sha256_of(named[name])}  {name}\n" for name in sorted(named))
    files[NESTED] = dumped(nested(tables.rows, package))
    records = {name: made.csv for name, made in tables.records.items()}
    found = hashlib.sha256(lines.encode()).hexdigest()
    return Content(package, tables.rows, tables.counts, files, found, records, tables)
