"""The list of releases, and a page for each: what changed, how it was validated, its sources and digests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from cbrn_data.catalogue.model import Catalogue
from cbrn_data.catalogue.pages import page_path
from cbrn_data.portal.files import release_files
from cbrn_data.portal.paper import render
from cbrn_data.portal.reading import Reading
from cbrn_data.schema.canonical import Row, read_csv
from cbrn_data.schema.delta import table_blocks
from cbrn_data.schema.model import CHANGES, Package, Table
from cbrn_data.store import disk
from cbrn_data.store.folder import REPORT, Release
from cbrn_data.strict_json import parse_object
from cbrn_data.words.text import live, natural_order

ROWS_LISTED = 50
"""How many changed rows of a table a page shows at most; ``changes.csv`` holds them all."""

WEIGHT = 90_000
"""About how many bytes the changed rows of a page may be."""

FINDINGS_LISTED = 100

OPEN = 12
"""Up to how many changed rows of a table are seen at once; more unfold."""

_CHECKS = {
    "table-schema": "Every cell has the type and holds to the rules of its column; keys are unique.",
    "row-rules": "The rules between cells of a row hold, such as an end after its start.",
    "references": "Every key that a row names is the key of a row that is there.",
    "keys-alike": "No two keys look alike.",
    "active-text": "No text would run in a spreadsheet.",
    "claimed-projects": "What a leaflet claims of its projects is compared with those that are named.",
    "evidence": "Every value is led back to words of a source, which are at their place and give it.",
    "json-equals-csv": "The JSON files hold the rows of the CSV files.",
    "data-package-profile": "The descriptor holds to the official profile of Data Package 2.0.",
    "data-package": "The package is valid as any reader of data packages sees it.",
}
"""What passing a check means, for people; one that an older or newer report names otherwise has no sentence."""


def history_pages(releases: Sequence[Release], newest: Reading, site: Catalogue) -> Iterator[tuple[str, bytes]]:
    """Yield path and bytes of the list and of the page of each release (oldest first)."""
    yield "history.html", render("history", "history.html", site=site, releases=list(reversed(releases)))
    for release, before in zip(releases, [None, *releases], strict=False):
        path = page_path("history", release.version)
        yield path, _page(path, release, before, newest, site)


def _page(path: str, release: Release, before: Release | None, newest: Reading, site: Catalogue) -> bytes:
    of_newest = newest if newest.release.version == release.version else None
    report = parse_object(release.folder / REPORT, disk.read(release.folder / REPORT))
    files = release_files(release)
    return render(
        "release",
        path,
        site=site,
        release=release,
        before=before,
        folder=files.folder,
        base=site.base,
        changes=list(_changes(release, newest.package, of_newest)),
        report=report,
        meanings=_CHECKS,
        findings=report["findings"]["listed"][:FINDINGS_LISTED],
        sources=[_source(row, of_newest) for row in read_csv(disk.read(release.folder / "sources.csv"))[1]],
        files=list(files.digests.items()),
    )


def _source(row: Row, newest: Reading | None) -> Mapping[str, Any]:
    """Return a source with the page that shows it, None where only the newest release's is shown."""
    return {**row, "page": newest.marks[row["source_id"] or ""].parts[0].path if newest else None}


@dataclass
class _Changed:
    """What changed in a table: how many rows by kind, and the cells of the first of them."""

    name: str
    kinds: Counter[str]
    first: list[list[Row]]

    @property
    def counts(self) -> str:
        """The numbers of rows in words."""
        return ", ".join(f"{self.kinds[kind]:,} {kind}" for kind in ("added", "changed", "removed") if self.kinds[kind])


def _changed(release: Release) -> Iterator[_Changed]:
    """Read what changed, a table after the other, however much it is; evidence, which follows, is only counted."""
    path = release.folder / f"{CHANGES}.csv"
    blocks = table_blocks(path if disk.mode(path) else None, ("table_name", "row_id", "field", "change", "old", "new"))
    rows = (row for block in blocks for row in block.to_pylist())
    for name, changed in groupby(rows, lambda row: row["table_name"]):
        found = _Changed(name, Counter(), [])
        for (_, kind), cells in groupby(changed, lambda row: (row["row_id"], row["change"])):
            found.kinds[kind] += 1
            if len(found.first) < ROWS_LISTED and name != "evidence":
                found.first.append(list(cells))
        found.first.sort(key=lambda cells: natural_order(cells[0]["row_id"] or ""))
        yield found


def _changes(release: Release, package: Package, newest: Reading | None) -> Iterator[dict[str, Any]]:
    """Yield the changed rows by table, of each as many as leave the page light; ``package`` says what things are called."""
    tables = list(_changed(release))
    listed = next((size for size in range(ROWS_LISTED, 0, -1) if _weight(tables, size) <= WEIGHT), 1)
    for of in tables:
        table, rows = package.tables.get(of.name), of.first[:listed]
        yield {
            "title": table.title if table else of.name,
            "open": of.kinds.total() <= OPEN,
            "counts": of.counts,
            "rows": [_row(of.name, cells, table, newest) for cells in rows],
            "more": of.kinds.total() - len(rows),
        }


def _weight(tables: list[_Changed], listed: int) -> int:
    """Return about how many bytes so many rows of each table are on a page."""
    cells = [cell for of in tables for row in of.first[:listed] for cell in row]
    return sum(170 + min(200, len(cell["old"] or "")) + min(200, len(cell["new"] or "")) for cell in cells)


def _row(name: str, cells: list[Row], table: Table | None, newest: Reading | None) -> Mapping[str, Any]:
    """Return a changed row; its key, which names it, is not among its cells."""
    row_id = live(cells[0]["row_id"] or "")
    titles = {field.name: field.title for field in table.fields} if table else {}
    key = table.primary_key if table and len(cells) > len(table.primary_key) else ()
    return {
        "row_id": row_id,
        "kind": cells[0]["change"],
        "address": newest.row_address(name, row_id) if newest else None,
        "cells": [
            {
                "field": titles.get(cell["field"] or "", cell["field"]),
                "old": _text(cell["old"]),
                "new": _text(cell["new"]),
            }
            for cell in cells
            if cell["field"] not in key
        ],
    }


def _text(cell: str | None) -> str | None:
    return None if cell is None else live(cell)
