"""Sources made in memory from the leaflets and the curated tables of the tests, and the real countries of reference."""

from __future__ import annotations

import json

import pytest

from cbrn_data.checks.run import check_tables
from cbrn_data.findings import Finding
from cbrn_data.normalise.text import slug
from cbrn_data.schema.model import Package, read_package
from cbrn_data.schema.table import Row
from cbrn_data.sources.source import Source, digest, read_sources
from cbrn_data.tables.build import build_tables
from tests.conftest import CURATED, PROJECT
from tests.records import rows_of

LEAFLETS = PROJECT / "tests" / "leaflets"


class Made:
    """Sources made of text, and the tables that they give together with the curated tables of the tests."""

    def __init__(self, package: Package, countries: Source) -> None:
        self.package = package
        self.countries = countries
        self.kept = [
            self.curated(path.stem, *path.read_text(encoding="utf-8").splitlines(), name=path.stem.replace("_", "-"))
            for path in sorted(CURATED.glob("*.csv"))
            if path.stem != "regions"
        ]

    def source(self, name: str, data: bytes, **about: str) -> Source:
        """Return a source as if its sidecar had been read."""
        common = {"id": name.partition(".")[0], "title": "A source", "publisher": "Us", "retrieved_on": "2026-11-22"}
        return Source(name, {**common, "sha256": digest(data), "bytes": len(data), **about}, b"", data)

    def leaflet(self, name: str) -> Source:
        """Return a leaflet of ``tests/leaflets``, of the region that its answer names and the year in its name."""
        path = LEAFLETS / f"{name}.txt"
        region = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))["region"]
        edition = next(part for part in name.split("-") if part.isdigit())
        return self.source(path.name, path.read_bytes(), kind="leaflet", region=slug(region), edition=edition)

    def curated(self, table: str, *lines: str, on_error: str = "reject", name: str = "extra") -> Source:
        """Return a curated source of a table from its lines, the header first."""
        data = ("\n".join(lines) + "\n").encode()
        return self.source(f"{name}.csv", data, kind="curated", table=table, on_error=on_error)

    def build(
        self, *leaflets: str, more: tuple[Source, ...] = (), alone: bool = False
    ) -> tuple[dict[str, list[Row]], list[Finding]]:
        """Build tables from leaflets and further sources, and check them; ``alone``: of the curated ones countries only."""
        kept = [self.countries, *(() if alone else self.kept)]
        sources = [*kept, *map(self.leaflet, leaflets), *more]
        built = build_tables(sorted(sources, key=lambda item: item.source_id), self.package)
        documents = {item.source_id: item.document for item in sources}
        blocked = any(finding.is_error for finding in built.findings)
        checked = [] if blocked else check_tables(built.tables, self.package, documents)
        return rows_of(built.tables), sorted({*built.findings, *checked})


@pytest.fixture(scope="session")
def made() -> Made:
    real, findings = read_sources(PROJECT / "raw")
    assert findings == []
    return Made(read_package(PROJECT / "schemas"), next(item for item in real if item.source_id == "countries"))
