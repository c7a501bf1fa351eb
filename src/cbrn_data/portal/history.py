"""The list of releases, ``compare.html``, and for each release a page (what changed, how it was validated, its sources and
digests) and, if it is an older one, the pages of its tables.

A later release does not change the pages of an older one, so they are kept, and not made, written or pushed again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from cbrn_data.catalogue.model import Catalogue
from cbrn_data.catalogue.pages import page_path
from cbrn_data.kept import kept_files
from cbrn_data.portal.changes import EVIDENCE, ChangedRow, ChangedTable, read_changes, script, script_path
from cbrn_data.portal.cite import citation_texts, of_release
from cbrn_data.portal.files import ReleaseFiles, release_files
from cbrn_data.portal.render import render
from cbrn_data.portal.tables import table_pages
from cbrn_data.portal.view import ReleaseView, read_older
from cbrn_data.schema.model import CHANGES, Package, TableDefinition
from cbrn_data.store import disk
from cbrn_data.store.folder import REPORT, Release
from cbrn_data.strict_json import parse_object
from cbrn_data.tabular import grammar

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
    "complete": "Every line of the sources is used in a table, or the report says why it is not.",
    "evidence": "Every value leads to words of a source that are at their span and give the value.",
    "json-equals-csv": "The JSON files have the rows of the CSV files.",
    "data-package-profile": "The descriptor matches the official profile of Data Package 2.0.",
    "data-package": "A standard reader of data packages finds the package valid.",
}
"""The meaning of each check; a check of another code version may have no sentence here."""


def history_pages(
    releases: Sequence[Release], newest: ReleaseView, site: Catalogue, exports: Mapping[str, disk.Data]
) -> Iterator[tuple[str, disk.Data]]:
    """Yield path and content of the list, the comparison, and the page and the changes of each release (oldest first)."""
    newest_first = list(reversed(releases))
    tables = [
        {"name": table.name, "title": table.title, "fields": json.dumps({one.name: one.title for one in table.fields})}
        for table in newest.package.with_role("data", "provenance")
        if table.name != EVIDENCE
    ]
    yield "history.html", render("history", "history.html", site=site, releases=newest_first)
    yield "compare.html", render("compare", "compare.html", site=site, releases=newest_first, tables=tables)
    definitions = {name: sha256(data).hexdigest() for name, data in newest.package.files.items()}
    frame = render("frame", page_path("history", "any"), site=site).decode()  # what all pages contain, except the address
    for release, before in zip(releases, [None, *releases], strict=False):
        files = release_files(release, exports)
        if release.version == newest.release.version:
            yield from _made(newest, files, before, newest, site)  # its page links to the pages of its rows and sources
        else:
            said = [_marked(release), before and _marked(before), _is_superseded(release, newest)]
            yield from _kept(json.dumps([frame, definitions, *said]), partial(_older, files, before, newest, site))


def _marked(release: Release) -> list[Any]:
    return [release.version, release.digest, release.marks]


def _is_superseded(release: Release, newest: ReleaseView) -> bool:
    return release.sequence < newest.release.sequence


def _kept(made_of: str, make: Callable[[], Iterator[tuple[str, bytes]]]) -> Iterator[tuple[str, disk.Data]]:
    """Yield path and content of the cached pages for these inputs, else those of ``make``, which are then cached."""

    def write(folder: Path) -> None:
        for path, data in make():
            (folder / quote(path, safe="")).write_bytes(data)

    yield from ((unquote(name), data) for name, data in kept_files(made_of, write).items())


def _older(files: ReleaseFiles, before: Release | None, newest: ReleaseView, site: Catalogue) -> Iterator[tuple[str, bytes]]:
    """Yield path and bytes of all pages of an older release: also of its tables."""
    view = read_older(files.release)
    yield from _made(view, files, before, newest, site)
    yield from table_pages(view, of_release(site, files.release), files, newest)


def _made(
    view: ReleaseView, files: ReleaseFiles, before: Release | None, newest: ReleaseView, site: Catalogue
) -> Iterator[tuple[str, bytes]]:
    """Yield path and bytes of the page and the script of a release."""
    changed = read_changes(files.release, newest.package.tables[CHANGES])
    path = page_path("history", files.release.version)
    yield path, _page(path, view, files, before, newest, site, changed)
    yield script_path(files.release.version), script(files.release, changed)


def _page(
    path: str,
    view: ReleaseView,
    files: ReleaseFiles,
    before: Release | None,
    newest: ReleaseView,
    site: Catalogue,
    changed: Sequence[ChangedTable],
) -> bytes:
    release = files.release
    report = parse_object(release.folder / REPORT, disk.read(release.folder / REPORT))
    return render(
        "release",
        path,
        site=site,
        release=release,
        before=before,
        folder=files.folder,
        exports=files.exports,
        downloads=files.whole(),
        in_parts=files.in_parts,
        citations=citation_texts(of_release(site, release)),
        base=site.base,
        superseded=_is_superseded(release, newest),
        changes=list(_changes(changed, newest.package, view)),
        tables=_tables(view, newest.package, files) if view.is_older else [],
        report=report,
        meanings=_CHECKS,
        findings=report["findings"]["listed"][:FINDINGS_LISTED],
        # The sources of older releases have no pages.
        sources=[
            {**row, "page": view.marks[row["source_id"] or ""].parts[0].path if view.marks else None}
            for row in grammar.rows(disk.read(release.folder / "sources.csv"))
        ],
        files=list(files.digests.items()),
    )


def _tables(view: ReleaseView, package: Package, files: ReleaseFiles) -> list[dict[str, Any]]:
    """Return the tables of an older release, with their pages; ``package`` gives titles."""
    return [
        {
            "title": package.tables[name].title if name in package.tables else name,
            "rows": rows,
            "page": view.table_pages(name)[0] if name in view.rows else None,
            "files": [one for one in (f"{name}.csv", f"{name}.json") if one in files.digests] or files.parts(name),
        }
        for name, rows in view.release.info["counts"].items()
    ]


def _changes(tables: Sequence[ChangedTable], package: Package, view: ReleaseView) -> Iterator[dict[str, Any]]:
    """Yield the changed rows by table, few enough to keep the page light; ``package`` gives titles."""
    listed = next((size for size in range(ROWS_LISTED, 0, -1) if _weight(tables, size) <= WEIGHT), 1)
    for of in tables:
        table, rows = package.tables.get(of.name), of.first[:listed]
        yield {
            "title": table.title if table else of.name,
            "open": of.kinds.total() <= OPEN,
            "counts": of.counts,
            "rows": [_row(of.name, row, table, view) for row in rows],
            "more": of.kinds.total() - len(rows),
        }


def _weight(tables: Sequence[ChangedTable], listed: int) -> int:
    """Return the approximate bytes of a page with this number of rows of each table."""
    cells = [cell for of in tables for row in of.first[:listed] for cell in row.cells]
    return sum(170 + min(200, len(old or "")) + min(200, len(new or "")) for _, old, new in cells)


def _row(name: str, row: ChangedRow, table: TableDefinition | None, view: ReleaseView) -> Mapping[str, Any]:
    """Return a changed row; its cells do not include its key."""
    fields = {field.name: field for field in table.fields} if table else {}
    key = table.primary_key if table and len(row.cells) > len(table.primary_key) else ()

    def shown(field: str, value: str | None) -> str | None:
        is_code = field in fields and "enum" in fields[field].constraints
        return value.replace("_", " ") if value and is_code else value

    return {
        "row_id": row.row_id,
        "kind": row.kind,
        "address": view.row_address(name, row.row_id),
        "cells": [
            {
                "field": fields[field].title if field in fields else field,
                "old": shown(field, old),
                "new": shown(field, new),
            }
            for field, old, new in row.cells
            if field not in key
        ],
    }
