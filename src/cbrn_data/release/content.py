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
from typing import TYPE_CHECKING, Any

from cbrn_data.release.canonical import Row, csv_bytes, dumped, json_bytes, json_row
from cbrn_data.schema.model import Package
from cbrn_data.sources.source import Source, digest

if TYPE_CHECKING:
    from cbrn_data.tables.build import Tables

NESTED = "cbrn-data.json"


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
        return published_tables(self.package, self.rows)


def published_tables(package: Package, rows: Mapping[str, list[Row]]) -> list[str]:
    """Return the tables of a release: records of what became of rows only where there are any."""
    return [table.name for table in package.tables.values() if table.role != "record" or rows[table.name]]


def build_content(tables: Tables, package: Package) -> Content:
    """Turn tables, their sources and definitions into the files of a release."""
    files: dict[str, bytes] = {}
    for name in published_tables(package, tables.rows):
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


def nested(rows: Mapping[str, list[Row]], package: Package) -> dict[str, Any]:
    """Return everything by region, as web developers like it; the tables remain what is normative."""
    typed = {name: [json_row(package.tables[name], row) for row in rows[name]] for name in rows}
    countries = {row["country_id"]: row for row in typed["countries"]}
    projects = {row["project_id"]: row for row in typed["projects"]}

    def of(table: str, key: str, value: object, *hidden: str) -> list[dict[str, Any]]:
        return [_without(row, key, *hidden) for row in typed[table] if row[key] == value]

    def project(project_id: str, listings: list[dict[str, Any]]) -> dict[str, Any]:
        statuses = [_without(entry, "project_id", "region_id") for entry in listings if entry["project_id"] == project_id]
        return projects[project_id] | {"statuses": statuses} | named("project", project_id)

    def named(what: str, row_id: str) -> dict[str, Any]:
        others = [name for name in ("projects", "countries") if f"{what}_{name}" in typed]
        keys = {"projects": "project_id", "countries": "country_id"}
        return {name: [entry[keys[name]] for entry in of(f"{what}_{name}", f"{what}_id", row_id)] for name in others}

    def region(row: dict[str, Any]) -> dict[str, Any]:
        region_id = row["region_id"]
        listings = [entry for entry in typed["project_regions"] if entry["region_id"] == region_id]
        return row | {
            "countries": [countries[entry["country_id"]] | entry for entry in of("memberships", "region_id", region_id)],
            "projects": [project(name, listings) for name in dict.fromkeys(entry["project_id"] for entry in listings)],
            "priorities": sorted(of("priorities", "region_id", region_id), key=lambda entry: entry["position"]),
            "figures": of("figures", "region_id", region_id),
            "achievements": [
                entry | named("achievement", entry["achievement_id"])
                for entry in sorted(of("achievements", "region_id", region_id), key=lambda entry: entry["position"])
            ],
        }

    about = {key: package.about[key] for key in ("name", "title", "description")}
    return about | {"licence": package.about["licence"]["name"], "regions": [region(row) for row in typed["regions"]]}


def _without(row: dict[str, Any], *hidden: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in hidden}
