"""The list of releases, and a page for each: what changed, how it was validated, its sources and digests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from cbrn_data.catalogue.model import Catalogue
from cbrn_data.catalogue.pages import page_path
from cbrn_data.portal.files import release_files
from cbrn_data.portal.paper import render
from cbrn_data.portal.reading import Reading
from cbrn_data.schema.canonical import Row, read_csv
from cbrn_data.store import disk
from cbrn_data.store.folder import REPORT, Release
from cbrn_data.strict_json import parse_object
from cbrn_data.words.text import live

ROWS_LISTED = 50
"""How many changed rows of a table a page shows; ``changes.csv`` holds them all."""

FINDINGS_LISTED = 100


def history_pages(releases: Sequence[Release], newest: Reading, site: Catalogue) -> Iterator[tuple[str, bytes]]:
    """Yield path and bytes of the list and of the page of each release (oldest first)."""
    yield "history.html", render("history", "history.html", site=site, releases=list(reversed(releases)))
    for release, before in zip(releases, [None, *releases], strict=False):
        path = page_path("history", release.version)
        yield path, _page(path, release, before, newest, site)


def _page(path: str, release: Release, before: Release | None, newest: Reading, site: Catalogue) -> bytes:
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
        changes=list(_changes(_table(release, "changes"), newest if newest.release.version == release.version else None)),
        report=report,
        findings=report["findings"]["listed"][:FINDINGS_LISTED],
        sources=_table(release, "sources"),
        files=list(files.digests.items()),
    )


def _table(release: Release, name: str) -> list[Row]:
    path = release.folder / f"{name}.csv"
    return read_csv(disk.read(path))[1] if disk.mode(path) else []


def _changes(rows: list[Row], newest: Reading | None) -> Iterator[dict[str, Any]]:
    """Yield the changed rows by table; of evidence, which follows from the others, only how many there are."""
    for name, changed in groupby(rows, lambda row: row["table_name"] or ""):
        cells = list(changed)
        by_row = [list(of) for _, of in groupby(cells, lambda row: (row["row_id"], row["change"]))]
        listed = [] if name == "evidence" else by_row[:ROWS_LISTED]
        yield {
            "name": name,
            "counts": _counts(cells),
            "rows": [_row(name, of, newest) for of in listed],
            "more": len(by_row) - len(listed),
        }


def _counts(cells: list[Row]) -> str:
    rows = Counter(kind for kind, _ in {(cell["change"], cell["row_id"]) for cell in cells})
    return ", ".join(f"{rows[kind]:,} {kind}" for kind in ("added", "changed", "removed") if rows[kind])


def _row(table: str, cells: list[Row], newest: Reading | None) -> Mapping[str, Any]:
    row_id = live(cells[0]["row_id"] or "")
    return {
        "row_id": row_id,
        "kind": cells[0]["change"],
        "address": newest.row_address(table, row_id) if newest else None,
        "cells": [{"field": cell["field"], "old": _text(cell["old"]), "new": _text(cell["new"])} for cell in cells],
    }


def _text(cell: str | None) -> str | None:
    return None if cell is None else live(cell)
