"""The content of a release: its tables, sources and definitions as files, and the digest that decides whether it is new.

Files: ``<table>.csv`` and ``<table>.json`` for every table (``quarantine`` only if it has rows), or the CSV files of its
parts, ``cbrn-data.json`` with all
tables nested by region, ``sources/`` and ``schemas/``. The content digest is the sha256 of ``<sha256>  <name>`` lines of the
CSV files, sources and definitions; it excludes version, date, previous release and code.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cbrn_data.release.inputs import input_files
from cbrn_data.schema.model import CHANGES, Package
from cbrn_data.schema.nested import nested
from cbrn_data.schema.table import Table
from cbrn_data.schema.written import write_table
from cbrn_data.store.disk import Data, sha256_of
from cbrn_data.store.folder import NESTED
from cbrn_data.strict_json import dumped

if TYPE_CHECKING:
    from cbrn_data.tables.build import BuiltTables


@dataclass(frozen=True)
class Content:
    """The content of a release before it has a version: ``files`` by name, and their tables.

    ``built`` owns the ``folder`` that holds files until they are staged.
    """

    package: Package
    tables: dict[str, Table]
    files: dict[str, Data]
    digest: str
    built: BuiltTables

    @property
    def folder(self) -> Path:
        """The folder that holds files until they are staged."""
        return Path(self.built.folder.name)

    @property
    def counts(self) -> dict[str, int]:
        """The number of rows of each published table, in order."""
        counts = {name: table.count for name, table in self.tables.items()}
        return {name: counts[name] for name in self.package.published(counts)}


def build_content(built: BuiltTables, package: Package) -> Content:
    """Return tables, their sources and definitions as the files of a release."""
    folder = Path(built.folder.name)
    tables = {name: write_table(table, folder) for name, table in built.tables.items() if name != CHANGES}
    files: dict[str, Data] = {}
    for name in package.published({name: table.count for name, table in tables.items()}):
        files |= tables[name].written
    files |= input_files(built.sources, package)
    named = {name: data for name, data in files.items() if "/" in name or not name.endswith(".json")}
    lines = "".join(f"{sha256_of(named[name])}  {name}\n" for name in sorted(named))
    files[NESTED] = dumped(nested(tables, package))
    return Content(package, tables, files, hashlib.sha256(lines.encode()).hexdigest(), built)
