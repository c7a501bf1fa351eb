"""The list of releases, and a page for each: what changed, how it was validated, its sources and digests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from cbrn_data.catalogue.model import Catalogue
from cbrn_data.catalogue.pages import page_path
from cbrn_data.normalise.text import natural_order, unescape_formula
from cbrn_data.portal.files import release_files
from cbrn_data.portal.render import render
from cbrn_data.portal.view import ReleaseView
from cbrn_data.release.changes import cells_of
from cbrn_data.schema.model import CHANGES, Package, TableDefinition
from cbrn_data.schema.table import table_in_file
from cbrn_data.store import disk
from cbrn_data.store.folder import REPORT, Release
from cbrn_data.strict_json import parse_object
from cbrn_data.tabular import grammar
from cbrn_data.tabular.changes import KINDS, WHOLE
from cbrn_data.tabular.structures import parse_json

ROWS_LISTED = 50
"""The most changed rows of a table on a page; ``changes.csv`` has all."""

WEIGHT = 90_000
"""Approximate most bytes of the changed rows on a page."""

FINDINGS_LISTED = 100

OPEN = 12
"""The most changed rows of a table that are shown unfolded."""

_CHECKS = {
    "table-schema": "Every cell has the type of its column and follows its constraints; keys are unique.",
    "row-rules": "The cells of a row are consistent, such as an end after its start.",
    "references": "Every reference leads to an existing row.",
    "keys-alike": "No two keys look alike.",
    "active-text": "No text would run as a formula in a spreadsheet.",
    "claimed-projects": "The numbers of projects that leaflets claim are compared with the named projects.",
    "evidence": "Every value leads to words of a source that are at their span and give the value.",
    "json-equals-csv": "The JSON files have the rows of the CSV files.",
    "data-package-profile": "The descriptor matches the official profile of Data Package 2.0.",
    "data-package": "A standard reader of data packages finds the package valid.",
}
"""The meaning of each check; a check of another code version may have no sentence here."""


def history_pages(releases: Sequence[Release], newest: ReleaseView, site: Catalogue) -> Iterator[tuple[str, bytes]]:
    """Yield path and bytes of the list and of the page of each release (oldest first)."""
    yield "history.html", render("history", "history.html", site=site, releases=list(reversed(releases)))
    for release, before in zip(releases, [None, *releases], strict=False):
        path = page_path("history", release.version)
        yield path, _page(path, release, before, newest, site)


def _page(path: str, release: Release, before: Release | None, newest: ReleaseView, site: Catalogue) -> bytes:
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
        # The sources of older releases have no pages.
        sources=[
            {**row, "page": of_newest.marks[row["source_id"] or ""].parts[0].path if of_newest else None}
            for row in grammar.rows(disk.read(release.folder / "sources.csv"))
        ],
        files=list(files.digests.items()),
    )


@dataclass(frozen=True)
class _ChangedRow:
    """A changed row: field, old and new value of its cells."""

    row_id: str
    kind: str
    cells: list[tuple[str, str | None, str | None]]


@dataclass
class _Changed:
    """The changes of a table: number of rows by kind, and the first rows."""

    name: str
    kinds: Counter[str]
    first: list[_ChangedRow]

    @property
    def counts(self) -> str:
        """The numbers of rows as text."""
        return ", ".join(f"{self.kinds[kind]:,} {kind}" for kind in KINDS if self.kinds[kind])


def _changed(release: Release, table: TableDefinition) -> Iterator[_Changed]:
    """Read the changes table by table, in bounded memory; evidence, which comes last, is only counted."""
    rows = (row for block in table_in_file(table, release.folder / f"{CHANGES}.csv").blocks() for row in block.to_pylist())
    for name, changed in groupby(rows, lambda row: row["table_name"]):
        found = _Changed(name, Counter(), [])
        for (row_id, kind), changes in groupby(changed, lambda row: (unescape_formula(row["row_id"] or ""), row["change"])):
            if row_id == WHOLE:
                files = (parse_json(each["new"] or each["old"] or "{}") for each in changes if each["field"] == WHOLE)
                found.kinds.update({kind: sum(int(file.get("rows", 0)) for file in files)})
                continue
            found.kinds[kind] += 1
            if len(found.first) < ROWS_LISTED and name != "evidence":
                found.first.append(_ChangedRow(row_id, kind, [cell for change in changes for cell in cells_of(change)]))
        found.first.sort(key=lambda row: natural_order(row.row_id))
        yield found


def _changes(release: Release, package: Package, newest: ReleaseView | None) -> Iterator[dict[str, Any]]:
    """Yield the changed rows by table, few enough to keep the page light; ``package`` gives titles."""
    tables = list(_changed(release, package.tables[CHANGES]))
    listed = next((size for size in range(ROWS_LISTED, 0, -1) if _weight(tables, size) <= WEIGHT), 1)
    for of in tables:
        table, rows = package.tables.get(of.name), of.first[:listed]
        yield {
            "title": table.title if table else of.name,
            "open": of.kinds.total() <= OPEN,
            "counts": of.counts,
            "rows": [_row(of.name, row, table, newest) for row in rows],
            "more": of.kinds.total() - len(rows),
        }


def _weight(tables: list[_Changed], listed: int) -> int:
    """Return the approximate bytes of a page with this number of rows of each table."""
    cells = [cell for of in tables for row in of.first[:listed] for cell in row.cells]
    return sum(170 + min(200, len(old or "")) + min(200, len(new or "")) for _, old, new in cells)


def _row(name: str, row: _ChangedRow, table: TableDefinition | None, newest: ReleaseView | None) -> Mapping[str, Any]:
    """Return a changed row; its cells do not include its key."""
    titles = {field.name: field.title for field in table.fields} if table else {}
    key = table.primary_key if table and len(row.cells) > len(table.primary_key) else ()
    return {
        "row_id": row.row_id,
        "kind": row.kind,
        "address": newest.row_address(name, row.row_id) if newest else None,
        "cells": [
            {"field": titles.get(field, field), "old": old, "new": new} for field, old, new in row.cells if field not in key
        ],
    }
