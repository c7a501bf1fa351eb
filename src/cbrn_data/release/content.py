"""The content of a release: its tables, sources and definitions as files, and the digest that decides what is news.

Files: ``<table>.csv`` and ``<table>.json`` for every table (``quarantine`` only where rows were set aside),
``cbrn-data.json`` with all of it nested by region, ``sources/`` and ``schemas/``. The content digest is the sha256 of
``<sha256>  <name>`` lines of the CSV files, sources and definitions; version, date, predecessor and code are not in it.
The base address of a portal is an operator's and stands only in derived files, so its line of ``package.yaml`` stays out.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cbrn_data.schema.canonical import Row, csv_bytes, json_bytes
from cbrn_data.schema.model import Package
from cbrn_data.schema.nested import nested
from cbrn_data.sources.source import Source, digest
from cbrn_data.store.folder import NESTED
from cbrn_data.strict_json import dumped

if TYPE_CHECKING:
    from cbrn_data.tables.build import Tables


@dataclass(frozen=True)
class Content:
    """What would be published, before it has a version: ``files`` by name, and the rows they were made from."""

    package: Package
    rows: Mapping[str, list[Row]]
    files: dict[str, bytes]
    digest: str

    @property
    def tables(self) -> list[str]:
        """The tables that are published, in order."""
        return self.package.published(self.rows)


def build_content(tables: Tables, package: Package) -> Content:
    """Turn tables, their sources and definitions into the files of a release."""
    files: dict[str, bytes] = {}
    for name in package.published(tables.rows):
        table = package.tables[name]
        files[f"{name}.csv"] = csv_bytes(table.names, tables.rows[name])
        files[f"{name}.json"] = json_bytes(table, tables.rows[name])
    files |= input_files(tables.sources, package)
    named = {name: data for name, data in files.items() if not name.endswith(".json")}
    lines = "".join(f"{digest(named[name])}  {name}\n" for name in sorted(named))
    files[NESTED] = dumped(nested(tables.rows, package))
    return Content(package, tables.rows, files, hashlib.sha256(lines.encode()).hexdigest())


def input_files(sources: list[Source], package: Package) -> dict[str, bytes]:
    """Return what a release is made of, as it stands in the release: sources, their sidecars, and definitions."""
    files = {f"schemas/{name}": _without_base(data) for name, data in package.files.items()}
    for source in sources:
        files |= {f"sources/{source.name}": source.data, f"sources/{source.name}.yaml": source.sidecar}
    return files


def _without_base(data: bytes) -> bytes:
    return re.sub(rb"(?m)^base_url:.*\n", b"", data)
